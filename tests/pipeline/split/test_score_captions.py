"""The measures of the caption benchmark, on cases worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.split.captions import split_caption
from pipeline.split.score_captions import distinct_token_f1, prediction, score_captions

TRUTH: dict[str, Any] = {
    "pmcid": "PMC1",
    "fig_id": "f1",
    "caption": "Liver. (A) Fat. (B) Bile.",
    "subcaptions": {"A": "Fat.", "B": "Bile."},
}


def test_a_right_split_scores_one() -> None:
    scores = score_captions([TRUTH], lambda figure: split_caption(figure["caption"]))
    assert (scores.label_f1, scores.exact_label_sets, scores.distinct_token_f1) == (1.0, 1.0, 1.0)
    assert (scores.n_figures, scores.n_panels, scores.n_abstained, scores.abstentions) == (1, 2, 0, ())


def test_labels_are_counted_over_all_figures_and_without_case() -> None:
    answers: list[dict[str, Any]] = [
        {"subcaptions": {"a": "Fat.", "c": "x"}},
        {"subcaptions": {}, "abstained": "no_labels"},
    ]
    answer = iter(answers)
    scores = score_captions([TRUTH, TRUTH], lambda figure: next(answer))
    assert scores.label_precision == 0.5
    assert scores.label_recall == 0.25
    assert scores.label_f1 == pytest.approx(1 / 3)
    assert scores.exact_label_sets == 0.0
    assert scores.distinct_token_f1 == 0.25
    assert scores.abstentions == (("no_labels", 1),)


def test_words_that_all_true_subcaptions_share_do_not_count() -> None:
    wanted = {"a": "cells of the liver", "b": "cells of the kidney"}
    found = {"a": "liver", "b": "cells of the kidney and liver"}
    assert distinct_token_f1(wanted, found) == [1.0, pytest.approx(0.5)]


def test_a_panel_without_answer_scores_nothing() -> None:
    assert distinct_token_f1({"a": "x", "b": "y"}, {"b": "y"}) == [0.0, 1.0]


def test_the_same_words_for_all_panels_are_matched_by_their_labels() -> None:
    assert distinct_token_f1({"a": "x", "b": "x"}, {"a": "", "b": "x"}) == [1.0, 1.0]


def test_labels_given_out_are_right_with_a_true_letter_and_its_words() -> None:
    answers: list[dict[str, Any]] = [
        {"subcaptions": {"A": "Fat.", "B": "Fat.", "C": ""}},
        {"subcaptions": {"A": "Fat.", "D": "x"}, "confidence": {"A": 0.5, "D": 0.9}},
    ]
    answer = iter(answers)
    scores = score_captions([TRUTH, TRUTH], lambda figure: next(answer), least=0.8)
    assert scores.right_by_confidence == ((0.5, 1, 1), (0.9, 1, 0), (1.0, 2, 1))
    assert (scores.n_told, scores.words_right, scores.told_right) == (3, pytest.approx(1 / 3), 0.25)


def test_an_empty_set_scores_zero() -> None:
    scores = score_captions([], lambda figure: figure)
    assert (scores.n_figures, scores.label_f1, scores.distinct_token_f1) == (0, 0.0, 0.0)


def test_a_prediction_line_has_offsets_into_the_caption() -> None:
    line = prediction(TRUTH, split_caption(TRUTH["caption"]))
    assert line["pmcid"] == "PMC1"
    assert line["common"] == "Liver."
    assert {label: TRUTH["caption"][slice(*spans[0])] for label, spans in line["spans"].items()} == TRUTH["subcaptions"]
    assert line["subcaptions"] == TRUTH["subcaptions"]

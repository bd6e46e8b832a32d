from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.split.score_panels import score_panels


def line(*boxes: tuple[int, int, int, int], score: float = 1.0) -> dict[str, Any]:
    panels = [{"x": x, "y": y, "w": w, "h": h, "score": score} for x, y, w, h in boxes]
    return {"compound": len(boxes) > 1, "panels": panels}


TWO = line((0, 0, 10, 10), (20, 0, 10, 10))
ONE = line((0, 0, 30, 10))

box = st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 40)] * 2)
figures = st.lists(st.lists(box, min_size=1, max_size=5, unique=True).map(lambda boxes: line(*boxes)), min_size=1)


@given(figures)
def test_the_truth_itself_is_perfect(truth: list[dict[str, Any]]) -> None:
    scores = score_panels(truth, truth)
    assert scores.map_50 == scores.map_coco == scores.f1_50 == scores.f1_75 == scores.exact_count == 1.0
    assert scores.false_splits == 0.0


@given(figures, st.data())
def test_all_ratios_stay_between_0_and_1(truth: list[dict[str, Any]], data: st.DataObject) -> None:
    found = data.draw(
        st.lists(st.lists(box, max_size=5).map(lambda b: line(*b)), min_size=len(truth), max_size=len(truth))
    )
    scores = score_panels(truth, found)
    ratios = [scores.map_50, scores.map_coco, scores.f1_50, scores.f1_75, scores.clef_accuracy, scores.false_splits]
    assert all(0.0 <= ratio <= 1.0 for ratio in ratios)
    assert scores.map_coco <= scores.map_50 + 1e-9


def test_a_whole_figure_for_two_panels_by_hand() -> None:
    scores = score_panels([TWO, ONE], [ONE, ONE])
    assert (scores.n_true, scores.n_found) == (3, 2)
    assert (scores.precision_50, scores.recall_50) == (0.5, pytest.approx(1 / 3))
    assert scores.f1_50 == pytest.approx(2 / 5)
    assert scores.f1_50_compound == 0.0
    assert (scores.exact_count, scores.exact_count_compound, scores.false_splits) == (0.5, 0.0, 0.0)


def test_a_single_figure_in_pieces_is_a_false_split() -> None:
    assert score_panels([ONE, ONE], [TWO, ONE]).false_splits == 0.5


def test_one_panel_is_found_only_once() -> None:
    twice = line((0, 0, 10, 10), (0, 0, 10, 9))
    scores = score_panels([TWO], [twice])
    assert (scores.precision_50, scores.recall_50) == (0.5, 0.5)


def test_average_precision_ranks_over_all_figures() -> None:
    """The wrong box comes first: precision is 1/2, then 2/3, then 3/3 of what is left never counts."""
    wrong, right = line((0, 0, 2, 2), score=0.9), line((0, 0, 10, 10), (20, 0, 10, 10), score=0.5)
    assert score_panels([ONE, TWO], [wrong, right]).map_50 == pytest.approx(67 / 101 * 2 / 3)
    wrong["panels"][0]["score"] = 0.1
    assert score_panels([ONE, TWO], [wrong, right]).map_50 == pytest.approx(67 / 101)


def test_boxes_under_the_threshold_count_for_the_ranking_only() -> None:
    scores = score_panels([TWO], [line((0, 0, 10, 10), (20, 0, 10, 10), score=0.4)], threshold=0.5)
    assert scores.map_50 == 1.0
    assert (scores.n_found, scores.f1_50, scores.exact_count) == (0, 0.0, 0.0)


def test_clef_accuracy_does_not_punish_small_boxes() -> None:
    small = line((4, 4, 2, 2), (24, 4, 2, 2))
    scores = score_panels([TWO], [small])
    assert (scores.clef_accuracy, scores.f1_50) == (1.0, 0.0)


def test_letters_count_where_they_were_read_on_the_right_panel() -> None:
    true, found = line((0, 0, 10, 10), (20, 0, 10, 10), (40, 0, 10, 10)), line((0, 0, 10, 10), (20, 0, 10, 10))
    for panel, label in zip(true["panels"], ["A", "B", None], strict=True):
        panel["label"] = label
    for panel, letter in zip(found["panels"], ["a", "c"], strict=True):
        panel["letter"] = letter
    scores = score_panels([true], [found])
    assert (scores.n_letters, scores.letters_right, scores.letters_found) == (2, 0.5, 0.5)


def test_both_sides_must_have_the_same_figures() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score_panels([TWO, ONE], [TWO])


def test_time_is_per_figure() -> None:
    assert score_panels([TWO, ONE], [TWO, ONE], seconds=0.01).ms_per_figure == pytest.approx(5.0)
    assert score_panels([], []).ms_per_figure is None

from __future__ import annotations

import pytest

from pipeline.split.score_pairs import score_pairs


def panel(x: int, label: str | None, **more: str) -> dict:
    return {"x": x, "y": 0, "w": 10, "h": 10, "label": label, **more}


def figure(fig_id: str, *panels: dict) -> dict:
    return {"pmcid": "PMC1", "fig_id": fig_id, "compound": len(panels) > 1, "panels": list(panels)}


TRUTH = figure("f1", panel(0, "A"), panel(20, "B"))
TEXTS = {("PMC1", "f1"): {"A": "normal liver of a mouse", "B": "steatotic kidney of a rat"}}
RIGHT = [panel(1, "a", text="normal liver of a mouse"), panel(20, "B", text="steatotic kidney of a rat")]


def test_a_pair_needs_box_letter_and_words() -> None:
    moved = panel(8, "A", text="normal liver of a mouse")
    swapped = panel(20, "A", text="normal liver of a mouse")
    other = panel(20, "B", text="normal liver of a mouse")
    for pairs, n_placed, n_right in (
        (RIGHT, 2, 2),
        ([moved, RIGHT[1]], 1, 1),
        ([swapped], 0, 0),
        ([RIGHT[0], other], 2, 1),
        ([], 0, 0),
    ):
        scores = score_pairs([TRUTH], TEXTS, [{"pairs": pairs}])
        assert (scores.n_emitted, scores.n_placed, scores.n_right) == (len(pairs), n_placed, n_right)
        assert (scores.n_true, scores.n_judged_true, scores.n_split) == (2, 2, bool(pairs))


def test_words_are_judged_only_where_a_reader_split_the_caption() -> None:
    scores = score_pairs([TRUTH], {}, [{"pairs": RIGHT}])
    assert (scores.placed_precision, scores.placed_found, scores.n_judged) == (1.0, 1.0, 0)


def test_what_comes_out_of_a_single_figure_is_wrong() -> None:
    scores = score_pairs([figure("f2", panel(0, None))], {}, [{"pairs": RIGHT}])
    assert (scores.n_from_singles, scores.n_emitted, scores.n_placed, scores.n_true) == (2, 2, 0, 0)


def test_both_sides_need_the_same_figures() -> None:
    with pytest.raises(ValueError):
        score_pairs([TRUTH], {}, [])

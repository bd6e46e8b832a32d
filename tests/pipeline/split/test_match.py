from __future__ import annotations

import pytest

from pipeline.split.boxes import Box
from pipeline.split.letters import ReadLetter
from pipeline.split.match import match_panels
from pipeline.split.panels import Panel


def panels(*boxes: tuple[int, int, int, int], score: float = 1.0) -> list[Panel]:
    return [Panel(Box(*box), score) for box in boxes]


PAIR = panels((0, 0, 10, 10), (20, 0, 30, 10))
STACK = panels((0, 0, 10, 10), (0, 20, 10, 30))
SQUARE = panels((0, 0, 10, 10), (20, 0, 30, 10), (0, 20, 10, 30), (20, 20, 30, 30))


def by_label(found: list[Panel], labels: list[str]) -> dict[str, Box]:
    return {label: panel.box for panel, label in match_panels(found, labels, (30, 30)).pairs}


def test_words_for_a_place_beat_the_order_of_the_caption() -> None:
    assert by_label(PAIR, ["right", "left"]) == {"right": PAIR[1].box, "left": PAIR[0].box}
    assert by_label(STACK, ["bottom", "top"]) == {"bottom": STACK[1].box, "top": STACK[0].box}


def test_corners() -> None:
    labels = ["bottom left", "top left", "bottom right", "upper right"]
    found = by_label(SQUARE, labels)
    assert [found[label] for label in labels] == [SQUARE[i].box for i in (2, 0, 3, 1)]


def test_left_middle_right() -> None:
    row = panels((0, 0, 10, 10), (15, 0, 25, 10), (30, 0, 40, 10))
    assert [by_label(row, ["left", "middle", "right"])[k].x0 for k in ("left", "middle", "right")] == [0, 15, 30]


@pytest.mark.parametrize(
    ("found", "labels"),
    [(PAIR, ["top", "bottom"]), (STACK, ["left", "right"]), (PAIR, ["left", "left side"]), (PAIR, ["left", "B"])],
)
def test_a_figure_stays_whole_where_no_panel_stands_where_the_label_says(found: list[Panel], labels: list[str]) -> None:
    match = match_panels(found, labels, (30, 30))
    assert (match.pairs, match.method) == ((), "none")
    assert match.reason is not None and "stands where" in match.reason


def test_columns_that_break_at_different_heights_are_not_trusted() -> None:
    ragged = panels((0, 0, 10, 10), (20, 0, 30, 14), (0, 12, 10, 30), (20, 16, 30, 30))
    tall = panels((0, 0, 10, 30), (20, 0, 30, 10), (20, 20, 30, 30))
    assert match_panels(ragged, "ABCD", (30, 30)).confidence == 0.5
    assert match_panels(tall, "ABC", (30, 30)).confidence == 0.99


def test_confidence_is_never_above_that_of_the_weakest_panel() -> None:
    found = [*panels((0, 0, 10, 10), score=0.6), PAIR[1]]
    assert match_panels(found, "ab", (30, 10)).confidence < 0.6


def lettered(found: list[Panel], letters: str) -> list[Panel]:
    """The panels with these letters read on them; a blank stands for none."""
    return [
        Panel(panel.box, panel.score, None if letter == " " else ReadLetter(letter, panel.box, 0.99))
        for panel, letter in zip(found, letters, strict=True)
    ]


def test_letters_that_were_read_beat_the_order() -> None:
    match = match_panels(lettered(SQUARE, "ACBD"), "ABCD", (30, 30))
    assert (match.method, match.confidence) == ("label", 0.99)
    assert [(panel.box, label) for panel, label in match.pairs] == [
        (panel.box, label) for panel, label in zip(SQUARE, "ACBD", strict=True)
    ]


def test_the_one_panel_without_a_letter_takes_the_label_that_is_left() -> None:
    match = match_panels(lettered(SQUARE, "A DC"), "ABCD", (30, 30))
    assert [label for _, label in match.pairs] == ["A", "B", "D", "C"]
    assert 0.9 < match.confidence < 0.99


def test_letters_that_run_down_the_columns_are_confirmed_by_it() -> None:
    found = [Panel(p.box, p.score, ReadLetter(x, p.box, 0.6)) for p, x in zip(SQUARE, "ACBD", strict=True)]
    assert match_panels(found, "ABCD", (30, 30)).confidence == 0.99


def test_two_panels_without_letters_need_the_others_in_order() -> None:
    assert [label for _, label in match_panels(lettered(SQUARE, "A  D"), "ABCD", (30, 30)).pairs] == list("ABCD")
    match = match_panels(lettered(SQUARE, "D  A"), "ABCD", (30, 30))
    assert match.pairs == () and match.reason is not None and "do not run in order" in match.reason

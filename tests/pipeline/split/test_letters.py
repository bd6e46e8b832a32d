from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.split import networks
from pipeline.split.boxes import Box
from pipeline.split.glyphs import Glyphs
from pipeline.split.letters import ALPHABET, Reading, choose_letters, next_letter, read_letters
from pipeline.split.synthetic.figure import draw_figure
from pipeline.split.synthetic.tiles import Tiles, draw_tiles

Seen = tuple[str, float, int, int]
"""What a glyph shows, how surely, its left edge and its height."""


def glyphs(*seen: Seen, scale: float = 1.0) -> tuple[Glyphs, np.ndarray]:
    boxes = np.array([(x, 10, x + 12, 10 + height) for _, _, x, height in seen], np.int32)
    probabilities = np.full((len(seen), len(ALPHABET) + 1), 1e-4, np.float32)
    for row, (letter, probability, _, _) in zip(probabilities, seen, strict=True):
        row[ALPHABET.index(letter)] = probability
        row[-1] = 1 - probability
    return Glyphs(boxes, np.zeros((len(seen), 32, 32), np.float32), scale), probabilities


def chosen(labels: Sequence[str], *seen: Seen) -> dict[str, int]:
    return {letter.label: letter.box.x0 for letter in choose_letters(*glyphs(*seen), labels)}


def test_letters_of_one_size_belong_together() -> None:
    unit = ("A", 0.99, 300, 11)
    found = chosen("AB", unit, ("A", 0.9, 0, 20), ("B", 0.95, 100, 21))
    assert found == {"A": 0, "B": 100}


def test_low_letters_are_lower_than_high_ones() -> None:
    assert chosen("abc", ("a", 0.9, 0, 15), ("b", 0.9, 100, 20), ("c", 0.9, 200, 15)) == {"a": 0, "b": 100, "c": 200}
    assert chosen("AB", ("A", 0.9, 0, 15), ("B", 0.9, 100, 20)) in ({"A": 0}, {"B": 100})


def test_case_may_differ_from_the_caption() -> None:
    assert chosen("AB", ("a", 0.9, 0, 15), ("b", 0.9, 100, 20)) == {"A": 0, "B": 100}


def test_unsure_letters_are_left_out_and_labels_keep_the_spelling_of_the_caption() -> None:
    assert chosen("ab", ("A", 0.45, 0, 20), ("B", 0.9, 100, 20)) == {"b": 100}


def following(labels: Sequence[str], *seen: Seen) -> str | None:
    letters = choose_letters(*glyphs(*seen), labels)
    found = next_letter(*glyphs(*seen), labels, letters)
    return found.label if found else None


def test_the_letter_after_the_last_is_found_where_it_is_printed_like_the_others() -> None:
    a, b = ("A", 0.97, 0, 20), ("B", 0.97, 100, 20)
    assert following("AB", a, b, ("C", 0.95, 200, 20)) == "C"
    assert following("AB", a, b) is None
    assert following("AB", a, b, ("C", 0.8, 200, 20)) is None
    assert following("AB", a, b, ("C", 0.95, 200, 9)) is None
    assert following("YZ", ("Y", 0.97, 0, 20), ("Z", 0.97, 100, 20)) is None


def test_another_text_that_has_all_of_them_is_not_taken_for_letters() -> None:
    panels = ("A", 0.95, 0, 20), ("B", 0.95, 100, 20)
    legend = ("A", 0.93, 300, 9), ("B", 0.93, 320, 9), ("C", 0.93, 340, 9)
    assert following("AB", *panels, *legend) is None


def test_boxes_are_in_pixels_of_the_figure() -> None:
    found = choose_letters(*glyphs(("A", 0.9, 10, 20), scale=2.0), "AB")
    assert [letter.box for letter in found] == [Box(20, 20, 44, 60)]


@pytest.mark.parametrize("labels", [(), ("A",), ("A1", "A2"), ("left", "right"), ("α", "β"), ("", "B")])
def test_labels_that_are_no_letters_are_not_looked_for(labels: Sequence[str]) -> None:
    assert read_letters(np.zeros((40, 40, 3), np.uint8), labels) == Reading()


def test_nothing_is_read_without_a_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "onnxruntime", None)
    networks.load_network.cache_clear()
    assert read_letters(np.full((40, 40, 3), 255, np.uint8), "AB") == Reading()
    networks.load_network.cache_clear()


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (64, 64)])
def test_a_blank_figure_has_no_letters(size: tuple[int, int]) -> None:
    assert read_letters(np.full((*size, 3), 255, np.uint8), "AB") == Reading()


def test_most_letters_of_drawn_figures_are_read_where_they_stand() -> None:
    tiles, rng = Tiles(draw_tiles(60, seed=21)), np.random.default_rng(22)
    n_true = n_read = n_right = 0
    for figure in (draw_figure(tiles, rng) for _ in range(60)):
        true = {letter.text: letter.box for letter in figure.letters if letter}
        if len(true) > 1:
            found = read_letters(figure.pixels, list(true)).letters
            n_true, n_read = n_true + len(true), n_read + len(found)
            n_right += sum(letter.box.intersection(true[letter.label]) > 0 for letter in found)
    assert n_true > 60
    assert n_right / n_read > 0.95
    assert n_right / n_true > 0.65  # 117 of 163 when this was written; letters on lively pictures are missed

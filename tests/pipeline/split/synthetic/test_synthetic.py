from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.split.boxes import Box
from pipeline.split.synthetic.__main__ import unseen
from pipeline.split.synthetic.figure import SyntheticFigure, draw_figure, draw_layout
from pipeline.split.synthetic.layouts import draw_cells, draw_count, place
from pipeline.split.synthetic.marks import MarkStyle, draw_style, mark_size, print_mark
from pipeline.split.synthetic.tiles import Tiles, choose_tiles, draw_tiles, read_tiles


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    return Tiles(draw_tiles(40, seed=5))


@pytest.fixture(scope="module")
def figures(tiles: Tiles) -> list[SyntheticFigure]:
    return [draw_figure(tiles, np.random.default_rng([8, number])) for number in range(60)]


def test_a_seed_gives_one_figure(tiles: Tiles, figures: list[SyntheticFigure]) -> None:
    again = draw_figure(tiles, np.random.default_rng([8, 3]))
    assert (again.pixels == figures[3].pixels).all() and again.panels == figures[3].panels


def test_what_is_known_of_a_figure_lies_inside_it(figures: list[SyntheticFigure]) -> None:
    for figure in figures:
        height, width = figure.pixels.shape[:2]
        letters = [box for letter in figure.letters if letter for box in (letter.box, letter.mark_box)]
        for box in (*figure.panels, *letters):
            assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height


def test_singles_letters_and_counts_are_as_common_as_they_should_be(figures: list[SyntheticFigure]) -> None:
    compound = [figure for figure in figures if len(figure.panels) > 1]
    assert 0.2 < 1 - len(compound) / len(figures) < 0.55
    assert 0.65 < np.mean([figure.letters[0] is not None for figure in compound]) < 1.0
    assert all(len({letter.text for letter in f.letters if letter}) == len(f.panels) for f in compound if f.letters[0])


def test_the_longer_side_can_be_bounded(tiles: Tiles) -> None:
    for number in range(8):
        figure = draw_figure(tiles, np.random.default_rng(number), most_side_px=256)
        assert max(figure.pixels.shape[:2]) <= 256


@settings(deadline=None)
@given(st.integers(1, 24), st.integers(0, 10_000))
def test_cells_tile_the_figure(n: int, seed: int) -> None:
    cells = draw_cells(n, np.random.default_rng(seed))
    assert len(cells) == n
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in cells) == pytest.approx(1.0)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(0, 10_000), st.integers(-20, 60), st.integers(1, 400), st.integers(1, 400))
def test_placed_cells_are_never_empty(n: int, seed: int, gap: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    for box in place(draw_cells(n, rng), Box(5, 7, 5 + width, 7 + height), gap, rng):
        assert box.width > 0 and box.height > 0


def test_small_figures_are_the_most_common() -> None:
    rng = np.random.default_rng(1)
    counts = np.bincount([draw_count(rng) for _ in range(4000)])
    assert counts[:2].sum() == 0
    assert counts[2] == max(counts) and 0.3 < counts[2] / 4000 < 0.42


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000), st.sampled_from([0, 255]))
def test_a_mark_is_printed_where_its_box_says(seed: int, ground: int) -> None:
    style = draw_style(np.random.default_rng(seed), 650)
    style = MarkStyle(style.form, style.is_upper, style.font, style.size_px, style.place, has_plate=False, color=None)
    sheet = Image.new("RGB", (400, 300), (ground, ground, ground))
    letter = print_mark(sheet, style, "E", (100, 80))
    x0, y0, x1, y1 = Image.eval(sheet.convert("L"), lambda v: 255 if abs(v - ground) > 30 else 0).getbbox()
    assert Box(x0, y0, x1, y1).iou(letter.mark_box) > 0.6  # a font counts some white to its letters
    assert letter.mark_box.intersection(letter.box) > 0.8 * letter.box.area
    assert mark_size(style, "E") == (letter.mark_box.width, letter.mark_box.height)


def test_letters_run_on_from_the_first() -> None:
    style = MarkStyle("({})", False, 0, 20, "top left", has_plate=False, color=None, first=24)
    assert [style.text(number) for number in range(3)] == ["y", "z", "a"]


def test_a_held_out_set_has_no_layout_that_was_trained_on(tmp_path) -> None:
    def layout(*seed: int) -> list[tuple[float, ...]]:
        return [tuple(round(v, 2) for v in cell) for cell in draw_layout(np.random.default_rng(seed))]

    kept = list(islice(unseen(99), 200))
    trained = [layout(15, number) for number in range(2500)]
    compound = [layout(99, number) for number in kept if len(layout(99, number)) > 1]
    assert 60 < len(compound) < 140 and kept[-1] > 250
    assert not any(cells in trained for cells in compound)


def test_real_tiles_are_read_and_used(tmp_path) -> None:
    Image.new("RGB", (900, 450), (90, 20, 20)).save(tmp_path / "photo.png")
    Image.new("RGB", (300, 200), "white").save(tmp_path / "plot.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    real = tuple(read_tiles(sorted(tmp_path.iterdir())))
    assert [(tile.kind, tile.is_photo, tile.pixels.shape) for tile in real] == [
        ("real-photo", True, (350, 700, 3)),
        ("real-plot", False, (200, 300, 3)),
    ]
    tiles = Tiles(draw_tiles(6, seed=2), real)
    kinds = {tile.kind for number in range(40) for tile in choose_tiles(tiles, 2, np.random.default_rng(number))}
    assert {"real-photo", "real-plot"} < kinds

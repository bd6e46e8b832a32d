from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.split.boxes import Box
from pipeline.split.canvas import read_canvas
from pipeline.split.gutters import find_gutters
from pipeline.split.layouts import likeliest_layout
from pipeline.split.letters import ReadLetter
from pipeline.split.panels import Panel, find_panels


def sheet(height: int, width: int, value: int = 255) -> np.ndarray:
    return np.full((height, width, 3), value, dtype=np.uint8)


def draw(pixels: np.ndarray, box: Box, seed: int = 0) -> None:
    noise = np.random.default_rng(seed).integers(60, 190, (box.height, box.width, 1), dtype=np.uint8)
    pixels[box.y0 : box.y1, box.x0 : box.x1] = noise


@pytest.mark.parametrize("n_expected", [None, 2, 30, 10_000])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1), (7, 3000), (640, 640)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_blank_pictures_of_any_shape_stay_whole(height: int, width: int, value: int, n_expected: int | None) -> None:
    assert find_panels(sheet(height, width, value), n_expected) == (Panel(Box(0, 0, width, height), 1.0),)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=3), st.integers(6, 30))
def test_rows_of_different_lengths(row_lengths: list[int], gap: int) -> None:
    pixels = sheet(len(row_lengths) * (120 + gap) + gap, 600 + 2 * gap)
    truth = []
    for row, n_columns in enumerate(row_lengths):
        width, y = (600 - gap * (n_columns - 1)) // n_columns, gap + row * (120 + gap)
        for column in range(n_columns):
            x = gap + column * (width + gap)
            truth.append(Box(x, y, x + width, y + 120))
            draw(pixels, truth[-1], seed=len(truth))
    found = find_panels(pixels, len(truth))
    assert [panel.box.iou(box) > 0.9 for panel, box in zip(found, truth, strict=True)] == [True] * len(truth)


def test_two_large_pictures_are_evident_without_a_caption() -> None:
    pixels = sheet(300, 640)
    left, right = Box(10, 10, 310, 290), Box(330, 10, 630, 290)
    draw(pixels, left)
    draw(pixels, right, seed=1)
    assert [panel.box for panel in find_panels(pixels)] == [left, right]


def test_the_letter_under_a_picture_is_no_panel() -> None:
    pixels = sheet(330, 640)
    for n, x in enumerate((10, 330)):
        draw(pixels, Box(x, 10, x + 300, 290), seed=n)
        pixels[305:318, x + 145 : x + 155] = 0
    assert len(find_panels(pixels, 2)) == 2
    assert len(find_panels(pixels, 4)) == 1


def test_boxes_are_in_pixels_of_the_full_picture() -> None:
    pixels = sheet(1500, 3200)
    truth = Box(50, 50, 1550, 1450), Box(1650, 50, 3150, 1450)
    for box in truth:
        draw(pixels, box)
    assert all(panel.box.iou(box) > 0.98 for panel, box in zip(find_panels(pixels, 2), truth, strict=True))


def test_a_gutter_between_alike_parts_is_likelier_than_one_beside_a_legend() -> None:
    pixels = sheet(300, 640)
    draw(pixels, Box(10, 10, 280, 290))
    draw(pixels, Box(300, 10, 570, 290))
    pixels[140:160, 590:640] = 0
    canvas = read_canvas(pixels)
    piece = canvas.trimmed(canvas.box)
    assert piece is not None
    best, *_ = find_gutters(canvas, piece)
    assert best.before == Box(10, 10, 280, 290)


def test_a_layout_has_just_the_number_of_pieces_asked_for() -> None:
    pixels = sheet(300, 640)
    for n in range(4):
        draw(pixels, Box(10 + 160 * n, 10, 150 + 160 * n, 290), seed=n)
    canvas = read_canvas(pixels)
    layouts = {n: likeliest_layout(canvas, n) for n in range(1, 6)}
    assert {n: layout and len(layout.pieces) for n, layout in layouts.items()} == {1: 1, 2: 2, 3: 3, 4: 4, 5: None}


def test_letters_that_no_cut_parts_leave_the_panels_that_gutters_show() -> None:
    pixels = sheet(300, 640)
    for n, box in enumerate((Box(10, 10, 310, 290), Box(330, 10, 630, 290))):
        draw(pixels, box, seed=n)
    letters = [ReadLetter(label, Box(20 + 30 * n, 20, 35 + 30 * n, 40), 0.9) for n, label in enumerate("ab")]
    found = find_panels(pixels, 2, letters)
    assert [panel.letter and panel.letter.label for panel in found] == ["a", None]

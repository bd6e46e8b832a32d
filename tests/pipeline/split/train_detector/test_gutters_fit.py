from __future__ import annotations

import numpy as np
import pytest

from pipeline.split.boxes import Box
from pipeline.split.gutters import Gutter, Signs
from pipeline.split.train_detector.data import KnownFigure
from pipeline.split.train_detector.gutters import area_under_curve, fit, parts, seen_gutters

GUTTER = Gutter(True, 10, Box(0, 0, 100, 100), Box(110, 0, 200, 100), Signs(*[0.0] * 9), 0.0)


@pytest.mark.parametrize(
    ("panels", "answer"),
    [
        ([Box(0, 0, 100, 100), Box(110, 0, 200, 100)], True),
        ([Box(0, 0, 102, 100), Box(110, 0, 200, 40), Box(110, 60, 200, 100)], True),
        ([Box(0, 0, 200, 100)], False),
        ([Box(0, 0, 100, 100)], False),
        ([Box(0, 0, 100, 50), Box(0, 50, 200, 100), Box(110, 0, 200, 50)], False),
    ],
)
def test_a_gutter_parts_panels_where_none_lies_across(panels: list[Box], answer: bool) -> None:
    assert parts(GUTTER, panels) is answer


def test_a_regression_finds_the_weights_that_made_the_answers() -> None:
    rng = np.random.default_rng(4)
    signs = rng.normal(size=(20_000, 2))
    is_true = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 + 2 * signs[:, 0] - signs[:, 1])))
    assert fit(signs, is_true, np.ones(20_000)) == pytest.approx([0.5, 2.0, -1.0], abs=0.1)


def test_rows_that_count_more_pull_more() -> None:
    signs, is_true = np.array([[0.0], [0.0]]), np.array([True, False])
    assert fit(signs, is_true, np.array([3.0, 1.0]))[0] == pytest.approx(np.log(3))


def test_area_under_the_curve_by_hand() -> None:
    scores, is_true = np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True])
    assert area_under_curve(scores, is_true) == 0.75


def test_gutters_of_a_grid_are_seen_in_the_figure_and_in_its_rows() -> None:
    pixels = np.full((420, 420, 3), 255, np.uint8)
    panels = [Box(x, y, x + 190, y + 190) for y in (10, 220) for x in (10, 220)]
    for box in panels:
        pixels[box.y0 : box.y1, box.x0 : box.x1] = 90
    seen = list(seen_gutters(KnownFigure(pixels, tuple(panels))))
    assert len(seen) == 4 and all(is_true for _, is_true in seen)

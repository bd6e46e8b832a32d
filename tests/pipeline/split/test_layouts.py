from __future__ import annotations

import numpy as np
import pytest

from pipeline.split.canvas import read_canvas
from pipeline.split.detector import Detections
from pipeline.split.layouts import evident_layout

LEFT, RIGHT, INSIDE = (20, 20, 300, 400), (320, 20, 600, 400), (70, 70, 210, 260)


def two_plots() -> np.ndarray:
    """Two sparse plots side by side: dots and ticks, with white space inside as wide as between them."""
    pixels = np.full((420, 640, 3), 255, np.uint8)
    rng = np.random.default_rng(1)
    for x0, y0, x1, y1 in (LEFT, RIGHT):
        pixels[rng.integers(y0, y1, 160), rng.integers(x0, x1, 160)] = 0
        pixels[y0:y1:40, x0:x1:9] = 0
    return pixels


def seen(*boxes: tuple[tuple[int, int, int, int], float]) -> Detections:
    corners, scores = zip(*boxes, strict=True)
    return Detections(np.array(corners, np.float32), np.array(scores, np.float32))


def n_pieces(detections: Detections) -> int:
    layout = evident_layout(read_canvas(two_plots(), detections))
    assert layout is not None
    return len(layout.pieces)


def test_an_unlikely_cut_counts_where_the_detector_sees_just_its_pieces() -> None:
    assert n_pieces(seen((LEFT, 0.6), (RIGHT, 0.55))) == 2


@pytest.mark.parametrize(
    "detections",
    [
        seen((LEFT, 0.6), (RIGHT, 0.45)),  # one is unsure
        seen((LEFT, 0.6), (RIGHT, 0.55), (INSIDE, 0.5)),  # one too many
        seen((LEFT, 0.6), ((320, 20, 600, 200), 0.55)),  # another box than the piece
    ],
)
def test_where_the_two_differ_the_figure_is_not_evident(detections: Detections) -> None:
    assert n_pieces(detections) == 1


def test_a_likely_cut_needs_no_second_witness() -> None:
    assert n_pieces(seen((LEFT, 0.9), (RIGHT, 0.9), (INSIDE, 0.5))) == 2

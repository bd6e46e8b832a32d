from __future__ import annotations

import numpy as np
import pytest

from pipeline.split import networks
from pipeline.split.boxes import Box
from pipeline.split.detector import SIDE, Detections, detect_panels, on_square, suppressed
from pipeline.split.synthetic.figure import draw_figure
from pipeline.split.synthetic.tiles import Tiles, draw_tiles


@pytest.mark.parametrize(("height", "width"), [(1, 1), (50, 3000), (3000, 50), (192, 192), (700, 900)])
def test_a_figure_of_any_shape_fits_the_square(height: int, width: int) -> None:
    square, scale = on_square(np.zeros((height, width, 3), np.uint8))
    assert square.shape == (1, 3, SIDE, SIDE) and square.dtype == np.float32
    assert max(height, width) * scale <= SIDE
    assert square[0, :, 0, 0].max() == 0.0


def test_the_surer_of_two_boxes_on_one_panel_is_kept() -> None:
    corners = np.array([[5, 5, 100, 100], [0, 0, 100, 100], [110, 0, 200, 100], [7, 7, 7, 90]], np.float32)
    found = suppressed(Detections(corners, np.array([0.9, 0.5, 0.3, 0.2], np.float32)))
    assert found.corners.tolist() == [[5, 5, 100, 100], [110, 0, 200, 100]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.3])


def test_areas_and_what_is_shared() -> None:
    found = Detections(np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32), np.ones(2, np.float32))
    assert found.areas.tolist() == [100, 100]
    assert found.shared_with(np.array([5, 5, 25, 25], np.float32)).tolist() == [25, 25]
    assert found.scaled(2.0).corners.tolist() == [[0, 0, 20, 20], [40, 0, 60, 20]]


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (300, 400)])
def test_detections_lie_inside_their_figure(size: tuple[int, int]) -> None:
    found = detect_panels(np.random.default_rng(5).integers(0, 255, (*size, 3), dtype=np.uint8))
    assert found is not None
    assert (found.corners >= 0).all() and (found.corners <= np.array([*size[::-1], *size[::-1]])).all()


def test_nothing_is_asked_without_a_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "onnxruntime", None)
    networks.load_network.cache_clear()
    assert detect_panels(np.zeros((40, 40, 3), np.uint8)) is None
    networks.load_network.cache_clear()


def test_most_panels_of_drawn_figures_are_seen() -> None:
    tiles, rng = Tiles(draw_tiles(60, seed=31)), np.random.default_rng(32)
    n_true = n_seen = 0
    for figure in (draw_figure(tiles, rng) for _ in range(60)):
        if len(figure.panels) <= 6:
            found = detect_panels(figure.pixels)
            assert found is not None
            n_true += len(figure.panels)
            boxes = [Box(*corners) for corners in found.corners.round().astype(int).tolist()]
            n_seen += sum(any(box.iou(panel) >= 0.5 for box in boxes) for panel in figure.panels)
    assert n_true > 60
    assert n_seen / n_true > 0.7

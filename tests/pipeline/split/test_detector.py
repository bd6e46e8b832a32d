from __future__ import annotations

import numpy as np
import pytest

from pipeline.split import networks
from pipeline.split.boxes import Box
from pipeline.split.detector import SIDE, detect_panels, on_square, suppressed
from pipeline.split.synthetic.figure import draw_figure
from pipeline.split.synthetic.tiles import Tiles, draw_tiles


@pytest.mark.parametrize(("height", "width"), [(1, 1), (50, 3000), (3000, 50), (192, 192), (700, 900)])
def test_a_figure_of_any_shape_fits_the_square(height: int, width: int) -> None:
    square, scale = on_square(np.zeros((height, width, 3), np.uint8))
    assert square.shape == (1, 3, SIDE, SIDE) and square.dtype == np.float32
    assert max(height, width) * scale <= SIDE
    assert square[0, :, 0, 0].max() == 0.0


def test_the_surer_of_two_boxes_on_one_panel_is_kept() -> None:
    corners = np.array([[0, 0, 100, 100], [5, 5, 100, 100], [110, 0, 200, 100]], np.float32)
    found = suppressed(np.array([0.5, 0.9, 0.3], np.float32), corners, (200, 100))
    assert [(d.box, d.score) for d in found] == [(Box(5, 5, 100, 100), 0.9), (Box(110, 0, 200, 100), 0.3)]


def test_boxes_are_cut_to_the_figure_and_never_empty() -> None:
    corners = np.array([[-20, -5, 300, 90], [250, 0, 300, 50]], np.float32)
    assert [d.box for d in suppressed(np.ones(2, np.float32), corners, (200, 80))] == [Box(0, 0, 200, 80)]


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
            n_seen += sum(any(d.box.iou(panel) >= 0.5 for d in found) for panel in figure.panels)
    assert n_true > 60
    assert n_seen / n_true > 0.7

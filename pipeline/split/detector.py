"""The panel detector at work: a figure on a square, through the network, back to boxes in pixels of the figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.split.boxes import Box
from pipeline.split.networks import load_network


@dataclass(frozen=True, slots=True)
class Detection:
    """A box that may be a panel."""

    box: Box
    score: float
    """0 to 1; what the network takes for the IoU with a panel."""


SIDE = 192
"""Side of the square that the network was trained on, px."""

_LEAST_SCORE = 0.05
_MOST_OVERLAP = 0.45
"""Of two boxes that overlap by a larger IoU the surer one is kept."""

_PANEL = 0
"""Column of the scores; the other is that of letters."""


def detect_panels(pixels: NDArray[np.uint8]) -> tuple[Detection, ...] | None:
    """Boxes that may be panels, surest first; None where ONNX Runtime is missing.

    Args:
        pixels: (H, W, 3) uint8 RGB.
    """
    network = load_network("detector")
    if network is None:
        return None
    square, scale = on_square(pixels)
    scores, corners = network.run(None, {"images": square})
    chosen = np.flatnonzero(scores[0, :, _PANEL] >= _LEAST_SCORE)
    return suppressed(scores[0, chosen, _PANEL], corners[0, chosen] / scale, pixels.shape[1::-1])


def on_square(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """The figure in the top left of a white square, (1, 3, SIDE, SIDE) of 0 to 1, and by what it was scaled."""
    height, width = pixels.shape[:2]
    scale = min(SIDE / max(height, width), 1.3)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    image = Image.fromarray(pixels).resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)
    square = np.full((SIDE, SIDE, 3), 255, np.uint8)
    square[: size[1], : size[0]] = np.asarray(image)
    return square.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255), scale


def suppressed(
    scores: NDArray[np.float32], corners: NDArray[np.float32], size: tuple[int, ...]
) -> tuple[Detection, ...]:
    """The boxes without those that a surer one covers, cut to the figure.

    Args:
        scores: (N,) 0 to 1.
        corners: (N, 4) x0, y0, x1, y1 in px.
        size: width and height of the figure.
    """
    kept: list[Detection] = []
    for number in np.argsort(-scores, kind="stable"):
        box = _inside(corners[number], size)
        if box.area and all(box.iou(other.box) <= _MOST_OVERLAP for other in kept):
            kept.append(Detection(box, round(float(scores[number]), 4)))
    return tuple(kept)


def _inside(corners: NDArray[np.float32], size: tuple[int, ...]) -> Box:
    x0, y0, x1, y1 = (round(float(v)) for v in corners)
    return Box(max(0, x0), max(0, y0), min(size[0], x1), min(size[1], y1))

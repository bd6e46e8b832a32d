"""The panel detector at work: a figure on a square, through the network, back to boxes in pixels of the figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.split.networks import load_network


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes that may be panels, surest first."""

    corners: NDArray[np.float32]
    """(N, 4) x0, y0, x1, y1 in px."""
    scores: NDArray[np.float32]
    """(N,) 0 to 1; what the network takes for the IoU with a panel."""

    @property
    def areas(self) -> NDArray[np.float32]:
        """(N,) square px."""
        found: NDArray[np.float32] = (self.corners[:, 2:] - self.corners[:, :2]).prod(axis=1)
        return found

    def scaled(self, factor: float) -> Detections:
        """The same on a picture that is larger by a factor."""
        return Detections(self.corners * np.float32(factor), self.scores)

    def shared_with(self, corners: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N,) square px that each box shares with another one, (4,)."""
        low = np.maximum(self.corners[:, :2], corners[:2])
        high = np.minimum(self.corners[:, 2:], corners[2:])
        found: NDArray[np.float32] = np.maximum(high - low, 0).prod(axis=1)
        return found


SIDE = 192
"""Side of the square that the network was trained on, px."""

_LEAST_SCORE = 0.1
_MOST_BOXES = 150
"""Looked at per figure, before those that cover each other are left out."""

_MOST_OVERLAP = 0.45
"""Of two boxes that overlap by a larger IoU the surer one is kept."""

_PANEL = 0
"""Column of the scores; the other is that of letters."""


def detect_panels(pixels: NDArray[np.uint8]) -> Detections | None:
    """Boxes that may be panels; None where ONNX Runtime is missing.

    Args:
        pixels: (H, W, 3) uint8 RGB.
    """
    network = load_network("detector")
    if network is None:
        return None
    square, scale = on_square(pixels)
    scores, corners = network.run(None, {"images": square})
    height, width = pixels.shape[:2]
    corners = np.clip(corners[0] / np.float32(scale), 0, np.array([width, height] * 2, np.float32))
    order = np.argsort(-scores[0, :, _PANEL], kind="stable")[:_MOST_BOXES]
    order = order[scores[0, order, _PANEL] >= _LEAST_SCORE]
    return suppressed(Detections(corners[order], scores[0, order, _PANEL]))


def on_square(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """The figure in the top left of a white square, (1, 3, SIDE, SIDE) of 0 to 1, and by what it was scaled."""
    height, width = pixels.shape[:2]
    scale = min(SIDE / max(height, width), 1.3)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    image = Image.fromarray(pixels).resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)
    square = np.full((SIDE, SIDE, 3), 255, np.uint8)
    square[: size[1], : size[0]] = np.asarray(image)
    return square.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255), scale


def suppressed(found: Detections) -> Detections:
    """The boxes without empty ones and those that a surer one covers."""
    left = np.flatnonzero(found.areas > 0)
    kept: list[int] = []
    while len(left):
        kept.append(int(left[0]))
        rest = Detections(found.corners[left], found.scores[left])
        shared = rest.shared_with(rest.corners[0])
        left = left[shared <= _MOST_OVERLAP * (rest.areas + rest.areas[0] - shared)]
    return Detections(found.corners[kept], found.scores[kept])

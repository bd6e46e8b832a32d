"""Canvas: a figure at the working size, as sums from which the profile of any box is one subtraction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.split.boxes import Box
from pipeline.split.detector import Detections
from pipeline.split.seams import jumps
from pipeline.split.sums import sums_above, sums_before

_LONG_SIDE_PX = 640
"""Size at which gutters are looked for. Most figures are smaller than this and keep even gutters of one pixel."""

_INK = 28
"""Difference of brightness from the background that counts as ink; JPEG noise around text stays under it."""

_WHITE = 255

_PAPER_SHARE = 0.35
"""Share of the border that has the brightness of the paper, where paper is seen there at all."""

INK_SHARE = 0.004
"""Share of ink that a gutter may hold: an arrow or a hair line that crosses it."""

EDGE_PX = 3
"""Depth in which the edge of a picture is looked for; smoothing on the way to print softens edges."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a figure has ink, at the working size.

    `by_column[y, x]` counts the ink in the rows above `y`, (H + 1, W) int32; `by_row[y, x]` that in the columns left of
    `x`, (H, W + 1) int32. So the profile of any box is one subtraction.
    """

    by_column: NDArray[np.int32]
    by_row: NDArray[np.int32]
    jumps_across: NDArray[np.int32]
    jumps_down: NDArray[np.int32]
    """Likewise for the jumps of brightness; see `seams.jumps`."""
    scale: float
    """Pixels of the figure per pixel of the canvas, at least 1."""
    detections: Detections | None
    """What a detector saw, on the canvas; None where none was asked."""

    @property
    def box(self) -> Box:
        """The whole canvas."""
        return Box(0, 0, self.by_column.shape[1], self.by_row.shape[0])

    @property
    def side(self) -> int:
        """The longer side, px."""
        return max(self.box.width, self.box.height)

    def columns(self, box: Box) -> NDArray[np.int32]:
        """Ink in every column of a box, (width,)."""
        found: NDArray[np.int32] = self.by_column[box.y1, box.x0 : box.x1] - self.by_column[box.y0, box.x0 : box.x1]
        return found

    def rows(self, box: Box) -> NDArray[np.int32]:
        """Ink in every row of a box, (height,)."""
        found: NDArray[np.int32] = self.by_row[box.y0 : box.y1, box.x1] - self.by_row[box.y0 : box.y1, box.x0]
        return found

    def jumps(self, box: Box, *, is_vertical: bool) -> NDArray[np.float64]:
        """Mean jump of brightness across every vertical, or every horizontal, line of a box."""
        if is_vertical:
            return (
                self.jumps_across[box.y1, box.x0 : box.x1] - self.jumps_across[box.y0, box.x0 : box.x1]
            ) / box.height
        return (self.jumps_down[box.y0 : box.y1, box.x1] - self.jumps_down[box.y0 : box.y1, box.x0]) / box.width

    def trimmed(self, box: Box) -> Box | None:
        """The box without its empty border; None where it holds no ink."""
        rows = np.flatnonzero(self.rows(box))
        if not len(rows):
            return None
        lower = Box(box.x0, box.y0 + int(rows[0]), box.x1, box.y0 + int(rows[-1]) + 1)
        columns = np.flatnonzero(self.columns(lower))
        return Box(box.x0 + int(columns[0]), lower.y0, box.x0 + int(columns[-1]) + 1, lower.y1)

    def edges(self, box: Box) -> tuple[float, float, float, float]:
        """Share of ink along the left, top, right and bottom edge; near 1 on all four for a framed picture."""
        columns, rows = self.columns(box) / box.height, self.rows(box) / box.width
        left, right = columns[:EDGE_PX].max(), columns[-EDGE_PX:].max()
        return float(left), float(rows[:EDGE_PX].max()), float(right), float(rows[-EDGE_PX:].max())

    def frame(self, box: Box) -> float:
        """How long the longest line in either direction is, 0 to 1 of the box: near 1 for pictures and plots with axes.

        What is cut off a plot (a legend, a bar) has no line of its own in one of the two directions.
        """
        return float(min(self.columns(box).max() / box.height, self.rows(box).max() / box.width))


def read_canvas(pixels: NDArray[np.uint8], detections: Detections | None = None) -> Canvas:
    """The ink of a figure: what differs from the brightness of its paper.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        detections: what a detector saw on it, in px of the figure; None where none was asked.
    """
    image = Image.fromarray(pixels).convert("L")
    scale = max(1.0, max(image.size) / _LONG_SIDE_PX)
    if scale > 1.0:
        size = max(1, round(image.width / scale)), max(1, round(image.height / scale))
        image = image.resize(size, Image.Resampling.BOX)
    grey = np.asarray(image)
    ink = np.abs(grey.astype(np.int16) - _background(grey)) > _INK
    return Canvas(sums_above(ink), sums_before(ink), *jumps(grey), scale, detections and detections.scaled(1 / scale))


def _background(grey: NDArray[np.uint8]) -> int:
    """The brightness of the paper: what most of the border has, or white where pictures fill the figure to its edge.

    That they do shows in a border of many kinds, or in a white band that crosses the figure: it is a gutter.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    counts = np.convolve(np.bincount(border, minlength=256), np.ones(9), mode="same")
    most = int(counts.argmax())
    if counts[most] < _PAPER_SHARE * len(border) or (most < _WHITE - _INK and _is_crossed(grey >= _WHITE - _INK)):
        return _WHITE
    return most


def _is_crossed(mask: NDArray[np.bool_]) -> bool:
    """Whether a row or column of a mask, edges aside, is full."""
    rows, columns = mask.mean(axis=1)[EDGE_PX:-EDGE_PX], mask.mean(axis=0)[EDGE_PX:-EDGE_PX]
    return any(len(line) and line.max() >= 1 - INK_SHARE for line in (rows, columns))

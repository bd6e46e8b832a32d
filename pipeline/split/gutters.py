"""Gutters: straight empty bands that may part two panels, and how likely each does.

White space also runs through a plot, between its bars or beside its legend. What tells the two apart is not width
alone but the company of a gutter: gutters between panels are wider than the others of their piece, few, leave large
parts on both sides, and the parts begin and end level with each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.split.boxes import Box
from pipeline.split.detector import Detections
from pipeline.split.seams import find_seams, jumps

_LONG_SIDE_PX = 640
"""Size at which gutters are looked for. Most figures are smaller than this and keep even gutters of one pixel."""

_INK = 28
"""Difference of brightness from the background that counts as ink; JPEG noise around text stays under it."""

_WHITE = 255

_PAPER_SHARE = 0.35
"""Share of the border that has the brightness of the paper, where paper is seen there at all."""

_INK_SHARE = 0.004
"""Share of ink that a gutter may hold: an arrow or a hair line that crosses it."""

_LEAST_SIDE = 0.07
"""Smaller parts, as a share of the figure's longer side, are labels, titles or legends, never panels."""

_LEVEL_PX = 20
"""Parts whose ends differ by this much or more are not level at all."""

_EDGE_PX = 3
"""Depth in which the edge of a picture is looked for; smoothing on the way to print softens edges."""


class Signs(NamedTuple):
    """What can be seen of a gutter; each sign speaks for panels on its two sides where its weight is above 0."""

    log_rank: float
    """Logarithm of its width over that of the widest other gutter of the piece."""
    log_side: float
    """Logarithm of the thinner of its two sides, as a share of the figure."""
    log_count: float
    """Logarithm of how many gutters run the same way through the piece."""
    level_ends: float
    """How many ends of the two sides are level, 0 to 2."""
    edge: float
    """Ink along the edges that face the gutter, 0 to 1."""
    frame: float
    """How long the longest lines of both sides are, 0 to 1."""
    twin: float
    """How alike the two sides are in width and height, 0 to 1."""
    is_seam: float
    """1 where the sides touch, 0 where something empty parts them."""
    log_strength: float
    """Logarithm of the strength of a seam; 0 for others."""
    across: float = 0.0
    """Score of the surest detection that lies on both sides, 0 to 1."""
    apart: float = 0.0
    """The lesser of the scores of the surest detections on either side alone, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the signs weigh; together they give the log odds that a gutter parts panels."""

    bias: float
    signs: Signs

    def log_odds(self, signs: Signs) -> float:
        """Natural logarithm of the odds that a gutter with these signs parts panels."""
        return self.bias + sum(weight * sign for weight, sign in zip(self.signs, signs, strict=True))


_PLAIN = Weights(1.75, Signs(0.59, 1.70, -0.32, 0.74, -0.58, 1.60, -0.22, -3.12, -0.06))
"""Without detections. Source: logistic regression, `train_detector/gutters.py`."""

_DETECTED = Weights(0.56, Signs(0.51, 0.81, -0.30, 0.57, 0.00, 0.85, 0.40, -2.79, 0.15, -2.53, 2.03))
"""With detections; same source."""

_LEAST_INSIDE = 0.5
"""Share of a detection that must lie in a side of the gutter to speak for it."""

_ASIDE = 0.15
"""Share of a detection that may lie on the other side of a gutter."""


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
        left, right = columns[:_EDGE_PX].max(), columns[-_EDGE_PX:].max()
        return float(left), float(rows[:_EDGE_PX].max()), float(right), float(rows[-_EDGE_PX:].max())

    def frame(self, box: Box) -> float:
        """How long the longest line in either direction is, 0 to 1 of the box: near 1 for pictures and plots with axes.

        What is cut off a plot (a legend, a bar) has no line of its own in one of the two directions.
        """
        return float(min(self.columns(box).max() / box.height, self.rows(box).max() / box.width))


@dataclass(frozen=True, slots=True)
class Gutter:
    """An empty band, and the trimmed parts on its two sides: left and right of it, or above and below."""

    is_vertical: bool
    width: int
    before: Box
    after: Box
    signs: Signs
    log_odds: float
    """Natural logarithm of the odds that it parts panels."""


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
    height, width = grey.shape
    by_column, by_row = np.zeros((height + 1, width), np.int32), np.zeros((height, width + 1), np.int32)
    np.cumsum(ink, axis=0, out=by_column[1:])
    np.cumsum(ink, axis=1, out=by_row[:, 1:])
    return Canvas(by_column, by_row, *jumps(grey), scale, detections and detections.scaled(1 / scale))


def find_gutters(canvas: Canvas, piece: Box, *, with_seams: bool = False) -> list[Gutter]:
    """The gutters of a trimmed piece that leave a possible panel on both sides, most likely first; seams if wanted."""
    found = [*_across(canvas, piece, is_vertical=True), *_across(canvas, piece, is_vertical=False)]
    if with_seams:
        found += [*_seams_across(canvas, piece, is_vertical=True), *_seams_across(canvas, piece, is_vertical=False)]
    return sorted(found, key=lambda gutter: -gutter.log_odds)


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
    rows, columns = mask.mean(axis=1)[_EDGE_PX:-_EDGE_PX], mask.mean(axis=0)[_EDGE_PX:-_EDGE_PX]
    return any(len(line) and line.max() >= 1 - _INK_SHARE for line in (rows, columns))


def _across(canvas: Canvas, piece: Box, *, is_vertical: bool) -> Iterator[Gutter]:
    profile = canvas.columns(piece) if is_vertical else canvas.rows(piece)
    length = piece.height if is_vertical else piece.width
    runs = _runs(profile <= _INK_SHARE * length)
    widths = sorted((end - start for start, end in runs), reverse=True)
    for start, end in runs:
        before, after = (canvas.trimmed(part) for part in _parts(piece, start, end, is_vertical))
        if before is None or after is None or not _are_large(canvas, before, after):
            continue
        width = end - start
        widest_other = (widths[1] if len(widths) > 1 else 0) if width == widths[0] else widths[0]
        rank = log((width + 1) / (widest_other + 1))
        signs = _signs(canvas, before, after, rank, log(len(runs)), is_vertical)
        yield _gutter(canvas, is_vertical, width, before, after, signs)


def _seams_across(canvas: Canvas, piece: Box, *, is_vertical: bool) -> Iterator[Gutter]:
    ink = canvas.columns(piece) if is_vertical else canvas.rows(piece)
    is_empty = ink <= _INK_SHARE * (piece.height if is_vertical else piece.width)
    # The edge of a picture beside something empty is no seam.
    found = find_seams(canvas.jumps(piece, is_vertical=is_vertical))
    seams = [seam for seam in found if not is_empty[seam[0] - _EDGE_PX : seam[0] + _EDGE_PX].any()]
    for at, strength in seams:
        before, after = (canvas.trimmed(part) for part in _parts(piece, at, at, is_vertical))
        if before is None or after is None or not _are_large(canvas, before, after):
            continue
        signs = _signs(canvas, before, after, 0.0, log(len(seams)), is_vertical)
        signs = signs._replace(is_seam=1.0, log_strength=log(strength))
        yield _gutter(canvas, is_vertical, 0, before, after, signs)


def _gutter(canvas: Canvas, is_vertical: bool, width: int, before: Box, after: Box, signs: Signs) -> Gutter:
    if canvas.detections is None:
        return Gutter(is_vertical, width, before, after, signs, _PLAIN.log_odds(signs))
    across, apart = _seen_beside(canvas.detections, before, after)
    signs = signs._replace(across=across, apart=apart)
    return Gutter(is_vertical, width, before, after, signs, _DETECTED.log_odds(signs))


def _seen_beside(detections: Detections, before: Box, after: Box) -> tuple[float, float]:
    """The score of the surest detection across a gutter, and the lesser of those of the surest on either side alone."""
    inside = np.stack(
        [detections.shared_with(np.array((box.x0, box.y0, box.x1, box.y1), np.float32)) for box in (before, after)]
    )
    is_across = inside.min(axis=0) > _ASIDE * inside.sum(axis=0)
    is_beside = ~is_across & (inside > _LEAST_INSIDE * detections.areas)
    beside = [float(detections.scores[which].max(initial=0.0)) for which in is_beside]
    return float(detections.scores[is_across].max(initial=0.0)), min(beside)


def _runs(empty: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of true values that touch neither end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2) if start > 0 and end < len(empty)]


def _parts(piece: Box, start: int, end: int, is_vertical: bool) -> tuple[Box, Box]:
    if is_vertical:
        return (
            Box(piece.x0, piece.y0, piece.x0 + start, piece.y1),
            Box(piece.x0 + end, piece.y0, piece.x1, piece.y1),
        )
    return Box(piece.x0, piece.y0, piece.x1, piece.y0 + start), Box(piece.x0, piece.y0 + end, piece.x1, piece.y1)


def _are_large(canvas: Canvas, before: Box, after: Box) -> bool:
    return min(before.width, before.height, after.width, after.height) >= _LEAST_SIDE * canvas.side


def _signs(canvas: Canvas, before: Box, after: Box, log_rank: float, log_count: float, is_vertical: bool) -> Signs:
    if is_vertical:
        shorter = min(before.width, after.width)
        level = _level(before.y0 - after.y0) + _level(before.y1 - after.y1)
        edge = min(canvas.edges(before)[2], canvas.edges(after)[0])
    else:
        shorter = min(before.height, after.height)
        level = _level(before.x0 - after.x0) + _level(before.x1 - after.x1)
        edge = min(canvas.edges(before)[3], canvas.edges(after)[1])
    frame = min(canvas.frame(before), canvas.frame(after))
    twin = _ratio(before.width, after.width) * _ratio(before.height, after.height)
    return Signs(log_rank, log(shorter / canvas.side), log_count, level, edge, frame, twin, 0.0, 0.0)


def _ratio(one: int, other: int) -> float:
    return min(one, other) / max(one, other)


def _level(difference: int) -> float:
    """1 where two ends are level, 0 where they are `_LEVEL_PX` or more apart."""
    return 1.0 - min(abs(difference), _LEVEL_PX) / _LEVEL_PX

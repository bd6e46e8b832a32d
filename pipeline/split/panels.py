"""panels: where the panels of a compound figure are, found by cutting along its gutters.

A recursive cut (X-Y cut): of all straight gutters of the current pieces the widest is cut next, until there are as
many pieces as the caption names panels. The caption's count is what tells a gutter between panels from the white
space inside a plot, so without it nothing is cut: a good picture is never turned into bad ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.split.boxes import Box, reading_order

_LONG_SIDE_PX = 800
"""Size at which gutters are looked for: a gutter of 5 px at 2,000 px is still 2 px wide."""

_INK = 28
"""Difference of brightness from the background that counts as ink; JPEG noise around text stays under it."""

_INK_SHARE = 0.004
"""Share of ink that a gutter may hold: an arrow or a hair line that crosses it."""

_SMALLEST_SIDE = 0.10
"""Shorter pieces, as a share of the figure's side, are labels, titles or axes; the 5th percentile of panels is 0.15."""

_SMALLEST_INK = 0.25
"""A piece whose ink spans less of the piece than this in either direction is a label with white around it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and how sure it is."""

    box: Box
    score: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A gutter of a piece: across x or y, from `start` to `end` (exclusive)."""

    piece: Box
    is_vertical: bool
    start: int
    end: int

    @property
    def width(self) -> int:
        return self.end - self.start

    def halves(self) -> tuple[Box, Box]:
        p, middle = self.piece, (self.start + self.end) // 2
        if self.is_vertical:
            return Box(p.x0, p.y0, middle, p.y1), Box(middle, p.y0, p.x1, p.y1)
        return Box(p.x0, p.y0, p.x1, middle), Box(p.x0, middle, p.x1, p.y1)


def find_panels(pixels: NDArray[np.uint8], n_expected: int | None = None) -> tuple[Panel, ...]:
    """The panels of a figure in reading order; the whole figure as one panel when single or in doubt.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        n_expected: panels that the caption names; fewer than 2, and nothing is cut.
    """
    height, width = pixels.shape[:2]
    whole = (Panel(Box(0, 0, width, height), 1.0),)
    if n_expected is None or n_expected < 2:
        return whole
    grey, scale = _reduced(pixels)
    ink = _ink(grey)
    pieces, widths, spare = _cut_into(ink, n_expected)
    if len(pieces) != n_expected:
        return whole
    boxes = [_scaled(_trimmed(ink, piece), scale, width, height) for piece in pieces]
    score = _score(min(widths), spare, max(ink.shape))
    return tuple(Panel(box, score) for box in reading_order(boxes))


def _reduced(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Brightness at the working size, and the factor that leads back."""
    image = Image.fromarray(pixels).convert("L")
    scale = max(1.0, max(image.size) / _LONG_SIDE_PX)
    size = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    return np.asarray(image.resize(size, Image.Resampling.BOX)), scale


def _ink(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the brightness differs from the background, which is that of most of the border."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = int(np.median(border))
    found: NDArray[np.bool_] = np.abs(grey.astype(np.int16) - background) > _INK
    return found


def _cut_into(ink: NDArray[np.bool_], n_pieces: int) -> tuple[list[Box], list[int], int]:
    """Cuts at the widest gutter again and again, up to `n_pieces`.

    Returns:
        The pieces, the widths of the gutters that were cut, and the width of the widest that was left.
    """
    pieces, widths = [Box(0, 0, ink.shape[1], ink.shape[0])], list[int]()
    while True:
        cuts = [cut for piece in pieces for cut in _gutters(ink, piece)]
        if not cuts:
            return pieces, widths, 0
        widest = max(cuts, key=lambda cut: (cut.width, -cut.piece.y0, -cut.piece.x0, cut.is_vertical, -cut.start))
        if len(pieces) == n_pieces:
            return pieces, widths, widest.width
        pieces.remove(widest.piece)
        pieces += widest.halves()
        widths.append(widest.width)


def _gutters(ink: NDArray[np.bool_], piece: Box) -> Iterator[_Cut]:
    """The gutters of a piece that leave a panel on both sides."""
    region = ink[piece.y0 : piece.y1, piece.x0 : piece.x1]
    for is_vertical in (True, False):
        axis = 0 if is_vertical else 1
        first = piece.x0 if is_vertical else piece.y0
        for start, end in _runs(region.mean(axis=axis) <= _INK_SHARE):
            cut = _Cut(piece, is_vertical, first + start, first + end)
            if all(_is_panel(ink, half) for half in cut.halves()):
                yield cut


def _runs(empty: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Stretches of true values that touch neither end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        if start > 0 and end < len(empty):
            yield int(start), int(end)


def _is_panel(ink: NDArray[np.bool_], piece: Box) -> bool:
    trimmed, (height, width) = _trimmed(ink, piece), ink.shape
    is_wide = trimmed.width >= max(_SMALLEST_SIDE * width, _SMALLEST_INK * piece.width)
    is_high = trimmed.height >= max(_SMALLEST_SIDE * height, _SMALLEST_INK * piece.height)
    return bool(is_wide and is_high)


def _trimmed(ink: NDArray[np.bool_], piece: Box) -> Box:
    """The piece without its empty border; an empty box where there is no ink."""
    region = ink[piece.y0 : piece.y1, piece.x0 : piece.x1]
    columns = piece.x0 + np.flatnonzero(region.any(axis=0))
    rows = piece.y0 + np.flatnonzero(region.any(axis=1))
    if not len(columns):
        return Box(piece.x0, piece.y0, piece.x0, piece.y0)
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _scaled(box: Box, scale: float, width: int, height: int) -> Box:
    x1, y1 = min(width, int(np.ceil(box.x1 * scale))), min(height, int(np.ceil(box.y1 * scale)))
    return Box(min(int(box.x0 * scale), x1 - 1), min(int(box.y0 * scale), y1 - 1), x1, y1)


def _score(narrowest: int, spare: int, side: int) -> float:
    """How clearly the gutters that were cut differ from white space inside a panel.

    Args:
        narrowest: width of the narrowest gutter that was cut, px.
        spare: width of the widest that was left, px; 0 where none was.
        side: longer side of the figure, px.
    """
    is_wide = min(1.0, narrowest / (0.02 * side))
    is_distinct = min(1.0, max(0.0, narrowest / spare - 1.0)) if spare else 1.0
    return round((0.5 + 0.5 * is_wide) * (0.3 + 0.7 * is_distinct), 3)

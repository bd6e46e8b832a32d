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

from pipeline.split.boxes import Box
from pipeline.split.canvas import EDGE_PX, INK_SHARE, Canvas
from pipeline.split.detector import Detections
from pipeline.split.seams import find_seams

_LEAST_SIDE = 0.07
"""Smaller parts, as a share of the figure's longer side, are labels, titles or legends, never panels."""

_LEVEL_PX = 20
"""Parts whose ends differ by this much or more are not level at all."""


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


_PLAIN = Weights(1.75, Signs(0.59, 1.70, -0.32, 0.74, -0.57, 1.60, -0.23, -3.12, -0.06))
"""Without detections. Source: logistic regression, `train_detector/gutters.py`."""

_DETECTED = Weights(-0.71, Signs(0.53, 0.30, -0.26, 0.46, 0.33, 0.42, 0.43, -2.58, 0.20, -2.98, 2.99))
"""With detections; same source."""

_LEAST_INSIDE = 0.5
"""Share of a detection that must lie in a side of the gutter to speak for it."""

_ASIDE = 0.15
"""Share of a detection that may lie on the other side of a gutter."""


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


def find_gutters(canvas: Canvas, piece: Box, *, with_seams: bool = False) -> list[Gutter]:
    """The gutters of a trimmed piece that leave a possible panel on both sides, most likely first; seams if wanted."""
    found = [*_across(canvas, piece, is_vertical=True), *_across(canvas, piece, is_vertical=False)]
    if with_seams:
        found += [*_seams_across(canvas, piece, is_vertical=True), *_seams_across(canvas, piece, is_vertical=False)]
    return sorted(found, key=lambda gutter: -gutter.log_odds)


def _across(canvas: Canvas, piece: Box, *, is_vertical: bool) -> Iterator[Gutter]:
    profile = canvas.columns(piece) if is_vertical else canvas.rows(piece)
    length = piece.height if is_vertical else piece.width
    runs = _runs(profile <= INK_SHARE * length)
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
    is_empty = ink <= INK_SHARE * (piece.height if is_vertical else piece.width)
    # The edge of a picture beside something empty is no seam.
    found = find_seams(canvas.jumps(piece, is_vertical=is_vertical))
    seams = [seam for seam in found if not is_empty[seam[0] - EDGE_PX : seam[0] + EDGE_PX].any()]
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

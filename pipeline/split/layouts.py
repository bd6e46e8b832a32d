"""Layouts: sets of cuts that divide a figure into panels, and the likeliest of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from pipeline.split.boxes import Box
from pipeline.split.gutters import Canvas, Gutter, find_gutters

_CHOICES = 5
"""Gutters of a piece that are tried."""

_LEAST_CHOICE = -4.0
"""Log odds under which a gutter is not tried at all."""

_MOST_PIECES = 160
"""Pieces looked at before the search tries only the best gutter of each: a bound on time for busy figures."""

_SOLID = 0.8
"""Share of ink along each edge of a picture; axes without a frame and drawings have less on one edge at least."""

_TILE_LOG_ODDS = 0.5
"""Least log odds of a cut between pictures that no caption asks for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Trimmed pieces of a canvas; `total` and `weakest` are log odds of all cuts and of the least likely one."""

    pieces: tuple[Box, ...]
    total: float
    weakest: float

    def joined(self, other: Layout, log_odds: float) -> Layout:
        """Both layouts side by side, parted by a cut."""
        return Layout(
            self.pieces + other.pieces,
            self.total + other.total + log_odds,
            min(self.weakest, other.weakest, log_odds),
        )


def likeliest_layout(canvas: Canvas, n_pieces: int) -> Layout | None:
    """The layout of just `n_pieces` whose cuts are likeliest together; None where straight cuts give no such number."""
    start = canvas.trimmed(canvas.box)
    return None if start is None else _Search(canvas, {}, {}).best(start, n_pieces)


def tiles(canvas: Canvas) -> Layout | None:
    """The layout of pictures with four solid edges that stand apart; None where any piece is something else."""
    start = canvas.trimmed(canvas.box)
    if start is None:
        return None
    layout = _greedy(canvas, start)
    if len(layout.pieces) < 2 or not all(min(canvas.edges(piece)) >= _SOLID for piece in layout.pieces):
        return None
    return layout


def _greedy(canvas: Canvas, piece: Box) -> Layout:
    """Cuts at the likeliest gutter as long as it is likely enough."""
    whole = Layout((piece,), 0.0, inf)
    gutters = find_gutters(canvas, piece)
    if not gutters or gutters[0].log_odds < _TILE_LOG_ODDS:
        return whole
    best = gutters[0]
    return _greedy(canvas, best.before).joined(_greedy(canvas, best.after), best.log_odds)


@dataclass(frozen=True, slots=True)
class _Search:
    """Dynamic programming over pieces and counts: a piece is divided best in the same way wherever it came from."""

    canvas: Canvas
    gutters: dict[Box, list[Gutter]]
    layouts: dict[tuple[Box, int], Layout | None]

    def best(self, piece: Box, n_pieces: int) -> Layout | None:
        if n_pieces == 1:
            return Layout((piece,), 0.0, inf)
        key = piece, n_pieces
        if key not in self.layouts:
            options = [
                before.joined(after, gutter.log_odds)
                for gutter in self._choices(piece)
                for n_before in range(1, n_pieces)
                if (before := self.best(gutter.before, n_before)) is not None
                and (after := self.best(gutter.after, n_pieces - n_before)) is not None
            ]
            self.layouts[key] = max(options, key=lambda layout: layout.total, default=None)
        return self.layouts[key]

    def _choices(self, piece: Box) -> list[Gutter]:
        if piece not in self.gutters:
            n_choices = _CHOICES if len(self.gutters) < _MOST_PIECES else 1
            found = find_gutters(self.canvas, piece)[:n_choices]
            self.gutters[piece] = [gutter for gutter in found if gutter.log_odds > _LEAST_CHOICE]
        return self.gutters[piece]

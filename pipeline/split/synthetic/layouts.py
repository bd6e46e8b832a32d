"""Layouts of compound figures, as the panels of real ones stand: rows, columns, nested cuts, and ragged edges.

Source: 6,440 compound figures of a public set of panel boxes: number of panels, and the share of figures that straight
bands of a given width part.
"""

from __future__ import annotations

import numpy as np

from pipeline.sample.canvas import Rng
from pipeline.split.boxes import Box

_COUNTS = {2: 2172, 3: 1091, 4: 1061, 5: 351, 6: 538, 7: 190, 8: 240, 9: 170, 10: 90, 12: 130, 15: 40, 16: 60, 20: 30}
"""Figures by number of panels; the tail above six is shared out by eye."""

_GAP_AT_SHARE = ((0.0, 34.0), (0.287, 10.0), (0.448, 5.0), (0.563, 3.0), (0.721, 1.0), (0.873, 0.0), (1.0, -8.0))
"""Share of figures whose panels straight bands of this width (px, of a figure 600 px wide) part."""

_RAGGED = 0.04
"""Share of figures whose panels no straight band parts."""

_SHAKE = 0.06
"""How far, as a share of its side, an edge of a ragged panel is moved."""

_LEAST_PX = 12

Cell = tuple[float, float, float, float]
"""`(x0, y0, x1, y1)` as shares of the figure."""


def draw_count(rng: Rng) -> int:
    """How many panels a compound figure has."""
    counts = np.array(list(_COUNTS.values()), dtype=float)
    return int(rng.choice(list(_COUNTS), p=counts / counts.sum()))


def draw_gap(rng: Rng, side_px: int) -> int:
    """Width of the band between panels, in px of a figure `side_px` wide; negative where panels overlap."""
    shares, gaps = zip(*_GAP_AT_SHARE, strict=True)
    return round(float(np.interp(rng.random(), shares, gaps)) * side_px / 600)


def draw_cells(n: int, rng: Rng) -> list[Cell]:
    """`n` cells that tile the unit square, in the order in which their letters run."""
    kind = rng.random()
    if kind < 0.62:
        return _rows(n, rng)
    if kind < 0.72:
        return [_turned(cell) for cell in _rows(n, rng)]
    cells = _nested((0.0, 0.0, 1.0, 1.0), n, rng)
    return sorted(cells, key=lambda cell: (round(cell[1], 1), cell[0])) if rng.random() < 0.8 else cells


def place(cells: list[Cell], area: Box, gap: int, rng: Rng) -> list[Box]:
    """The cells in px of an area of the figure, parted by `gap`, sometimes ragged; none is empty."""
    is_ragged = rng.random() < _RAGGED
    return [_placed(cell, area, gap, rng if is_ragged else None) for cell in cells]


def _placed(cell: Cell, area: Box, gap: int, rng: Rng | None) -> Box:
    x0, x1 = _ends(cell[0], cell[2], area.x0, area.x1, gap, rng)
    y0, y1 = _ends(cell[1], cell[3], area.y0, area.y1, gap, rng)
    return Box(x0, y0, x1, y1)


def _ends(low: float, high: float, first: int, last: int, gap: int, rng: Rng | None) -> tuple[int, int]:
    """Where a cell begins and ends along one axis; the gap is taken from its inner sides."""
    start = first + low * (last - first) + (gap / 2 if low > 0.001 else 0)
    end = first + high * (last - first) - (gap / 2 if high < 0.999 else 0)
    if rng is not None:
        shake = _SHAKE * max(0.0, end - start)
        start, end = start + rng.uniform(-shake, shake), end + rng.uniform(-shake, shake)
    at = int(np.clip(round(start), first, max(first, last - _LEAST_PX)))
    return at, max(at + _LEAST_PX, min(last, round(end)))


def _rows(n: int, rng: Rng) -> list[Cell]:
    lengths = _row_lengths(n, rng)
    heights = _shares(len(lengths), rng)
    cells, y = [], 0.0
    for length, height in zip(lengths, heights, strict=True):
        x = 0.0
        for width in _shares(length, rng):
            cells.append((x, y, x + width, y + height))
            x += width
        y += height
    return cells


def _row_lengths(n: int, rng: Rng) -> list[int]:
    """`n` shared out over rows of one to six: an even grid in most figures, uneven rows in the others."""
    even = [k for k in range(1, 7) if n % k == 0 and n // k <= 6]
    if even and rng.random() < 0.6:
        k = int(rng.choice(even))
        return [k] * (n // k)
    lengths: list[int] = []
    while (left := n - sum(lengths)) > 0:
        lengths.append(int(rng.integers(1, min(left, 5) + 1)))
    return lengths


def _shares(n: int, rng: Rng) -> list[float]:
    """`n` shares that sum to 1, none less than half of the mean."""
    if rng.random() < 0.6:
        return [1.0 / n] * n
    raw = rng.uniform(0.6, 1.6, n)
    return [float(share) for share in raw / raw.sum()]


def _nested(cell: Cell, n: int, rng: Rng) -> list[Cell]:
    """The cell, cut in two again and again."""
    if n == 1:
        return [cell]
    n_first = int(rng.integers(1, n))
    at = float(np.clip(n_first / n + rng.uniform(-0.1, 0.1), 0.15, 0.85))
    x0, y0, x1, y1 = cell
    if rng.random() < (x1 - x0) / (x1 - x0 + y1 - y0):
        cut = x0 + at * (x1 - x0)
        return _nested((x0, y0, cut, y1), n_first, rng) + _nested((cut, y0, x1, y1), n - n_first, rng)
    cut = y0 + at * (y1 - y0)
    return _nested((x0, y0, x1, cut), n_first, rng) + _nested((x0, cut, x1, y1), n - n_first, rng)


def _turned(cell: Cell) -> Cell:
    x0, y0, x1, y1 = cell
    return y0, x0, y1, x1

"""The loss of a run over its steps, as an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_WIDTH, _HEIGHT = 800, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 40, 48
_SERIES = (("loss", "training", "#2b6cb0"), ("validation_loss", "validation", "#c05621"))
_TICKS = 5
_POINTS = 2000
"""More would be drawn on top of each other."""

_Points = list[tuple[float, float]]


def loss_plot(records: Sequence[dict[str, Any]]) -> str:
    """An SVG document with the training and the validation loss over steps."""
    series = {name: _thinned([(r["step"], r[name]) for r in records if name in r]) for name, _, _ in _SERIES}
    points = [point for some in series.values() for point in some]
    scale = _Scale(points or [(0, 0), (1, 1)])
    parts = [*_axes(scale)]
    for row, (name, title, colour) in enumerate(_SERIES):
        if series[name]:
            parts += [_line(series[name], scale, colour), _legend(row, title, colour)]
    page = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {page}>'
    return "\n".join([head, f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>', *parts, "</svg>\n"])


def _thinned(points: _Points) -> _Points:
    return points[:: -(-len(points) // _POINTS) or 1]


class _Scale:
    """Places of values on the page."""

    def __init__(self, points: _Points) -> None:
        xs, ys = zip(*points, strict=True)
        self.low_x, self.high_x = min(xs), max(max(xs), min(xs) + 1)
        self.low_y, self.high_y = min(0.0, *ys), max(ys) * 1.05 or 1.0

    def x(self, value: float) -> float:
        return _LEFT + (value - self.low_x) / (self.high_x - self.low_x) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.low_y) / (self.high_y - self.low_y) * (_HEIGHT - _TOP - _BOTTOM)


def _axes(scale: _Scale) -> list[str]:
    parts = []
    for i in range(_TICKS + 1):
        y = scale.low_y + (scale.high_y - scale.low_y) * i / _TICKS
        x = scale.low_x + (scale.high_x - scale.low_x) * i / _TICKS
        parts += [
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{scale.y(y):.1f}" y2="{scale.y(y):.1f}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 8}" y="{scale.y(y) + 4:.1f}" text-anchor="end">{y:.3g}</text>',
            f'<text x="{scale.x(x):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{x:.0f}</text>',
        ]
    return [*parts, f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">step</text>']


def _line(points: _Points, scale: _Scale, colour: str) -> str:
    if len(points) == 1:
        (x, y), *_ = points
        return f'<circle cx="{scale.x(x):.1f}" cy="{scale.y(y):.1f}" r="3" fill="{colour}"/>'
    places = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _legend(row: int, title: str, colour: str) -> str:
    x = _LEFT + 120 * row
    return f'<rect x="{x}" y="16" width="14" height="4" fill="{colour}"/><text x="{x + 20}" y="22">{title} loss</text>'

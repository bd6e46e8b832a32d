"""Axes of a plot: from data to pixels, with frame, ticks, names and legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.sample.canvas import BLACK, Canvas, Color, Point, Size, mix, text_width

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axes:
    """A canvas with a data area on it."""

    canvas: Canvas
    left: float
    top: float
    right: float
    bottom: float
    x_range: Range
    y_range: Range
    size: int
    """Height of the tick labels, px; names of axes are one larger."""

    def x(self, value: float) -> float:
        """Where a value of the horizontal axis lies, px."""
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Where a value of the vertical axis lies, px."""
        low, high = self.y_range
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def at(self, x: float, y: float) -> Point:
        """Where a point of the data lies, px."""
        return self.x(x), self.y(y)


def make_axes(
    canvas: Canvas, size: Size, x_range: Range, y_range: Range, *, right: float = 12, top: float = 13
) -> Axes:
    """Axes that leave room for tick labels and names on the left and below."""
    height = min(17, max(10, min(size) // 24))
    return Axes(
        canvas,
        14 + 3.7 * height,
        top + 0.6 * height,
        size[0] - right,
        size[1] - 20 - 1.9 * height,
        x_range,
        y_range,
        height,
    )


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values inside the range, about `wanted` of them, in steps of 1, 2, 2.5 or 5 times a power of ten."""
    raw = (high - low) / max(wanted, 1)
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if power * m >= raw * 0.999)
    first = np.ceil(low / step - 1e-9) * step
    return [float(v) for v in np.arange(first, high + step * 1e-6, step)]


def tick_text(value: float) -> str:
    """A tick label without needless zeros."""
    return f"{value:.6g}" if abs(value) > 1e-12 else "0"


def draw_frame(axes: Axes, *, boxed: bool, grid: bool) -> None:
    """The two axis lines, or a box, with a faint grid if wanted."""
    c, a = axes.canvas, axes
    if grid:
        for value in nice_ticks(*a.y_range):
            c.line([(a.left, a.y(value)), (a.right, a.y(value))], (228, 228, 228))
    if boxed:
        c.rect((a.left, a.top, a.right, a.bottom), None, BLACK, 1.1)
    else:
        c.line([(a.left, a.top), (a.left, a.bottom), (a.right, a.bottom)], BLACK, 1.3)


def draw_y_ticks(axes: Axes, ticks: list[float] | None = None) -> None:
    """Ticks and numbers on the vertical axis."""
    for value in nice_ticks(*axes.y_range) if ticks is None else ticks:
        y = axes.y(value)
        axes.canvas.line([(axes.left - 4, y), (axes.left, y)], BLACK, 1.1)
        axes.canvas.text((axes.left - 7, y), tick_text(value), axes.size, anchor="rm")


def draw_x_ticks(axes: Axes, ticks: list[float] | None = None) -> None:
    """Ticks and numbers on the horizontal axis."""
    for value in nice_ticks(*axes.x_range) if ticks is None else ticks:
        x = axes.x(value)
        axes.canvas.line([(x, axes.bottom), (x, axes.bottom + 4)], BLACK, 1.1)
        axes.canvas.text((x, axes.bottom + 7), tick_text(value), axes.size, anchor="ma")


def draw_names(axes: Axes, x_name: str, y_name: str, heading: str | None = None) -> None:
    """The names of the two axes, and a heading over the data area."""
    c, a = axes.canvas, axes
    bottom_px = a.bottom + 12 + a.size * 1.4
    if x_name:
        c.text(
            ((a.left + a.right) / 2, bottom_px), x_name, fitting(x_name, a.right - a.left + 30, a.size + 1), anchor="mm"
        )
    if y_name:
        size = fitting(y_name, a.bottom - a.top + 24, a.size + 1)
        c.vertical_text((a.size * 0.8 + 1, (a.top + a.bottom) / 2), y_name, size)
    if heading:
        size = fitting(heading, a.right - a.left, a.size + 1)
        c.text(((a.left + a.right) / 2, a.top - 6), heading, size, anchor="ms", bold=True)


def fitting(text: str, room_px: float, size: int) -> int:
    """The largest text height up to `size`, at least 8 px, with which the line fits."""
    while size > 8 and text_width(text, size) > room_px:
        size -= 1
    return size


def draw_group_names(axes: Axes, names: tuple[str, ...], *, slanted: bool = False) -> None:
    """Names under evenly spaced groups, broken into two lines where they are long."""
    step = (axes.right - axes.left) / len(names)
    for i, name in enumerate(names):
        x = axes.left + (i + 0.5) * step
        axes.canvas.line([(x, axes.bottom), (x, axes.bottom + 4)], BLACK, 1.1)
        lines = _two_lines(name) if text_width(name, axes.size) > step - 4 else [name]
        for j, line in enumerate(lines):
            size = fitting(line, step - 2, axes.size)
            axes.canvas.text((x, axes.bottom + 7 + j * (axes.size + 1)), line, size, anchor="ma")


def _two_lines(name: str) -> list[str]:
    words = name.split(" ")
    middle = (len(words) + 1) // 2
    return [line for line in (" ".join(words[:middle]), " ".join(words[middle:])) if line]


def draw_legend(
    axes: Axes, names: tuple[str, ...], palette: tuple[Color, ...], *, at: Point | None = None, shapes: bool = True
) -> None:
    """A key of coloured markers; from the top right unless a corner is given."""
    width = max(text_width(name, axes.size) for name in names)
    x, y = at or (axes.right - width - 18, axes.top + 6)
    for i, name in enumerate(names):
        middle = y + i * (axes.size + 5) + axes.size / 2
        color = palette[i % len(palette)]
        axes.canvas.line([(x - 8, middle), (x + 8, middle)], color, 1.6)
        axes.canvas.marker((x, middle), 3.4, color, i if shapes else 0)
        axes.canvas.text((x + 13, middle), name, axes.size, anchor="lm")


def draw_whisker(axes: Axes, x_px: float, low: float, high: float, color: Color = BLACK, half_px: float = 4) -> None:
    """An error bar between two values, with caps."""
    y0, y1 = axes.y(low), axes.y(high)
    axes.canvas.line([(x_px, y0), (x_px, y1)], color, 1.2)
    for y in (y0, y1):
        axes.canvas.line([(x_px - half_px, y), (x_px + half_px, y)], color, 1.2)


def draw_bracket(axes: Axes, x0_px: float, x1_px: float, y_px: float, stars: str) -> None:
    """A significance bracket between two groups."""
    c = axes.canvas
    c.line([(x0_px, y_px + 5), (x0_px, y_px), (x1_px, y_px), (x1_px, y_px + 5)], BLACK, 1.1)
    raised = stars != "ns"
    c.text(((x0_px + x1_px) / 2, y_px - (1 if raised else 4)), stars, axes.size + (3 if raised else -1), anchor="ms")


def faded(color: Color) -> Color:
    """A light tone of a colour, for bands and boxes."""
    return mix(color, (255, 255, 255), 0.72)

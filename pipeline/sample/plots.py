"""Plots of measurements over groups and time: lines, bars, boxes, points, doses and survival."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline.sample.axes import (
    Axes,
    draw_bracket,
    draw_frame,
    draw_group_names,
    draw_legend,
    draw_names,
    draw_whisker,
    draw_x_ticks,
    draw_y_ticks,
    faded,
    make_axes,
)
from pipeline.sample.canvas import BLACK, Canvas, Rng, Size, mix
from pipeline.sample.scene import Scene


def line_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Means over time with error bars, one line per group."""
    canvas = Canvas.blank(size)
    times = np.arange(0, 6) * float(rng.choice([2, 4, 12, 24]))
    rates = np.sort(rng.uniform(0.25, 1.0, len(scene.groups)))[:: int(rng.choice([-1, 1]))]
    top = float(rng.choice([1.2, 4, 12, 120]))
    axes = make_axes(canvas, size, (-times[-1] * 0.04, times[-1] * 1.05), (0, top * 1.12))
    _standard(axes, scene, rng)
    draw_x_ticks(axes, [float(t) for t in times])
    draw_y_ticks(axes)
    for i, rate in enumerate(rates):
        means = top * 0.9 * (0.06 + 0.94 * rate * (times / times[-1]) ** rng.uniform(0.8, 1.8))
        color = scene.palette[i % len(scene.palette)]
        canvas.line([axes.at(t, m) for t, m in zip(times, means, strict=True)], color, 1.9)
        for t, m in zip(times, means, strict=True):
            error = top * rng.uniform(0.012, 0.05)
            draw_whisker(axes, axes.x(t), m - error, m + error, color, 3)
            canvas.marker(axes.at(t, m), 3.6, color, i)
    draw_legend(axes, scene.groups, scene.palette, at=(axes.left + 20, axes.top + 6))
    return canvas.picture()


def bar_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Bars with error bars, single values as points on some, and brackets for significance."""
    canvas = Canvas.blank(size)
    n = len(scene.groups)
    means = rng.uniform(0.25, 1.0, n) * float(rng.choice([1, 2, 40, 80]))
    spread = means * rng.uniform(0.06, 0.16, n)
    axes = make_axes(canvas, size, (0, n), (0, float(means.max()) * 1.42))
    _standard(axes, scene, rng, x_name=False)
    draw_y_ticks(axes)
    step = (axes.right - axes.left) / n
    has_points = sum(scene.palette[0]) % 3 != 0
    for i, mean in enumerate(means):
        x, color = axes.x(i + 0.5), scene.palette[i % len(scene.palette)]
        fill = mix(color, (255, 255, 255), 0.35 if has_points else 0.0)
        canvas.rect((x - step * 0.3, axes.y(mean), x + step * 0.3, axes.bottom), fill, BLACK, 1.1)
        draw_whisker(axes, x, mean - spread[i] * 0.2, mean + spread[i])
        for value in rng.normal(mean, spread[i] * 0.7, 6 if has_points else 0):
            canvas.dot((x + rng.uniform(-0.18, 0.18) * step, axes.y(max(value, 0.0))), 2.4, color, BLACK)
    draw_group_names(axes, scene.groups)
    _brackets(axes, rng, means + 2 * spread)
    return canvas.picture()


def box_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Boxes of quartiles with whiskers, median and the single points."""
    canvas = Canvas.blank(size)
    n = len(scene.groups)
    centers = rng.uniform(2.5, 7.5, n)
    axes = make_axes(canvas, size, (0, n), (0, 12.5))
    _standard(axes, scene, rng, x_name=False)
    draw_y_ticks(axes, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0])
    step = (axes.right - axes.left) / n
    tops = np.zeros(n)
    for i, center in enumerate(centers):
        values = np.clip(rng.normal(center, rng.uniform(0.7, 1.4), 26), 0.2, 10.0)
        low, first, median, third, high = np.percentile(values, [2, 25, 50, 75, 98])
        x, color, half = axes.x(i + 0.5), scene.palette[i % len(scene.palette)], step * 0.24
        draw_whisker(axes, x, low, first, BLACK, half * 0.5)
        draw_whisker(axes, x, third, high, BLACK, half * 0.5)
        canvas.rect((x - half, axes.y(third), x + half, axes.y(first)), faded(color), color, 1.6)
        canvas.line([(x - half, axes.y(median)), (x + half, axes.y(median))], color, 2.2)
        for value in values:
            canvas.dot((x + rng.uniform(-0.7, 0.7) * half, axes.y(value)), 2.0, mix(color, BLACK, 0.15))
        tops[i] = values.max() + 0.5
    draw_group_names(axes, scene.groups)
    _brackets(axes, rng, tops)
    return canvas.picture()


def scatter_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Two measures against each other, with a fitted line, its band and r."""
    canvas = Canvas.blank(size)
    slope = float(rng.choice([-1, 1])) * rng.uniform(0.35, 0.9)
    x = rng.uniform(0.5, 9.5, int(rng.integers(40, 90)))
    y = 5.0 + slope * (x - 5.0) + rng.normal(0, rng.uniform(0.7, 1.5), x.size)
    axes = make_axes(canvas, size, (0, 10), (-1, 11.5))
    _standard(axes, scene, rng)
    draw_x_ticks(axes)
    draw_y_ticks(axes, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
    fit = np.polyfit(x, y, 1)
    ends = [0.4, 5.0, 9.6]
    band = [0.75, 0.35, 0.75]
    upper = [axes.at(e, float(np.polyval(fit, e)) + b) for e, b in zip(ends, band, strict=True)]
    lower = [axes.at(e, float(np.polyval(fit, e)) - b) for e, b in zip(ends, band, strict=True)]
    canvas.polygon(upper + lower[::-1], (226, 226, 232))
    for i, (a, b) in enumerate(zip(x, np.clip(y, -0.8, 11.0), strict=True)):
        color = scene.palette[i % max(1, min(2, len(scene.groups)))]
        canvas.dot(axes.at(a, b), 3.2, mix(color, (255, 255, 255), 0.25), color)
    canvas.line([axes.at(e, float(np.polyval(fit, e))) for e in (0.4, 9.6)], BLACK, 1.6)
    r = float(np.corrcoef(x, y)[0, 1])
    canvas.text((axes.left + 10, axes.top + 12), f"r = {r:.2f}, P < 0.001", axes.size)
    return canvas.picture()


def dose_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Sigmoid responses over the logarithm of a dose."""
    canvas = Canvas.blank(size)
    axes = make_axes(canvas, size, (-3.2, 2.2), (-4, 122))
    _standard(axes, scene, rng)
    draw_x_ticks(axes, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0])
    draw_y_ticks(axes, [0.0, 25.0, 50.0, 75.0, 100.0])
    canvas.dashed(axes.at(-3.2, 50), axes.at(2.2, 50))
    doses, fine = np.linspace(-3, 2, 8), np.linspace(-3.1, 2.1, 60)
    for i, name in enumerate(scene.groups):
        middle, hill, floor = -1.1 + 0.9 * i + rng.uniform(-0.3, 0.3), rng.uniform(0.8, 1.5), rng.uniform(2, 18)
        color = scene.palette[i % len(scene.palette)]
        curve = floor + (100 - floor) / (1 + 10 ** ((fine - middle) * hill))
        canvas.line([axes.at(d, v) for d, v in zip(fine, curve, strict=True)], color, 1.8)
        means = floor + (100 - floor) / (1 + 10 ** ((doses - middle) * hill)) + rng.normal(0, 2, doses.size)
        for d, v in zip(doses, means, strict=True):
            draw_whisker(axes, axes.x(d), v - 4, v + 4, color, 3)
            canvas.marker(axes.at(d, v), 3.6, color, i)
        canvas.text(
            (axes.left + 14, axes.y(2 + (axes.size + 2) * 0.5 * (len(scene.groups) - i))),
            name,
            axes.size,
            color,
            anchor="ls",
        )
    return canvas.picture()


def survival_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Kaplan-Meier steps with ticks for censored subjects and a log-rank P."""
    canvas = Canvas.blank(size)
    span = float(rng.choice([24, 36, 60, 80, 120]))
    axes = make_axes(canvas, size, (0, span), (0, 1.06))
    _standard(axes, scene, rng)
    draw_x_ticks(axes)
    draw_y_ticks(axes, [0.0, 0.25, 0.5, 0.75, 1.0])
    for i in range(len(scene.groups)):
        color = scene.palette[i % len(scene.palette)]
        times = np.sort(rng.exponential(span * (2.6 - 2.1 * i / max(1, len(scene.groups) - 1)), 46))
        times = times[times < span]
        level, points, at = 1.0, [axes.at(0, 1)], 1.0
        for t in times:
            points += [axes.at(t, level), axes.at(t, at := level - 1 / 46)]
            level = at
        points.append(axes.at(span, level))
        canvas.line(points, color, 2.0)
        for t in rng.uniform(0.1, 1.0, 7) * span:
            height = 1.0 - np.searchsorted(times, t) / 46
            canvas.line([(axes.x(t), axes.y(height) - 4), (axes.x(t), axes.y(height) + 4)], color, 1.4)
    draw_legend(axes, scene.groups, scene.palette, shapes=False)
    canvas.text((axes.left + 12, axes.bottom - 14), f"Log-rank P = {rng.uniform(0.001, 0.04):.3f}", axes.size)
    return canvas.picture()


def _standard(axes: Axes, scene: Scene, rng: Rng, *, x_name: bool = True) -> None:
    """Frame and names; the look depends on the palette alone, so that panels of one figure agree."""
    style = sum(scene.palette[0]) % 4
    draw_frame(axes, boxed=style == 1, grid=style >= 2)
    draw_names(axes, scene.x if x_name else "", scene.y, scene.heading)


def _brackets(axes: Axes, rng: Rng, tops: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """One bracket from the first group to another, and sometimes a second one above it."""
    n = len(tops)
    y = min(axes.y(float(v)) for v in tops) - 8
    for k in range(1, min(n, 3)):
        stars = str(rng.choice(["*", "**", "***", "ns"], p=[0.35, 0.3, 0.2, 0.15]))
        if y - axes.size - 3 > axes.top - 6 and (k == 1 or rng.random() < 0.6):
            draw_bracket(axes, axes.x(0.5), axes.x(k + 0.5), y, stars)
            y -= axes.size + 9

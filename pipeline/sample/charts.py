"""Charts of many values at once: heat maps, volcano plots, ROC curves, forest plots, traces and bands of signal."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline.sample.axes import draw_frame, draw_legend, draw_names, draw_x_ticks, draw_y_ticks, fitting, make_axes
from pipeline.sample.canvas import BLACK, GREY, Canvas, Color, Rng, Size, mix
from pipeline.sample.scene import Scene

_MAPS: tuple[tuple[Color, Color, Color], ...] = (
    ((33, 80, 160), (248, 248, 248), (186, 32, 42)),
    ((68, 1, 84), (33, 145, 140), (253, 231, 37)),
    ((250, 250, 235), (240, 120, 50), (100, 10, 40)),
    ((16, 110, 60), (20, 20, 20), (220, 40, 40)),
)


def heat_map(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """A matrix of genes by samples in clusters, with names at the right and a colour bar."""
    canvas = Canvas.blank(size)
    width, height = size
    left, top, right, bottom = 8.0, 40.0, width - 92.0, height - 12.0
    n_rows, n_columns = int(rng.integers(10, 17)), len(scene.groups) * int(rng.integers(3, 5))
    values = _clustered(rng, n_rows, n_columns)
    colors = _MAPS[scene.variant % len(_MAPS)]
    dx, dy = (right - left) / n_columns, (bottom - top) / n_rows
    for row in range(n_rows):
        for column in range(n_columns):
            box = (left + column * dx, top + row * dy, left + (column + 1) * dx, top + (row + 1) * dy)
            canvas.rect(box, _shade(values[row, column], colors))
        canvas.text((right + 5, top + (row + 0.5) * dy), _gene_name(rng), min(11, int(dy)), anchor="lm")
    share = (right - left) / len(scene.groups)
    for i, name in enumerate(scene.groups):
        color = scene.palette[i % len(scene.palette)]
        canvas.rect((left + i * share + 1, top - 11, left + (i + 1) * share - 1, top - 3), color)
        canvas.text((left + (i + 0.5) * share, top - 15), name, fitting(name, share - 4, 12), anchor="ms")
    _color_bar(canvas, colors, width - 26.0, top, bottom)
    return canvas.picture()


def _color_bar(canvas: Canvas, colors: tuple[Color, Color, Color], left: float, top: float, bottom: float) -> None:
    low, high = top + (bottom - top) * 0.2, top + (bottom - top) * 0.6
    for i in range(40):
        y = high - (high - low) * (i + 1) / 40
        canvas.rect((left, y, left + 9, y + (high - low) / 40), _shade(i / 39, colors))
    for text, y in (("2", low), ("0", (low + high) / 2), ("-2", high)):
        canvas.text((left + 12, y), text, 10)


def _clustered(rng: Rng, n_rows: int, n_columns: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Values of 0 to 1 in which halves of the rows differ between halves of the columns."""
    rows = np.sign(np.arange(n_rows) - n_rows * rng.uniform(0.35, 0.65))[:, None]
    columns = np.sign(np.arange(n_columns) - n_columns / 2 + 0.5)[None, :]
    return np.asarray(np.clip(0.5 + 0.26 * rows * columns + rng.normal(0, 0.14, (n_rows, n_columns)), 0, 1))


def _shade(value: float, colors: tuple[Color, Color, Color]) -> Color:
    low, middle, high = colors
    return mix(low, middle, value * 2) if value < 0.5 else mix(middle, high, value * 2 - 1)


def _gene_name(rng: Rng) -> str:
    letters = "ABCDEGIKLMNPRST"
    stem = "".join(letters[int(i)] for i in rng.integers(0, len(letters), int(rng.integers(3, 5))))
    return f"{stem}{int(rng.integers(1, 20))}"


def volcano_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Fold changes against significance; what passes both thresholds is coloured."""
    canvas = Canvas.blank(size)
    axes = make_axes(canvas, size, (-5, 5), (0, 11))
    draw_frame(axes, boxed=True, grid=False)
    draw_names(axes, scene.x, scene.y, scene.heading)
    draw_x_ticks(axes, [-4.0, -2.0, 0.0, 2.0, 4.0])
    draw_y_ticks(axes, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
    for x in (-1, 1):
        canvas.dashed(axes.at(x, 0), axes.at(x, 11))
    canvas.dashed(axes.at(-5, 1.3), axes.at(5, 1.3))
    fold = rng.normal(0, 1.15, 520)
    weight = np.clip(np.abs(fold) * rng.gamma(2.0, 0.75, fold.size) + rng.exponential(0.3, fold.size), 0, 10.6)
    for x, y in zip(np.clip(fold, -4.8, 4.8), weight, strict=True):
        is_hit = abs(x) > 1 and y > 1.3
        color = (scene.palette[0] if x < 0 else scene.palette[1]) if is_hit else (188, 188, 188)
        canvas.dot(axes.at(x, y), 2.3, color)
    return canvas.picture()


def roc_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Receiver operating characteristics with areas under the curve."""
    canvas = Canvas.blank(size)
    axes = make_axes(canvas, size, (0, 1), (0, 1.02))
    draw_frame(axes, boxed=True, grid=False)
    draw_names(axes, scene.x, scene.y, scene.heading)
    draw_x_ticks(axes)
    draw_y_ticks(axes, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    canvas.dashed(axes.at(0, 0), axes.at(1, 1))
    names = []
    for i, name in enumerate(scene.groups):
        power = rng.uniform(0.12, 0.5)
        x = np.concatenate([[0.0], np.sort(rng.uniform(0, 1, 28)), [1.0]])
        y = np.maximum.accumulate(np.clip(x**power + rng.normal(0, 0.018, x.size), 0, 1))
        y[0], y[-1] = 0.0, 1.0
        steps = [p for a, b, c in zip(x[:-1], y[:-1], x[1:], strict=True) for p in (axes.at(a, b), axes.at(c, b))]
        canvas.line([*steps, axes.at(1, 1)], scene.palette[i % len(scene.palette)], 2.0)
        names.append(f"{name} ({float(np.sum(np.diff(x) * y[:-1])):.2f})")
    draw_legend(
        axes,
        tuple(names),
        scene.palette,
        shapes=False,
        at=(axes.left + (axes.right - axes.left) * 0.36, axes.bottom - len(names) * (axes.size + 5) - 8),
    )
    return canvas.picture()


def forest_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Subgroups with effect, interval and a line of no effect."""
    canvas = Canvas.blank(size)
    width, height = size
    rows = [*scene.groups, "Overall"]
    x0, x1, top, bottom = width * 0.38, width * 0.74, 44.0, height - 46.0
    text_px = 13 if width > 420 else 11
    canvas.text((10, 22), "Subgroup", text_px, bold=True)
    canvas.text((width - 10, 22), "HR (95% CI)", text_px, anchor="rm", bold=True)
    canvas.line([(8, 34), (width - 8, 34)], BLACK)

    def place(ratio: float) -> float:
        return float(x0 + (np.log2(ratio) + 2.2) / 4.4 * (x1 - x0))

    canvas.dashed((place(1), top - 4), (place(1), bottom), GREY)
    for i, name in enumerate(rows):
        y = top + (i + 0.5) * (bottom - top) / len(rows)
        ratio, spread = rng.uniform(0.5, 1.15), rng.uniform(1.2, 1.7)
        low, high = ratio / spread, ratio * spread
        canvas.text((10, y), name, fitting(name, x0 - 20, text_px), bold=name == "Overall")
        canvas.line([(place(low), y), (place(high), y)], BLACK, 1.3)
        canvas.marker((place(ratio), y), 5.5, scene.palette[0], 3 if name == "Overall" else 1)
        canvas.text((width - 10, y), f"{ratio:.2f} ({low:.2f}-{high:.2f})", text_px, anchor="rm")
    canvas.line([(x0, bottom), (x1, bottom)], BLACK, 1.2)
    for ratio in (0.25, 0.5, 1.0, 2.0, 4.0):
        canvas.line([(place(ratio), bottom), (place(ratio), bottom + 4)], BLACK)
        canvas.text((place(ratio), bottom + 7), f"{ratio:g}", 11, anchor="ma")
    canvas.text(((x0 + x1) / 2, bottom + 32), scene.x, 12, anchor="mm")
    return canvas.picture()


def trace_plot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Recordings over time, one row per group, with a scale bar instead of axes."""
    canvas = Canvas.blank(size)
    width, height = size
    row = (height - 62) / len(scene.groups)
    n = max(200, width - 96)
    for i, name in enumerate(scene.groups):
        signal = rng.normal(0, 0.035, n).cumsum() * 0.06 + rng.normal(0, 0.035, n)
        for start in np.sort(rng.integers(0, n - 40, int(rng.integers(3, 4 + 9 * (i + 1))))):
            decay = np.exp(-np.arange(n - start) / rng.uniform(5, 14))
            signal[start:] -= rng.uniform(0.25, 1.0) * decay
        middle = 16 + row * (i + 0.35)
        points = [(80 + k * (width - 92) / n, middle - v * row * 0.5) for k, v in enumerate(signal)]
        canvas.line(points, scene.palette[i % len(scene.palette)], 1.1)
        canvas.text((8, middle), name, fitting(name, 68, 12))
    x, y = width - 74.0, height - 14.0
    canvas.line([(x, y - 26), (x, y), (x + 50, y)], BLACK, 2.0)
    canvas.text((x + 25, y - 9), "200 ms", 11, anchor="mm")
    canvas.text((x - 5, y - 13), "20 pA", 11, anchor="rm")
    return canvas.picture()


def chromatogram(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Peaks of signal over retention time."""
    canvas = Canvas.blank(size)
    axes = make_axes(canvas, size, (0, 20), (-4, 118))
    draw_frame(axes, boxed=False, grid=False)
    draw_names(axes, scene.x, scene.y, scene.heading)
    draw_x_ticks(axes)
    draw_y_ticks(axes, [0.0, 25.0, 50.0, 75.0, 100.0])
    t = np.linspace(0, 20, 700)
    signal = rng.normal(0, 0.25, t.size) + 1.5
    peaks = np.sort(rng.uniform(2, 18.5, int(rng.integers(4, 8))))
    for k, center in enumerate(peaks):
        tall = rng.uniform(12, 98)
        signal += tall * np.exp(-(((t - center) / rng.uniform(0.1, 0.24)) ** 2) / 2)
        canvas.text(axes.at(center, tall + 6), str(k + 1), 11, anchor="ms")
    canvas.line([axes.at(a, min(b, 116)) for a, b in zip(t, signal, strict=True)], scene.palette[0], 1.3)
    return canvas.picture()

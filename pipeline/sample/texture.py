"""Grey planes that drawn photographs are made of: soft shapes, clouds and grain."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pipeline.sample.canvas import Plane, Point, Rng, Size

Blob = Sequence[Point]


def clouds(rng: Rng, size: Size, cell_px: float) -> Plane:
    """Smooth noise of mean 0 and spread near 1, with hills about `cell_px` wide."""
    width, height = size
    coarse = (max(3, round(width / cell_px) + 2), max(3, round(height / cell_px) + 2))
    noise = Image.fromarray(rng.standard_normal((coarse[1], coarse[0])).astype(np.float32), "F")
    return np.asarray(noise.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def grain(rng: Rng, size: Size, amount: float, soft_px: float = 0.0) -> Plane:
    """Sensor noise of spread `amount`; `soft_px` makes it coarser and cheaper to compress."""
    if soft_px > 1.0:
        return clouds(rng, size, soft_px) * np.float32(amount)
    return rng.standard_normal((size[1], size[0]), dtype=np.float32) * np.float32(amount)


def shapes(size: Size, blobs: Iterable[Blob], blur_px: float = 0.0, levels: Iterable[int] | None = None) -> Plane:
    """A (height, width) plane of 0 to 1 with filled polygons, each at its level of 0 to 255."""
    sheet = Image.new("L", size, 0)
    draw = ImageDraw.Draw(sheet)
    blobs = list(blobs)
    for blob, level in zip(blobs, levels or [255] * len(blobs), strict=True):
        draw.polygon([(float(x), float(y)) for x, y in blob], fill=level)
    return blurred(sheet, blur_px)


def strokes(size: Size, lines: Iterable[Blob], width_px: int, blur_px: float = 0.0) -> Plane:
    """A (height, width) plane of 0 to 1 with polylines."""
    sheet = Image.new("L", size, 0)
    draw = ImageDraw.Draw(sheet)
    for line in lines:
        draw.line([(float(x), float(y)) for x, y in line], fill=255, width=width_px, joint="curve")
    return blurred(sheet, blur_px)


def blurred(sheet: Image.Image, blur_px: float) -> Plane:
    """A grey picture as a plane of 0 to 1, softened."""
    if blur_px > 0:
        sheet = sheet.filter(ImageFilter.GaussianBlur(blur_px))
    return np.asarray(sheet, dtype=np.float32) / np.float32(255.0)


def ellipse(center: Point, radii: Point, angle: float = 0.0, wobble: Sequence[float] = (), n: int = 40) -> list[Point]:
    """Outline of an ellipse; `wobble` are amplitudes of waves around it, as shares of the radius."""
    t, cosines, sines = _circle(n)
    x, y = radii[0] * cosines, radii[1] * sines
    if wobble:
        waves = sum(amplitude * np.sin((k + 2) * t + 1.7 * k + angle * 3) for k, amplitude in enumerate(wobble))
        x, y = x * (1.0 + waves), y * (1.0 + waves)
    c, s = math.cos(angle), math.sin(angle)
    xs, ys = center[0] + x * c - y * s, center[1] + x * s + y * c
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


@cache
def _circle(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return t, np.cos(t), np.sin(t)


def spread_points(rng: Rng, size: Size, step_px: float, keep: float = 1.0) -> list[Point]:
    """Points on a shaken grid, so that neighbours keep a distance; a share `keep` of them, row by row."""
    width, height = size
    points: list[Point] = []
    for row, y in enumerate(np.arange(-step_px * 0.3, height + step_px * 0.5, step_px * 0.87)):
        for x in np.arange(-step_px * 0.3 + (row % 2) * step_px / 2, width + step_px * 0.5, step_px):
            dx, dy, chance = rng.uniform(-0.36, 0.36), rng.uniform(-0.36, 0.36), rng.random()
            if chance < keep:
                points.append((float(x + dx * step_px), float(y + dy * step_px)))
    return points

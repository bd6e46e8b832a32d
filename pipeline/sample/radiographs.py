"""Drawn medical images: chest film, axial head and abdomen, knee, ultrasound. None is of a patient."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline.sample.canvas import Plane, Point, Rng, Size, from_grey
from pipeline.sample.scene import Scene
from pipeline.sample.texture import clouds, ellipse, grain, shapes, strokes


def radiograph(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """`variant` modulo five: chest film, head MRI, abdominal CT, knee film, ultrasound."""
    painter = (_chest, _head, _abdomen, _knee, _ultrasound)[scene.variant % 5]
    plane = painter(rng, size)
    # Tubes and windows differ: so do brightness and contrast.
    return from_grey(np.asarray((plane - 0.02) * rng.uniform(0.85, 1.15) + rng.uniform(0.0, 0.04), dtype=np.float32))


def _frame(rng: Rng, size: Size) -> tuple[float, float, float, float]:
    """Centre, and half of what is seen each way; people differ in size and lie a little off the middle."""
    zoom = rng.uniform(0.84, 1.03)
    x, y = (side / 2 * (1.0 + rng.uniform(-0.06, 0.06)) for side in size)
    return x, y, size[0] / 2 * zoom, size[1] / 2 * zoom * rng.uniform(0.95, 1.03)


def _chest(rng: Rng, size: Size) -> Plane:
    x, y, u, v = _frame(rng, size)
    body = shapes(size, [ellipse((x, y + 0.25 * v), (0.94 * u, 1.2 * v), 0, (0.0, 0.02))], 0.05 * u)
    neck = shapes(size, [ellipse((x, y - 0.9 * v), (0.22 * u, 0.4 * v))], 0.05 * u)
    lungs = shapes(size, [_lung(x, y, u, v, -1), _lung(x, y, u, v, 1)], 0.025 * u)
    heart = shapes(size, [ellipse((x + 0.1 * u, y + 0.28 * v), (0.3 * u, 0.36 * v), 0.5, (0.04,))], 0.03 * u)
    spine = shapes(
        size, [[(x - 0.07 * u, 0), (x + 0.07 * u, 0), (x + 0.08 * u, 2 * v), (x - 0.08 * u, 2 * v)]], 0.02 * u
    )
    ribs = strokes(
        size, [_rib(x, y, u, v, k, side) for k in range(9) for side in (-1, 1)], max(2, int(0.035 * u)), 0.009 * u
    )
    collar = strokes(
        size,
        [
            [(x - s * 0.1 * u, y - 0.62 * v), (x - s * 0.45 * u, y - 0.7 * v), (x - s * 0.85 * u, y - 0.86 * v)]
            for s in (-1, 1)
        ],
        max(3, int(0.06 * u)),
        0.012 * u,
    )
    marks = strokes(size, [_vessel(rng, x, y, u, v, s) for s in (-1, 1) for _ in range(16)], 2, 0.012 * u)
    nodule = shapes(
        size,
        [ellipse((x - 0.46 * u, y + rng.uniform(-0.3, 0.3) * v), (0.085 * u, 0.08 * u), 0.4, (0.1, 0.06))],
        0.014 * u,
    )
    tissue = np.maximum(body, neck)
    plane = tissue * (0.62 + 0.04 * clouds(rng, size, 60)) - 0.45 * lungs * (1 - 0.85 * heart)
    plane += (
        tissue * (0.11 * ribs + 0.2 * collar + 0.16 * spine)
        + 0.1 * marks * lungs
        + 0.2 * nodule * lungs
        + 0.1 * heart * tissue
    )
    return np.asarray(plane + 0.04 + grain(rng, size, 0.014, 1.6), dtype=np.float32)


def _lung(x: float, y: float, u: float, v: float, side: int) -> list[Point]:
    return ellipse((x + side * 0.44 * u, y + 0.03 * v), (0.3 * u, 0.68 * v), -0.1 * side, (0.06, 0.05 * side, 0.02))


def _rib(x: float, y: float, u: float, v: float, k: int, side: int) -> list[Point]:
    top = y + (-0.66 + 0.165 * k) * v
    reach = (0.5 + 0.3 * np.sin((k + 1.2) / 9 * np.pi)) * u
    t = np.linspace(0, 1, 16)
    xs, ys = x + side * (0.07 * u + reach * t), top + v * (-0.07 * np.sin(t * np.pi) + 0.26 * t**2)
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _vessel(rng: Rng, x: float, y: float, u: float, v: float, side: int) -> list[Point]:
    angle, far = rng.uniform(-1.1, 1.1), rng.uniform(0.2, 0.42)
    start = (x + side * 0.16 * u, y + 0.02 * v)
    bend = rng.uniform(-0.06, 0.06)
    return [
        start,
        (start[0] + side * far * 0.5 * u, start[1] + (np.sin(angle) * far * 0.6 + bend) * v),
        (start[0] + side * far * np.cos(angle) * u, start[1] + np.sin(angle) * far * 1.3 * v),
    ]


def _head(rng: Rng, size: Size) -> Plane:
    x, y, wide, high = _frame(rng, size)
    u = min(wide, high)
    scalp = shapes(size, [ellipse((x, y), (0.76 * u, 0.93 * u))], 1.2)
    skull = shapes(size, [ellipse((x, y), (0.71 * u, 0.88 * u))], 1.2)
    brain = shapes(size, [ellipse((x, y), (0.65 * u, 0.82 * u), 0, (0.012, 0.01))], 2.0)
    half = clouds(rng, (size[0] // 2 + 1, size[1]), 0.085 * u)
    folds = np.concatenate([half[:, ::-1], half], axis=1)[:, : size[0]] + 0.35 * clouds(rng, size, 0.06 * u)
    inner = shapes(size, [ellipse((x, y), (0.5 * u, 0.66 * u), 0, (0.03, 0.02))], 0.05 * u)
    grey = np.clip(0.5 + 2.2 * np.abs(folds) - 0.9 - 0.4 * inner, 0, 1) * brain
    horns = shapes(
        size,
        [
            ellipse((x + s * 0.12 * u, y + k * 0.2 * u), (0.055 * u, 0.19 * u), -k * s * 0.4, (0.05,))
            for s in (-1, 1)
            for k in (-1, 1)
        ],
        1.6,
    )
    cleft = strokes(size, [[(x, y - 0.8 * u), (x + 0.01 * u, y), (x, y + 0.8 * u)]], max(2, int(0.012 * u)), 1.2)
    side = rng.choice([-1, 1])
    spot = ellipse((x + side * 0.34 * u, y + rng.uniform(-0.3, 0.3) * u), (0.14 * u, 0.12 * u), 0.6, (0.09, 0.07, 0.05))
    lesion, swelling = shapes(size, [spot], 1.6), shapes(size, [spot], 0.09 * u)
    plane = 0.55 * scalp - 0.52 * skull + brain * (0.62 - 0.2 * grey) - 0.34 * horns - 0.25 * cleft * brain
    plane += 0.3 * lesion - 0.15 * (swelling - lesion).clip(0)
    return np.asarray(plane + 0.02 + grain(rng, size, 0.016, 1.7), dtype=np.float32)


def _abdomen(rng: Rng, size: Size) -> Plane:
    x, y, wide, u = _frame(rng, size)
    w = min(wide * 0.93, 1.25 * u)
    skin = shapes(size, [ellipse((x, y), (w, 0.84 * u), 0, (0.015,))], 1.4)
    wall = shapes(size, [ellipse((x, y + 0.01 * u), (0.86 * w, 0.7 * u), 0, (0.02,))], 1.6)
    organs = shapes(
        size,
        [
            ellipse((x - 0.43 * w, y - 0.1 * u), (0.36 * w, 0.45 * u), 0.3, (0.1, 0.06)),
            ellipse((x + 0.56 * w, y + 0.05 * u), (0.16 * w, 0.26 * u), 0.3, (0.07,)),
            ellipse((x - 0.36 * w, y + 0.42 * u), (0.13 * w, 0.15 * u), 0.5, (0.08,)),
            ellipse((x + 0.38 * w, y + 0.42 * u), (0.13 * w, 0.15 * u), -0.5, (0.08,)),
            ellipse((x + 0.22 * w, y - 0.34 * u), (0.22 * w, 0.15 * u), -0.2, (0.08, 0.05)),
        ],
        1.6,
        [205, 190, 235, 235, 165],
    )
    bone = shapes(
        size, [ellipse((x, y + 0.4 * u), (0.14 * w, 0.13 * u)), ellipse((x, y + 0.62 * u), (0.035 * w, 0.12 * u))], 1.4
    )
    rim = strokes(
        size, [ellipse((x, y), (0.89 * w, 0.73 * u))[i : i + 3] for i in range(0, 38, 5)], max(3, int(0.05 * u)), 1.4
    )
    vessels = shapes(
        size,
        [
            ellipse((x + 0.04 * w, y + 0.2 * u), (0.055 * w, 0.06 * u)),
            ellipse((x - 0.1 * w, y + 0.2 * u), (0.06 * w, 0.055 * u)),
        ],
        1.2,
    )
    loops = np.clip(clouds(rng, size, 0.13 * u), 0, 1) * wall
    spot = (x - rng.uniform(0.36, 0.56) * w, y - rng.uniform(0.0, 0.25) * u)
    lesion = shapes(size, [ellipse(spot, (0.1 * u, 0.085 * u), 0.3, (0.08, 0.06))], 2.2)
    plane = (
        0.24 * skin + 0.12 * wall + 0.08 * loops * (organs < 0.3) + 0.3 * organs * wall + 0.5 * bone + 0.45 * rim * skin
    )
    plane += 0.28 * vessels - 0.17 * lesion + 0.02 * clouds(rng, size, 5) * skin
    return np.asarray(plane + 0.03 + grain(rng, size, 0.022, 1.6), dtype=np.float32)


# Outlines of bones about the joint line: sideways and downwards, in halves of the picture.
_FEMUR = (
    (-0.2, 0.2, 0.24, 0.5, 0.46, 0.2, 0.0, -0.2, -0.46, -0.5, -0.24),
    (-1.2, -1.2, -0.5, -0.22, 0.0, 0.02, -0.1, 0.02, 0.0, -0.22, -0.5),
)
_TIBIA = (
    (-0.48, 0.0, 0.48, 0.44, 0.2, 0.16, -0.18, -0.24, -0.45),
    (0.0, -0.025, 0.0, 0.2, 0.5, 1.2, 1.2, 0.5, 0.2),
)
_FIBULA = ((0.42, 0.54, 0.44, 0.34), (0.2, 0.24, 1.2, 1.2))
_LEG = ((-0.62, 0.58, 0.66, 0.5, -0.5, -0.68), (-1.2, -1.2, 0.0, 1.2, 1.2, 0.0))


def _knee(rng: Rng, size: Size) -> Plane:
    x, y, wide, v = _frame(rng, size)
    u = min(wide, 0.8 * v)
    gap = rng.uniform(0.03, 0.08)

    def outline(shape: tuple[tuple[float, ...], tuple[float, ...]], down: float) -> list[Point]:
        return [(x + a * u, y + (b + down) * v) for a, b in zip(*shape, strict=True)]

    bones = [outline(_FEMUR, -gap), outline(_TIBIA, gap), outline(_FIBULA, gap)]
    flesh = shapes(size, [outline(_LEG, 0.0)], 0.09 * u)
    bone = shapes(size, bones, 0.016 * u)
    edge = strokes(size, [[*b, b[0]] for b in bones], max(2, int(0.022 * u)), 0.012 * u)
    cap = shapes(size, [ellipse((x, y - 0.36 * v), (0.24 * u, 0.2 * v), 0, (0.03,))], 0.02 * u)
    spongy = 0.34 + 0.045 * clouds(rng, size, 6)
    plane = flesh * (0.26 + 0.02 * clouds(rng, size, 40)) + bone * spongy + 0.15 * edge + 0.1 * cap
    return np.asarray(plane + 0.04 + grain(rng, size, 0.013, 1.6), dtype=np.float32)


def _ultrasound(rng: Rng, size: Size) -> Plane:
    x, height = size[0] / 2, size[1]
    rows, columns = np.mgrid[0:height, 0 : size[0]].astype(np.float32)
    depth = np.hypot(columns - x, rows + 0.18 * height) / height
    angle = np.arctan2(columns - x, rows + 0.18 * height)
    fan = (np.abs(angle) < 0.62) & (depth > 0.24) & (depth < 1.12)
    speckle = 0.2 + 0.75 * np.abs(clouds(rng, size, 2.6) + 0.6 * clouds(rng, size, 6))
    layers = 0.55 + 0.3 * np.sin(depth * 17 + 0.8 * clouds(rng, size, 120)) + 0.22 * clouds(rng, size, 50)
    spot = (x + rng.uniform(-0.12, 0.12) * size[0], rng.uniform(0.42, 0.6) * height)
    cyst = shapes(size, [ellipse(spot, (0.17 * height, 0.12 * height), 0.2, (0.06, 0.04))], 3.0)
    below = np.clip((rows - spot[1]) / height, 0, 1) * (np.abs(columns - spot[0]) < 0.14 * height)
    plane = np.clip(layers, 0.12, 1.2) * speckle * 0.8 * (1 - 0.95 * cyst) * (1.15 - 0.55 * depth) * (1 + 1.2 * below)
    return np.asarray(np.where(fan, plane, 0.0) + 0.02, dtype=np.float32)

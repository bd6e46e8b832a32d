"""Drawn microscopy: stained cells on dark ground, tissue sections, cells in phase contrast, plates of colonies."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline.sample.canvas import Canvas, Plane, Point, Rng, Size, from_grey, from_planes
from pipeline.sample.scene import Scene
from pipeline.sample.texture import blurred, clouds, ellipse, grain, shapes, spread_points, strokes


def fluorescence(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Nuclei and cell bodies in dyes; `variant` 0 merged, 1 nuclei, 2 green, 3 red, +4 for a sparser field."""
    step = 46.0 + 18.0 * (scene.variant >= 4)
    centers = spread_points(rng, size, step, keep=0.86)
    nuclei, bodies, levels = [], [], []
    for center in centers:
        angle, wide = rng.uniform(0, np.pi), rng.uniform(0.22, 0.3) * step
        nuclei.append(ellipse(center, (wide, wide * rng.uniform(0.68, 0.95)), angle, (0.05, 0.03), 26))
        bodies.append(ellipse(center, (wide * 2.3, wide * 1.6), angle + 0.3, tuple(rng.uniform(-0.12, 0.12, 4)), 30))
        levels.append(int(rng.integers(70, 255)))
    # Each dye has its own stream, so that a field looks the same whichever of its channels is drawn.
    blues, greens, reds, rest = rng.spawn(4)
    shown, dark = scene.variant % 4, np.zeros((size[1], size[0]), np.float32)
    blue = green = red = dark
    if shown in (0, 1):
        blue = shapes(size, nuclei, 1.6, levels) * (1.0 + 0.18 * clouds(blues, size, 6))
    if shown in (0, 2):
        texture = 1.0 + 0.25 * clouds(greens, size, 5) + 0.2 * clouds(greens, size, 17)
        green = _cytoplasm(greens, size, bodies, levels) * texture * (1 - 0.75 * shapes(size, nuclei, 2.0))
    if shown in (0, 3):
        dots = [ellipse(p, (1.6, 1.6), n=8) for p in spread_points(reds, size, 11, keep=0.55)]
        red = shapes(size, dots, 0.9) * shapes(size, bodies, 5.0) * 1.15
    return _with_scale_bar(_tinted(blue, green, red, grain(rest, size, 0.012, 1.6) + 0.02))


def _cytoplasm(rng: Rng, size: Size, bodies: list[list[Point]], levels: list[int]) -> Plane:
    fibres = []
    for body in bodies:
        outline = np.asarray(body)
        middle = outline.mean(axis=0)
        ends = [middle + (outline[k] - middle) * rng.uniform(0.7, 1.0) for k in rng.integers(0, len(body), 9)]
        fibres += [[tuple(middle), tuple(end)] for end in ends]
    soft = shapes(size, bodies, 3.0, [level // 2 for level in levels])
    return soft * 0.75 + strokes(size, fibres, 1, 0.8) * 0.5


def _tinted(blue: Plane, green: Plane, red: Plane, noise: Plane) -> Image.Image:
    return from_planes(red + 0.12 * blue + noise, 0.9 * green + 0.28 * blue + noise, blue * 0.95 + 0.1 * red + noise)


def _with_scale_bar(picture: Image.Image, color: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    width, height = picture.size
    bar = Image.new("RGB", (max(24, width // 6), max(3, height // 90)), color)
    picture.paste(bar, (width - bar.width - width // 28, height - bar.height - height // 22))
    return picture


def stained_section(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Tissue on pink ground; `variant` 0 haematoxylin and eosin with glands, 1 without, 2 and 3 brown antibody."""
    glands = _glands(rng, size) if scene.variant % 2 == 0 else []
    outside = 1 - shapes(size, [ellipse(c, (r * 1.12, r * 0.98), a, w) for c, r, a, w in glands], 0.5)
    rings = [p for c, r, a, w in glands for p in ellipse(c, (r, r * 0.86), a, w, n=max(10, int(r * 0.62)))]
    strewn = [p for p in spread_points(rng, size, 17, keep=0.62) if outside[_inside(p, size)] > 0.5]
    nuclei = [
        ellipse(p, (rng.uniform(3.6, 5.6), rng.uniform(2.6, 4.2)), rng.uniform(0, np.pi), (0.08,), 14)
        for p in rings + strewn
    ]
    lumen = shapes(size, [ellipse(c, (r * 0.66, r * 0.5), a, w) for c, r, a, w in glands], 1.5)
    cells = shapes(size, [ellipse(c, (r * 1.1, r * 0.96), a, w) for c, r, a, w in glands], 2.0)
    dark = shapes(size, nuclei, 0.9, rng.integers(120, 230, len(nuclei)).tolist())
    fibre = clouds(rng, (size[0], max(8, size[1] // 5)), 9)
    stroma = np.asarray(Image.fromarray(fibre, "F").resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    tone = 0.05 * stroma + 0.035 * clouds(rng, size, 30) + grain(rng, size, 0.012, 1.6)
    if scene.variant >= 2:
        return _with_scale_bar(_brown(rng, size, tone, dark, cells, lumen), (20, 20, 20))
    red = 0.93 + 0.4 * tone - 0.1 * cells + 0.06 * lumen - 0.62 * dark
    green = 0.70 + tone - 0.16 * cells + 0.4 * lumen - 0.60 * dark
    blue = 0.83 + 0.6 * tone - 0.02 * cells + 0.14 * lumen - 0.34 * dark
    return _with_scale_bar(from_planes(red, green, blue), (20, 20, 20))


def _glands(rng: Rng, size: Size) -> list[tuple[Point, float, float, tuple[float, ...]]]:
    step = max(70.0, min(size) * 0.34)
    return [
        (p, step * rng.uniform(0.23, 0.35), rng.uniform(0, np.pi), tuple(rng.uniform(-0.09, 0.09, 3)))
        for p in spread_points(rng, size, step, keep=0.75)
    ]


def _inside(point: Point, size: Size) -> tuple[int, int]:
    return min(max(int(point[1]), 0), size[1] - 1), min(max(int(point[0]), 0), size[0] - 1)


def _brown(rng: Rng, size: Size, tone: Plane, dark: Plane, cells: Plane, lumen: Plane) -> Image.Image:
    patches = np.clip(clouds(rng, size, 60) * 0.8 + rng.uniform(-0.4, 0.7), 0, 1)
    stain = patches * (0.35 + 0.65 * cells) * (1 - lumen) * (1 + 2.5 * tone)
    red = 0.90 + 0.6 * tone - 0.34 * stain - 0.42 * dark
    green = 0.89 + 0.6 * tone - 0.52 * stain - 0.36 * dark
    blue = 0.91 + 0.5 * tone - 0.68 * stain - 0.20 * dark
    return from_planes(red + 0.05 * lumen, green + 0.06 * lumen, blue + 0.05 * lumen)


def phase_contrast(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Spindle cells with bright halos on grey; with `variant` 1 there is a wound through the middle."""
    centers = spread_points(rng, size, 30, keep=0.82)
    if scene.variant == 1:
        half = size[0] * rng.uniform(0.1, 0.2)
        centers = [p for p in centers if abs(p[0] - size[0] / 2 + 6 * np.sin(p[1] / 23)) > half]
    lean = rng.uniform(0, np.pi)
    bodies = [
        ellipse(
            p,
            (rng.uniform(13, 22), rng.uniform(4, 6.5)),
            lean + rng.normal(0, 0.5),
            tuple(rng.uniform(-0.2, 0.2, 3)),
            22,
        )
        for p in centers
    ]
    halo, body = shapes(size, bodies, 2.6), shapes(size, bodies, 0.9)
    cores = shapes(size, [ellipse(p, (3.4, 2.6), lean, n=12) for p in centers], 0.8)
    plane = 0.56 + 0.035 * clouds(rng, size, 90) + 0.42 * halo - 0.46 * body + 0.2 * cores
    return _with_scale_bar(from_grey(plane + grain(rng, size, 0.018, 1.6)))


def colony_plate(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """A round dish with colonies; the higher the `variant`, the fewer."""
    ground = (32, 33, 36)
    canvas = Canvas.blank(size, ground)
    middle, radius = (size[0] / 2, size[1] / 2), min(size) * 0.46
    canvas.dot(middle, radius, (206, 190, 158), (236, 236, 230))
    canvas.dot(middle, radius * 0.95, (196, 172, 132))
    for _ in range(max(4, int(150 / (1 + 2.2 * scene.variant)))):
        angle, far = rng.uniform(0, 2 * np.pi), radius * 0.9 * np.sqrt(rng.random())
        at = (middle[0] + far * np.cos(angle), middle[1] + far * np.sin(angle))
        r = rng.uniform(1.6, 4.6)
        canvas.dot(at, r, (244, 236, 208), (168, 146, 106))
        canvas.dot((at[0] - r * 0.25, at[1] - r * 0.25), r * 0.35, (255, 252, 240))
    light = blurred(canvas.sheet.convert("L").resize(size), 12)
    picture = np.asarray(canvas.picture(), dtype=np.float32) / 255.0
    shade = 0.9 + 0.14 * light + grain(rng, size, 0.01, 2.0)
    return from_planes(picture[..., 0] * shade, picture[..., 1] * shade, picture[..., 2] * shade)


def electron_micrograph(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """A thin section: mitochondria with cristae, vesicles and double membranes in grey."""
    organelles = [
        (p, rng.uniform(24, 40), rng.uniform(15, 22), rng.uniform(0, np.pi))
        for p in spread_points(rng, size, 92, keep=0.72)
    ]
    outlines = [ellipse(c, (a, b), t, (0.05, 0.03)) for c, a, b, t in organelles]
    cristae = []
    for c, a, b, t in organelles:
        for share in np.linspace(-0.7, 0.7, 6):
            reach = b * np.sqrt(1 - share**2) * rng.uniform(0.45, 0.85)
            along, side = np.array([np.cos(t), np.sin(t)]) * a * share, np.array([-np.sin(t), np.cos(t)]) * reach
            cristae.append([tuple(np.asarray(c) + along + side), tuple(np.asarray(c) + along - 0.3 * side)])
    vesicles = [ellipse(p, (4.2, 4.2), n=18) for p in spread_points(rng, size, 33, keep=0.4)]
    rims = strokes(size, [[*o, o[0]] for o in outlines + vesicles], 2, 0.7)
    plane = (
        0.72
        + 0.05 * clouds(rng, size, 4)
        + 0.05 * clouds(rng, size, 26)
        - 0.2 * shapes(size, outlines, 1.0)
        - 0.34 * rims
        - 0.26 * strokes(size, cristae, 2, 0.7)
        - 0.08 * (scene.variant % 3)
    )
    return _with_scale_bar(from_grey(plane + grain(rng, size, 0.03, 1.7)), (0, 0, 0))

"""Diagrams of boxes and arrows: how patients were selected, how a pathway is thought to work."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

from pipeline.sample.axes import fitting
from pipeline.sample.canvas import BLACK, Canvas, Color, Point, Rng, Size, mix, text_width
from pipeline.sample.scene import Scene


def flow_diagram(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Selection of subjects: boxes downwards, exclusions to the right, the arms at the bottom."""
    canvas = Canvas.blank(size)
    width, height = size
    n = int(rng.integers(400, 2400))
    steps = ["Assessed for eligibility", "Met inclusion criteria", "Enrolled in the study"]
    lost = ["Declined to take part", "Incomplete records"]
    high = height / 6.2
    tint = mix(scene.palette[0], (255, 255, 255), 0.84)
    for i, step in enumerate(steps):
        y = 10 + i * high * 1.45
        _box(canvas, (width * 0.06, y, width * 0.5, y + high), [step, f"(n = {n})"], tint, scene.palette[0])
        if i < 2:
            gone = int(n * rng.uniform(0.08, 0.3))
            turn = y + high * 1.22
            _arrow(canvas, (width * 0.28, y + high), (width * 0.28, y + high * 1.45))
            _arrow(canvas, (width * 0.28, turn), (width * 0.58, turn))
            _box(
                canvas,
                (width * 0.58, turn - high * 0.42, width * 0.97, turn + high * 0.42),
                [lost[i], f"(n = {gone})"],
                (250, 250, 250),
                (120, 120, 120),
            )
            n -= gone
    _arms(canvas, scene, size, n, 10 + 2 * high * 1.45 + high)
    return canvas.picture()


def _arms(canvas: Canvas, scene: Scene, size: Size, n: int, base: float) -> None:
    """The arms of a study at the bottom, fed from the box that ends at `base`."""
    width, height = size
    high = height / 6.2
    bottom = height - 8.0
    share = width * 0.94 / len(scene.groups)
    first, last = width * 0.03 + share / 2, width * 0.03 + share * (len(scene.groups) - 0.5)
    bend = (base + bottom - high) / 2
    canvas.line([(width * 0.28, base), (width * 0.28, bend)], BLACK, 1.4)
    canvas.line([(first, bend), (max(last, width * 0.28), bend)], BLACK, 1.4)
    for i, name in enumerate(scene.groups):
        x = width * 0.03 + i * share
        _arrow(canvas, (x + share / 2, bend), (x + share / 2, bottom - high))
        color = scene.palette[i % len(scene.palette)]
        _box(
            canvas,
            (x + 5, bottom - high, x + share - 5, bottom),
            [name, f"(n = {n // len(scene.groups) + i % 2})"],
            mix(color, (255, 255, 255), 0.84),
            color,
        )


def pathway(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """A cell with a receptor, a chain of proteins and an answer in the nucleus."""
    canvas = Canvas.blank(size, (238, 243, 247))
    width, height = size
    tone = scene.palette[0]
    canvas.rect((0, height * 0.2, width, height), mix(tone, (255, 255, 255), 0.9))
    for k in range(int(width // 9) + 1):
        for row in (0, 1):
            canvas.dot((k * 9.0, height * 0.2 + row * 15), 3.6, mix(tone, (255, 255, 255), 0.45))
    nucleus = (width * 0.24, height * 0.74, width * 0.76, height * 1.2)
    canvas.rounded(nucleus, height * 0.2, mix(scene.palette[1], (255, 255, 255), 0.82), scene.palette[1])
    names = list(scene.groups)
    swing = float(rng.choice([-1, 1])) * rng.uniform(0.06, 0.2)
    xs = 0.5 + np.where(np.arange(len(names)) % 2, swing, -swing)
    ys = np.linspace(0.2, 0.86, len(names))
    spots = [(float(a * width), float(b * height)) for a, b in zip(xs, ys, strict=True)]
    for before, after in pairwise(spots):
        _arrow(canvas, _towards(before, after, height * 0.06), _towards(after, before, height * 0.06))
    for i, (name, at) in enumerate(zip(names, spots, strict=True)):
        _pill(canvas, at, name, scene.palette[i % len(scene.palette)], height)
    ligand = (width * (0.5 - swing), height * 0.075)
    _pill(canvas, ligand, scene.y, (90, 90, 90), height)
    _arrow(canvas, _towards(ligand, spots[0], height * 0.04), _towards(spots[0], ligand, height * 0.05))
    for k in range(int(rng.integers(5, 9))):
        canvas.dot(
            (width * (0.5 + float(np.sign(swing)) * (0.2 + 0.025 * k)), height * (0.07 + 0.03 * (k % 3))),
            4,
            scene.palette[-1],
        )
    canvas.text((8, height * 0.31), "cytoplasm", 12, (110, 110, 110))
    canvas.text((nucleus[0] + 16, height * 0.95), "nucleus", 12, (110, 110, 110))
    return canvas.picture()


def _pill(canvas: Canvas, at: Point, name: str, color: Color, height: int) -> None:
    size = 14 if height > 260 else 11
    half = text_width(name, size) / 2 + 12
    canvas.rounded((at[0] - half, at[1] - size, at[0] + half, at[1] + size), size, color, mix(color, BLACK, 0.4))
    canvas.text(at, name, size, (255, 255, 255), anchor="mm", bold=True)


def _box(canvas: Canvas, box: tuple[float, float, float, float], lines: list[str], fill: Color, line: Color) -> None:
    canvas.rounded(box, 5, fill, line)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    room = box[2] - box[0] - 10
    size = min(fitting(text, room, 14) for text in lines)
    for i, text in enumerate(lines):
        canvas.text((x, y + (i - (len(lines) - 1) / 2) * (size + 5)), text, size, anchor="mm")


def _towards(start: Point, end: Point, step: float) -> Point:
    """A point `step` px from `start` on the way to `end`."""
    length = max(1.0, float(np.hypot(end[0] - start[0], end[1] - start[1])))
    return start[0] + (end[0] - start[0]) * step / length, start[1] + (end[1] - start[1]) * step / length


def _arrow(canvas: Canvas, start: Point, end: Point) -> None:
    canvas.line([start, _towards(end, start, 6)], BLACK, 1.6)
    along = np.array(_towards(end, start, 9)) - np.array(end)
    side = np.array([-along[1], along[0]]) * 0.5
    tip = np.array(end)
    corners = [tip, tip + along + side, tip + along - side]
    canvas.polygon([(float(p[0]), float(p[1])) for p in corners], BLACK)

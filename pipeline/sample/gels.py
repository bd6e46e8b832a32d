"""Gels and blots: bands in lanes, with the names of lanes and bands around them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline.sample.axes import fitting
from pipeline.sample.canvas import BLACK, Canvas, Plane, Rng, Size, from_grey, text_width
from pipeline.sample.scene import Scene
from pipeline.sample.texture import blurred, clouds, grain


def western_blot(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Strips of bands, one protein each, the last a loading control; lanes named above, sizes at the right."""
    proteins = [*(scene.y.split("|")), "GAPDH" if scene.variant % 2 else "b-actin"]
    canvas = Canvas.blank(size)
    px = 13 if size[0] >= 300 else 11
    left = max(text_width(p, px) for p in proteins) + 14
    right, top, bottom = size[0] - 50.0, 12.0 + 2.2 * px, size[1] - 8.0
    lanes = len(scene.groups) * (2 if len(scene.groups) <= 3 and right - left > 190 else 1)
    strip = (bottom - top) / len(proteins)
    for i, protein in enumerate(proteins):
        y = top + i * strip
        height = max(14, int(strip - 8))
        strengths = rng.uniform(0.12, 1.0, lanes) if i < len(proteins) - 1 else rng.uniform(0.8, 0.95, lanes)
        picture = _strip(rng, (int(right - left), height), strengths)
        canvas.sheet.paste(picture.resize((picture.width * 2, picture.height * 2)), (int(left) * 2, int(y) * 2))
        canvas.rect((int(left), int(y), int(left) + picture.width, int(y) + height), None, BLACK, 0.8)
        canvas.text((left - 6, y + height / 2), protein, px, anchor="rm")
        canvas.text((right + 5, y + height / 2), f"{_weight_kda(protein)} kDa", px - 2)
    share = (right - left) / len(scene.groups)
    for i, name in enumerate(scene.groups):
        x = left + share * (i + 0.5)
        canvas.text((x, top - 9), name, fitting(name, share - 6, px), anchor="ms")
        canvas.line([(x - share * 0.42, top - 5), (x + share * 0.42, top - 5)], BLACK, 1.2)
    return canvas.picture()


def _weight_kda(protein: str) -> int:
    """A plausible weight, the same wherever the protein is shown."""
    known = {"GAPDH": 36, "b-actin": 42, "AKT": 60, "p-AKT": 60, "PSD-95": 95, "HO-1": 32, "Nrf2": 110, "CDH1": 120}
    return known.get(protein, 25 + sum(map(ord, protein)) % 90)


def _strip(rng: Rng, size: Size, strengths: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Image.Image:
    width, height = size
    plane = np.full((height, width), 0.86, np.float32) + 0.03 * clouds(rng, size, 20)
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    lane = width / len(strengths)
    for i, strength in enumerate(strengths):
        x, y = (i + 0.5) * lane, height * rng.uniform(0.44, 0.56)
        smile = y + 0.06 * height * ((columns - x) / (lane * 0.4)) ** 2
        across = 0.5 - 0.5 * np.tanh((np.abs(columns - x) - lane * 0.36) / 3.2)
        plane -= np.float32(0.78 * strength) * across * np.exp(-(((rows - smile) / (height * 0.15)) ** 2))
    return from_grey(plane + grain(rng, size, 0.014, 1.5))


def agarose_gel(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """Bright bands on a dark ground with a ladder in the first lane and lane numbers on top."""
    width, height = size
    lanes = max(5, min(10, width // 48))
    lane = width / (lanes + 0.4)
    plane: Plane = 0.13 + 0.02 * clouds(rng, size, 70) + grain(rng, size, 0.014, 1.6)
    sheet = Image.new("L", size, 0)
    wanted = height * rng.uniform(0.42, 0.66)
    for i in range(lanes):
        x = (i + 0.7) * lane
        ladder = i == 0
        places = (
            [(height * p, 210) for p in (0.17, 0.25, 0.33, 0.42, 0.52, 0.63, 0.76, 0.9)]
            if ladder
            else ([(wanted + rng.normal(0, 1.2), int(rng.choice([0, 90, 150, 235, 250])))])
        )
        for y, level in places:
            half, thick = lane * 0.34, height * (0.006 if ladder else 0.012)
            sheet.paste(level, (int(x - half), int(y - thick), int(x + half), int(y + thick) + 1))
        sheet.paste(26, (int(x - lane * 0.34), int(height * 0.1), int(x + lane * 0.34), int(height * 0.115)))
    glow = blurred(sheet, 1.3) + 0.45 * blurred(sheet, 5)
    canvas = Canvas.blank(size)
    canvas.sheet.paste(from_grey(plane + glow).resize((width * 2, height * 2)))
    for i in range(lanes):
        canvas.text(((i + 0.7) * lane, height * 0.05), "M" if i == 0 else str(i), 13, (240, 240, 240), anchor="mm")
    return canvas.picture()

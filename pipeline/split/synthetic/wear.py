"""Wear: what happens to a figure on its way to print: scaled, softened, made grey, saved as JPEG."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from pipeline.sample.canvas import Rng
from pipeline.split.boxes import Box
from pipeline.split.synthetic.marks import Letter

_GREY_SHARE = 0.2
_SOFT_SHARE = 0.2


def worn(sheet: Image.Image, rng: Rng) -> Image.Image:
    """The figure after printing; its size stays."""
    if rng.random() < _GREY_SHARE:
        sheet = sheet.convert("L").convert("RGB")
    if rng.random() < _SOFT_SHARE:
        sheet = sheet.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 0.9))))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=int(rng.integers(45, 96)))
    return Image.open(buffer)


def scaled_box(box: Box, scale: float, size: tuple[int, int]) -> Box:
    """The box in a figure that was scaled to `size`; never empty."""
    x0, y0 = (min(most - 1, max(0, int(v * scale))) for v, most in zip((box.x0, box.y0), size, strict=True))
    x1, y1 = (int(np.ceil(v * scale)) for v in (box.x1, box.y1))
    return Box(x0, y0, max(x0 + 1, min(size[0], x1)), max(y0 + 1, min(size[1], y1)))


def scaled_letter(letter: Letter, scale: float, size: tuple[int, int]) -> Letter:
    """The letter in a figure that was scaled to `size`."""
    box, mark = scaled_box(letter.box, scale, size), scaled_box(letter.mark_box, scale, size)
    return replace(letter, box=box, mark_box=mark)

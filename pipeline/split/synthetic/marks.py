"""Marks: the letters printed on panels, with where they stand and how they are set.

Source of the shares: 21,776 panel letters of a public set of figures (cases, places, heights); forms by eye.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from pipeline.sample.canvas import Color, Rng
from pipeline.split.boxes import Box
from pipeline.split.synthetic.fonts import font_files, load_font

Place = Literal["top left", "bottom left", "bottom right", "top right", "below"]

_PLACES: tuple[Place, ...] = ("top left", "bottom left", "bottom right", "top right", "below")
_PLACE_SHARES = (0.66, 0.13, 0.05, 0.03, 0.13)
_FORMS = ("{}", "({})", "{})", "{}.", "({}", "{}:")
_FORM_SHARES = (0.74, 0.16, 0.05, 0.04, 0.005, 0.005)
_CONTINUED_SHARE = 0.15
_HEIGHT_PX, _HEIGHT_SPREAD = 20.0, 0.33
"""Median height of a letter, px of a figure 650 px wide, and the spread of its logarithm."""


@dataclass(frozen=True, slots=True)
class MarkStyle:
    """How all letters of a figure are set."""

    form: str
    is_upper: bool
    font: int
    size_px: int
    place: Place
    has_plate: bool
    """A plate of one colour stands behind the letter."""
    color: Color | None
    """None for black or white, whichever is seen."""
    first: int = 0
    """Number of the first panel's letter: 0 but where a figure goes on from another."""

    def text(self, number: int) -> str:
        """The letter of the panel with this number, from 0."""
        return chr((65 if self.is_upper else 97) + (self.first + number) % 26)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter on a panel."""

    text: str
    box: Box
    """Around its ink, without brackets or stop."""
    mark_box: Box
    """Around everything printed."""


def draw_style(rng: Rng, side_px: int) -> MarkStyle:
    """A style for a figure whose longer side is `side_px`."""
    height = _HEIGHT_PX * np.exp(rng.normal(0, _HEIGHT_SPREAD)) * side_px / 650
    colors: tuple[Color, ...] = ((255, 230, 0), (220, 30, 30), (20, 60, 200))
    return MarkStyle(
        form=str(rng.choice(_FORMS, p=_FORM_SHARES)),
        is_upper=bool(rng.random() < 0.79),
        font=_choose_font(rng),
        size_px=int(np.clip(height * 1.38, 12, 80)),  # capitals are 0.72 of a font's size
        place=_PLACES[int(rng.choice(len(_PLACES), p=_PLACE_SHARES))],
        has_plate=bool(rng.random() < 0.15),
        color=colors[int(rng.integers(len(colors)))] if rng.random() < 0.06 else None,
        first=int(rng.integers(26)) if rng.random() < _CONTINUED_SHARE else 0,
    )


def _choose_font(rng: Rng) -> int:
    """A bold font three times of four."""
    files = font_files()
    bold = [number for number, path in enumerate(files) if "bold" in path.name.lower()]
    if bold and rng.random() < 0.75:
        return int(rng.choice(bold))
    return int(rng.integers(max(1, len(files))))


def mark_size(style: MarkStyle, text: str) -> tuple[int, int]:
    """Width and height of a printed mark, px."""
    left, top, right, bottom = load_font(style.font, style.size_px).getbbox(style.form.format(text))
    return int(right - left), int(bottom - top)


def print_mark(sheet: Image.Image, style: MarkStyle, text: str, corner: tuple[int, int]) -> Letter:
    """Prints a mark with its top left ink at `corner`."""
    font = load_font(style.font, style.size_px)
    printed = style.form.format(text)
    left, top, right, bottom = (int(v) for v in font.getbbox(printed))
    at = corner[0] - left, corner[1] - top
    mark = Box(corner[0], corner[1], corner[0] + right - left, corner[1] + bottom - top)
    draw = ImageDraw.Draw(sheet)
    color = style.color or _seen(sheet, mark)
    if style.has_plate:
        pad = max(2, style.size_px // 8)
        plate: Color = (255, 255, 255) if sum(color) < 384 else (0, 0, 0)
        draw.rectangle((mark.x0 - pad, mark.y0 - pad, mark.x1 + pad, mark.y1 + pad), fill=plate)
    draw.text(at, printed, fill=color, font=font)
    before = font.getlength(style.form.partition("{")[0])
    x0, y0, x1, y1 = (int(v) for v in font.getbbox(text))
    start = at[0] + round(before)
    return Letter(text, Box(start + x0, at[1] + y0, start + x1, at[1] + y1), mark)


def _seen(sheet: Image.Image, box: Box) -> Color:
    """Black on what is bright, white on what is dark."""
    under = np.asarray(sheet.crop((box.x0, box.y0, box.x1, box.y1)).convert("L"))
    return (0, 0, 0) if under.size == 0 or under.mean() > 125 else (255, 255, 255)

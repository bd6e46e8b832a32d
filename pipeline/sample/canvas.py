"""A surface to draw on: twice as fine as the picture, so that lines and letters come out smooth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Size = tuple[int, int]
Point = tuple[float, float]
Rng = np.random.Generator
Plane = NDArray[np.float32]

WHITE: Color = (255, 255, 255)
BLACK: Color = (25, 25, 25)
GREY: Color = (140, 140, 140)
SCALE = 2

# The font inside Pillow has Latin-1 gaps; drawn text keeps to what it has. Using it makes the bytes independent of
# the fonts of a machine.
_DRAWABLE = str.maketrans({"µ": "u", "μ": "u", "−": "-", "–": "-", "×": "x", "β": "b", "α": "a", "γ": "g", "≥": ">"})


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, `size_px` high."""
    return ImageFont.load_default(size_px)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A drawing surface; every coordinate and width is in pixels of the finished picture, from the top left."""

    sheet: Image.Image
    draw: ImageDraw.ImageDraw

    @classmethod
    def blank(cls, size: Size, ground: Color = WHITE) -> Canvas:
        """An empty surface of one colour."""
        sheet = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), ground)
        return cls(sheet, ImageDraw.Draw(sheet))

    def picture(self) -> Image.Image:
        """What was drawn, at its final size."""
        return self.sheet.reduce(SCALE)

    def line(self, points: Sequence[Point], color: Color = BLACK, width: float = 1.0) -> None:
        """A polyline with round joints."""
        self.draw.line(_scaled(points), fill=color, width=_pen(width), joint="curve")

    def dashed(self, start: Point, end: Point, color: Color = GREY, width: float = 1.0) -> None:
        """A straight line of dashes, each 5 px with a gap of 4 px."""
        (x0, y0), (x1, y1) = start, end
        length = max(1.0, float(np.hypot(x1 - x0, y1 - y0)))
        for at in np.arange(0.0, length, 9.0):
            a, b = at / length, min(at + 5.0, length) / length
            dash = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)]
            self.line(dash, color, width)

    def rect(
        self,
        box: tuple[float, float, float, float],
        fill: Color | None = None,
        line: Color | None = None,
        width: float = 1.0,
    ) -> None:
        """A rectangle `(x0, y0, x1, y1)`."""
        x0, y0, x1, y1 = (v * SCALE for v in box)
        corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        self.draw.rectangle(corners, fill=fill, outline=line, width=_pen(width))

    def rounded(self, box: tuple[float, float, float, float], radius: float, fill: Color, line: Color) -> None:
        """A rectangle with round corners and a thin outline."""
        corners = tuple(v * SCALE for v in box)
        self.draw.rounded_rectangle(corners, radius * SCALE, fill=fill, outline=line, width=_pen(1.2))

    def polygon(self, points: Sequence[Point], fill: Color) -> None:
        """A filled polygon."""
        self.draw.polygon(_scaled(points), fill=fill)

    def dot(self, at: Point, radius: float, fill: Color | None, line: Color | None = None) -> None:
        """A disc, or a ring where `fill` is None."""
        (x, y), r = at, radius
        corners = tuple(v * SCALE for v in (x - r, y - r, x + r, y + r))
        self.draw.ellipse(corners, fill=fill, outline=line, width=_pen(1.1))

    def marker(self, at: Point, radius: float, fill: Color, shape: int) -> None:
        """A point of a series: disc, square, triangle or diamond, chosen by `shape` modulo four."""
        (x, y), r = at, radius
        if shape % 4 == 0:
            self.dot(at, r, fill)
        elif shape % 4 == 1:
            self.rect((x - r, y - r, x + r, y + r), fill)
        elif shape % 4 == 2:
            self.polygon([(x, y - 1.3 * r), (x + 1.2 * r, y + r), (x - 1.2 * r, y + r)], fill)
        else:
            self.polygon([(x, y - 1.4 * r), (x + 1.4 * r, y), (x, y + 1.4 * r), (x - 1.4 * r, y)], fill)

    def text(
        self, at: Point, text: str, size: int = 12, color: Color = BLACK, *, anchor: str = "lm", bold: bool = False
    ) -> None:
        """Text at an anchor of Pillow: first letter l, m or r, second a, m, s or d."""
        self.draw.text(
            (at[0] * SCALE, at[1] * SCALE),
            drawable(text),
            fill=color,
            font=font(size * SCALE),
            anchor=anchor,
            stroke_width=bold_stroke(size) if bold else 0,
        )

    def vertical_text(self, middle: Point, text: str, size: int = 12, color: Color = BLACK) -> None:
        """Text that reads upwards, centred on a point."""
        _, _, right, bottom = font(size * SCALE).getbbox(drawable(text))
        mask = Image.new("L", (int(right) + 4, int(bottom) + 4), 0)
        ImageDraw.Draw(mask).text((0, 0), drawable(text), fill=255, font=font(size * SCALE))
        turned = mask.rotate(90, expand=True)
        corner = (int(middle[0] * SCALE - turned.width / 2), int(middle[1] * SCALE - turned.height / 2))
        self.sheet.paste(color, corner, turned)


def bold_stroke(size: int) -> int:
    """The outline, in fine pixels, that makes letters of this size look bold."""
    return max(1, round(size * SCALE / 26))


def drawable(text: str) -> str:
    """The text with signs that the font lacks replaced by their nearest ASCII."""
    return text.translate(_DRAWABLE)


def text_width(text: str, size: int) -> float:
    """Width of a line of text, in pixels of the finished picture."""
    return float(font(size * SCALE).getlength(drawable(text))) / SCALE


def from_planes(red: Plane, green: Plane, blue: Plane) -> Image.Image:
    """A picture from three (height, width) float planes with values of 0 to 1; what is beyond is cut."""
    stack = np.stack([red, green, blue], axis=-1)
    return Image.fromarray((np.clip(stack, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8), "RGB")


def from_grey(plane: Plane) -> Image.Image:
    """A grey picture, as RGB, from a (height, width) float plane with values of 0 to 1."""
    return from_planes(plane, plane, plane)


def mix(color: Color, other: Color, share: float) -> Color:
    """`color` with a share, 0 to 1, of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(float(x) * SCALE, float(y) * SCALE) for x, y in points]


def _pen(width: float) -> int:
    return max(1, round(width * SCALE))

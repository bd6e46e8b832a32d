"""Compound figures: panels in rows, gutters between them, a letter for each; with the boxes as drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from pipeline.sample.canvas import SCALE, Color, Rng, bold_stroke, font
from pipeline.sample.drawings import PHOTOGRAPHS, paint
from pipeline.sample.scene import Scene

Box = tuple[int, int, int, int]
"""`(x0, y0, x1, y1)`, half-open, in pixels from the top left."""

LetterPlace = Literal["inside", "above", "below", "none"]

_ASPECT = {
    "forest": 1.5,
    "trace": 1.45,
    "blot": 1.35,
    "flow": 1.15,
    "pathway": 1.25,
    "chromatogram": 1.5,
    "plate": 1.0,
    "fluorescence": 1.0,
    "electron": 1.12,
    "gel": 1.25,
    "heatmap": 1.05,
    "roc": 1.05,
    "survival": 1.3,
}
_MAX_HEIGHT_PX = 620
_ROW_RATIO = 1.45


@dataclass(frozen=True, slots=True)
class Layout:
    """How the panels of a figure stand."""

    rows: tuple[int, ...]
    width_px: int
    gutter_px: int
    place: LetterPlace
    letter_px: int


@dataclass(frozen=True, slots=True)
class DrawnPanel:
    """Where a panel came to lie."""

    label: str | None
    box: Box
    """The drawing with its letter; without a letter that stands below it."""
    drawing_box: Box
    """The drawing alone, shrunk to its ink where it stands on white."""
    label_box: Box | None


def panel_aspect(scene: Scene) -> float:
    """Width over height that suits a panel."""
    if scene.kind == "radiograph":
        return (0.92, 0.9, 1.25, 0.75, 1.2)[scene.variant % 5]
    return _ASPECT.get(scene.kind, 1.22)


def compose(
    scenes: Sequence[Scene], marks: Sequence[str | None], streams: Sequence[Rng], layout: Layout
) -> tuple[Image.Image, list[DrawnPanel]]:
    """The figure and its panels; `marks` are the letters as printed, `streams` one generator per panel."""
    cells = place_cells([panel_aspect(s) for s in scenes], layout)
    foot = layout.letter_px + 8 if layout.place == "below" else 0
    size = (max(x1 for _, _, x1, _ in cells) + 2, max(y1 for _, _, _, y1 in cells) + foot + 2)
    sheet = Image.new("RGB", size, (255, 255, 255))
    drawn = [_draw_panel(sheet, *panel, layout) for panel in zip(scenes, marks, streams, cells, strict=True)]
    return sheet, drawn


def place_cells(aspects: Sequence[float], layout: Layout) -> list[Box]:
    """The cell of each panel: rows share the width; a row that would become too high is left ragged."""
    head = layout.letter_px + 6 if layout.place == "above" else 0
    foot = layout.letter_px + 8 if layout.place == "below" else 0
    cells: list[Box] = []
    y, at = 2, 0
    for n, height in zip(layout.rows, _row_heights(aspects, layout), strict=True):
        x = 2
        for aspect in aspects[at : at + n]:
            cells.append((x, y + head, x + int(aspect * height), y + head + height))
            x += int(aspect * height) + layout.gutter_px
        y += head + height + foot + layout.gutter_px
        at += n
    return cells


def _row_heights(aspects: Sequence[float], layout: Layout) -> list[int]:
    """Heights at which rows fill the width, as far as no row is much higher than the lowest."""
    full, at = [], 0
    for n in layout.rows:
        room = layout.width_px - 4 - layout.gutter_px * (n - 1)
        full.append(int(room / sum(aspects[at : at + n])))
        at += n
    limit = min(_MAX_HEIGHT_PX, int(min(full) * _ROW_RATIO))
    return [min(height, limit) for height in full]


def _draw_panel(sheet: Image.Image, scene: Scene, mark: str | None, rng: Rng, cell: Box, layout: Layout) -> DrawnPanel:
    x0, y0, x1, y1 = cell
    is_photo = scene.kind in PHOTOGRAPHS
    # A letter over a plot would stand on its axis: plots leave a strip for it.
    strip = layout.letter_px + 2 if layout.place == "inside" and mark and not is_photo else 0
    art = paint(scene, rng, (x1 - x0, y1 - y0 - strip))
    sheet.paste(art, (x0, y0 + strip))
    drawing = _shifted(_ink_box(art), x0, y0 + strip)
    if mark is None or layout.place == "none":
        return DrawnPanel(None, drawing, drawing, None)
    on_dark = is_photo and layout.place == "inside" and _is_dark(art, layout.letter_px)
    label_box = _draw_letter(sheet, mark, cell, layout, is_photo, (255, 255, 255) if on_dark else (0, 0, 0))
    box = drawing if layout.place == "below" else _union(drawing, label_box)
    return DrawnPanel(mark, box, drawing, label_box)


def _draw_letter(sheet: Image.Image, mark: str, cell: Box, layout: Layout, is_photo: bool, color: Color) -> Box:
    x0, y0, x1, y1 = cell
    size = layout.letter_px
    letter = _letter(mark, size)
    if layout.place == "inside":
        pad = max(5, size // 3) if is_photo else 0
        corner = (x0 + pad, y0 + pad)
    elif layout.place == "above":
        corner = (x0, y0 - letter.height - 4)
    else:
        corner = ((x0 + x1 - letter.width) // 2, y1 + 5)
    sheet.paste(color, corner, letter)
    return (corner[0], corner[1], corner[0] + letter.width, corner[1] + letter.height)


def _letter(mark: str, size: int) -> Image.Image:
    """A bold letter as a mask cut to its ink, drawn fine and reduced."""
    stroke = bold_stroke(size)
    mask = Image.new("L", (int(size * SCALE * (len(mark) + 1)), size * SCALE * 2), 0)
    ImageDraw.Draw(mask).text((6, 6), mark, fill=255, font=font(size * SCALE), stroke_width=stroke)
    small = mask.reduce(SCALE)
    return small.crop(small.getbbox() or (0, 0, 1, 1))


def _is_dark(art: Image.Image, size: int) -> bool:
    corner = art.crop((0, 0, max(8, size * 2), max(8, size * 2))).convert("L")
    return float(np.asarray(corner).mean()) < 150


def _ink_box(art: Image.Image) -> Box:
    """The box around everything that is not white."""
    difference = ImageChops.difference(art, Image.new("RGB", art.size, (255, 255, 255))).convert("L")
    return difference.point(lambda v: 255 if v > 12 else 0).getbbox() or (0, 0, art.width, art.height)


def _shifted(box: Box, dx: int, dy: int) -> Box:
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def choose_rows(n: int, rng: Rng) -> tuple[int, ...]:
    """How `n` panels are shared out over rows, ragged ones among the choices."""
    choices: dict[int, list[tuple[int, ...]]] = {
        1: [(1,)],
        2: [(2,), (2,), (1, 1)],
        3: [(3,), (2, 1), (1, 2)],
        4: [(2, 2), (4,), (3, 1), (1, 3)],
        5: [(3, 2), (2, 3)],
        6: [(3, 3), (2, 2, 2), (2, 4)],
        7: [(3, 4), (3, 2, 2)],
        8: [(4, 4), (3, 3, 2)],
        9: [(3, 3, 3), (4, 5)],
    }
    options = choices[n]
    return options[int(rng.integers(len(options)))]

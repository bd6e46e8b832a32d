"""Panels: how a cell of a layout is filled with pictures, plots and a letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.sample.canvas import Rng
from pipeline.split.boxes import Box
from pipeline.split.synthetic.layouts import draw_cells, place
from pipeline.split.synthetic.marks import Letter, MarkStyle, mark_size, print_mark
from pipeline.split.synthetic.tiles import Tile

_INK = 12
"""Difference from white that counts as ink."""

_MOST_SQUASH = 1.25
"""A plot is stretched by no more than this to fill its cell."""

_LEAST_ART_PX = 24


@dataclass(frozen=True, slots=True)
class FilledPanel:
    """What came to stand in a cell."""

    box: Box
    """Its drawings, with the letter where that stands in or beside them."""
    letter: Letter | None


def fill_panel(
    sheet: Image.Image, cell: Box, tiles: Sequence[Tile], style: MarkStyle | None, number: int, rng: Rng
) -> FilledPanel:
    """Draws the tiles into a cell, several of them as a montage, and the letter with this number."""
    if style is None:
        return FilledPanel(_fill(sheet, cell, tiles, rng), None)
    text = style.text(number)
    width, height = mark_size(style, text)
    art_cell, is_inside = _room_for_art(cell, (width, height), tiles[0].is_photo, style, rng)
    art = _fill(sheet, art_cell, tiles, rng)
    letter = print_mark(sheet, style, text, _corner(art if is_inside else cell, art, (width, height), style))
    if style.place == "below":
        return FilledPanel(art, letter)
    return FilledPanel(union(art, letter.mark_box), letter)


def union(one: Box, other: Box) -> Box:
    """The smallest box around both."""
    return Box(min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1))


def _room_for_art(cell: Box, mark: tuple[int, int], is_photo: bool, style: MarkStyle, rng: Rng) -> tuple[Box, bool]:
    """The part of the cell that the art takes, and whether the letter is printed over the art."""
    width, height = mark
    is_inside = bool(rng.random() < (0.75 if is_photo else 0.2)) and style.place != "below"
    if is_inside:
        return cell, True
    room = height + max(3, height // 3)
    if style.place in ("below", "bottom left", "bottom right"):
        return _shrunk(cell, bottom=room), False
    if rng.random() < 0.3:
        side = width + max(3, width // 3)
        return (_shrunk(cell, left=side) if style.place == "top left" else _shrunk(cell, right=side)), False
    return _shrunk(cell, top=room), False


def _shrunk(cell: Box, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0) -> Box:
    """The cell without a strip at one side, as far as some room is left for the art."""
    x0, y0 = min(cell.x0 + left, cell.x1 - _LEAST_ART_PX), min(cell.y0 + top, cell.y1 - _LEAST_ART_PX)
    x1, y1 = max(cell.x1 - right, cell.x0 + _LEAST_ART_PX), max(cell.y1 - bottom, cell.y0 + _LEAST_ART_PX)
    return Box(max(cell.x0, x0), max(cell.y0, y0), min(cell.x1, x1), min(cell.y1, y1))


def _corner(frame: Box, art: Box, mark: tuple[int, int], style: MarkStyle) -> tuple[int, int]:
    """Where the mark's top left comes to stand."""
    width, height = mark
    pad = max(2, style.size_px // 5) if frame == art else 0
    if style.place == "below":
        return (art.x0 + art.x1 - width) // 2, art.y1 + max(2, height // 4)
    x = frame.x0 + pad if "left" in style.place else frame.x1 - width - pad
    y = frame.y0 + pad if "top" in style.place else frame.y1 - height - pad
    return max(0, x), max(0, y)


def _fill(sheet: Image.Image, cell: Box, tiles: Sequence[Tile], rng: Rng) -> Box:
    """Draws one tile, or several as a montage; the box around all that was drawn."""
    if len(tiles) == 1:
        return _draw(sheet, cell, tiles[0], rng)
    gap = int(rng.choice([0, 1, 2, 3, 5, 8])) if tiles[0].is_photo else int(rng.integers(2, 14))
    places = place(draw_cells(len(tiles), rng), cell, gap, rng)
    if min(min(box.width, box.height) for box in places) < _LEAST_ART_PX:
        return _draw(sheet, cell, tiles[0], rng)
    boxes = [_draw(sheet, box, tile, rng) for box, tile in zip(places, tiles, strict=True)]
    whole = boxes[0]
    for box in boxes[1:]:
        whole = union(whole, box)
    return whole


def _draw(sheet: Image.Image, cell: Box, tile: Tile, rng: Rng) -> Box:
    if tile.is_photo:
        return _draw_photo(sheet, cell, tile.pixels, rng)
    return _draw_plot(sheet, cell, tile.pixels, rng)


def _draw_photo(sheet: Image.Image, cell: Box, pixels: NDArray[np.uint8], rng: Rng) -> Box:
    """A part of a picture that fills the cell, sometimes with an arrow, a scale bar or an inset."""
    height, width = pixels.shape[:2]
    aspect = cell.width / cell.height
    crop_width = min(width, height * aspect) * rng.uniform(0.6, 1.0)
    crop_height = crop_width / aspect
    x, y = rng.uniform(0, width - crop_width), rng.uniform(0, max(0.0, height - crop_height))
    art = Image.fromarray(pixels).resize(
        (cell.width, cell.height), Image.Resampling.BILINEAR, (x, y, x + crop_width, min(height, y + crop_height))
    )
    _decorate(art, rng)
    sheet.paste(art, (cell.x0, cell.y0))
    return cell


def _decorate(art: Image.Image, rng: Rng) -> None:
    width, height = art.size
    draw = ImageDraw.Draw(art)
    ink = (255, 255, 255) if rng.random() < 0.7 else (0, 0, 0)
    if rng.random() < 0.25:
        length, thick = width * rng.uniform(0.1, 0.3), max(1.0, height * 0.012)
        draw.rectangle((width * 0.93 - length, height * 0.92, width * 0.93, height * 0.92 + thick), fill=ink)
    if rng.random() < 0.2:
        x, y, r = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8), max(3.0, width * 0.02)
        draw.polygon([(x, y), (x + 2 * r, y + r), (x + r, y + 2 * r)], fill=ink)
    if rng.random() < 0.06 and min(width, height) > 80:
        inset = art.resize((width // 3, height // 3), box=(0, 0, width // 4, height // 4))
        art.paste(inset, (width - width // 3 - 2, height - height // 3 - 2))
        draw.rectangle((width - width // 3 - 3, height - height // 3 - 3, width - 1, height - 1), outline=ink)


def _draw_plot(sheet: Image.Image, cell: Box, pixels: NDArray[np.uint8], rng: Rng) -> Box:
    """A plot, stretched a little to fit; the box around its ink."""
    height, width = pixels.shape[:2]
    scale_x, scale_y = cell.width / width, cell.height / height
    small = min(scale_x, scale_y)
    size = int(min(scale_x, small * _MOST_SQUASH) * width), int(min(scale_y, small * _MOST_SQUASH) * height)
    art = Image.fromarray(pixels).resize((max(1, size[0]), max(1, size[1])), Image.Resampling.BILINEAR)
    share = rng.choice([0.0, 0.5])
    x, y = cell.x0 + int((cell.width - art.width) * share), cell.y0 + int((cell.height - art.height) * share)
    sheet.paste(art, (x, y))
    return _ink_box(np.asarray(art), x, y)


def _ink_box(pixels: NDArray[np.uint8], x: int, y: int) -> Box:
    """The box around what is not white, moved by `x` and `y`; the whole where nothing is."""
    ink: NDArray[np.bool_] = np.any(pixels < 255 - _INK, axis=2)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return Box(x, y, x + pixels.shape[1], y + pixels.shape[0])
    return Box(x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]) + 1, y + int(rows[-1]) + 1)

"""Synthetic figures: a layout filled with tiles, letters and what else stands on a figure, then worn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from pipeline.sample.canvas import Color, Rng
from pipeline.split.boxes import Box
from pipeline.split.synthetic.fonts import load_font
from pipeline.split.synthetic.layouts import Cell, draw_cells, draw_count, draw_gap, place
from pipeline.split.synthetic.marks import Letter, MarkStyle, draw_style
from pipeline.split.synthetic.panels import FilledPanel, fill_panel
from pipeline.split.synthetic.tiles import Tile, Tiles, choose_tiles
from pipeline.split.synthetic.wear import scaled_box, scaled_letter, worn

_SINGLE_SHARE = 0.37
_UNLETTERED_SHARE = 0.15
_MONTAGE_SHARE = 0.25
"""Share of lettered figures in which a letter may cover several pictures."""

_DARK_SHARE = 0.1
_FURNITURE_SHARE = 0.15
_SIDES_PX = (480, 1250)
_WORDS = (
    "Control",
    "Treated",
    "Day 7",
    "Merge",
    "DAPI",
    "n = 12",
    "24 h",
    "WT",
    "KO",
    "p < 0.05",
    "Vehicle",
    "T1",
    "x40",
)


@dataclass(frozen=True, slots=True)
class SyntheticFigure:
    """A figure whose panels and letters are known."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) uint8 RGB."""
    panels: tuple[Box, ...]
    letters: tuple[Letter | None, ...]
    """The letter of each panel; None where none is printed."""


def draw_figure(tiles: Tiles, rng: Rng, most_side_px: int = 1250) -> SyntheticFigure:
    """A figure, scaled down so that its longer side is at most `most_side_px`."""
    shares = draw_layout(rng)
    n = len(shares)
    chosen = choose_tiles(tiles, n * 8, rng)
    size = _draw_size(shares, rng)
    style = draw_style(rng, max(size)) if n > 1 and rng.random() > _UNLETTERED_SHARE else None
    sheet = Image.new("RGB", size, _ground(chosen[:n], rng))
    gap = _gap(chosen[:n], style, max(size), rng)
    cells = place(shares, _furnish(sheet, n, rng), gap, rng)
    montage = style is not None and rng.random() < _MONTAGE_SHARE
    filled = [
        fill_panel(sheet, cell, _content(chosen[k::n], montage, rng), style, k, rng) for k, cell in enumerate(cells)
    ]
    return _printed(sheet, filled, most_side_px, rng)


def draw_layout(rng: Rng) -> list[Cell]:
    """The cells of a figure: what is drawn first, so that a seed alone tells the layout."""
    return draw_cells(1 if rng.random() < _SINGLE_SHARE else draw_count(rng), rng)


def _printed(sheet: Image.Image, filled: list[FilledPanel], most_side_px: int, rng: Rng) -> SyntheticFigure:
    """The figure cut to what stands on it, scaled and worn."""
    cut = _used(sheet, int(rng.choice([0, 1, 3, 8, 20])))
    sheet = sheet.crop((cut.x0, cut.y0, cut.x1, cut.y1))
    scale = min(1.0, most_side_px / max(sheet.size), float(rng.uniform(0.7, 1.3)))
    final = max(1, round(sheet.width * scale)), max(1, round(sheet.height * scale))
    picture = worn(sheet if scale == 1.0 else sheet.resize(final, Image.Resampling.HAMMING, reducing_gap=2.0), rng)
    return SyntheticFigure(
        np.asarray(picture),
        tuple(scaled_box(_moved(panel.box, cut), scale, final) for panel in filled),
        tuple(panel.letter and _moved_letter(panel.letter, cut, scale, final) for panel in filled),
    )


def _used(sheet: Image.Image, margin: int) -> Box:
    """The part of the sheet that holds anything, with a margin."""
    ground = Image.new("RGB", sheet.size, sheet.getpixel((0, 0)))
    x0, y0, x1, y1 = ImageChops.difference(sheet, ground).getbbox() or (0, 0, *sheet.size)
    return Box(max(0, x0 - margin), max(0, y0 - margin), min(sheet.width, x1 + margin), min(sheet.height, y1 + margin))


def _moved(box: Box, cut: Box) -> Box:
    return Box(box.x0 - cut.x0, box.y0 - cut.y0, box.x1 - cut.x0, box.y1 - cut.y0)


def _moved_letter(letter: Letter, cut: Box, scale: float, size: tuple[int, int]) -> Letter:
    moved = replace(letter, box=_moved(letter.box, cut), mark_box=_moved(letter.mark_box, cut))
    return scaled_letter(moved, scale, size)


def _draw_size(cells: list[Cell], rng: Rng) -> tuple[int, int]:
    """Width and height at which most cells are a little wider than high; figures with many panels are larger."""
    low, high = _SIDES_PX
    side = int(rng.integers(low, high) * (1.0 if len(cells) < 5 else 1.2))
    across = float(np.median([(x1 - x0) / (y1 - y0) for x0, y0, x1, y1 in cells]))
    aspect = float(np.clip(np.exp(rng.normal(0.15, 0.3)) / across, 0.33, 3.0))
    return (side, max(160, int(side / aspect))) if aspect >= 1 else (max(160, int(side * aspect)), side)


def _ground(tiles: list[Tile], rng: Rng) -> Color:
    """White; under pictures sometimes black or grey."""
    kind = rng.random()
    if kind > _DARK_SHARE * 2 or not all(tile.is_photo for tile in tiles):
        return (255, 255, 255)
    grey = 0 if kind < _DARK_SHARE * 1.6 else int(rng.integers(200, 255))
    return (grey, grey, grey)


def _gap(tiles: list[Tile], style: MarkStyle | None, side_px: int, rng: Rng) -> int:
    """Plots need some white between them where nothing else parts them."""
    gap = draw_gap(rng, side_px)
    if style is not None and style.place == "below":
        return max(gap, 4)
    return gap if all(tile.is_photo for tile in tiles) else max(gap, int(rng.integers(-2, 10)))


def _content(tiles: list[Tile], is_montage: bool, rng: Rng) -> list[Tile]:
    """One tile, or the two to six of a montage."""
    if not is_montage or rng.random() < 0.4:
        return tiles[:1]
    n = int(rng.integers(2, 7))
    same = [tile for tile in tiles if tile.is_photo == tiles[0].is_photo]
    return same[:n] if tiles[0].is_photo else same[: min(n, 4)]


def _furnish(sheet: Image.Image, n: int, rng: Rng) -> Box:
    """Prints a header or a shared legend on some figures; the area that is left for panels."""
    width, height = sheet.size
    margin = int(rng.choice([0, 0, 2, 6, 14]))
    area = Box(margin, margin, width - margin, height - margin)
    if n == 1 or rng.random() > _FURNITURE_SHARE:
        return area
    size = max(10, width // 45)
    ink = (20, 20, 20) if sum(sheet.getpixel((0, 0))) > 384 else (235, 235, 235)  # type: ignore[arg-type]
    strip = 2 * size
    is_top = rng.random() < 0.5
    y = margin + size // 2 if is_top else height - margin - strip + size // 2
    draw = ImageDraw.Draw(sheet)
    for k in range(n_words := int(rng.integers(1, 5))):
        x = area.x0 + (k + 0.3) * area.width / n_words
        draw.text((x, y), str(rng.choice(_WORDS)), fill=ink, font=load_font(3, size))
        if not is_top:
            draw.rectangle((x - 1.2 * size, y, x - 0.4 * size, y + 0.8 * size), fill=(60 * k + 15, 110, 200 - 40 * k))
    return (
        Box(area.x0, area.y0 + strip, area.x1, area.y1) if is_top else Box(area.x0, area.y0, area.x1, area.y1 - strip)
    )

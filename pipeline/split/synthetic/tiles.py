"""Tiles: pictures and plots that synthetic panels are filled with, drawn once and kept as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.images import ImageError, decode
from pipeline.sample.canvas import Rng
from pipeline.sample.compound import panel_aspect
from pipeline.sample.drawings import PHOTOGRAPHS, paint
from pipeline.sample.study import draft_figure, make_study

_HEIGHT_PX = (200, 420)
_REAL_SIDE_PX = 700
_MAX_PIXELS = 50_000_000
_PHOTO_SPREAD = 25.0
"""A picture whose border is darker or livelier than this (standard deviation) fills its panel to the edge."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture for a panel."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) uint8 RGB."""
    kind: str
    """What it shows; tiles of one kind look alike."""
    is_photo: bool
    """It fills its panel to the edge; the others stand on white."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """A pool of tiles."""

    photos: tuple[Tile, ...]
    plots: tuple[Tile, ...]

    def of_kind(self, kind: str) -> tuple[Tile, ...]:
        """Tiles of one kind."""
        return tuple(tile for tile in (*self.photos, *self.plots) if tile.kind == kind)


def draw_tiles(n: int, seed: int, real: Iterable[Tile] = ()) -> Tiles:
    """A pool of `n` drawn tiles, about 40 ms each, and those of `real`."""
    found = [*real]
    for tile in _drawn(seed):
        found.append(tile)
        n -= 1
        if n <= 0:
            break
    photos = tuple(tile for tile in found if tile.is_photo)
    return Tiles(photos, tuple(tile for tile in found if not tile.is_photo))


def read_tiles(paths: Iterable[Path]) -> Iterator[Tile]:
    """Real single figures as tiles, scaled down to 700 px; files that are no pictures are passed over."""
    for path in paths:
        try:
            pixels = decode(path.read_bytes(), _MAX_PIXELS)
        except ImageError:
            continue
        image = Image.fromarray(pixels)
        image.thumbnail((_REAL_SIDE_PX, _REAL_SIDE_PX))
        if min(image.size) >= 64:
            small = np.asarray(image)
            yield Tile(small, f"real-{path.stem}", _fills_its_frame(small))


def _drawn(seed: int) -> Iterator[Tile]:
    """Panels of invented studies, without end."""
    index = 0
    while True:
        study = make_study(seed, index)
        rng = study.stream(77)
        for number in range(len(study.figures)):
            for scene in draft_figure(study, number).scenes:
                height = int(rng.integers(*_HEIGHT_PX))
                width = int(height * panel_aspect(scene) * rng.uniform(0.8, 1.25))
                yield Tile(np.asarray(paint(scene, rng, (width, height))), scene.kind, scene.kind in PHOTOGRAPHS)
        index += 1


def _fills_its_frame(pixels: NDArray[np.uint8]) -> bool:
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.float32)
    return bool(border.mean() < 200 or border.std() > _PHOTO_SPREAD)


def choose_tiles(tiles: Tiles, n: int, rng: Rng) -> list[Tile]:
    """`n` tiles for one figure: all pictures, all plots or mixed, and often all of one kind."""
    style = rng.random()
    pool = tiles.photos if style < 0.45 else tiles.plots if style < 0.75 else (*tiles.photos, *tiles.plots)
    if rng.random() < 0.4:
        pool = tiles.of_kind(pool[int(rng.integers(len(pool)))].kind)
    return [pool[int(i)] for i in rng.integers(0, len(pool), n)]

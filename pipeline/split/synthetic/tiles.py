"""Tiles: pictures and plots that synthetic panels are filled with, drawn once and kept as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
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
_REAL_SHARE = 0.4
"""Share of figures made of real tiles, where there are any."""

_ALIKE_SHARE = 0.4
"""Share of figures whose panels all show the same kind of thing."""

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

    drawn: tuple[Tile, ...]
    real: tuple[Tile, ...] = ()

    def like(self, *, is_real: bool, is_photo: bool | None) -> tuple[Tile, ...]:
        """Tiles of one source, and of one sort unless that is None; drawn ones where there are no such real ones."""
        for pool in (self.real, self.drawn) if is_real else (self.drawn,):
            if found := tuple(tile for tile in pool if is_photo in (None, tile.is_photo)):
                return found
        return self.drawn


def draw_tiles(n: int, seed: int) -> tuple[Tile, ...]:
    """`n` drawn tiles; each takes about 20 ms."""
    return tuple(islice(_drawn(seed), n))


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
    style, is_real = rng.random(), bool(rng.random() < _REAL_SHARE)
    pool = tiles.like(is_real=is_real, is_photo=True if style < 0.45 else False if style < 0.75 else None)
    if rng.random() < _ALIKE_SHARE:
        kind = pool[int(rng.integers(len(pool)))].kind
        pool = tuple(tile for tile in pool if tile.kind == kind)
    return [pool[int(i)] for i in rng.integers(0, len(pool), n)]

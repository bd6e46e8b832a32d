"""Training data: synthetic figures drawn once, kept as JPEG in memory, and varied each time they are seen."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.images import decode
from pipeline.sample.canvas import Rng
from pipeline.split.boxes import Box
from pipeline.split.score_panels import box_of
from pipeline.split.synthetic.figure import SyntheticFigure, draw_figure
from pipeline.split.synthetic.tiles import Tiles, draw_tiles, read_tiles

PANEL, LETTER = 0, 1
_INVERTED_SHARE = 0.03
_MAX_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class Example:
    """A figure to learn from."""

    jpeg: bytes
    boxes: NDArray[np.float32]
    """(N, 4) x0, y0, x1, y1 in px."""
    classes: NDArray[np.int64]
    """(N,) PANEL or LETTER."""


def make_tiles(n: int, seed: int, corpus: Path | None) -> Tiles:
    """`n` drawn tiles, and the single figures of the corpus's training half where there is a corpus."""
    return Tiles(draw_tiles(n, seed), tuple(read_tiles(training_singles(corpus))) if corpus else ())


@dataclass(frozen=True, slots=True)
class KnownFigure:
    """A figure whose panels are known."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) uint8 RGB."""
    panels: tuple[Box, ...]


def training_singles(corpus: Path) -> Iterator[Path]:
    """Image files of the single figures of those articles that nothing is scored on."""
    return (path for path, figure in _training_lines(corpus) if not figure["compound"])


def training_figures(corpus: Path) -> Iterator[KnownFigure]:
    """All figures with known panels of those articles that nothing is scored on."""
    for path, figure in _training_lines(corpus):
        yield KnownFigure(decode(path.read_bytes(), _MAX_PIXELS), tuple(box_of(panel) for panel in figure["panels"]))


def _training_lines(corpus: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    places = {(path.parent.name.split(".")[0], path.name): path for path in sorted(corpus.rglob("PMC*/*.*"))}
    for line in (corpus / "panels.jsonl").read_text(encoding="utf-8").splitlines():
        figure = json.loads(line)
        place = places.get((figure["pmcid"], figure["file"]))
        if place and not is_held_out(figure["pmcid"]):
            yield place, figure


def is_held_out(pmcid: str) -> bool:
    """Whether an article belongs to the half on which panels are scored and never fitted."""
    return int(hashlib.md5(pmcid.encode()).hexdigest(), 16) % 2 == 1


def make_examples(tiles: Tiles, n: int, seed: int, side: int) -> list[Example]:
    """`n` figures no larger than `side` px."""
    return [_example(draw_figure(tiles, np.random.default_rng([seed, number]), side)) for number in range(n)]


def _example(figure: SyntheticFigure) -> Example:
    buffer = io.BytesIO()
    Image.fromarray(figure.pixels).save(buffer, "JPEG", quality=90)
    letters = [letter.mark_box for letter in figure.letters if letter]
    boxes = np.array([_corners(box) for box in (*figure.panels, *letters)], np.float32)
    classes = np.array([PANEL] * len(figure.panels) + [LETTER] * len(letters), np.int64)
    return Example(buffer.getvalue(), boxes, classes)


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.x0, box.y0, box.x1, box.y1


def varied(example: Example, side: int, rng: Rng) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The figure somewhere on a square of `side` px, a little smaller, darker or turned around, and its boxes.

    Returns:
        (side, side, 3) uint8 RGB and (N, 4) float px.
    """
    image, boxes = Image.open(io.BytesIO(example.jpeg)), example.boxes.copy()
    scale = side / max(image.size) * float(rng.choice([1.0, rng.uniform(0.75, 1.0)]))
    scale = min(scale, 1.3)
    size = max(1, int(image.width * scale)), max(1, int(image.height * scale))
    pixels = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    boxes *= scale
    if (example.classes == PANEL).all() and rng.random() < 0.5:  # letters cannot be read in a mirror
        pixels, boxes = pixels[:, ::-1], _mirrored(boxes, size[0])
    x, y = int(rng.integers(0, side - size[0] + 1)), int(rng.integers(0, side - size[1] + 1))
    square = np.full((side, side, 3), 255, np.uint8)
    square[y : y + size[1], x : x + size[0]] = _relit(pixels, rng)
    return square, boxes + np.array([x, y, x, y], np.float32)


def _mirrored(boxes: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)


def _relit(pixels: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    """Other contrast and channels."""
    if rng.random() < _INVERTED_SHARE:
        pixels = 255 - pixels
    if rng.random() < 0.3:
        pixels = pixels[:, :, rng.permutation(3)]
    low, high = rng.uniform(0, 25), rng.uniform(235, 255)
    table = np.clip(low + np.arange(256) * (high - low) / 255 if rng.random() < 0.4 else np.arange(256), 0, 255)
    return table.astype(np.uint8)[pixels]

"""Cross-modal retrieval, exact at any number of pairs: ranks are counted tile by tile, no N x N matrix is held.

The rank of a picture's text is the number of texts that are more similar, and of equal ones that come earlier; so it is
the place that a stable sort would give it. Similarities are float32 products of unit vectors.

Of copies: where several pairs share a text (or picture), the strict figure wants the very pair; the duplicate-aware one
takes any text that belongs to the same cluster of pictures or texts, and counts only texts outside of it as better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.train.evaluate.bootstrap import share_interval
from pipeline.train.evaluate.results import Metrics

ROWS, COLUMNS = 4096, 32_768
"""Size of a tile: half a gigabyte of float32, and as much again while it is compared."""

Ks = (1, 5, 10)


class Ranks(NamedTuple):
    """The rank of each pair, 0 for the best."""

    image_to_text: Tensor
    """(N,) int64, of the own text among all texts."""
    text_to_image: Tensor
    """(N,) int64, of the own picture among all pictures."""


class FirstHits(NamedTuple):
    """Share of pairs that rank first."""

    image_to_text: float
    text_to_image: float


@dataclass(frozen=True, slots=True)
class Direction:
    """Figures of one direction."""

    recall: dict[int, float]
    """Share of queries whose target is among the first k."""
    median_rank: float
    """Counted from 1."""


@torch.no_grad()
def ranks(
    images: Tensor, texts: Tensor, groups: Tensor | None = None, *, rows: int = ROWS, columns: int = COLUMNS
) -> Ranks:
    """The exact rank of each pair in both directions.

    Args:
        images: (N, E) float32 unit vectors.
        texts: (N, E) float32 unit vectors; row i belongs to picture i.
        groups: (N,) int64; pairs of one group are right for each other. None: each pair is its own group.
        rows: pictures in a tile.
        columns: texts in a tile.
    """
    n, device = len(images), images.device
    tiles = _Tiles(images, texts, None if groups is None else groups.to(device), rows, columns)
    to_text, to_image = _targets(tiles, n, device)
    worse_texts, worse_images = (torch.zeros(n, dtype=torch.int64, device=device) for _ in range(2))
    for tile in tiles:
        worse_texts[tile.rows] += _better(tile, to_text[tile.rows, None]).sum(1)
        worse_images[tile.columns] += _better(tile, to_image[None, tile.columns], earlier_rows=True).sum(0)
    return Ranks(worse_texts, worse_images)


class _Tile(NamedTuple):
    rows: slice
    columns: slice
    similarity: Tensor
    same: Tensor | None
    """(rows, columns) bool: of one group. None where each pair is its own: it then costs as much as the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tiles:
    images: Tensor
    texts: Tensor
    groups: Tensor | None
    n_rows: int
    n_columns: int

    def __iter__(self) -> Iterator[_Tile]:
        for row in range(0, len(self.images), self.n_rows):
            for column in range(0, len(self.texts), self.n_columns):
                yield self.tile(row, column)

    def tile(self, row: int, column: int) -> _Tile:
        rows, columns = slice(row, row + self.n_rows), slice(column, column + self.n_columns)
        similarity = self.images[rows].float() @ self.texts[columns].float().T
        same = None if self.groups is None else self.groups[rows, None] == self.groups[None, columns]
        return _Tile(rows, columns, similarity, same)

    def diagonal(self) -> Iterator[_Tile]:
        """The tiles that hold a pair's own picture and text."""
        n = len(self.images)
        for row in range(0, n, self.n_rows):
            last = min(row + self.n_rows, n) - 1
            for number in range(row // self.n_columns, last // self.n_columns + 1):
                yield self.tile(row, number * self.n_columns)


def _targets(tiles: _Tiles, n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """What each query's best right answer scores.

    Taken from the very tiles that ranks are counted in: another product would round otherwise, and then miss itself.
    """
    to_text, to_image = (torch.full((n,), -torch.inf, device=device) for _ in range(2))
    for tile in tiles.diagonal() if tiles.groups is None else tiles:
        row, column = _places(tile)
        right = tile.similarity.masked_fill((row != column) if tile.same is None else ~tile.same, -torch.inf)
        to_text[tile.rows] = torch.maximum(to_text[tile.rows], right.amax(1))
        to_image[tile.columns] = torch.maximum(to_image[tile.columns], right.amax(0))
    return to_text, to_image


def _places(tile: _Tile) -> tuple[Tensor, Tensor]:
    """The numbers of a tile's pictures (rows, 1) and texts (1, columns)."""
    n_rows, n_columns = tile.similarity.shape
    device = tile.similarity.device
    row = torch.arange(tile.rows.start, tile.rows.start + n_rows, device=device, dtype=torch.int32)
    column = torch.arange(tile.columns.start, tile.columns.start + n_columns, device=device, dtype=torch.int32)
    return row[:, None], column[None]


def _better(tile: _Tile, target: Tensor, *, earlier_rows: bool = False) -> Tensor:
    """Where a tile holds wrong answers that come before the right one: (rows, columns) bool."""
    row, column = _places(tile)
    earlier = row < column if earlier_rows else column < row
    better = (tile.similarity > target) | ((tile.similarity == target) & earlier)
    return better if tile.same is None else better & ~tile.same


def direction(found: Tensor) -> Direction:
    """The figures of one direction's ranks (N,)."""
    recall = {k: float((found < k).double().mean()) for k in Ks}
    ordered = found.sort().values
    middle = ordered[(len(found) - 1) // 2] + ordered[len(found) // 2]
    return Direction(recall, float(middle) / 2 + 1)


def first_hits(images: Tensor, texts: Tensor) -> FirstHits:
    """R@1 of both directions."""
    found = ranks(images, texts)
    return FirstHits(*(direction(side).recall[1] for side in found))


def retrieval_metrics(images: Tensor, texts: Tensor, groups: Tensor | None = None) -> Metrics:
    """R@1, 5, 10 and median rank, both ways, with 95 % intervals; with groups, also where copies count as right.

    In CLIP_benchmark's words: `text_retrieval` is given a picture, `image_retrieval` a text.
    """
    metrics: Metrics = {"n": len(images)}
    for found, suffix in ((None, ""), (groups, "_copies_count")):
        if suffix and found is None:
            continue
        both = ranks(images, texts, found)
        for name, side in (("text_retrieval", both.image_to_text), ("image_retrieval", both.text_to_image)):
            figures = direction(side)
            for k, share in figures.recall.items():
                metrics[f"{name}_recall@{k}{suffix}"] = share
                metrics[f"{name}_recall@{k}{suffix}_ci95"] = share_interval(share, len(images))
            metrics[f"{name}_median_rank{suffix}"] = figures.median_rank
    return metrics

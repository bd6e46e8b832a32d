"""Pictures and texts as vectors, of shards, of data sets and of prompts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.train.data import Batch
from pipeline.train.export import load_model
from pipeline.train.group import ALONE, pick_device
from pipeline.train.model import Clip
from pipeline.train.pictures import Pixels
from pipeline.train.prepare import SampleTable, prepare
from pipeline.train.presets import Recipe
from pipeline.train.shards import find_shards
from pipeline.train.step import Stepper
from pipeline.train.tokens import CaptionTokenizer
from pipeline.train.validate import Validation

_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The pairs of a split as vectors."""

    images: Tensor
    """(N, E) float32 unit vectors, on the device."""
    texts: Tensor
    keys: list[str]
    groups: Tensor
    """(N,) int64: pairs with one number are copies of each other in picture or text."""


class Encoder:
    """A model that is ready to encode.

    Args:
        place: a run or an exported folder.
        precision: `fp32`, or `bf16` for speed.
    """

    def __init__(self, place: Path, precision: str = "fp32") -> None:
        model, self.tokenizer = load_model(place)
        self.device = pick_device()
        self.model: Clip = model.to(self.device)
        self.recipe = Recipe(model.config, precision=precision, text_dropout=0.0, micro_batch=_BATCH)
        self._stepper = Stepper(self.model, self.recipe, ALONE, self.device)

    @property
    def image_size(self) -> int:
        """Side of the pictures in px."""
        return self.model.config.vision.image_size

    def images(self, pictures: Iterable[Pixels]) -> Tensor:
        """Unit vectors (N, E) of squares (S, S, 3) uint8, on the CPU."""
        found, waiting = [], []
        for picture in pictures:
            waiting.append(picture)
            if len(waiting) == _BATCH:
                found.append(self._images(waiting))
                waiting = []
        if waiting:
            found.append(self._images(waiting))
        return torch.cat(found)

    @torch.no_grad()
    def _images(self, pictures: Sequence[Pixels]) -> Tensor:
        batch = torch.from_numpy(np.stack(pictures)).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            return self.model.encode_images(batch).cpu()

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors (N, E), on the CPU."""
        side = self.image_size
        blank = torch.zeros(1, side, side, 3, dtype=torch.uint8, device=self.device)
        ids = [torch.from_numpy(row.astype(np.int64)) for row in self.tokenizer.encode(texts)]
        return self._stepper.encode(Batch(blank, ids, [])).texts.cpu()


def encode_split(encoder: Encoder, shards: Path, split: str, prepared: Path, n_workers: int, most: int | None) -> Pairs:
    """The pairs of a split, in the order in which they lie.

    Raises:
        ShardError: there are none, or none can be used.
    """
    tables = _tables(encoder.tokenizer, shards, split, prepared, n_workers)
    pairs = Validation(tables, encoder.recipe, most, n_workers)
    features, bad = pairs.features(encoder.model, encoder.device)
    columns = {name: _column(tables, name)[: pairs.n] for name in ("key", "image_cluster", "text_cluster")}
    keys = [str(key) for key in columns["key"]]
    kept = torch.tensor([key not in set(bad) for key in keys])
    groups = clusters(columns["image_cluster"], columns["text_cluster"])
    return Pairs(
        features.images[kept.to(encoder.device)],
        features.texts[kept.to(encoder.device)],
        [key for key, keep in zip(keys, kept.tolist(), strict=True) if keep],
        torch.from_numpy(groups)[kept],
    )


def _tables(
    tokenizer: CaptionTokenizer, shards: Path, split: str, prepared: Path, n_workers: int
) -> list[tuple[Path, Path]]:
    return prepare(find_shards(shards, split), tokenizer, prepared, n_workers).tables


def _column(tables: Sequence[tuple[Path, Path]], name: str) -> list[str | None]:
    return [value for table in tables for value in SampleTable(*table).column(name)]


def clusters(images: Sequence[str | None], texts: Sequence[str | None]) -> NDArray[np.int64]:
    """One number for pairs that are linked by a shared cluster of pictures or of texts: (N,) int64."""
    parent = list(range(len(images)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for names in (images, texts):
        first: dict[str, int] = {}
        for i, name in enumerate(names):
            if name is not None:
                parent[root(i)] = root(first.setdefault(name, i))
    return np.array([root(i) for i in range(len(parent))], np.int64)

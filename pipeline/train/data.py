"""The loader: places become pictures and tokens, in worker processes, in an order that does not depend on how many."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from pipeline.train.group import ALONE, Group
from pipeline.train.order import Order, uniforms
from pipeline.train.pictures import N_DRAWS, Cropper, PictureError, Pixels, evaluation_square
from pipeline.train.prepare import SampleTable

CHUNK = 64
"""Samples that a worker makes at once: 10 MB at 224 px. Smaller chunks cost more messages, larger ones memory."""

_CHUNKS_AHEAD = 8
_OPEN_FILES = 128
CPU = torch.device("cpu")
STALL_SECONDS = 600.0
"""A worker silent for so long has lost its disk; training then stops with an error."""


class DataError(Exception):
    """Data that cannot be had; the message is one line for the user."""


class Span(NamedTuple):
    """Places that follow each other."""

    begin: int
    n: int


class Chunk(NamedTuple):
    """Some samples."""

    images: Tensor
    """(n, S, S, 3) uint8."""
    tokens: Tensor
    """(T,) int32, the texts one after the other."""
    lengths: Tensor
    """(n,) int32."""
    bad: list[str]
    """Keys of samples whose picture could not be read; a neighbour's picture and text stand in for them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a device works on in one step."""

    images: Tensor
    """(B, S, S, 3) uint8, on the device."""
    texts: list[Tensor]
    """(L,) int32 each."""
    bad: list[str]
    """Keys of samples that could not be read."""


class ShardDataset(Dataset[Chunk]):
    """Samples by their places.

    Args:
        tables: a shard and its table each.
        size: side of the pictures in px.
        order: which sample stands where.
        min_area: least share of a random crop; None gives the middle of the picture.
        seed: of the crops.
    """

    def __init__(
        self,
        tables: Sequence[tuple[Path, Path]],
        size: int,
        order: Order,
        *,
        min_area: float | None = None,
        seed: int = 0,
    ) -> None:
        self._tables = [SampleTable(shard, table) for shard, table in tables]
        self._size, self._order, self._seed = size, order, seed
        self._cropper = None if min_area is None else Cropper(size, min_area)
        self._file = lru_cache(maxsize=_OPEN_FILES)(_OpenFile)

    def __getitem__(self, span: Span) -> Chunk:
        """The samples of a span.

        Raises:
            DataError: none of them can be read.
        """
        places = np.arange(span.begin, span.begin + span.n)
        draws = uniforms(self._seed, places, N_DRAWS)
        images = np.empty((span.n, self._size, self._size, 3), np.uint8)
        rows, bad = self._order.at(places), []
        for i, (shard, row) in enumerate(rows):
            try:
                self._picture(shard, row, draws[i], images[i])
            except (PictureError, OSError):
                bad.append(i)
        self._replace(images, rows, bad)
        texts = [self._tables[shard].tokens(row) for shard, row in rows]
        lengths = torch.tensor([len(text) for text in texts], dtype=torch.int32)
        tokens = torch.from_numpy(np.concatenate(texts).astype(np.int32))
        return Chunk(
            torch.from_numpy(images), tokens, lengths, [self._key(place) for place in self._order.at(places[bad])]
        )

    def _picture(self, shard: int, row: int, draws: NDArray[np.float64], out: Pixels) -> None:
        table = self._tables[shard]
        data = self._file(table.shard).read(*table.place(row))
        if self._cropper is None:
            out[:] = evaluation_square(data, self._size)
        else:
            self._cropper.square(data, draws, out)

    def _replace(self, images: Pixels, rows: list[tuple[int, int]], bad: list[int]) -> None:
        """Puts a neighbour where a picture could not be read, so that batches keep their size on all devices."""
        good = [i for i in range(len(rows)) if i not in set(bad)]
        if not good:
            raise DataError(f"none of {len(rows)} pictures can be read: {self._key(rows[0])} and those after it")
        for i in bad:
            other = min(good, key=lambda j: abs(j - i))
            images[i], rows[i] = images[other], rows[other]

    def _key(self, sample: tuple[int, int]) -> str:
        shard, row = sample
        return self._tables[shard].key(row)


class _OpenFile:
    """A file that many samples are read from."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)

    def read(self, offset: int, n_bytes: int) -> bytes:
        data = os.pread(self._file.fileno(), n_bytes, offset)
        if len(data) != n_bytes:
            raise PictureError(f"{self._file.name}: ends before its sample")
        return data


def batches(
    dataset: ShardDataset,
    first_step: int,
    n_steps: int,
    batch_size: int,
    *,
    group: Group = ALONE,
    device: torch.device = CPU,
    n_workers: int = 0,
) -> Iterator[Batch]:
    """This device's part of each batch.

    Args:
        dataset: its samples.
        first_step: number of the first batch.
        n_steps: how many batches.
        batch_size: of all devices together; a multiple of their number.
        group: the devices.
        device: where the pictures go.
        n_workers: processes that read; 0 reads here.

    Raises:
        DataError: pictures cannot be read, or workers stall.
    """
    mine = batch_size // group.size
    begins = [step * batch_size + group.rank * mine for step in range(first_step, first_step + n_steps)]
    spans = [Span(begin + i, min(CHUNK, mine - i)) for begin in begins for i in range(0, mine, CHUNK)]
    per_batch = -(-mine // CHUNK)
    chunks: list[Chunk] = []
    for chunk in load(dataset, spans, n_workers):
        chunks.append(chunk)
        if len(chunks) == per_batch:
            yield _joined(chunks, device)
            chunks = []


def load(dataset: ShardDataset, spans: Sequence[Span], n_workers: int) -> Iterator[Chunk]:
    """The chunks of spans, in their order.

    Raises:
        DataError: pictures cannot be read, or workers stall.
    """
    if not n_workers:
        yield from map(dataset.__getitem__, spans)
        return
    loader: DataLoader[Chunk] = DataLoader(
        dataset,
        sampler=spans,
        batch_size=None,
        num_workers=n_workers,
        prefetch_factor=_CHUNKS_AHEAD,
        pin_memory=torch.cuda.is_available(),
        timeout=STALL_SECONDS,
        multiprocessing_context="fork",
        worker_init_fn=_start_worker,
    )
    try:
        yield from loader
    except DataError as error:  # the loader puts a worker's traceback before its message
        raise DataError(str(error).strip().splitlines()[-1].partition("DataError: ")[2]) from error
    except RuntimeError as error:  # what the loader raises for a worker that died or is late
        raise DataError(f"loading stopped: {error}") from error


def _start_worker(number: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _joined(chunks: Sequence[Chunk], device: torch.device) -> Batch:
    texts = [text for chunk in chunks for text in chunk.tokens.split(chunk.lengths.tolist())]
    # Chunk by chunk: these lie in pinned memory and go while the device computes; joined ones would not.
    images = torch.cat([chunk.images.to(device, non_blocking=True) for chunk in chunks])
    return Batch(images, texts, [key for chunk in chunks for key in chunk.bad])

"""Shards are read once before training: verified, indexed, and their captions tokenized, a table beside each.

The loader then needs no tar reader and no tokenizer: pictures are slices of the shard, tokens slices of a mapped file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.train.shards import Sample, ShardError, ShardFile, read_samples, verify
from pipeline.train.tokens import CaptionTokenizer, tokenizer_from_json

_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("offset", pa.int64()),
        ("n_bytes", pa.int32()),
        ("tokens", pa.list_(pa.uint16())),
        ("pmcid", pa.string()),
        ("image_cluster", pa.string()),
        ("text_cluster", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The shards of a split that can be used, and what was wrong with the others."""

    tables: list[tuple[Path, Path]]
    """Of each usable shard its tar file and its table."""
    skipped: list[str]
    """Name and reason of each shard that cannot be used."""


def prepare(
    shards: Sequence[ShardFile],
    tokenizer: CaptionTokenizer,
    folder: Path,
    n_workers: int = 0,
    progress: Callable[[str], object] = lambda name: None,
) -> Prepared:
    """Makes the table of each shard where it is not there yet.

    Args:
        shards: of one split.
        tokenizer: of the captions.
        folder: where the tables lie.
        n_workers: processes that read shards; 0 reads them here.
        progress: is told the name of each shard that is done.

    Raises:
        ShardError: no shard can be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    work = partial(_prepare, tokenizer_json=tokenizer.to_json(), context=tokenizer.context, folder=folder)
    tables, skipped = [], []
    with _mapper(n_workers) as mapped:
        for shard, found in zip(shards, mapped(work, shards), strict=True):
            if isinstance(found, str):
                skipped.append(found)
            else:
                tables.append((shard.path, found))
            progress(shard.path.name)
    if not tables:
        raise ShardError(f"no shard can be used: {skipped[0]}")
    return Prepared(tables, skipped)


@contextlib.contextmanager
def _mapper(n_workers: int) -> Iterator[Callable[..., Iterator[Path | str]]]:
    if n_workers < 2:
        yield map
        return
    with ProcessPoolExecutor(n_workers) as pool:
        yield pool.map


def _prepare(shard: ShardFile, tokenizer_json: str, context: int, folder: Path) -> Path | str:
    """The table of a shard, or why it has none."""
    try:
        facts = (shard.path.stat().st_size, shard.path.stat().st_mtime_ns, shard.sha256, tokenizer_json, context)
    except OSError as error:
        return f"{shard.path.name}: {error.strerror}"
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    path = folder / f"{shard.path.stem}.{digest}.arrow"
    if path.exists():
        return path
    try:
        verify(shard)
        samples = list(read_samples(shard))
    except ShardError as error:
        return str(error)
    if not samples:
        return f"{shard.path.name}: is empty"
    _write(_table(samples, tokenizer_from_json(tokenizer_json, context)), path)
    return path


def _table(samples: Sequence[Sample], tokenizer: CaptionTokenizer) -> pa.Table:
    names = ("pmcid", "image_cluster", "text_cluster")
    columns = {
        "key": [s.key for s in samples],
        "offset": [s.offset for s in samples],
        "n_bytes": [s.n_bytes for s in samples],
        "tokens": tokenizer.encode([s.text for s in samples]),
        **{name: [s.about.get(name) for s in samples] for name in names},
    }
    return pa.table(columns, schema=_SCHEMA)


def _write(table: pa.Table, path: Path) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with pa.OSFile(str(scratch), "wb") as file, pa.ipc.new_file(file, _SCHEMA) as writer:
        writer.write_table(table.combine_chunks())
    scratch.replace(path)


class SampleTable:
    """The samples of one shard, mapped from its table."""

    def __init__(self, shard: Path, table: Path) -> None:
        self.shard = shard
        with pa.memory_map(str(table)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
        self._keys, tokens = batch["key"], batch["tokens"]
        self._offsets: NDArray[np.int64] = batch["offset"].to_numpy()
        self._sizes: NDArray[np.int32] = batch["n_bytes"].to_numpy()
        self._starts: NDArray[np.int32] = tokens.offsets.to_numpy()
        self._tokens: NDArray[np.uint16] = tokens.values.to_numpy()
        self._about = {name: batch[name] for name in ("pmcid", "image_cluster", "text_cluster")}

    def __len__(self) -> int:
        return len(self._offsets)

    def key(self, row: int) -> str:
        """The key of a sample."""
        return self._keys[row].as_py()

    def place(self, row: int) -> tuple[int, int]:
        """Offset and size in bytes of a sample's picture in the shard."""
        return int(self._offsets[row]), int(self._sizes[row])

    def tokens(self, row: int) -> NDArray[np.uint16]:
        """The ids of a sample's text (L,)."""
        return self._tokens[self._starts[row] : self._starts[row + 1]]

    def column(self, name: str) -> list[str | None]:
        """`key`, `pmcid`, `image_cluster` or `text_cluster` of all samples."""
        return (self._keys if name == "key" else self._about[name]).to_pylist()

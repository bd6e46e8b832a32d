"""Shards: the tar files of a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.record import Record, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard(Record):
    """One WebDataset tar file."""

    TABLE: ClassVar[str] = "shards"
    KEY: ClassVar[str] = "name"

    name: str = column("base name, such as train-00000")
    split: Literal["train", "validation", "test"] = column("split of all its samples")
    n_samples: int = column("samples in it")
    n_bytes: int = column("size of the tar file", unit="byte")
    sha256: str = column("sha256 of the tar file, 64 hex digits")

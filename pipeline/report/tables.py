"""Reading the committed tables of a release: file by file, and only the columns that are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.part import part_name
from pipeline.root import Root, RootError, StageManifest, read_manifest
from schemas.record import Record, from_table

R = TypeVar("R", bound=Record)


class PartFile(NamedTuple):
    """A table's file in one part of a step."""

    part: int
    path: Path


class Tables(NamedTuple):
    """The tables that a release was made from."""

    root: Root
    stages: dict[str, str]
    """Folder name by step."""

    def manifest(self, step: str) -> StageManifest:
        """What a step did.

        Raises:
            RootError: its folder is gone or not complete.
        """
        manifest = read_manifest(self.folder(step))
        if manifest is None:
            raise RootError(f"{self.folder(step)}: not complete; run the same 'pmc15m rebuild' again, then the report")
        return manifest

    def folder(self, step: str) -> Path:
        """Folder of a step."""
        return self.root.stage(self.stages[step])

    def file(self, step: str, cls: type[Record], part: int) -> Path:
        """File of a table in one part."""
        return self.folder(step) / part_name(part) / f"{cls.TABLE}.parquet"

    def files(self, step: str, cls: type[Record]) -> Iterator[PartFile]:
        """Files of a table as a step wrote it, in order."""
        return (PartFile(part, self.file(step, cls, part)) for part in range(self.manifest(step).n_parts))

    def columns(self, step: str, cls: type[Record], names: list[str]) -> Iterator[tuple[int, pa.Table]]:
        """Number and columns of each part; a part at a time is in memory."""
        for part, path in self.files(step, cls):
            yield part, pq.read_table(path, columns=names)

    def rows(self, step: str, cls: type[R], part: int, key: str, wanted: Collection[str]) -> list[R]:
        """The rows of a part whose `key` is one of those wanted, in their order."""
        with pq.ParquetFile(self.file(step, cls, part)) as file:
            groups = (file.read_row_group(i).filter(pc.field(key).isin(list(wanted))) for i in _hits(file, key, wanted))
            return [row for group in groups for row in from_table(group, cls)]


def _hits(file: pq.ParquetFile, key: str, wanted: Collection[str]) -> list[int]:
    """The row groups that hold a wanted row: only their other columns are decoded."""
    keys = pa.array(list(wanted), pa.string())
    groups = range(file.num_row_groups)
    return [i for i in groups if pc.any(pc.is_in(file.read_row_group(i, columns=[key])[key], keys)).as_py()]


def count_rows(tables: Iterator[tuple[int, pa.Table]], by: list[str]) -> Counter[tuple[Any, ...]]:
    """Rows by the values of some columns."""
    total: Counter[tuple[Any, ...]] = Counter()
    for _, table in tables:
        grouped = table.group_by(by).aggregate([([], "count_all")])
        values = zip(*(grouped[name].to_pylist() for name in by), strict=True)
        for group, n in zip(values, grouped["count_all"].to_pylist(), strict=True):
            total[group] += n
    return total

"""The tables of one chain, of a root or of a release: where their files are, and which of their rows count.

A part is written once and serves every later state of the inventory; the tombstones of a state say which of its
articles no longer count. Whoever reads a table reads it through here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.catalog import INVENTORY
from pipeline.chain import state_of
from pipeline.ids import pmcid_of
from pipeline.pack import STEP as PACK
from pipeline.part import part_name, read_rows
from pipeline.root import Root, RootError, StageManifest, read_manifest
from schemas.inventory import Tombstone
from schemas.record import Record, arrow_schema, from_table
from schemas.reject import Reject

R = TypeVar("R", bound=Record)

NONE_DEAD: frozenset[str] = frozenset()


class PartFile(NamedTuple):
    """A table's file in one part of a step."""

    part: int
    path: Path


@dataclass(frozen=True)
class Tables:
    """The tables of a chain."""

    root: Root
    stages: dict[str, str]
    """Folder name by step."""

    @property
    def state(self) -> str:
        """The state of the inventory that they are of."""
        return state_of(self.stages)

    def manifest(self, step: str) -> StageManifest:
        """What a step did.

        Raises:
            RootError: its folder is gone or not complete.
        """
        manifest = read_manifest(self.folder(step), self.state)
        if manifest is None:
            raise RootError(f"{self.folder(step)}: not complete; run 'pmc15m rebuild' or 'refresh' again to finish it")
        return manifest

    def is_complete(self, step: str) -> bool:
        """Whether a step has all its parts."""
        return read_manifest(self.folder(step), self.state) is not None

    def folder(self, step: str) -> Path:
        """Folder of a step."""
        return self.root.stage(self.stages[step])

    @cached_property
    def n_parts(self) -> int:
        """Parts of every step but pack, which has a part for each shard."""
        return self.manifest(INVENTORY.name).n_parts

    @cached_property
    def dead(self) -> dict[int, frozenset[str]]:
        """By part, the articles whose rows no longer count; parts without any are left out."""
        found = {}
        for part in range(self.n_parts):
            names = pq.read_table(self.file(INVENTORY.name, Tombstone, part), columns=["pmcid"])["pmcid"].to_pylist()
            if names:
                found[part] = frozenset(names)
        return found

    def file(self, step: str, cls: type[Record], part: int) -> Path:
        """File of a table in one part."""
        return self.folder(step) / part_name(part) / f"{cls.TABLE}.parquet"

    def files(self, step: str, cls: type[Record]) -> Iterator[PartFile]:
        """Files of a table as a step wrote it, in order."""
        return (PartFile(part, self.file(step, cls, part)) for part in range(self.manifest(step).n_parts))

    def batches(self, step: str, cls: type[Record], names: Collection[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows that count, in order, in bounded memory; of the columns named, or of all."""
        for part, path in self.files(step, cls):
            with pq.ParquetFile(path) as file:
                yield from self._living(file.iter_batches(columns=_with_key(cls, names)), step, cls, part, names)

    def columns(self, step: str, cls: type[Record], names: Collection[str]) -> Iterator[tuple[int, pa.Table]]:
        """Number and columns of each part; a part at a time is in memory."""
        for part, _ in self.files(step, cls):
            yield part, self.part_columns(part, step, cls, names)

    def part_columns(self, part: int, step: str, cls: type[Record], names: Collection[str]) -> pa.Table:
        """Columns of the rows of a part that count."""
        batches = pq.read_table(self.file(step, cls, part), columns=_with_key(cls, names)).to_batches()
        schema = pa.schema([arrow_schema(cls).field(name) for name in names])
        return pa.Table.from_batches(self._living(iter(batches), step, cls, part, names), schema)

    def part_frame(self, part: int, step: str, cls: type[Record], names: Collection[str]) -> pd.DataFrame:
        """The same as a pandas frame, for `dask.dataframe.from_map`."""
        return self.part_columns(part, step, cls, names).to_pandas()

    def part_rows(self, step: str, cls: type[R], part: int) -> Iterator[R]:
        """The rows of a part that count."""
        dead = self.dead.get(part, NONE_DEAD)
        return (row for row in read_rows(self.file(step, cls, part), cls) if pmcid_of(row.id) not in dead)

    def n_living(self, step: str, cls: type[Record], part: int) -> int:
        """Rows of a part that count."""
        ids = pq.read_table(self.file(step, cls, part), columns=[cls.KEY])[cls.KEY]
        return int(pc.sum(is_living(ids, self.dead.get(part, NONE_DEAD))).as_py() or 0)

    def living_reasons(self, step: str, part: int) -> dict[str, int]:
        """Rejects of a part that count, by reason, most frequent first."""
        rows = pq.read_table(self.file(step, Reject, part), columns=["record_id", "reason"])
        living = rows.filter(is_living(rows["record_id"], self.dead.get(part, NONE_DEAD)))
        return dict(Counter(living["reason"].to_pylist()).most_common())

    def rows(self, step: str, cls: type[R], part: int, key: str, wanted: Collection[str]) -> list[R]:
        """The rows of a part whose `key` is one of those wanted, in their order."""
        with pq.ParquetFile(self.file(step, cls, part)) as file:
            groups = (file.read_row_group(i).filter(pc.field(key).isin(list(wanted))) for i in _hits(file, key, wanted))
            return [row for group in groups for row in from_table(group, cls)]

    def _living(
        self, batches: Iterator[pa.RecordBatch], step: str, cls: type[Record], part: int, names: Collection[str] | None
    ) -> Iterator[pa.RecordBatch]:
        dead = NONE_DEAD if step in (INVENTORY.name, PACK.name) else self.dead.get(part, NONE_DEAD)
        for batch in batches:
            living = batch.filter(is_living(batch[cls.KEY], dead)) if dead else batch
            yield living.select(list(names)) if names is not None else living


def is_living(ids: pa.Array, dead: frozenset[str]) -> pa.Array:
    """For each id, whether its article still counts."""
    return pa.array([pmcid_of(record_id) not in dead for record_id in ids.to_pylist()], pa.bool_())


def _with_key(cls: type[Record], names: Collection[str] | None) -> list[str] | None:
    return None if names is None else [*names, *({cls.KEY} - set(names))]


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

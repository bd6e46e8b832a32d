"""A part: the unit of work and of commitment. Its folder appears whole, by one rename, or not at all.

<stage folder>/part-00003/figures.parquet     rows that were kept, a file per table
                         /rejects.parquet     rows that were turned away, with the reason
                         /blobs.tar           bytes that rows point into, where the stage keeps any
                         /part.json           counts, reasons, seconds
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ids import pmcid_of
from pipeline.sourcing import deliveries
from pipeline.stage import Context, Outcome, Stage, Step, Stored, outcomes
from pipeline.tar import TarWriter
from schemas.record import Record, arrow_schema, from_table, to_table
from schemas.reject import Reject

R = TypeVar("R", bound=Record)

_ROWS_PER_GROUP = 1024
_ROWS_PER_BATCH = 64


@dataclass(frozen=True, slots=True)
class PartReport:
    """What became of the rows of a part."""

    part: int
    n_in: int
    kept: dict[str, int]
    """Rows by table."""
    rejects: dict[str, int]
    """Rows by reason."""
    stored_bytes: int
    seconds: float


def part_name(part: int) -> str:
    """Name of a part's folder."""
    return f"part-{part:05d}"


def read_report(folder: Path) -> PartReport | None:
    """The report of a committed part, or None where it is not committed."""
    try:
        return PartReport(**json.loads((folder / "part.json").read_text()))
    except FileNotFoundError:
        return None


def link_part(source: Path, target: Path) -> None:
    """Makes a committed part a part of another folder too: second names for the same bytes, or copies of them."""
    scratch = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    scratch.mkdir(parents=True)
    for file in source.iterdir():
        link(file, scratch / file.name)
    _publish(scratch, target)


def link(source: Path, target: Path) -> None:
    """A second name for the same bytes; a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def write_atomically(path: Path, text: str) -> None:
    """A small file that appears whole or not at all, and survives a power cut."""
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


class PartWriter:
    """Collects the outcomes of a part in a scratch folder and commits them together.

    Left by an exception, or killed, it leaves nothing but the scratch folder, which the next run removes.
    """

    def __init__(self, stage_folder: Path, part: int, step: Step, root: Path) -> None:
        self._final = stage_folder / part_name(part)
        self._scratch = stage_folder / f".{part_name(part)}.{uuid.uuid4().hex}"
        self._scratch.mkdir(parents=True)
        self._part, self._step, self._root = part, step, root
        self._tables = {cls: _TableWriter(self._scratch, cls) for cls in (*step.outputs, Reject)}
        self._blobs: TarWriter | None = None
        self._offsets: dict[str, int] = {}
        self._reasons: Counter[str] = Counter()
        self._stored_bytes = 0
        self._began = time.monotonic()
        self.n_in = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def put(self, outcome: Outcome) -> None:
        """Takes one outcome into its table."""
        record = self._store(outcome) if isinstance(outcome, Stored) else outcome
        if isinstance(record, Reject):
            self._reasons[record.reason] += 1
        self._tables[type(record)].put(record)

    def blob(self, name: str, data: bytes) -> int:
        """Keeps bytes under a name of their own in the part's tar; returns their offset."""
        if self._blobs is None:
            self._blobs = TarWriter(self._scratch / "blobs.tar")
        self._stored_bytes += len(data)
        return self._blobs.add(name, data)

    def seal(self) -> tuple[str, int]:
        """Ends the part's tar; returns its sha256 and its size in bytes."""
        if self._blobs is None:
            raise ValueError("nothing was stored in this part")
        blobs, self._blobs = self._blobs, None
        blobs.close()
        return blobs.sha256, blobs.n_bytes

    def _store(self, stored: Stored) -> Record:
        if stored.content not in self._offsets:
            self._offsets[stored.content] = self.blob(f"{stored.record.id}{stored.suffix}", stored.data)
        shard = str((self._final / "blobs.tar").relative_to(self._root))
        return stored.record.replace(shard=shard, offset=self._offsets[stored.content])

    def commit(self) -> PartReport:
        """Makes the part visible; where another attempt did so first, that one stands."""
        if self._blobs is not None:
            self.seal()
        kept = {table.name: table.close() for table in self._tables.values()}
        kept.pop(Reject.TABLE)
        seconds = round(time.monotonic() - self._began, 3)
        reasons = dict(self._reasons.most_common())
        report = PartReport(self._part, self.n_in, kept, reasons, self._stored_bytes, seconds)
        (self._scratch / "part.json").write_text(json.dumps(asdict(report), indent=1) + "\n")
        _publish(self._scratch, self._final)
        return report


def _publish(scratch: Path, final: Path) -> None:
    for file in scratch.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    try:
        scratch.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(scratch)


class _TableWriter:
    """Rows of one table into one Parquet file, a group at a time."""

    def __init__(self, folder: Path, cls: type[Record]) -> None:
        self.name = cls.TABLE
        self._cls = cls
        self._file = pq.ParquetWriter(folder / f"{cls.TABLE}.parquet", arrow_schema(cls), compression="zstd")
        self._rows: list[Record] = []
        self._n = 0

    def put(self, row: Record) -> None:
        self._rows.append(row)
        if len(self._rows) == _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._file.write_table(to_table(self._rows, self._cls))
        self._n += len(self._rows)
        self._rows = []

    def close(self) -> int:
        """Ends the file; returns its rows."""
        if self._rows:
            self._flush()
        self._file.close()
        return self._n


def read_rows(path: Path, cls: type[R]) -> Iterator[R]:
    """The rows of one Parquet file, a few at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_PER_BATCH):
            yield from from_table(pa.Table.from_batches([batch]), cls)


def run_part(
    stage: Stage,
    part: int,
    folders: tuple[Path, ...],
    folder: Path,
    context: Context,
    dead: frozenset[str] = frozenset(),
) -> PartReport:
    """Runs a stage on one part and commits it; a part that is committed already is left as it is.

    Args:
        stage: the stage.
        part: number of the part.
        folders: for each input of the stage, the stage folder that holds it.
        folder: the stage's own folder.
        context: settings and places.
        dead: articles whose rows in this part no longer count.
    """
    if done := read_report(folder / part_name(part)):
        return done
    paths = [f / part_name(part) / f"{cls.TABLE}.parquet" for f, cls in zip(folders, stage.inputs, strict=True)]
    lookups = [_by_key(read_rows(p, cls)) for p, cls in zip(paths[1:], stage.inputs[1:], strict=True)]
    with PartWriter(folder, part, stage, context.root) as writer:
        rows = _counted(_living(read_rows(paths[0], stage.inputs[0]), dead), writer)
        for outcome in outcomes(stage, stage.start(context), deliveries(stage, rows, context), lookups):
            writer.put(outcome)
        return writer.commit()


def _by_key(rows: Iterable[Record]) -> dict[str, Record]:
    return {row.id: row for row in rows}


def _living(rows: Iterable[Record], dead: frozenset[str]) -> Iterator[Record]:
    return (row for row in rows if not dead or pmcid_of(row.id) not in dead)


def _counted(rows: Iterable[Record], writer: PartWriter) -> Iterator[Record]:
    for row in rows:
        writer.n_in += 1
        yield row

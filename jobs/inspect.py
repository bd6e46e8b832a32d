"""Looking into a root: the state of its stages, its rejects, the chain of one record, and tables as text."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipeline.catalog import INVENTORY
from pipeline.chain import CHAIN, state_of
from pipeline.conservation import check
from pipeline.ids import pmcid_of
from pipeline.root import Chain, Root, RootError, manifest_name, read_manifest
from pipeline.stage import Step
from pipeline.tables import Tables
from schemas.articles import Article
from schemas.figures import Figure
from schemas.images import Image
from schemas.inventory import Tombstone
from schemas.pairs import Pair
from schemas.record import Record, arrow_schema
from schemas.reject import Reject
from schemas.shards import Shard
from schemas.subfigures import Subfigure

TABLES: dict[str, type[Record]] = {cls.TABLE: cls for cls in (Article, Figure, Image, Subfigure, Pair, Reject)}
"""Tables that users read."""


def status_rows(root: Root) -> list[dict[str, Any]]:
    """The state of each step of the newest chain: a row per step, as `pmc15m status --json` prints it."""
    chain = root.chain()
    return [_status_row(root, chain, step) for step in CHAIN]


def _status_row(root: Root, chain: Chain, step: Step) -> dict[str, Any]:
    folder = root.stage(chain.stages[step.name])
    if manifest := read_manifest(folder, state_of(chain.stages)):
        row = dataclasses.asdict(manifest)
        n_rejected = sum(manifest.rejects.values())
        rate = round(manifest.n_in / manifest.worker_seconds, 1) if manifest.worker_seconds else None
        return {**row, "state": "complete", "rejected": n_rejected, "rows_per_worker_second": rate}
    n_done = len(list(folder.glob("part-*")))
    older = any(root.stage("").glob(f"{step.name}-*/{manifest_name('*')}"))
    state = "missing" if not older and not n_done else "stale" if not n_done else "incomplete"
    return {"stage": step.name, "state": state, "n_parts": n_done, "n_in": 0, "kept": {}, "rejects": {}}


def conservation_problems(root: Root) -> list[str]:
    """What the newest chain does not account for.

    Raises:
        RootError: the chain is not complete.
    """
    tables = Tables(root, root.chain().stages)
    if missing := [step.name for step in CHAIN if not tables.is_complete(step.name)]:
        raise RootError(f"{root.path}: {missing[0]} is not complete; run the same 'pmc15m rebuild' again, then check")
    return list(check(tables))


def table_batches(tables: Tables, table: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a table that count, in order: of the last step that writes it, or of all steps for rejects.

    Args:
        tables: of a chain or of a release.
        table: one of `TABLES`.
        columns: those wanted, in this order; by default all.
    """
    steps = [step for step in CHAIN if table == Reject.TABLE or any(table == cls.TABLE for cls in step.outputs)]
    for step in steps if table == Reject.TABLE else steps[-1:]:
        if tables.is_complete(step.name):
            yield from tables.batches(step.name, TABLES[table], columns)


def table_schema(table: str, columns: list[str] | None) -> pa.Schema:
    """The Arrow schema of a table, or of the columns wanted.

    Raises:
        RootError: there is no such column.
    """
    schema = arrow_schema(TABLES[table])
    for name in columns or []:
        if name not in schema.names:
            raise RootError(f"{table} has no column '{name}'; it has {', '.join(schema.names)}")
    return pa.schema([schema.field(name) for name in columns]) if columns else schema


def release_manifest(root: Root, release: str) -> dict[str, Any]:
    """The manifest of a release; ``latest`` names the newest.

    Raises:
        RootError: there is no such release.
    """
    try:
        manifest: dict[str, Any] = json.loads((root.releases / release / "manifest.json").read_text())
    except FileNotFoundError:
        known = ", ".join(sorted(path.name for path in root.releases.glob("2*"))) or "none yet"
        raise RootError(f"{root.path}: no release '{release}'; there are: {known}") from None
    return manifest


def release_rows(root: Root) -> list[dict[str, Any]]:
    """The releases of a root, oldest inventory first."""
    manifests = (json.loads(path.read_text()) for path in sorted(root.releases.glob("*-*/manifest.json")))
    return [
        {
            "release": manifest["release"],
            "inventory": manifest["inventory"],
            "license": manifest["config"]["catalog"]["license"],
            "samples": manifest["n_samples"],
            "shards": len(manifest["shards"]),
            "bytes": sum(shard["n_bytes"] for shard in manifest["shards"]),
        }
        for manifest in manifests
    ]


def dump(batches: Iterator[pa.RecordBatch], schema: pa.Schema, form: str, out: Path | None) -> None:
    """Writes batches as jsonl or csv to standard output or a file, or as parquet to a file."""
    if form == "parquet":
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
        return
    write = _dump_jsonl if form == "jsonl" else _dump_csv
    if out is None:
        write(batches, schema, sys.stdout)
    else:
        with out.open("w", encoding="utf-8", newline="") as file:
            write(batches, schema, file)


def _dump_jsonl(batches: Iterator[pa.RecordBatch], schema: pa.Schema, file: Any) -> None:
    for batch in batches:
        for row in batch.to_pylist():
            file.write(json.dumps(row, ensure_ascii=False, default=plain) + "\n")


def _dump_csv(batches: Iterator[pa.RecordBatch], schema: pa.Schema, file: Any) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(schema.names)
    for batch in batches:
        for row in batch.to_pylist():
            writer.writerow([cell_text(value) for value in row.values()])


def cell_text(value: Any) -> str:
    """A value as one cell of text; empty for null."""
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False, default=plain) if isinstance(value, (list, dict)) else str(plain(value))
    )


def plain(value: Any) -> Any:
    """Bytes, which text formats cannot hold, as hex digits."""
    return value.hex() if isinstance(value, bytes) else value


def reject_rows(root: Root, stage: str | None, reason: str | None, limit: int | None) -> list[dict[str, Any]]:
    """Rejects of the newest chain, of one stage or reason where asked for."""
    rows: list[dict[str, Any]] = []
    for batch in table_batches(Tables(root, root.chain().stages), Reject.TABLE):
        for row in batch.to_pylist():
            if stage in (None, row["stage"]) and reason in (None, row["reason"]):
                rows.append(row)
                if limit is not None and len(rows) >= limit:
                    return rows
    return rows


def record_chain(root: Root, record_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of the newest chain that belongs to a record: those it came from and those made from it.

    Args:
        root: the root.
        record_id: a pmcid, or the id of an article version, figure, subfigure or pair.

    Yields:
        Name of the step, and the row.
    """
    tables = Tables(root, root.chain().stages)
    for step in CHAIN:
        if tables.is_complete(step.name):
            for cls in (*step.outputs, Reject):
                for row in _related(tables, step, cls, record_id):
                    yield step.name, row


def _related(tables: Tables, step: Step, cls: type[Record], record_id: str) -> Iterator[dict[str, Any]]:
    """Rows whose key leads to the record or follows from it; ids are prefixes of what is made from them."""
    if cls in (Shard, Tombstone):
        return
    pmcid, key = pmcid_of(record_id), ds.field(cls.KEY)
    for part, path in tables.files(step.name, cls):
        if step is not INVENTORY and pmcid in tables.dead.get(part, ()):
            continue
        found = ds.dataset(path).to_table(filter=pa.compute.starts_with(key, f"{pmcid}_"))
        for row in found.to_pylist():
            own = row[cls.KEY]
            if own == record_id or own.startswith(f"{record_id}_") or record_id.startswith(f"{own}_"):
                yield row

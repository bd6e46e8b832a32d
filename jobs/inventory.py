"""inventory: what the source lists, read and divided into parts by Spark, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.grouped import commit_empty, write_groups
from jobs.stages import Run, StageError, complete
from pipeline.catalog import INVENTORY, articles_per_part, inventory_entry
from pipeline.ids import sort_key
from pipeline.part import PartWriter
from pipeline.root import StageManifest, read_manifest
from pipeline.sources import ListingFile, Snapshot
from pipeline.sourcing import open_for
from pipeline.stage import Context
from schemas.inventory import InventoryEntry
from schemas.record import arrow_schema, from_table, to_table

_ROWS_PER_BATCH = 10_000
_COLUMNS = "article_id string, pmcid string, version bigint, change_token string, modified string"


def run_inventory(run: Run, snapshot: Snapshot) -> StageManifest:
    """Lists the article versions of a snapshot, a part's worth in each part.

    Raises:
        StageError: the source lists nothing.
    """
    folder = run.folder(INVENTORY)
    if done := read_manifest(folder):
        return done
    listed = _limited(_listed(run, snapshot), run.config.inventory.limit).cache()
    n_articles = listed.count()
    if not n_articles:
        raise StageError(f"{run.context.location}: the inventory of {snapshot.date} lists no article")
    n_parts = -(-n_articles // articles_per_part(n_articles, run.config.inventory))

    def make(missing: list[int]) -> None:
        frame = _with_part(listed, n_parts)
        write_groups(frame.where(F.col("part").isin(missing)), _writer(folder, run.root.path))
        commit_empty(folder, missing, INVENTORY, run.root)

    try:
        return complete(run, INVENTORY, n_parts, make)
    finally:
        listed.unpersist()


def _listed(run: Run, snapshot: Snapshot) -> DataFrame:
    """Every entry of the listing files, each file read by one task."""
    context, files = run.context, list(snapshot.files)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from _batches(context, files[place])

    return run.spark.range(0, len(files), 1, numPartitions=len(files)).mapInArrow(read, _COLUMNS)


def _batches(context: Context, file: ListingFile) -> Iterator[pa.RecordBatch]:
    rows: list[InventoryEntry] = []
    for entry in open_for(context).entries(file):
        rows.append(inventory_entry(entry))
        if len(rows) == _ROWS_PER_BATCH:
            yield from to_table(rows, InventoryEntry).to_batches()
            rows = []
    yield from to_table(rows, InventoryEntry).to_batches()


def _limited(frame: DataFrame, limit: int | None) -> DataFrame:
    if limit is None:
        return frame
    number = F.expr("cast(substring(pmcid, 4) as bigint)")
    return frame.orderBy(number, F.col("version")).limit(limit)


def _with_part(frame: DataFrame, n_parts: int) -> DataFrame:
    """The same division as `pipeline.catalog.part_of`."""
    hashed = F.conv(F.substring(F.md5(F.col("pmcid")), 1, 8), 16, 10).cast("bigint")
    return frame.withColumn("part", (hashed % n_parts).cast("int"))


def _writer(folder: Path, root: Path):  # type: ignore[no-untyped-def]
    def write(part: int, table: pa.Table) -> None:
        entries = from_table(table.cast(arrow_schema(InventoryEntry)), InventoryEntry)
        with PartWriter(folder, part, INVENTORY, root) as writer:
            for entry in sorted(entries, key=lambda entry: (sort_key(entry.pmcid), entry.version)):
                writer.n_in += 1
                writer.put(entry)
            writer.commit()

    return write

"""inventory: what the source lists, read and divided into parts by Spark, in memory that does not grow with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.grouped import commit_empty, read_parts, write_groups
from jobs.stages import Run, StageError, complete
from pipeline.catalog import INVENTORY, articles_per_part, inventory_entry, read_ids
from pipeline.catalog import STAGE as CATALOG
from pipeline.chain import folder_names
from pipeline.fetch import STAGE as FETCH
from pipeline.ids import pmcid_of, sort_key
from pipeline.parse import STAGE as PARSE
from pipeline.part import PartWriter
from pipeline.root import StageManifest, read_manifest
from pipeline.sources import ListingFile, Snapshot
from pipeline.sourcing import open_for
from pipeline.stage import Context
from pipeline.tables import Tables
from schemas.inventory import InventoryEntry, Tombstone
from schemas.record import Record, arrow_schema, from_table, to_table
from schemas.reject import Reason, Reject

R = TypeVar("R", bound=Record)

log = logging.getLogger("pmc15m")

_ROWS_PER_BATCH = 10_000
_FEW_REMOVED = 100
"""So many articles may go without a question."""
_N_NAMED = 5
_COLUMNS = "article_id string, pmcid string, version bigint, change_token string, modified string"


def run_inventory(run: Run, snapshot: Snapshot) -> StageManifest:
    """Lists the article versions of a snapshot, a part's worth in each part.

    Where there is an inventory before it, articles that it lists alike keep their part; new and changed ones go into
    new parts, and the old parts get tombstones for those that were changed or removed.

    Raises:
        StageError: the source lists nothing, or so much less than before that it looks like a mistake.
    """
    folder = run.folder(INVENTORY)
    if done := read_manifest(folder, run.tables.state):
        return done
    listed = _selected(run, _listed(run, snapshot)).cache()
    try:
        n_articles = listed.count()
        if not n_articles:
            raise StageError(f"{run.context.location}: the inventory of {snapshot.date} lists no article")
        before = _inventory_before(run)
        rows, n_parts = _allotted(run, listed, before) if before else _divided(run, listed, n_articles, 0)

        def make(missing: list[int]) -> None:
            write_groups(rows.where(F.col("part").isin(missing)), _writer(folder, run.root.path))
            commit_empty(folder, missing, INVENTORY, run.root)

        return complete(run, INVENTORY, n_parts, make)
    finally:
        listed.unpersist()


def _inventory_before(run: Run) -> Tables | None:
    return Tables(run.root, folder_names(run.config, run.lineage[0])) if run.lineage else None


def _divided(run: Run, listed: DataFrame, n_articles: int, first: int) -> tuple[DataFrame, int]:
    """Entries with their part, counted from `first`, and how many parts there are with those before."""
    n_parts = -(-n_articles // articles_per_part(n_articles, run.config.inventory))
    divided = listed.withColumn("part", part_number(n_parts) + first).withColumn("why", F.lit(None).cast("string"))
    return divided, first + n_parts


def _allotted(run: Run, listed: DataFrame, before: Tables) -> tuple[DataFrame, int]:
    """Entries with their part, tombstones among them, and how many parts there are."""
    old = read_parts(run.spark, before, INVENTORY, InventoryEntry)
    units = _units(old, "part").join(_units(listed).withColumnRenamed("token", "new_token"), "pmcid", "full")
    again = run.spark.createDataFrame([(pmcid, True) for pmcid in undelivered(before)], "pmcid string, again boolean")
    units = units.join(F.broadcast(again), "pmcid", "left").cache()
    is_same = F.col("token").eqNullSafe(F.col("new_token")) & F.col("again").isNull()
    dead = units.where(F.col("token").isNotNull() & ~is_same)
    _guard(run, before, dead.where("new_token is null").count(), old)
    fresh = listed.join(units.where(F.col("new_token").isNotNull() & ~is_same).select("pmcid"), "pmcid", "left_semi")
    n_fresh = fresh.count()
    added, n_parts = _divided(run, fresh, n_fresh, before.n_parts) if n_fresh else (None, before.n_parts)
    kept = listed.join(units.where(is_same).select("pmcid", "part"), "pmcid")
    why = F.when(F.col("new_token").isNull(), "removed").otherwise("changed")
    graves = dead.select("pmcid", "part", why.alias("why"))
    graves = graves.unionByName(read_parts(run.spark, before, INVENTORY, Tombstone))
    rows = kept.unionByName(graves, allowMissingColumns=True)
    return (rows.unionByName(added) if added is not None else rows), n_parts


def undelivered(tables: Tables) -> list[str]:
    """Articles of which an object could not be had when a state was made, though it exists; none where it is not made.

    The next run treats them as changed: it asks for them again.
    """
    found: set[str] = set()
    for step in (CATALOG, PARSE, FETCH):
        manifest = read_manifest(tables.folder(step.name), tables.state)
        if manifest is None:
            return []
        if Reason.FETCH_FAILED in manifest.rejects:
            for rows in tables.batches(step.name, Reject, ["record_id", "reason"]):
                ids = rows.filter(pc.equal(rows["reason"], Reason.FETCH_FAILED))["record_id"]
                found |= {pmcid_of(record_id) for record_id in ids.to_pylist()}
    return sorted(found, key=sort_key)


def _units(entries: DataFrame, *also: str) -> DataFrame:
    """A row per article, its versions together: what is listed of them, as one token."""
    version = F.concat_ws(":", F.col("version").cast("string"), "change_token")
    token = F.concat_ws(" ", F.sort_array(F.collect_list(version)))
    return entries.groupBy("pmcid", *also).agg(token.alias("token"))


def _guard(run: Run, before: Tables, n_removed: int, old: DataFrame) -> None:
    """Stops a listing that lost a large share of the articles: a source halfway through an upload looks like that."""
    settings, most = before.manifest(INVENTORY.name).config["inventory"], run.config.inventory.max_removed
    is_asked_for = any(settings[name] != getattr(run.config.inventory, name) for name in ("limit", "ids"))
    if n_removed < _FEW_REMOVED or is_asked_for:
        return
    share = n_removed / old.select("pmcid").distinct().count()
    if share > most:
        raise StageError(
            f"{run.context.location}: {n_removed} articles, {share:.0%} of them, are no longer listed; look at the"
            f" source, and if that is right, run again with --set inventory.max_removed={min(1.0, share + 0.01):.2f}"
        )


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


def _selected(run: Run, listed: DataFrame) -> DataFrame:
    """The entries of the articles that the settings ask for."""
    settings = run.config.inventory
    if settings.ids is not None:
        named = run.spark.createDataFrame([(pmcid,) for pmcid in read_ids(Path(settings.ids))], "pmcid string")
        _warn_of_unlisted(named.join(listed, "pmcid", "left_anti"), settings.ids)
        listed = listed.join(named, "pmcid")
    if settings.limit is not None:
        number = F.expr("cast(substring(pmcid, 4) as bigint)")
        listed = listed.orderBy(number, F.col("version")).limit(settings.limit)
    return listed


def _warn_of_unlisted(unlisted: DataFrame, file: str) -> None:
    first = [row.pmcid for row in unlisted.orderBy("pmcid").take(_N_NAMED)]
    if first:
        log.warning("%s: %d articles are not in the inventory: %s …", file, unlisted.count(), ", ".join(first))


def part_number(n_parts: int) -> Column:
    """The same division as `pipeline.catalog.part_of`."""
    hashed = F.conv(F.substring(F.md5(F.col("pmcid")), 1, 8), 16, 10).cast("bigint")
    return (hashed % n_parts).cast("int")


def _rows(table: pa.Table, cls: type[R]) -> list[R]:
    schema = arrow_schema(cls)
    return list(from_table(table.select(schema.names).cast(schema), cls))


def _writer(folder: Path, root: Path) -> Callable[[int, pa.Table], None]:
    def write(part: int, table: pa.Table) -> None:
        is_dead = pc.is_valid(table["why"])
        entries = _rows(table.filter(pc.invert(is_dead)), InventoryEntry)
        graves = _rows(table.filter(is_dead), Tombstone)
        with PartWriter(folder, part, INVENTORY, root) as writer:
            writer.n_in = len(entries)
            for entry in sorted(entries, key=lambda entry: (sort_key(entry.pmcid), entry.version)):
                writer.put(entry)
            for grave in sorted(graves, key=lambda grave: sort_key(grave.pmcid)):
                writer.put(grave)
            writer.commit()

    return write

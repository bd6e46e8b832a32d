"""cluster: every candidate compared with all others, its split, and the release shard that it belongs to."""

from __future__ import annotations

import dataclasses
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.dedup import Store, assign_clusters
from jobs.grouped import commit_empty, read_parts, write_groups
from jobs.stages import Run, complete, link_unchanged
from pipeline.config import PackConfig
from pipeline.dedup.affected import find_affected, is_in
from pipeline.dedup.dedup import CLUSTER
from pipeline.dedup.dedup import STAGE as DEDUP
from pipeline.dedup.facts import COLUMNS
from pipeline.dedup.local import assign_local
from pipeline.dedup.outcomes import OUTCOMES
from pipeline.filter import STAGE as FILTER
from pipeline.ids import sort_key
from pipeline.pack import SAMPLE_OVERHEAD_BYTES, SPLITS, next_n_shards
from pipeline.part import PartWriter
from pipeline.root import StageManifest
from schemas.pairs import Assignment, Candidate, Pair
from schemas.record import arrow_schema, from_table

log = logging.getLogger("pmc15m")

_COMPARED = pa.schema([arrow_schema(Candidate).field(name) for name in COLUMNS])
_LOCAL_PAIRS = 200_000
"""So many pairs take the driver a minute and 200 MB; the cluster's joins are for more."""

Write = Callable[[int, pa.Table], None]


def run_cluster(run: Run) -> StageManifest:
    """Assigns clusters, survivors, splits and shards to all candidates, part by part.

    A pair that was in a release keeps its shard; the others get new shards. Parts in which nothing changed since the
    state before are made of the same files.
    """
    folder = run.folder(CLUSTER)

    def make(missing: list[int]) -> None:
        text_bytes = F.octet_length("text").alias("text_bytes")
        candidates = read_parts(run.spark, run.tables, FILTER, Candidate)
        frame = candidates.select("pair_id", "part", "n_bytes", text_bytes)
        if n_pairs := frame.count():
            store = Store(run.spark, folder / ".scratch")
            clusters = _clusters(run, candidates, n_pairs, store)
            assigned = store.keep("assigned", _with_shards(run, frame.join(clusters, "pair_id")))
            missing = link_unchanged(run, CLUSTER, missing, _changed_parts(run, assigned))
            write_groups(assigned.where(F.col("part").isin(missing)), _writer(folder, run.root.path))
        commit_empty(folder, missing, CLUSTER, run.root)
        shutil.rmtree(folder / ".scratch", ignore_errors=True)

    return complete(run, CLUSTER, run.tables.n_parts, make)


def _clusters(run: Run, candidates: DataFrame, n_pairs: int, store: Store) -> DataFrame:
    """One row per candidate: `pipeline.dedup.outcomes.OUTCOMES`."""
    again = find_affected(run.tables, run.before, run.config.cluster) if run.before else None
    if run.before and again is not None and len(again) <= _LOCAL_PAIRS:
        log.info("cluster: %d of %d pairs are compared again", len(again), n_pairs)
        before = read_parts(run.spark, run.before, CLUSTER, Assignment).select(*OUTCOMES.names)
        fresh = _local_clusters(run, again)
        living = candidates.select("pair_id").join(fresh, "pair_id", "left_anti")
        return before.join(living, "pair_id", "left_semi").unionByName(fresh)
    if n_pairs <= _LOCAL_PAIRS:
        return _local_clusters(run, None)
    return assign_clusters(candidates, store, run.config.cluster)


def _local_clusters(run: Run, only: set[str] | None) -> DataFrame:
    """The same as `assign_clusters`, in the driver, of all candidates or of some."""
    rows = run.tables.batches(FILTER.name, Candidate, COLUMNS)
    chosen = rows if only is None else (row.filter(is_in(row["pair_id"], only)) for row in rows)
    candidates = pa.Table.from_batches(chosen, _COMPARED)
    outcomes = [dataclasses.asdict(outcome) for outcome in assign_local(candidates, run.config.cluster)]
    return run.spark.createDataFrame(pa.Table.from_pylist(outcomes, OUTCOMES))


def _with_shards(run: Run, assigned: DataFrame) -> DataFrame:
    """Assignments with the shard of each pair that is kept."""
    is_kept = F.col("survivor_id").isNull() & F.col("conflict_id").isNull()
    kept = assigned.where(is_kept).select("pair_id", "split", sample_size(F.col("text_bytes")).alias("size"))
    packed = _packed(run)
    fresh = kept.join(packed, "pair_id", "left_anti").cache()
    n_shards = plan_shards(fresh, run.config.pack)
    named = fresh.select("pair_id", _shard_label(n_shards, _next_numbers(packed), run.config.pack.seed).alias("shard"))
    shards = packed.join(kept.select("pair_id"), "pair_id", "left_semi").unionByName(named)
    return assigned.drop("n_bytes", "text_bytes").join(shards, "pair_id", "left")


def _packed(run: Run) -> DataFrame:
    """The pairs of the release before this one, with their shard."""
    if run.before is None:
        return run.spark.createDataFrame([], "pair_id string, shard string")
    return read_parts(run.spark, run.before, DEDUP, Pair).select("pair_id", "shard")


def _next_numbers(packed: DataFrame) -> dict[str, int]:
    """By split, the first number that no shard has."""
    names = [row.shard.rpartition("-") for row in packed.select("shard").distinct().collect()]
    return {split: 1 + max(int(number) for name, _, number in names if name == split) for split, _, _ in names}


def _shard_label(n_shards: dict[str, int], first: dict[str, int], seed: int) -> Column:
    """Name of a pair's shard, like `pipeline.pack.shard_name`, with the numbers of a split from `first` on."""
    labels = [
        F.when(F.col("split") == split, F.format_string(f"{split}-%05d", _index(seed, n) + first.get(split, 0)))
        for split, n in n_shards.items()
    ]
    return F.coalesce(*labels, F.lit(None).cast("string"))


def _changed_parts(run: Run, assigned: DataFrame) -> set[int]:
    """Parts that hold an assignment which the state before does not hold alike."""
    if run.before is None:
        return set(range(run.tables.n_parts))
    same = read_parts(run.spark, run.before, CLUSTER, Assignment)
    changed = assigned.select(*same.columns).exceptAll(same)
    return {row.part for row in changed.select("part").distinct().collect()}


def sample_size(text_bytes: Column | None = None) -> Column:
    """Bytes that a pair's sample takes in a shard, generously."""
    text = F.octet_length("text") if text_bytes is None else text_bytes
    return F.col("n_bytes") + text * 2 + F.lit(SAMPLE_OVERHEAD_BYTES)


def plan_shards(survivors: DataFrame, config: PackConfig) -> dict[str, int]:
    """How many shards each split needs so that none holds too many samples or bytes.

    Args:
        survivors: columns pair_id, split, size (bytes of the sample, generously).
        config: the limits and the seed.
    """
    survivors = survivors.withColumn("place", _place(config.seed)).cache()
    totals = survivors.groupBy("split").agg(F.count("*").alias("n"), F.sum("size").alias("b")).collect()
    planned = {}
    for split, n_samples, n_bytes in sorted(totals, key=lambda row: SPLITS.index(row.split)):
        n = max(-(-n_samples // config.samples_per_shard), -(-n_bytes // config.bytes_per_shard))
        while not _fits(survivors.where(F.col("split") == split), n, config):
            n = next_n_shards(n)
        planned[split] = n
    survivors.unpersist()
    return planned


def shard_number(n_shards: dict[str, int], seed: int) -> Column:
    """The number of a pair's shard, counted through the splits in the order of `n_shards`."""
    numbers, before = [], 0
    for split, n in n_shards.items():
        numbers.append(F.when(F.col("split") == split, _index(seed, n) + before))
        before += n
    return F.coalesce(*numbers).cast("int")


def _index(seed: int, n_shards: int) -> Column:
    """The same as `pipeline.pack.shard_index`: exact, for a product under 2**53 is divided by a power of two."""
    return F.floor(_place(seed) * n_shards / F.lit(2**32))


def _fits(survivors: DataFrame, n_shards: int, config: PackConfig) -> bool:
    shard = F.floor(F.col("place") * n_shards / F.lit(2**32))
    loads = survivors.groupBy(shard).agg(F.count("*").alias("n"), F.sum("size").alias("b"))
    is_too_full = (F.col("n") > config.samples_per_shard) | (F.col("b") > config.bytes_per_shard)
    # One sample above the limit has a shard of its own; it cannot be divided further.
    return loads.where(is_too_full & (F.col("n") > 1)).isEmpty()


def _place(seed: int) -> Column:
    """The same number as `pipeline.pack.shuffle_hash`."""
    text = F.concat(F.lit(f"{seed}:"), F.col("pair_id"))
    return F.conv(F.substring(F.md5(text), 1, 8), 16, 10).cast("bigint")


def _writer(folder: Path, root: Path) -> Write:
    schema = arrow_schema(Assignment)

    def write(part: int, table: pa.Table) -> None:
        rows = sorted(table.select(schema.names).to_pylist(), key=lambda row: sort_key(row["pair_id"]))
        with PartWriter(folder, part, CLUSTER, root) as writer:
            for assignment in from_table(pa.Table.from_pylist(rows, schema=schema), Assignment):
                writer.n_in += 1
                writer.put(assignment)
            writer.commit()

    return write

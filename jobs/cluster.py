"""cluster: every candidate compared with all others, its split, and the release shard that it belongs to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.dedup import assign_clusters
from jobs.grouped import commit_empty, read_parts, write_groups
from jobs.stages import Run, complete
from pipeline.config import PackConfig
from pipeline.dedup.dedup import CLUSTER
from pipeline.ids import sort_key
from pipeline.pack import SAMPLE_OVERHEAD_BYTES, SPLITS, next_n_shards, shard_index, shard_name, shuffle_hash
from pipeline.part import PartWriter
from pipeline.root import StageManifest
from schemas.pairs import Assignment, Candidate
from schemas.record import arrow_schema, from_table

Write = Callable[[int, pa.Table], None]


def run_cluster(run: Run, candidates: Path, n_parts: int) -> StageManifest:
    """Assigns clusters, survivors, splits and shards to all candidates, part by part."""
    folder = run.folder(CLUSTER)

    def make(missing: list[int]) -> None:
        text_bytes = F.octet_length("text").alias("text_bytes")
        frame = read_parts(run.spark, candidates, Candidate.TABLE).select("pair_id", "part", "n_bytes", text_bytes)
        if not frame.isEmpty():
            assigned = _assigned(run, frame, candidates, folder / ".scratch")
            n_shards = plan_shards(_survivors(assigned), run.config.pack)
            rows = assigned.where(F.col("part").isin(missing)).drop("n_bytes", "text_bytes")
            write_groups(rows, _writer(folder, run.root.path, n_shards, run.config.pack.seed))
        commit_empty(folder, missing, CLUSTER, run.root)
        shutil.rmtree(folder / ".scratch", ignore_errors=True)

    return complete(run, CLUSTER, n_parts, make)


def _assigned(run: Run, frame: DataFrame, candidates: Path, scratch: Path) -> DataFrame:
    paths = [str(path) for path in sorted(candidates.glob(f"part-*/{Candidate.TABLE}.parquet"))]
    clusters = assign_clusters(run.spark, paths, scratch, run.config.cluster)
    return frame.join(clusters, "pair_id")


def _survivors(assigned: DataFrame) -> DataFrame:
    is_kept = F.col("survivor_id").isNull() & F.col("conflict_id").isNull()
    return assigned.where(is_kept).select("pair_id", "split", sample_size(F.col("text_bytes")).alias("size"))


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
    """The number of a pair's shard, counted through the splits in the order of `n_shards`.

    The same division as `pipeline.pack.shard_index`: exact, for a product under 2**53 is divided by a power of two.
    """
    numbers, before = [], 0
    for split, n in n_shards.items():
        index = F.floor(_place(seed) * n / F.lit(2**32)) + before
        numbers.append(F.when(F.col("split") == split, index))
        before += n
    return F.coalesce(*numbers).cast("int")


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


def _writer(folder: Path, root: Path, n_shards: dict[str, int], seed: int) -> Write:
    schema = arrow_schema(Assignment)

    def write(part: int, table: pa.Table) -> None:
        rows = sorted(table.to_pylist(), key=lambda row: sort_key(row["pair_id"]))
        for row in rows:
            index = shard_index(shuffle_hash(row["pair_id"], seed), n_shards.get(row["split"], 1))
            row["shard"] = shard_name(row["split"], index)
        with PartWriter(folder, part, CLUSTER, root) as writer:
            for assignment in from_table(pa.Table.from_pylist(rows, schema=schema), Assignment):
                writer.n_in += 1
                writer.put(assignment)
            writer.commit()

    return write

"""Clusters, survivors and splits of all pairs, as joins over Parquet files.

The comparing itself is in `pipeline.dedup`; here pairs are brought together that have to be compared. Every step
is written to `scratch` and read back: nothing runs twice, the query plan stays short, and a lost executor costs
its own work. The result does not depend on the order of the rows, the partitioning or the number of cores, because
each step is a set of rows decided by ids and values alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name all Spark code uses

from jobs.stars import star_clusters
from pipeline.dedup import edges as kernels
from pipeline.dedup.facts import COLUMNS, DedupError, facts_batch
from pipeline.dedup.settings import DedupSettings

log = logging.getLogger(__name__)

Kernel = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_FACTS = (
    "pair_id string, pixel_sha256 string, phash binary, text_key string, is_long boolean, split string,"
    " by_split bigint, by_pixels bigint, by_license bigint, by_version bigint"
)
_EDGES = "larger string, smaller string, n_hot bigint"
_ORDER = ("by_split", "by_pixels", "by_license", "by_version", "pair_id")


def assign_clusters(pairs: DataFrame, store: Store, settings: DedupSettings) -> DataFrame:
    """One row per pair: pair_id, image_cluster, text_cluster, survivor_id, conflict_id, split.

    Args:
        pairs: with the columns `pipeline.dedup.facts.COLUMNS`, and any others.
        store: where steps are kept.
        settings: what counts as the same.

    Raises:
        DedupError: a pair_id occurs twice, or a row was lost.
        pyspark.errors.PythonException: a required value is null; the message holds that of the DedupError.
    """
    pairs = pairs.select(*COLUMNS)
    facts = store.keep("facts", _facts(pairs, settings))
    _require_unique(facts)
    images = star_clusters(_image_edges(facts, store, settings), "image_links", store.keep)
    texts = star_clusters(_text_edges(facts, pairs, store, settings), "text_links", store.keep)
    clustered = store.keep("clustered", _clustered(facts, images, texts))
    outcomes = store.keep("outcomes", _outcomes(clustered))
    n_facts, n_outcomes = facts.count(), outcomes.count()
    if n_facts != n_outcomes:
        raise DedupError(f"{n_facts} pairs went in, {n_outcomes} came out: the joins are wrong")
    return outcomes


@dataclass(frozen=True, slots=True)
class Store:
    """Writes a frame once and reads it from there on."""

    spark: SparkSession
    scratch: Path
    """A folder that all executors see; what was kept there before is replaced."""

    def keep(self, name: str, frame: DataFrame) -> DataFrame:
        """The rows of a frame, from the Parquet files they were written to."""
        path = str(self.scratch / name)
        frame.write.mode("overwrite").parquet(path)
        return self.spark.read.schema(frame.schema).parquet(path)


def _facts(pairs: DataFrame, settings: DedupSettings) -> DataFrame:
    def describe(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (facts_batch(batch, settings) for batch in batches)

    return pairs.mapInArrow(describe, _FACTS)


def _require_unique(facts: DataFrame) -> None:
    repeated = facts.groupBy("pair_id").count().where("count > 1").orderBy("pair_id").take(3)
    if repeated:
        raise DedupError(f"pair_ids occur more than once: {', '.join(row.pair_id for row in repeated)}, …")


def _firsts(facts: DataFrame, key: str) -> DataFrame:
    """The smallest pair_id of each value of a key that is not null, as (key, first)."""
    return facts.where(F.col(key).isNotNull()).groupBy(key).agg(F.min("pair_id").alias("first"))


def _equal_edges(facts: DataFrame, key: str) -> DataFrame:
    """Links from every pair to the first with the same key."""
    joined = facts.select("pair_id", key).join(_firsts(facts, key), key)
    return joined.select(F.col("pair_id").alias("larger"), F.col("first").alias("smaller"))


def _by_bucket(frame: DataFrame, kernel: Kernel) -> DataFrame:
    """The edges that a kernel finds in whole buckets: a bucket lies in one partition, sorted by id."""
    return frame.repartition("bucket").sortWithinPartitions("bucket", "pair_id").mapInArrow(kernel, _EDGES)


def _image_edges(facts: DataFrame, store: Store, settings: DedupSettings) -> DataFrame:
    def spread(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (kernels.image_buckets(batch) for batch in batches)

    def compare(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return kernels.image_edges(batches, settings)

    hashes = _firsts(facts, "phash").select(F.col("first").alias("pair_id"), "phash")
    buckets = hashes.mapInArrow(spread, "bucket bigint, pair_id string, phash binary")
    near = store.keep("image_near", _by_bucket(buckets, compare))
    _log_hot("image", near)
    equal = [_equal_edges(facts, key) for key in ("pixel_sha256", "phash")]
    return reduce(DataFrame.unionByName, equal, near.select("larger", "smaller"))


def _text_edges(facts: DataFrame, pairs: DataFrame, store: Store, settings: DedupSettings) -> DataFrame:
    def spread(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (kernels.text_buckets(batch, settings.seed) for batch in batches)

    def propose(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return kernels.text_candidates(batches, settings)

    def verify(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (kernels.verified(batch, settings.text_jaccard) for batch in batches)

    long = _firsts(facts.where("is_long"), "text_key").select(F.col("first").alias("pair_id"))
    texts = store.keep("texts", pairs.select("pair_id", "text").join(long, "pair_id", "left_semi"))
    buckets = texts.mapInArrow(spread, "bucket bigint, pair_id string")
    proposed = store.keep("text_candidates", _by_bucket(buckets, propose))
    _log_hot("text", proposed)
    candidates = proposed.where("larger > smaller").select("larger", "smaller").distinct()
    larger, smaller = (texts.toDF(side, f"{side}_text") for side in ("larger", "smaller"))
    near = candidates.join(larger, "larger").join(smaller, "smaller")
    near = near.select("larger", "smaller", "larger_text", "smaller_text")
    near = near.mapInArrow(verify, "larger string, smaller string")
    return near.unionByName(_equal_edges(facts, "text_key"))


def _log_hot(what: str, edges: DataFrame) -> None:
    """Say which buckets were too large to compare all their members."""
    hot = edges.where("n_hot is not null").agg(F.count("*").alias("n"), F.sum("n_hot").alias("rows")).first()
    if hot is not None and hot.n:
        log.warning("%s: %d rows in hot buckets were compared with the first of their bucket only", what, hot.rows)


def _clustered(facts: DataFrame, images: DataFrame, texts: DataFrame) -> DataFrame:
    """Facts with image_cluster and text_cluster; a pair that is linked to no other is its own cluster."""
    image = images.withColumnRenamed("cluster", "image_cluster")
    text = texts.withColumnRenamed("cluster", "text_cluster")
    rows = facts.join(image, "pair_id", "left").join(text, "pair_id", "left")
    for name in ("image_cluster", "text_cluster"):
        rows = rows.withColumn(name, F.coalesce(name, "pair_id"))
    return rows.select("pair_id", "is_long", "split", *_ORDER[:-1], "image_cluster", "text_cluster")


def _outcomes(rows: DataFrame) -> DataFrame:
    """What `pipeline.dedup.oracle` says, as joins."""
    both = ["image_cluster", "text_cluster"]
    best = rows.groupBy(*both).agg(F.min(F.struct(*_ORDER)).alias("best"), F.count("*").alias("n"))
    rows = rows.join(best.where("n > 1").drop("n"), both, "left")
    rows = rows.withColumn("best", F.coalesce("best", F.struct(*_ORDER)))
    rows = rows.join(_tops(rows, "image_cluster"), "image_cluster", "left")
    rows = rows.join(_tops(rows.where("is_long"), "text_cluster"), "text_cluster", "left")
    top = F.least("image_cluster_top", "text_cluster_top")
    conflict = F.when(top.by_split < F.col("best.by_split"), top.pair_id)
    is_copy = conflict.isNull() & (F.col("best.pair_id") != F.col("pair_id"))
    survivor = F.when(is_copy, F.col("best.pair_id"))
    return rows.select("pair_id", *both, survivor.alias("survivor_id"), conflict.alias("conflict_id"), "split")


def _tops(rows: DataFrame, cluster: str) -> DataFrame:
    """(cluster, {cluster}_top: by_split and pair_id of the most held-out member) of clusters in several splits."""
    top = F.min(F.struct("by_split", "pair_id")).alias(f"{cluster}_top")
    tops = rows.groupBy(cluster).agg(top, F.max("by_split").alias("least_held_out"))
    return tops.where(F.col(f"{cluster}_top.by_split") < F.col("least_held_out")).drop("least_held_out")

"""Shards are planned so that none is too full, and Spark puts a pair where the pure function says."""

from __future__ import annotations

from collections import defaultdict

import pytest

from jobs.cluster import plan_shards, shard_number
from jobs.inventory import part_number
from pipeline.catalog import part_of
from pipeline.config import PackConfig
from pipeline.pack import shard_index, shuffle_hash

pytestmark = pytest.mark.spark

PAIRS = [(f"PMC{n}_v1_f001_s00", "train" if n % 10 else "test", 1000 + n) for n in range(2000)]


@pytest.mark.parametrize(
    "config",
    [
        PackConfig(),
        PackConfig(samples_per_shard=100),
        PackConfig(bytes_per_shard=50_000),
        PackConfig(samples_per_shard=7, seed=3),
    ],
)
def test_no_shard_is_too_full(spark, config: PackConfig) -> None:
    frame = spark.createDataFrame(PAIRS, "pair_id string, split string, size long")
    n_shards = plan_shards(frame, config)
    loads: dict[tuple[str, int], list[int]] = defaultdict(list)
    for pair_id, split, size in PAIRS:
        loads[split, shard_index(shuffle_hash(pair_id, config.seed), n_shards[split])].append(size)
    assert max(len(sizes) for sizes in loads.values()) <= config.samples_per_shard
    assert max(sum(sizes) for sizes in loads.values()) <= config.bytes_per_shard
    found = {
        row.pair_id: row.n for row in frame.select("pair_id", shard_number(n_shards, config.seed).alias("n")).collect()
    }
    before = {
        split: sum(n for s, n in n_shards.items() if list(n_shards).index(s) < list(n_shards).index(split))
        for split in n_shards
    }
    for pair_id, split, _ in PAIRS:
        assert found[pair_id] == before[split] + shard_index(shuffle_hash(pair_id, config.seed), n_shards[split])


def test_a_sample_above_the_limit_has_a_shard_of_its_own(spark) -> None:
    rows = [("PMC1_v1_f001_s00", "train", 10**9), *[(f"PMC{n}_v1_f001_s00", "train", 10) for n in range(2, 20)]]
    frame = spark.createDataFrame(rows, "pair_id string, split string, size long")
    n_shards = plan_shards(frame, PackConfig(bytes_per_shard=1000))["train"]
    places = [shard_index(shuffle_hash(pair_id, PackConfig().seed), n_shards) for pair_id, _, _ in rows]
    assert places.count(places[0]) == 1


def test_spark_divides_articles_as_the_pure_function_does(spark) -> None:
    ids = [f"PMC{n}" for n in range(0, 10**6, 4999)]
    frame = spark.createDataFrame([(pmcid,) for pmcid in ids], "pmcid string")
    found = frame.select("pmcid", part_number(13).alias("part")).collect()
    assert {row.pmcid: row.part for row in found} == {pmcid: part_of(pmcid, 13) for pmcid in ids}

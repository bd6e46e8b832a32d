"""Stars find the components that union-find finds."""

from __future__ import annotations

import random

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.stars import ClusterError, star_clusters
from pipeline.dedup.clusters import components

pytestmark = pytest.mark.spark


def _keep_in_memory(name: str, frame: DataFrame) -> DataFrame:
    return frame.localCheckpoint()


@pytest.mark.parametrize("seed", range(3))
def test_stars_find_the_components_that_union_find_finds(spark: SparkSession, seed: int) -> None:
    rng = random.Random(seed)
    nodes = [f"n{k:03d}" for k in range(60)]
    edges = [tuple(sorted(rng.choices(nodes, k=2), reverse=True)) for _ in range(45)]
    edges += [(nodes[k + 1], nodes[k]) for k in range(40, 55)]
    frame = spark.createDataFrame(edges, "larger string, smaller string")
    found = {row.pair_id: row.cluster for row in star_clusters(frame, "t", _keep_in_memory).collect()}
    assert found == {node: root for node, root in components(edges).items() if node != root}


def test_a_graph_that_needs_more_rounds_is_an_error(spark: SparkSession) -> None:
    path = [(f"n{k + 1:03d}", f"n{k:03d}") for k in range(64)]
    frame = spark.createDataFrame(path, "larger string, smaller string")
    with pytest.raises(ClusterError, match="path: components not complete after 1 rounds"):
        star_clusters(frame, "path", _keep_in_memory, max_rounds=1)

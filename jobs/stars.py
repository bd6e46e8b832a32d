"""Connected components of a graph that fits on no single machine, by alternating large and small stars.

Every node ends up linked to the smallest node of its component and to nothing else. Each round is written and
read back, so that the query plan does not grow; a graph that needs more rounds than allowed is an error.

Source: Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii, "Connected Components in MapReduce and Beyond", 2014.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name all Spark code uses

log = logging.getLogger(__name__)

MAX_ROUNDS = 50
"""A path of a million nodes takes about 20 rounds; clusters of copies take 2 to 4."""

Keep = Callable[[str, DataFrame], DataFrame]
"""Writes a frame under a name and gives the frame that reads it back."""


class ClusterError(RuntimeError):
    """The components were not complete after the rounds that are allowed; the message names the graph."""


def star_clusters(edges: DataFrame, name: str, keep: Keep, max_rounds: int = MAX_ROUNDS) -> DataFrame:
    """(pair_id, cluster) for every node with an edge, but for the smallest node of each component, its cluster.

    Args:
        edges: columns `larger` and `smaller`, in that order of the ids; repeated edges and loops do no harm.
        name: of the graph; the rounds are kept as `{name}_0`, `{name}_1`, ….
        keep: where rounds are written.
        max_rounds: each is a large and a small star.

    Raises:
        ClusterError: more rounds would be needed.
    """
    links = edges.where("larger > smaller").select("larger", "smaller").distinct()
    for number in range(max_rounds + 1):
        links = keep(f"{name}_{number}", links)
        if _is_forest_of_stars(links):
            log.info("%s: components complete after %d rounds", name, number)
            return links.select(F.col("larger").alias("pair_id"), F.col("smaller").alias("cluster"))
        links = _small_star(_large_star(links))
    raise ClusterError(f"{name}: components not complete after {max_rounds} rounds")


def _is_forest_of_stars(links: DataFrame) -> bool:
    """Whether every node has one link to a smaller one, and that one has none: then it is the smallest of all."""
    if links.groupBy("larger").count().where("count > 1").take(1):
        return False
    centres = links.select(F.col("smaller").alias("larger")).distinct()
    return not links.join(centres, "larger", "left_semi").take(1)


def _large_star(links: DataFrame) -> DataFrame:
    """Links every larger neighbour of a node to the smallest of the node and its neighbours."""
    swapped = links.select(F.col("smaller").alias("node"), F.col("larger").alias("neighbour"))
    both = swapped.unionByName(links.select(F.col("larger").alias("node"), F.col("smaller").alias("neighbour")))
    least = both.groupBy("node").agg(F.min("neighbour").alias("least"))
    least = least.select("node", F.least("node", "least").alias("least"))
    return (
        both.where("neighbour > node")
        .join(least, "node")
        .select(F.col("neighbour").alias("larger"), F.col("least").alias("smaller"))
        .distinct()
    )


def _small_star(links: DataFrame) -> DataFrame:
    """Links a node and its smaller neighbours to the smallest of them."""
    least = links.groupBy("larger").agg(F.min("smaller").alias("least"))
    neighbours = links.join(least, "larger").select(F.col("smaller").alias("larger"), F.col("least").alias("smaller"))
    own = least.select("larger", F.col("least").alias("smaller"))
    return neighbours.where("larger > smaller").unionByName(own).distinct()

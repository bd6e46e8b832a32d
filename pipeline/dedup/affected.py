"""Which pairs a newer inventory can give another cluster, survivor or split: all others keep what they have.

A pair that came or went changes nothing but the clusters of pairs that it is compared with, that is, of those that
share one of its keys. So the affected pairs are the new ones, and all members of the clusters that hold a pair which
shares a key with one that came or went. They are compared among themselves: whatever is like one of them is one.

A hot bucket breaks this (its members are compared with its first only, whichever that is), so that where one is met
all pairs must be compared again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.dedup.dedup import CLUSTER
from pipeline.dedup.settings import DedupSettings
from pipeline.dedup.signature import STAGE as SIGN
from pipeline.tables import NONE_DEAD, Tables, is_living
from schemas.pairs import Assignment, Signature
from schemas.record import arrow_schema

Chunks = Callable[[], Iterable[pa.Table]]
"""Reads rows of `schemas.pairs.Signature` a part at a time, each time it is called."""
_BANDS = ("image_bands", "text_bands")
_NAMES = ("pixel_sha256", "text_key")


@dataclass(frozen=True, slots=True)
class Keys:
    """What pairs are found by: sorted, distinct."""

    bands: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Of images and of texts."""
    names: tuple[pa.Array, pa.Array]
    """sha256 of pixels, and keys of texts."""


def affected(
    came: Chunks, went: Chunks, stayed: Chunks, assignments: pa.Table, settings: DedupSettings
) -> set[str] | None:
    """The pair_ids that have to be compared again, or None where all have.

    Args:
        came: signatures of pairs that are new.
        went: signatures of pairs that are no more.
        stayed: signatures of all other pairs.
        assignments: pair_id, image_cluster and text_cluster of those that stayed or went.
        settings: what counts as hot.
    """
    new = _ids(came())
    changed = _keys(_chain(came, went))
    seeds = _ids(went()) | _ids(rows.filter(_meets(rows, changed)) for rows in stayed())
    again = (_closed(assignments, seeds) - _ids(went())) | new
    mine = _keys(rows.filter(is_in(rows["pair_id"], again)) for rows in _chain(came, stayed))
    limits = (settings.hot_image_bucket, settings.hot_text_bucket)
    loads = [_loads(_chain(came, stayed), column, keys) for column, keys in zip(_BANDS, mine.bands, strict=True)]
    is_hot = any((load > limit).any() for load, limit in zip(loads, limits, strict=True))
    return None if is_hot else again


def _chain(*chunks: Chunks) -> Iterator[pa.Table]:
    return (rows for read in chunks for rows in read())


def _ids(chunks: Iterable[pa.Table]) -> set[str]:
    return {pair_id for rows in chunks for pair_id in rows["pair_id"].to_pylist()}


def _keys(chunks: Iterable[pa.Table]) -> Keys:
    rows = list(chunks)
    images, texts = (np.unique(np.concatenate([np.empty(0, np.int64), *(_flat(r, c) for r in rows)])) for c in _BANDS)
    pixels, words = (pa.array(sorted({name for r in rows for name in r[c].to_pylist()}), pa.string()) for c in _NAMES)
    return Keys((images, texts), (pixels, words))


def _flat(rows: pa.Table, column: str) -> NDArray[np.int64]:
    values: NDArray[np.int64] = pc.list_flatten(rows[column]).to_numpy()
    return values


def _meets(rows: pa.Table, keys: Keys) -> pa.Array:
    """For each row, whether it shares a key."""
    mask = np.zeros(rows.num_rows, dtype=bool)
    for column, wanted in zip(_BANDS, keys.bands, strict=True):
        parents = pc.list_parent_indices(rows[column].combine_chunks()).to_numpy()
        mask[parents[np.isin(_flat(rows, column), wanted)]] = True
    for column, names in zip(_NAMES, keys.names, strict=True):
        mask |= pc.is_in(rows[column], names).to_numpy()
    return pa.array(mask)


def is_in(values: pa.Array, wanted: Set[str]) -> pa.Array:
    """For each value, whether it is one of those wanted."""
    return pc.is_in(values, pa.array(sorted(wanted), pa.string()))


def _closed(assignments: pa.Table, seeds: set[str]) -> set[str]:
    """All members of the clusters of images and texts that hold a seed, and of the clusters that those are in."""
    known = assignments.select(["pair_id", "image_cluster", "text_cluster"])
    mask, n_before = is_in(known["pair_id"], seeds), -1
    while (n := pc.sum(mask).as_py() or 0) > n_before:
        n_before, members = n, known.filter(mask)
        clusters = (pc.unique(members[column]) for column in known.column_names[1:])
        masks = [pc.is_in(known[c], values) for c, values in zip(known.column_names[1:], clusters, strict=True)]
        mask = pc.or_(*masks)
    return set(known.filter(mask)["pair_id"].to_pylist())


def _loads(chunks: Iterable[pa.Table], column: str, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each key, in how many rows it occurs."""
    loads = np.zeros(keys.size, dtype=np.int64)
    for rows in chunks:
        values = _flat(rows, column)
        found = np.searchsorted(keys, values)
        found[found == keys.size] = 0
        np.add.at(loads, found[keys[found] == values] if keys.size else [], 1)
    return loads


def find_affected(now: Tables, before: Tables, settings: DedupSettings) -> set[str] | None:
    """The same for two states of a root, the second of which the first builds on."""
    names = arrow_schema(Signature).names

    def living(parts: range) -> Iterator[pa.Table]:
        return (now.part_columns(part, SIGN.name, Signature, names) for part in parts)

    def went() -> Iterator[pa.Table]:
        for part, dead in now.dead.items():
            gone = dead - before.dead.get(part, NONE_DEAD)
            rows = pq.read_table(now.file(SIGN.name, Signature, part))
            yield rows.filter(pc.invert(is_living(rows["pair_id"], gone)))

    columns = ["pair_id", "image_cluster", "text_cluster"]
    assignments = pa.concat_tables(rows for _, rows in before.columns(CLUSTER.name, Assignment, columns))
    return affected(
        lambda: living(range(before.n_parts, now.n_parts)),
        went,
        lambda: living(range(before.n_parts)),
        assignments,
        settings,
    )

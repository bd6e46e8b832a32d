"""What changed between two releases: shards by their sha256, pairs by their id and the part that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dedup.dedup import STAGE as DEDUP
from pipeline.root import Root
from pipeline.tables import Tables
from schemas.pairs import Pair


@dataclass(frozen=True, slots=True)
class Changes:
    """From an older release to a newer one."""

    shards_same: int
    """Equal in name and bytes."""
    shards_rewritten: int
    """Equal in name only."""
    shards_added: int
    shards_removed: int
    pairs_same: int
    pairs_changed: int
    """Equal in id only: made anew from an article that changed."""
    pairs_added: int
    pairs_removed: int
    articles_added: int
    articles_removed: int


def changes(root: Root, older: Mapping[str, Any], newer: Mapping[str, Any]) -> Changes:
    """What changed between two releases, given their manifests.

    Raises:
        RootError: tables of a release are gone.
    """
    old, new = (_files(release) for release in (older, newer))
    common = old.keys() & new.keys()
    n_same = sum(old[file] == new[file] for file in common)
    pairs = _pairs(root, older).join(_pairs(root, newer), "pair_id", join_type="full outer", right_suffix="_new")
    # Parts are shared by releases of the same settings only; under others every pair was made anew.
    is_same = pc.fill_null(pc.equal(pairs["place"], pairs["place_new"]), False)
    n_added, n_removed = pairs["place"].null_count, pairs["place_new"].null_count
    articles, articles_new = (_articles(pairs, column) for column in ("place", "place_new"))
    return Changes(
        shards_same=n_same,
        shards_rewritten=len(common) - n_same,
        shards_added=len(new) - len(common),
        shards_removed=len(old) - len(common),
        pairs_same=int(pc.sum(is_same).as_py() or 0),
        pairs_changed=pairs.num_rows - n_added - n_removed - int(pc.sum(is_same).as_py() or 0),
        pairs_added=n_added,
        pairs_removed=n_removed,
        articles_added=len(articles_new - articles),
        articles_removed=len(articles - articles_new),
    )


def _files(release: Mapping[str, Any]) -> dict[str, str]:
    return {shard["file"]: shard["sha256"] for shard in release["shards"]}


def _pairs(root: Root, release: Mapping[str, Any]) -> pa.Table:
    """Columns pair_id and place, the part of the step that made it."""
    tables = Tables(root, release["tables"])
    made_by = release["tables"]["filter"]
    found = [
        rows.append_column("place", pa.array([f"{made_by}/{part}"] * rows.num_rows, pa.string()))
        for part, rows in tables.columns(DEDUP.name, Pair, ["pair_id"])
    ]
    return pa.concat_tables(found)


def _articles(pairs: pa.Table, column: str) -> set[str]:
    ids = pairs.filter(pc.is_valid(pairs[column]))["pair_id"]
    return set(pc.list_element(pc.split_pattern(ids, "_", max_splits=1), 0).to_pylist())

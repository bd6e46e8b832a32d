"""From clusters to outcomes: which pair of a cluster survives, and which must go because another is held out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.dedup.facts import PairFacts
from pipeline.dedup.splits import Split, conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What comparing a pair with all the others said; at most one of survivor_id and conflict_id is set."""

    pair_id: str
    image_cluster: str
    text_cluster: str
    survivor_id: str | None
    conflict_id: str | None
    split: Split


OUTCOMES = pa.schema(
    [
        pa.field("pair_id", pa.string(), nullable=False),
        pa.field("image_cluster", pa.string(), nullable=False),
        pa.field("text_cluster", pa.string(), nullable=False),
        pa.field("survivor_id", pa.string()),
        pa.field("conflict_id", pa.string()),
        pa.field("split", pa.string(), nullable=False),
    ]
)


def outcomes(known: Iterable[PairFacts], images: Mapping[str, str], texts: Mapping[str, str]) -> list[Outcome]:
    """One outcome per pair, in their order.

    Args:
        known: all pairs of the clusters that they are in.
        images: by pair_id, the smallest pair_id of its image cluster; pairs that are alone may be left out.
        texts: the same of its text cluster.
    """
    known = list(known)
    clusters = {f.pair_id: (images.get(f.pair_id, f.pair_id), texts.get(f.pair_id, f.pair_id)) for f in known}
    members: dict[Any, list[PairFacts]] = defaultdict(list)
    for f in known:
        for key in _groups(f, *clusters[f.pair_id]):
            members[key].append(f)
    best = {key: min(group, key=lambda f: f.order) for key, group in members.items() if key[0] == "both"}
    tops = {key: min((f.by_split, f.pair_id) for f in group) for key, group in members.items() if key[0] != "both"}
    return [_outcome(f, *clusters[f.pair_id], best, tops) for f in known]


def _groups(f: PairFacts, image: str, text: str) -> list[tuple[str, ...]]:
    """The duplicates of a pair, and the clusters that must not be in two splits."""
    leaking = [("image", image), ("text", text)] if f.is_long else [("image", image)]
    return [("both", image, text), *leaking]


def _outcome(
    f: PairFacts, image: str, text: str, best: Mapping[Any, PairFacts], tops: Mapping[Any, tuple[int, str]]
) -> Outcome:
    both, *leaking = _groups(f, image, text)
    kept = best[both]
    conflict_id = conflict(-kept.by_split, [(-by_split, pair_id) for by_split, pair_id in (tops[k] for k in leaking)])
    return Outcome(
        pair_id=f.pair_id,
        image_cluster=image,
        text_cluster=text,
        survivor_id=None if conflict_id or kept is f else kept.pair_id,
        conflict_id=conflict_id,
        split=f.split,
    )

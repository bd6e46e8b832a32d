"""Deduplication of what fits into the memory of one machine: the kernels of the job, without the cluster.

A few hundred thousand pairs are compared faster so than twenty Spark jobs start.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from pipeline.dedup import edges as kernels
from pipeline.dedup.clusters import components
from pipeline.dedup.facts import COLUMNS, DedupError, PairFacts, facts_of
from pipeline.dedup.outcomes import Outcome, outcomes
from pipeline.dedup.settings import DedupSettings

Edges = Iterator[tuple[str, str]]
Key = Callable[[PairFacts], bytes | str | None]

_TEXTS_AT_ONCE = 10_000


def assign_local(pairs: pa.Table, settings: DedupSettings) -> list[Outcome]:
    """One outcome per row, by rising pair_id: the same as the job's.

    Args:
        pairs: with the columns `pipeline.dedup.facts.COLUMNS`, and any others; a kilobyte of memory for each.
        settings: what counts as the same.

    Raises:
        DedupError: a required value is null, or two rows have the same pair_id.
    """
    pairs = pairs.select(COLUMNS).sort_by("pair_id")
    known = [facts_of(row, settings) for batch in pairs.to_batches(1024) for row in batch.to_pylist()]
    for left, right in itertools.pairwise(known):
        if left.pair_id == right.pair_id:
            raise DedupError(f"pair_ids occur more than once: {left.pair_id}")
    images = components(_image_edges(known, settings))
    texts = components(_text_edges(known, pairs, settings))
    return outcomes(known, images, texts)


def _firsts(known: Iterable[PairFacts], key: Key) -> dict[bytes | str, str]:
    """The smallest pair_id of each value of a key; `known` is sorted."""
    firsts: dict[bytes | str, str] = {}
    for f in known:
        if (value := key(f)) is not None:
            firsts.setdefault(value, f.pair_id)
    return firsts


def _equal_edges(known: list[PairFacts], key: Key) -> Edges:
    firsts = _firsts(known, key)
    return ((f.pair_id, firsts[value]) for f in known if (value := key(f)) is not None)


def _image_edges(known: list[PairFacts], settings: DedupSettings) -> Edges:
    yield from _equal_edges(known, lambda f: f.pixel_sha256)
    yield from _equal_edges(known, lambda f: f.phash)
    firsts = _firsts(known, lambda f: f.phash)
    hashed = pa.RecordBatch.from_pydict({"pair_id": list(firsts.values()), "phash": list(firsts)})
    found = kernels.image_edges(_by_bucket(kernels.image_buckets(hashed)), settings)
    yield from _ids(found)


def _text_edges(known: list[PairFacts], pairs: pa.Table, settings: DedupSettings) -> Edges:
    yield from _equal_edges(known, lambda f: f.text_key)
    firsts = set(_firsts((f for f in known if f.is_long), lambda f: f.text_key).values())
    long = pairs.filter(pa.array([f.pair_id in firsts for f in known], pa.bool_())).select(["pair_id", "text"])
    buckets = pa.Table.from_batches(
        [kernels.text_buckets(batch, settings.seed) for batch in long.to_batches(_TEXTS_AT_ONCE)], kernels.TEXT_BUCKETS
    )
    proposed = set(_ids(kernels.text_candidates(_by_bucket(buckets), settings)))
    texts = dict(zip(long["pair_id"].to_pylist(), long["text"].to_pylist(), strict=True))
    likely = sorted((larger, smaller) for larger, smaller in proposed if larger > smaller)
    for start in range(0, len(likely), _TEXTS_AT_ONCE):
        yield from _ids(
            [kernels.verified(_with_texts(likely[start : start + _TEXTS_AT_ONCE], texts), settings.text_jaccard)]
        )


def _with_texts(likely: list[tuple[str, str]], texts: dict[str, str]) -> pa.RecordBatch:
    larger, smaller = ([pair[side] for pair in likely] for side in (0, 1))
    return pa.RecordBatch.from_pydict(
        {
            "larger": larger,
            "smaller": smaller,
            "larger_text": [texts[pair_id] for pair_id in larger],
            "smaller_text": [texts[pair_id] for pair_id in smaller],
        }
    )


def _by_bucket(buckets: pa.RecordBatch | pa.Table) -> Iterator[pa.RecordBatch]:
    rows = pa.Table.from_batches([buckets]) if isinstance(buckets, pa.RecordBatch) else buckets
    return iter(rows.sort_by([("bucket", "ascending"), ("pair_id", "ascending")]).combine_chunks().to_batches())


def _ids(batches: Iterable[pa.RecordBatch]) -> Edges:
    for batch in batches:
        yield from zip(batch["larger"].to_pylist(), batch["smaller"].to_pylist(), strict=True)

"""What deduplication must say, worked out by comparing every pair of rows: slow, short, and what the job is held to.

The definitions are those of the job, the bucket rule included (who is proposed is part of the result); the means
are others: sets of word triples, integers, and loops over all pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from pipeline.dedup import hashes, minhash
from pipeline.dedup.clusters import components
from pipeline.dedup.facts import DedupError, PairFacts, facts_of
from pipeline.dedup.outcomes import Outcome, outcomes
from pipeline.dedup.settings import DedupSettings

Buckets = dict[str, set[int]]
Edges = Iterator[tuple[str, str]]


def assign(rows: Iterable[Mapping[str, Any]], settings: DedupSettings) -> list[Outcome]:
    """One outcome per row, by rising pair_id.

    Args:
        rows: with the columns `pipeline.dedup.facts.COLUMNS`; hundreds, not more.
        settings: what counts as the same.

    Raises:
        DedupError: a required value is null, or two rows have the same pair_id.
    """
    rows = list(rows)
    known = sorted((facts_of(row, settings) for row in rows), key=lambda f: f.pair_id)
    texts = {row["pair_id"]: minhash.words(row["text"]) for row in rows}
    if len(texts) < len(rows):
        raise DedupError("two pairs have the same pair_id")
    images = components(_image_edges(known, settings))
    captions = components(_text_edges(known, texts, settings))
    return outcomes(known, images, captions)


def _same(known: list[PairFacts], key: Callable[[PairFacts], Any]) -> Edges:
    return ((a.pair_id, b.pair_id) for a, b in combinations(known, 2) if key(a) == key(b) is not None)


def _firsts(known: list[PairFacts], key: Callable[[PairFacts], Any]) -> list[PairFacts]:
    """The first pair of each value of a key; those without one are left out."""
    first = {key(f): f for f in reversed(known) if key(f) is not None}
    return sorted(first.values(), key=lambda f: f.pair_id)


def _image_edges(known: list[PairFacts], settings: DedupSettings) -> Edges:
    yield from _same(known, lambda f: f.pixel_sha256)
    yield from _same(known, lambda f: f.phash)
    phashes = {f.pair_id: f.phash for f in _firsts(known, lambda f: f.phash) if f.phash is not None}
    numbers = {i: int.from_bytes(phash, "big") for i, phash in phashes.items()}
    buckets = {i: set(hashes.bands(hashes.pack([phash]))[0].tolist()) for i, phash in phashes.items()}
    for a, b in _proposed(buckets, settings.hot_image_bucket):
        if (numbers[a] ^ numbers[b]).bit_count() <= settings.phash_distance:
            yield a, b


def _text_edges(known: list[PairFacts], texts: dict[str, list[str]], settings: DedupSettings) -> Edges:
    yield from _same(known, lambda f: f.text_key)
    ids = [f.pair_id for f in _firsts(known, lambda f: f.text_key if f.is_long else None)]
    triples = {i: set(zip(texts[i], texts[i][1:], texts[i][2:], strict=False)) for i in ids}
    buckets = {i: set(minhash.bands(minhash.shingles(texts[i]), settings.seed).tolist()) for i in ids}
    for a, b in _proposed(buckets, settings.hot_text_bucket):
        if len(triples[a] & triples[b]) / len(triples[a] | triples[b]) >= settings.text_jaccard:
            yield a, b


def _proposed(buckets: Buckets, cap: int) -> Edges:
    """Pairs that share a bucket of at most `cap` members, or whose first is the smallest member of a larger one."""
    sizes = Counter(number for numbers in buckets.values() for number in numbers)
    smallest: dict[int, str] = {}
    for member in sorted(buckets, reverse=True):
        smallest.update(dict.fromkeys(buckets[member], member))
    for a, b in combinations(sorted(buckets), 2):
        if any(sizes[n] <= cap or smallest[n] == a for n in buckets[a] & buckets[b]):
            yield a, b

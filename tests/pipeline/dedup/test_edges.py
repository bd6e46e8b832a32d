"""Edges within buckets, against comparing every pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup import edges
from pipeline.dedup.clusters import components
from pipeline.dedup.edges import image_buckets, image_edges, text_buckets, text_candidates, verified
from pipeline.dedup.settings import DedupSettings

NEAR = st.lists(st.sets(st.integers(0, 60), max_size=12), min_size=1, max_size=25)


def to_hash(bits: set[int]) -> bytes:
    return sum(1 << bit for bit in bits).to_bytes(32, "big")


def table(columns: dict[str, list[object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def in_bucket(phashes: list[bytes]) -> list[pa.RecordBatch]:
    ids = [f"p{k:05d}" for k in range(len(phashes))]
    return [table({"bucket": [7] * len(ids), "pair_id": ids, "phash": phashes})]


def found(batches: object) -> list[tuple[str, str]]:
    rows = [row for batch in batches for row in batch.to_pylist()]  # type: ignore[attr-defined]
    return [(row["larger"], row["smaller"]) for row in rows if row["n_hot"] is None]


@given(NEAR, st.integers(0, 15))
def test_images_of_a_bucket_form_the_components_of_all_close_pairs(bits: list[set[int]], distance: int) -> None:
    links = found(image_edges(in_bucket([to_hash(b) for b in bits]), DedupSettings(phash_distance=distance)))
    close = [
        (f"p{a:05d}", f"p{b:05d}") for a, b in combinations(range(len(bits)), 2) if len(bits[a] ^ bits[b]) <= distance
    ]
    assert components(links) == components(close)
    assert all(larger > smaller for larger, smaller in links)


def test_images_are_compared_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    phashes = [to_hash({k % 5, 100 + k % 7, 200 + k % 3}) for k in range(60)]
    settings = DedupSettings(phash_distance=2)
    whole = set(found(image_edges(in_bucket(phashes), settings)))
    monkeypatch.setattr(edges, "_COMPARISONS", 61)
    assert set(found(image_edges(in_bucket(phashes), settings))) == whole != set()


@given(NEAR.filter(lambda bits: len(bits) > 3))
def test_images_of_a_hot_bucket_are_linked_to_its_first_only(bits: list[set[int]]) -> None:
    settings = DedupSettings(phash_distance=5, hot_image_bucket=3)
    batches = list(image_edges(in_bucket([to_hash(b) for b in bits]), settings))
    close = [(f"p{k:05d}", "p00000") for k in range(1, len(bits)) if len(bits[0] ^ bits[k]) <= 5]
    assert found(batches) == close
    assert sum(n or 0 for batch in batches for n in batch.column("n_hot").to_pylist()) == len(bits) - 1


def test_each_image_is_in_one_bucket_per_band() -> None:
    batch = table({"pair_id": ["a", "b"], "phash": [to_hash({1}), to_hash({200})]})
    spread = image_buckets(batch)
    assert spread.schema.equals(edges.IMAGE_BUCKETS)
    assert spread.column("pair_id").to_pylist() == ["a"] * 16 + ["b"] * 16
    left, right = np.array(spread.column("bucket")).reshape(2, 16)
    assert (left == right).sum() == 14, "two bits in two bands differ"


def test_texts_of_a_bucket_are_all_proposed_and_those_of_a_hot_one_with_its_first() -> None:
    rows = [table({"bucket": [1, 1, 1, 2], "pair_id": ["a", "b", "c", "d"]})]
    assert found(text_candidates(rows, DedupSettings())) == [("b", "a"), ("c", "a"), ("c", "b")]
    assert found(text_candidates(rows, DedupSettings(hot_text_bucket=2))) == [("b", "a"), ("c", "a")]


def test_a_text_bucket_is_shared_by_near_copies_only() -> None:
    text = " ".join(f"word{k}" for k in range(60))
    other = " ".join(f"term{k}" for k in range(60))
    spread = text_buckets(table({"pair_id": ["a", "b", "c"], "text": [text, text + " more", other]}), seed=0)
    assert spread.schema.equals(edges.TEXT_BUCKETS)
    buckets = np.array(spread.column("bucket")).reshape(3, 24)
    assert np.any(buckets[0] == buckets[1]) and not np.any(buckets[0] == buckets[2])


def test_proposed_texts_are_kept_from_the_threshold_on() -> None:
    words = [f"word{k}" for k in range(18)]
    batch = table(
        {
            "larger": ["b", "c"],
            "smaller": ["a", "a"],
            "larger_text": [" ".join([*words, *"1234"]), " ".join([*words, *"12345"])],
            "smaller_text": [" ".join(words)] * 2,
        }
    )
    assert verified(batch, 0.8).to_pylist() == [{"larger": "b", "smaller": "a"}], "16 of 20 runs, and 16 of 21"


def test_empty_batches_give_empty_batches() -> None:
    empty = pa.RecordBatch.from_pydict({"pair_id": pa.array([], pa.string()), "phash": pa.array([], pa.binary())})
    assert image_buckets(empty).num_rows == 0
    empty = pa.RecordBatch.from_pydict({"pair_id": pa.array([], pa.string()), "text": pa.array([], pa.string())})
    assert text_buckets(empty, seed=0).num_rows == 0

"""Buckets of a sorted stream, wherever its batches end."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.buckets import read_buckets

KEYS = st.lists(st.integers(0, 6), max_size=40).map(sorted)


def batches(keys: list[int], sizes: list[int]) -> list[pa.RecordBatch]:
    table = pa.table({"bucket": pa.array(keys, pa.int64()), "pair_id": [f"p{k:03d}" for k in range(len(keys))]})
    found, start = [], 0
    while start < len(keys):
        size = sizes[len(found) % len(sizes)]
        found.extend(table.slice(start, size).to_batches() or [table.slice(0, 0).to_batches()])
        start += size
    return found


@given(KEYS, st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(2, 8))
def test_small_buckets_come_whole_and_hot_ones_in_parts(keys: list[int], sizes: list[int], cap: int) -> None:
    whole: dict[int, list[str]] = {}
    parts: dict[int, list[list[str]]] = defaultdict(list)
    for bucket in read_buckets(batches(keys, sizes), cap):
        key = bucket.rows.column("bucket")[0].as_py()
        assert set(bucket.rows.column("bucket").to_pylist()) == {key}
        if bucket.is_hot:
            parts[key].append(bucket.ids)
        else:
            assert key not in whole
            whole[key] = bucket.ids
    expected = {key: [f"p{k:03d}" for k, _ in run] for key, run in groupby(enumerate(keys), lambda item: item[1])}
    assert whole == {key: ids for key, ids in expected.items() if 2 <= len(ids) <= cap}
    assert {key: [i for ids in ids_of for i in ids[1:]] for key, ids_of in parts.items()} == {
        key: ids[1:] for key, ids in expected.items() if len(ids) > cap
    }
    assert all(ids[0] == expected[key][0] for key, ids_of in parts.items() for ids in ids_of)


def test_an_empty_batch_does_no_harm() -> None:
    first, second = batches([1, 1], [1])
    ids = [bucket.ids for bucket in read_buckets([first.slice(0, 0), first, second.slice(0, 0), second], cap=5)]
    assert ids == [["p000", "p001"]]

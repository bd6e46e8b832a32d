from __future__ import annotations

import dataclasses
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pack import add_samples, next_n_shards, sample_members, shard_index, shard_name, shuffle_hash
from pipeline.tar import TarWriter
from schemas.pairs import Pair


@pytest.fixture
def pair() -> Pair:
    from schemas.record import arrow_schema

    values = {
        f.name: {"string": "x", "int64": 1, "double": 0.5, "binary": b""}[str(f.type)] for f in arrow_schema(Pair)
    }
    return Pair(**{**values, "pair_id": "PMC1_v1_f001_s00", "key": "PMC1_v1_f001_s00", "text": "Röntgen – “A”"})


def test_members_are_sorted_dot_free_and_readable(pair: Pair) -> None:
    members = dict(sample_members(pair, b"jpeg"))
    assert list(members) == sorted(members) == [f"PMC1_v1_f001_s00.{end}" for end in ("jpg", "json", "txt")]
    assert members["PMC1_v1_f001_s00.txt"].decode() == pair.text
    assert json.loads(members["PMC1_v1_f001_s00.json"])["text"] == pair.text


def test_a_shard_is_the_same_whatever_the_order_of_its_pairs(pair: Pair, tmp_path) -> None:
    pairs = [dataclasses.replace(pair, pair_id=f"PMC{n}_v1_f001_s00", key=f"PMC{n}_v1_f001_s00") for n in range(50)]
    found = []
    for number, order in enumerate((pairs, pairs[::-1])):
        with TarWriter(tmp_path / f"{number}.tar") as tar:
            assert add_samples(tar.add, order, 15, lambda p: p.key.encode()) == 50
        found.append((tmp_path / f"{number}.tar").read_bytes())
    assert found[0] == found[1]
    with tarfile.open(fileobj=io.BytesIO(found[0])) as tar:
        names = tar.getnames()
    assert names != sorted(names)  # shuffled
    assert sorted(names) == sorted(name for p in pairs for name, _ in sample_members(p, b""))


@given(st.text(), st.integers(0, 100), st.integers(1, 5000))
def test_every_pair_has_a_shard(pair_id: str, seed: int, n_shards: int) -> None:
    assert 0 <= shard_index(shuffle_hash(pair_id, seed), n_shards) < n_shards


@given(st.integers(1, 10**6))
def test_the_number_of_shards_grows_until_they_fit(n: int) -> None:
    assert next_n_shards(n) > n


def test_names() -> None:
    assert shard_name("train", 7) == "train-00007"

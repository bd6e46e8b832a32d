"""pack: pairs become WebDataset shards: a seeded shuffle, and equal bytes for equal input."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.part import PartWriter
from pipeline.stage import Step
from pipeline.tar import read_slice
from schemas.pairs import Pair
from schemas.shards import Shard

STEP = Step("pack", (Pair,), (Shard,), revision=2, relational=True)
"""Writes the shards of a release, a part for each. Grouped in `jobs`."""

SPLITS = ("train", "validation", "test")

SAMPLE_OVERHEAD_BYTES = 8192
"""Room for headers, text and metadata of a sample when shards are planned: they take 3 to 6 kB."""

_HASH_RANGE = 2**32


def shuffle_hash(pair_id: str, seed: int) -> int:
    """Where a pair stands in the shuffle, 0 to 2**32 - 1: known from its id alone, so that rebuilds agree."""
    return int(hashlib.md5(f"{seed}:{pair_id}".encode(), usedforsecurity=False).hexdigest()[:8], 16)


def shard_index(place: int, n_shards: int) -> int:
    """The shard for a place in the shuffle."""
    return place * n_shards // _HASH_RANGE


def shard_name(split: str, index: int) -> str:
    """Base name of a shard."""
    return f"{split}-{index:05d}"


def next_n_shards(n_shards: int) -> int:
    """The number of shards to try when one of `n_shards` came out too large."""
    return n_shards + max(1, n_shards // 50)


def sample_order(pairs: Iterable[Pair], seed: int) -> list[Pair]:
    """The pairs of a shard in the order of the shuffle."""
    return sorted(pairs, key=lambda pair: (shuffle_hash(pair.pair_id, seed), pair.pair_id))


def sample_members(pair: Pair, jpeg: bytes) -> Iterator[tuple[str, bytes]]:
    """The members of a sample, sorted by name: picture, metadata, text."""
    yield f"{pair.key}.jpg", jpeg
    yield f"{pair.key}.json", json.dumps(sample_metadata(pair), ensure_ascii=False, sort_keys=True).encode()
    yield f"{pair.key}.txt", pair.text.encode()


def sample_metadata(pair: Pair) -> dict[str, object]:
    """What travels with a sample: where it is from, and its licence.

    Its clusters stay in the table of pairs: they follow from all pairs, and a shard must change with its own only.
    """
    return {
        "pair_id": pair.pair_id,
        "figure_id": pair.figure_id,
        "pmcid": pair.pmcid,
        "version": pair.version,
        "kind": pair.kind,
        "text": pair.text,
        "width_px": pair.width_px,
        "height_px": pair.height_px,
        "match": pair.match,
        "match_confidence": pair.match_confidence,
        "text_confidence": pair.text_confidence,
        "license": pair.license,
        "license_url": pair.license_url,
        "attribution": pair.attribution,
        "rights_note": pair.rights_note,
        "image_url": pair.image_url,
        "image_md5": pair.image_md5,
        "split": pair.split,
    }


def read_crop(root: Path, pair: Pair) -> bytes:
    """The stored crop of a pair, a JPEG file."""
    return read_slice(root / pair.crop_shard, pair.crop_offset, pair.n_bytes)


def add_samples(
    add: Callable[[str, bytes], object], pairs: Iterable[Pair], seed: int, picture: Callable[[Pair], bytes]
) -> int:
    """Adds the samples of a shard in the order of the shuffle; returns how many.

    Args:
        add: takes the name and the bytes of a member.
        pairs: those of the shard, in any order.
        seed: of the shuffle.
        picture: gives the JPEG file of a pair.
    """
    n_samples = 0
    for pair in sample_order(pairs, seed):
        for name, data in sample_members(pair, picture(pair)):
            add(name, data)
        n_samples += 1
    return n_samples


def pack_shard(pairs: Sequence[Pair], seed: int, root: Path, writer: PartWriter) -> None:
    """Writes one shard as the tar of a part, and its row as the part's table."""
    writer.n_in = add_samples(writer.blob, pairs, seed, lambda pair: read_crop(root, pair))
    sha256, n_bytes = writer.seal()
    name, split = pairs[0].shard, pairs[0].split
    writer.put(Shard(name=name, split=split, n_samples=len(pairs), n_bytes=n_bytes, sha256=sha256))

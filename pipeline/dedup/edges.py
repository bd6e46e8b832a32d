"""Which members of a bucket are the same: edges between pair_ids, in Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup import hashes, minhash
from pipeline.dedup.buckets import Bucket, read_buckets
from pipeline.dedup.clusters import components
from pipeline.dedup.settings import DedupSettings

EDGES = pa.schema(
    [
        pa.field("larger", pa.string(), nullable=False),
        pa.field("smaller", pa.string(), nullable=False),
        pa.field("n_hot", pa.int64()),
    ]
)
"""An edge between two pair_ids. Where `n_hot` is set, the row is no edge (both ends are the first of a hot bucket)
but says how many of its rows were compared with that one only."""
IMAGE_BUCKETS = pa.schema([("bucket", pa.int64()), ("pair_id", pa.string()), ("phash", pa.binary())])
TEXT_BUCKETS = pa.schema([("bucket", pa.int64()), ("pair_id", pa.string())])

Pairs = list[tuple[int, int]]
"""Positions in a bucket, the larger first."""
Row = tuple[str, str, int | None]
_ROWS = 10_000
_COMPARISONS = 1 << 16
"""Hashes compared at once: three such arrays stay in the processor's cache."""


def image_buckets(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of `IMAGE_BUCKETS`, 16 rows for each row with `pair_id` and `phash`."""
    packed = hashes.pack(batch.column("phash").to_pylist())
    numbers = hashes.bands(packed).ravel()
    rows = pa.array(np.repeat(np.arange(batch.num_rows), hashes.N_BANDS))
    columns = [pa.array(numbers), batch.column("pair_id").take(rows), batch.column("phash").take(rows)]
    return pa.RecordBatch.from_arrays(
        [c.cast(f.type) for c, f in zip(columns, IMAGE_BUCKETS, strict=True)], schema=IMAGE_BUCKETS
    )


def text_buckets(batch: pa.RecordBatch, seed: int) -> pa.RecordBatch:
    """A batch of `TEXT_BUCKETS`, 24 rows for each row with `pair_id` and `text`, a text of at least three words."""
    texts = batch.column("text").to_pylist()
    numbers = [minhash.bands(minhash.shingles(minhash.words(text)), seed) for text in texts]
    flat = np.concatenate(numbers) if numbers else np.empty(0, dtype=np.int64)
    rows = pa.array(np.repeat(np.arange(batch.num_rows), minhash.N_BANDS))
    ids = batch.column("pair_id").take(rows).cast(pa.string())
    return pa.RecordBatch.from_arrays([pa.array(flat), ids], schema=TEXT_BUCKETS)


def image_edges(batches: Iterable[pa.RecordBatch], settings: DedupSettings) -> Iterator[pa.RecordBatch]:
    """Batches of `EDGES` from sorted `IMAGE_BUCKETS`: images whose hashes are close, linked to the smallest."""
    buckets = read_buckets(batches, settings.hot_image_bucket)
    return _in_batches(_rows(buckets, lambda bucket: _close_images(bucket, settings.phash_distance)))


def text_candidates(batches: Iterable[pa.RecordBatch], settings: DedupSettings) -> Iterator[pa.RecordBatch]:
    """Batches of `EDGES` from sorted `TEXT_BUCKETS`: every pair that is to be verified, several times perhaps."""
    return _in_batches(_rows(read_buckets(batches, settings.hot_text_bucket), _all_texts))


def verified(batch: pa.RecordBatch, least: float) -> pa.RecordBatch:
    """The rows of a batch whose texts, `larger_text` and `smaller_text`, have at least this Jaccard similarity."""
    left, right = (
        [minhash.shingles(minhash.words(text)) for text in batch.column(name).to_pylist()]
        for name in ("larger_text", "smaller_text")
    )
    keep = [minhash.jaccard(a, b) >= least for a, b in zip(left, right, strict=True)]
    return batch.filter(pa.array(keep, type=pa.bool_())).select(["larger", "smaller"])


def _close_images(bucket: Bucket, distance: int) -> Pairs:
    packed = hashes.pack(bucket.rows.column("phash").to_pylist())
    if bucket.is_hot:
        near = np.flatnonzero(hashes.hamming(packed[1:], packed[:1]) <= distance) + 1
        return [(k, 0) for k in near.tolist()]
    # Positions rise with the ids, so that the smallest position stands for the smallest id.
    found = components(_close_pairs(packed, distance))
    return [(member, root) for member, root in found.items() if member != root]


def _all_texts(bucket: Bucket) -> Pairs:
    n = bucket.rows.num_rows
    return [(a, b) for a in range(1, n) for b in range(1 if bucket.is_hot else a)]


def _close_pairs(packed: NDArray[np.uint64], distance: int) -> Iterator[tuple[int, int]]:
    """Positions (larger, smaller) of hashes at most `distance` bits apart."""
    step = max(1, _COMPARISONS // len(packed))
    for start in range(0, len(packed), step):
        distances = hashes.hamming(packed[start:, None], packed[None, start : start + step])
        larger, smaller = np.nonzero(np.tril(distances <= distance, -1))
        yield from zip((larger + start).tolist(), (smaller + start).tolist(), strict=True)


def _rows(buckets: Iterable[Bucket], pairs_of: Callable[[Bucket], Pairs]) -> Iterator[Row]:
    for bucket in buckets:
        pairs = pairs_of(bucket)
        if pairs or bucket.is_hot:
            ids = bucket.ids
            yield from ((ids[a], ids[b], None) for a, b in pairs)
            if bucket.is_hot:
                yield ids[0], ids[0], len(ids) - 1


def _in_batches(rows: Iterator[Row]) -> Iterator[pa.RecordBatch]:
    # A batch per bucket would cost more than the comparing: most buckets have two members.
    while chunk := list(islice(rows, _ROWS)):
        columns = [pa.array(values, field.type) for values, field in zip(zip(*chunk, strict=True), EDGES, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=EDGES)

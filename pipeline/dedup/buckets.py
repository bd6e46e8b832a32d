"""Buckets of things that may be alike, read as a sorted stream, so that no bucket has to fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bucket:
    """At least two rows with the same bucket number, by rising pair_id.

    Of a hot bucket, one with more rows than the cap, it is a part, and its row 0 is always the bucket's first:
    the others are to be compared with that one only.
    """

    rows: pa.RecordBatch
    is_hot: bool

    @property
    def ids(self) -> list[str]:
        """The pair_ids, rising."""
        ids: list[str] = self.rows.column("pair_id").to_pylist()
        return ids


def read_buckets(batches: Iterable[pa.RecordBatch], cap: int) -> Iterator[Bucket]:
    """The buckets of a stream of rows sorted by `bucket`, then `pair_id`; where batches end does not matter.

    Args:
        batches: with an int64 column `bucket`, a column `pair_id`, and any others.
        cap: rows of a bucket above which it is hot; about this many rows are held in memory.

    Yields:
        Every bucket of 2 to `cap` rows as a whole, hot ones in parts.
    """
    left_over: pa.RecordBatch | None = None
    was_hot = False
    for batch in batches:
        rows = batch if left_over is None else pa.concat_batches([left_over, batch])
        runs = _runs(rows.column("bucket").to_numpy(zero_copy_only=False))
        for number, (start, stop) in enumerate(runs):
            is_hot = (was_hot and number == 0) or stop - start > cap
            is_last = number == len(runs) - 1
            if stop - start > 1 and (is_hot or not is_last):
                yield Bucket(rows.slice(start, stop - start), is_hot)
            if is_last:
                left_over = rows.slice(start, 1 if is_hot else stop - start)
                was_hot = is_hot
    if left_over is not None and left_over.num_rows > 1:
        yield Bucket(left_over, False)


def _runs(keys: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Half-open stretches of equal keys; those of one row are left out, but for the first and the last stretch."""
    if not keys.size:
        return []
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    stops = np.append(starts[1:], keys.size)
    wanted = stops - starts > 1
    wanted[[0, -1]] = True
    return list(zip(starts[wanted].tolist(), stops[wanted].tolist(), strict=True))

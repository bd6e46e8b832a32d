"""What deduplication needs to know of one pair: keys of its image and text, its split, and how good a copy it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.dedup.minhash import text_key, words
from pipeline.dedup.settings import DedupSettings
from pipeline.dedup.splits import SPLITS, Split, article_split
from pipeline.dedup.survivors import preference

REQUIRED = ("pair_id", "pmcid", "version", "text", "pixel_sha256", "width_px", "height_px")
COLUMNS = (*REQUIRED, "phash", "license")
"""The input columns that are read."""


class DedupError(ValueError):
    """The pairs cannot be deduplicated; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts:
    """One pair, reduced to what is compared. Sorting by the `by_…` fields and pair_id puts the best copy first."""

    pair_id: str
    pixel_sha256: str
    phash: bytes | None
    text_key: str
    is_long: bool
    split: Split
    by_split: int
    by_pixels: int
    by_license: int
    by_version: int

    @property
    def order(self) -> tuple[int, int, int, int, str]:
        """The place among duplicates, smallest first; no two pairs have the same."""
        return (self.by_split, self.by_pixels, self.by_license, self.by_version, self.pair_id)


FACTS = pa.schema(
    [
        pa.field("pair_id", pa.string(), nullable=False),
        pa.field("pixel_sha256", pa.string(), nullable=False),
        pa.field("phash", pa.binary()),
        pa.field("text_key", pa.string(), nullable=False),
        pa.field("is_long", pa.bool_(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("by_split", pa.int64(), nullable=False),
        pa.field("by_pixels", pa.int64(), nullable=False),
        pa.field("by_license", pa.int64(), nullable=False),
        pa.field("by_version", pa.int64(), nullable=False),
    ]
)


def facts_of(row: Mapping[str, Any], settings: DedupSettings) -> PairFacts:
    """The facts of one row with the columns `COLUMNS`.

    Raises:
        DedupError: a required column is null, or the perceptual hash has not 32 bytes.
    """
    _check(row)
    tokens = words(row["text"])
    split = article_split(row["pmcid"], validation=settings.validation, test=settings.test, seed=settings.seed)
    by_split, by_pixels, by_license, by_version = preference(
        rank=SPLITS.index(split),
        width_px=row["width_px"],
        height_px=row["height_px"],
        license=row["license"],
        version=row["version"],
    )
    return PairFacts(
        pair_id=row["pair_id"],
        pixel_sha256=row["pixel_sha256"],
        phash=row["phash"],
        text_key=text_key(tokens),
        is_long=len(tokens) >= settings.min_words,
        split=split,
        by_split=by_split,
        by_pixels=by_pixels,
        by_license=by_license,
        by_version=by_version,
    )


def _check(row: Mapping[str, Any]) -> None:
    for name in REQUIRED:
        if row[name] is None:
            raise DedupError(f"{row['pair_id'] or 'a pair without pair_id'}: column {name} is null")
    if row["phash"] is not None and len(row["phash"]) != 32:
        raise DedupError(f"{row['pair_id']}: phash has {len(row['phash'])} bytes, not 32")


def facts_batch(batch: pa.RecordBatch, settings: DedupSettings) -> pa.RecordBatch:
    """A batch of `FACTS`, one row for each row of a batch with the columns `COLUMNS`."""
    rows = [facts_of(row, settings) for row in batch.to_pylist()]
    columns = [pa.array([getattr(row, field.name) for row in rows], field.type) for field in FACTS]
    return pa.RecordBatch.from_arrays(columns, schema=FACTS)

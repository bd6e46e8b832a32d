"""The thresholds of deduplication and splitting, each with what happens when it moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.dedup.hashes import N_BANDS
from schemas.record import column


class SettingsError(ValueError):
    """A setting is outside its range; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupSettings:
    """What counts as the same image or the same text, and how many articles are held out."""

    phash_distance: int = column(
        "largest Hamming distance between the 256-bit hashes of two copies of one image; higher merges different"
        " plots drawn with the same axes, lower misses cropped and strongly compressed copies. Above 15 two hashes"
        " need not share a band, so copies would be missed by chance: refused",
        unit="bit",
        source="787 real figures and panels: resized or JPEG 30 copies differ in at most 10 bits (99.6 %), copies"
        " cut by 2 px in 10 (median); the closest different pictures, brain maps and survival curves drawn alike,"
        " in 18 to 28",
        default=10,
    )
    text_jaccard: float = column(
        "smallest Jaccard similarity of the 3-word shingles of two copies of one text; 0.8 lets one word differ"
        " in 29, or three words be added to 14. Under 0.7 banding misses more than 5 % of the pairs",
        source="1 - (1 - j^6)^24: 0.95 at 0.7, 0.999 at 0.8",
        default=0.8,
    )
    min_words: int = column(
        "texts with fewer words are the same only when equal: with so few shingles one common phrase would"
        " join them all, and equal ones ('Study flowchart') say nothing about their articles, so they cause"
        " no split conflict",
        unit="word",
        source="5th percentile of the words of 20,768 captions of PMC figures",
        default=8,
    )
    hot_image_bucket: int = column(
        "images in a band bucket above which they are compared with its smallest id only; copies in it are then"
        " found by another of the 16 bands, or missed. At 15 million images a bucket holds about 1,000",
        unit="row",
        source="20,000 images take about 6 s on one core; two figures share a band with probability 1.1e-4 at most",
        default=20_000,
    )
    hot_text_bucket: int = column(
        "texts in a band bucket above which they are compared with its smallest id only: a bucket proposes at"
        " most half a million pairs. Only near copies of a template meet in such numbers",
        unit="row",
        default=1_000,
    )
    validation: float = column("share of the articles held out for validation", default=0.01)
    test: float = column("share of the articles held out for the test", default=0.05)
    seed: int = column("decides which articles are held out, and the hash functions of MinHash", default=0)

    def __post_init__(self) -> None:
        """Refuse what would give a wrong result silently.

        Raises:
            SettingsError: a value is outside its range.
        """
        _require(0 <= self.phash_distance < N_BANDS, "phash_distance", self.phash_distance, "0 to 15")
        _require(0 < self.text_jaccard <= 1, "text_jaccard", self.text_jaccard, "above 0, at most 1")
        _require(self.min_words >= 3, "min_words", self.min_words, "at least 3, the words of a shingle")
        _require(self.hot_image_bucket >= 2, "hot_image_bucket", self.hot_image_bucket, "at least 2")
        _require(self.hot_text_bucket >= 2, "hot_text_bucket", self.hot_text_bucket, "at least 2")
        _require(0 <= self.validation <= 1, "validation", self.validation, "0 to 1")
        _require(0 <= self.test <= 1 - self.validation, "test", self.test, "0 to 1 - validation")
        _require(0 <= self.seed < 2**63, "seed", self.seed, "0 to 2^63 - 1")


def _require(holds: bool, name: str, value: Any, allowed: str) -> None:
    if not holds:
        raise SettingsError(f"{name} = {value}: allowed is {allowed}")

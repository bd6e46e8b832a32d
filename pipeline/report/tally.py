"""Tallies: how often each small whole number occurs, so that millions of values need a few kilobytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

CEILING = 50_000
"""Larger values are counted as this one; no side in px and no count of words in a caption should reach it."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Ranges of whole numbers, half-open; the last has no end."""

    edges: tuple[int, ...]
    """Begin of each bin, ascending, the first 0."""

    @property
    def labels(self) -> list[str]:
        """What each bin holds, in words."""
        inner = [_span(low, high) for low, high in zip(self.edges, self.edges[1:], strict=False)]
        return [*inner, f"{self.edges[-1]:,} or more"]


def _span(low: int, high: int) -> str:
    return f"{low:,}" if high == low + 1 else f"{low:,} to {high - 1:,}"


def tally(values: NDArray[np.int64]) -> Counts:
    """How often each value occurs.

    Args:
        values: (n,) int64, not negative.

    Returns:
        (largest value + 1,) int64; at most `CEILING` + 1 long.
    """
    return np.bincount(np.minimum(values, CEILING))


def add(first: Counts, second: Counts) -> Counts:
    """The tally of both."""
    total = np.zeros(max(len(first), len(second)), dtype=np.int64)
    total[: len(first)] += first
    total[: len(second)] += second
    return total


def binned(counts: Counts, bins: Bins) -> list[int]:
    """Occurrences by bin."""
    starts = np.minimum(bins.edges, len(counts))
    return [int(counts[low:high].sum()) for low, high in zip(starts, [*starts[1:], len(counts)], strict=True)]


def quantiles(counts: Counts, shares: Sequence[float]) -> list[int]:
    """For each share the smallest value that at least so many of the values do not exceed; empty for no values."""
    cumulated = np.cumsum(counts)
    if not len(cumulated) or not cumulated[-1]:
        return []
    return [int(np.searchsorted(cumulated, share * cumulated[-1])) for share in shares]

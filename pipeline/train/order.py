"""Which sample stands at which place: known from the seed and the place alone, so that a run can go on from anywhere.

Places count on from epoch to epoch: place p is in epoch p // N. Each epoch has each sample exactly once, in an order of
its own. Shards are shuffled, then the samples of some shards together: with all shards in one such window the order is
a shuffle of everything, with fewer the reads stay near each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class _Window(NamedTuple):
    """Shards whose samples are mixed."""

    shards: NDArray[np.int64]
    starts: NDArray[np.int64]
    """Of each shard the number of its first sample in the window."""
    order: NDArray[np.int64]
    """The samples of the window as they come."""
    begin: int
    """The window's first place in the epoch."""


class Order:
    """The order of samples.

    Args:
        sizes: samples of each shard.
        seed: another seed gives another order.
        window: shards whose samples are mixed.
        shuffle: False gives the order in which they lie, every epoch.
    """

    def __init__(self, sizes: Sequence[int], seed: int = 0, window: int = 64, *, shuffle: bool = True) -> None:
        self._sizes = np.asarray(sizes, np.int64)
        self._seed, self._window, self._shuffle = seed, window, shuffle
        self._epoch = lru_cache(maxsize=2)(self._shard_order)
        self._mixed = lru_cache(maxsize=4)(self._make_window)

    @property
    def n_samples(self) -> int:
        """Samples in an epoch."""
        return int(self._sizes.sum())

    def at(self, places: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Shard and row of the sample at each place."""
        epochs, inner = np.divmod(places, self.n_samples)
        return [self._at(int(epoch), int(place)) for epoch, place in zip(epochs, inner, strict=True)]

    def _at(self, epoch: int, place: int) -> tuple[int, int]:
        _, ends = self._epoch(epoch)
        number = int(np.searchsorted(ends, place, side="right"))
        window = self._mixed(epoch, number)
        sample = int(window.order[place - window.begin])
        nth = int(np.searchsorted(window.starts, sample, side="right")) - 1
        return int(window.shards[nth]), sample - int(window.starts[nth])

    def _shard_order(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The shards in the order of an epoch, and where each window of them ends."""
        n = len(self._sizes)
        shards = np.random.default_rng([self._seed, epoch]).permutation(n) if self._shuffle else np.arange(n)
        totals = [int(self._sizes[shards[i : i + self._window]].sum()) for i in range(0, n, self._window)]
        return shards, np.cumsum(totals)

    def _make_window(self, epoch: int, number: int) -> _Window:
        all_shards, ends = self._epoch(epoch)
        shards = all_shards[number * self._window : (number + 1) * self._window]
        sizes = self._sizes[shards]
        n = int(sizes.sum())
        rng = np.random.default_rng([self._seed, epoch, number])
        order = rng.permutation(n) if self._shuffle else np.arange(n)
        return _Window(shards, np.cumsum(sizes) - sizes, order, int(ends[number]) - n)


def uniforms(seed: int, places: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Random numbers in [0, 1) that belong to places: (len(places), n), the same whoever asks, in whatever order.

    Source: the finalizer of SplitMix64 (Steele, Lea, Flood 2014) over a counter.
    """
    counters = places.astype(np.uint64)[:, None] * np.uint64(n) + np.arange(1, n + 1).astype(np.uint64)
    start = np.uint64(seed * 0xD1342543DE82EF95 % 2**64)
    z = counters * np.uint64(0x9E3779B97F4A7C15) + start
    z = _mixed(_mixed(z, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB)
    return (_mixed(z, 31, 1) // np.uint64(1 << 11)).astype(np.float64) * 2.0**-53


def _mixed(z: NDArray[Any], shift: int, factor: int) -> NDArray[Any]:
    return np.bitwise_xor(z, np.right_shift(z, np.uint64(shift))) * np.uint64(factor)

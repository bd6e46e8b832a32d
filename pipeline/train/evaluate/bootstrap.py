"""How sure a figure is: 95 % of its values when the queries are drawn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

N_DRAWS = 1000
_LOW, _HIGH = 2.5, 97.5


class Interval(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


def share_interval(share: float, n: int, seed: int = 0) -> Interval:
    """Of a share of n queries. Drawing n of them again gives a binomial number of hits, so none has to be drawn."""
    hits = np.random.default_rng(seed).binomial(n, min(1.0, max(0.0, share)), N_DRAWS)
    return Interval(*(float(np.percentile(hits / n, q)) for q in (_LOW, _HIGH)))


def interval(figure: Callable[[NDArray[np.int64]], float], n: int, seed: int = 0) -> Interval:
    """Of any figure of n queries.

    Args:
        figure: the figure of the queries at some places, each maybe several times.
        n: number of queries.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    values = [figure(rng.integers(0, n, n)) for _ in range(N_DRAWS)]
    return Interval(*(float(np.nanpercentile(values, q)) for q in (_LOW, _HIGH)))

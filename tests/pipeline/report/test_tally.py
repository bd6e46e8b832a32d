"""Tallies: exact counts in bins, whatever order the parts come in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.tally import CEILING, Bins, add, binned, quantiles, tally

VALUES = st.lists(st.integers(0, 5000), max_size=50)
BINS = Bins((0, 1, 10, 100))


@given(VALUES, VALUES)
def test_parts_add_up(first: list[int], second: list[int]) -> None:
    both = add(tally(np.array(first, np.int64)), tally(np.array(second, np.int64)))
    values = np.array(first + second, np.int64)
    assert np.array_equal(both, add(tally(values), np.zeros(0, np.int64)))
    expected = [
        int(((values >= low) & (values < high)).sum()) for low, high in [(0, 1), (1, 10), (10, 100), (100, 10**9)]
    ]
    assert binned(both, BINS) == expected


@given(st.lists(st.integers(0, 300), min_size=1), st.sampled_from([0.05, 0.5, 0.95]))
def test_a_quantile_is_a_value_that_occurs(values: list[int], share: float) -> None:
    [found] = quantiles(tally(np.array(values, np.int64)), [share])
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_no_values_have_no_quantiles() -> None:
    assert quantiles(np.zeros(0, np.int64), [0.5]) == []


def test_a_monstrous_value_does_not_take_memory() -> None:
    assert len(tally(np.array([10**12]))) == CEILING + 1


def test_bins_are_named_in_words() -> None:
    assert BINS.labels == ["0", "1 to 9", "10 to 99", "100 or more"]

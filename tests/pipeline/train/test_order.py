"""The order of samples: each once per epoch, known from the place alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.train.order import Order, uniforms

SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=12)


def all_of(sizes: list[int]) -> list[tuple[int, int]]:
    return [(shard, row) for shard, n in enumerate(sizes) for row in range(n)]


@given(SIZES, st.integers(0, 5), st.integers(1, 13))
def test_each_epoch_has_each_sample_once(sizes: list[int], epoch: int, window: int) -> None:
    order = Order(sizes, seed=3, window=window)
    places = np.arange(epoch * order.n_samples, (epoch + 1) * order.n_samples)
    assert sorted(order.at(places)) == all_of(sizes)


@given(SIZES, st.integers(1, 13), st.data())
def test_a_place_is_known_without_those_before(sizes: list[int], window: int, data: st.DataObject) -> None:
    n = 3 * sum(sizes)
    whole = Order(sizes, 1, window).at(np.arange(n))
    place = data.draw(st.integers(0, n - 1))
    assert Order(sizes, 1, window).at(np.array([place])) == [whole[place]]


def test_epochs_and_seeds_differ() -> None:
    order = Order([50, 50], seed=0)
    first, second = order.at(np.arange(100)), order.at(np.arange(100, 200))
    assert first != second
    assert first != Order([50, 50], seed=1).at(np.arange(100))


def test_a_window_keeps_reads_near_each_other() -> None:
    order = Order([10] * 8, seed=0, window=2)
    first_window = {shard for shard, _ in order.at(np.arange(20))}
    assert len(first_window) == 2


def test_without_shuffling_samples_come_as_they_lie() -> None:
    assert Order([3, 2], shuffle=False).at(np.arange(5)) == all_of([3, 2])


def test_random_numbers_belong_to_their_place() -> None:
    alone = uniforms(7, np.array([41]), 8)
    assert np.array_equal(uniforms(7, np.arange(100), 8)[41], alone[0])
    assert not np.array_equal(uniforms(8, np.array([41]), 8), alone)


def test_random_numbers_are_even_and_unrelated() -> None:
    draws = uniforms(0, np.arange(20_000), 4)
    assert draws.min() >= 0 and draws.max() < 1
    assert np.abs(np.histogram(draws, 10, (0, 1))[0] / draws.size - 0.1).max() < 0.003
    assert np.abs(np.corrcoef(draws.T) - np.eye(4)).max() < 0.03
    assert abs(np.corrcoef(draws[:-1, 0], draws[1:, 0])[0, 1]) < 0.03

"""Reading several objects at a time."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources import open_source, read_ahead
from schemas.reject import Reason


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 8))
def test_order_is_kept(pauses: list[int], n_ahead: int):
    def read(job: tuple[int, int]) -> int:
        time.sleep(job[1] / 5000)
        return job[0]

    found = list(read_ahead(read, enumerate(pauses), n_ahead))
    assert found == [((n, pause), n) for n, pause in enumerate(pauses)]


def test_no_more_are_read_at_a_time():
    lock, running, most, taken = threading.Lock(), [0], [0], []

    def read(key: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.005)
        with lock:
            running[0] -= 1
        return key

    def wanted():
        for key in range(20):
            taken.append(key)
            yield key

    outcomes = read_ahead(read, wanted(), 4)
    assert next(outcomes) == (0, 0) and len(taken) <= 8
    assert len(list(outcomes)) == 19 and 1 < most[0] <= 4


def test_errors_are_given_back_and_bugs_are_not(bucket):
    source = open_source(str(bucket.root))
    found = dict(read_ahead(lambda pmcid: source.metadata(pmcid, 1), ["PMC9", "PMC1"], 2))
    assert found["PMC1"].pmcid == "PMC1" and found["PMC9"].reason == Reason.MISSING_OBJECT
    with pytest.raises(ZeroDivisionError):
        list(read_ahead(lambda n: 1 // n, [0], 2))


def test_whoever_stops_early_is_not_kept_waiting():
    calls = []

    def read(n: int) -> None:
        calls.append(n)
        time.sleep(0.05)

    outcomes = read_ahead(read, iter(range(1000)), 4)
    next(outcomes)
    outcomes.close()
    assert len(calls) <= 8


def test_one_that_takes_long_does_not_hold_up_the_reading_of_others():
    last_read = threading.Event()

    def read(n: int) -> int:
        if n == 0:
            assert last_read.wait(10)
        if n == 49:
            last_read.set()
        return n

    assert [value for _, value in read_ahead(read, range(50), 4)] == list(range(50))


def test_no_more_bytes_wait_than_allowed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.sources.ahead._MOST_BYTES", 5000)
    begun, begun_meanwhile = [], []

    def read(n: int) -> bytes:
        begun.append(n)
        if n == 0:
            time.sleep(0.3)
            begun_meanwhile.extend(begun)
        return bytes(1000)

    assert len(list(read_ahead(read, range(100), 4))) == 100
    assert 5 <= len(begun_meanwhile) <= 9, "five thousand bytes that wait, and four reads under way"


@pytest.mark.parametrize("n_ahead", [2, 16])
def test_what_is_wanted_twice_is_read_once(n_ahead: int):
    calls = []
    wanted = ["a", "a", "b", "b", "c"]
    found = list(read_ahead(lambda key: (time.sleep(0.01), calls.append(key), key)[-1], wanted, n_ahead))
    assert [value for _, value in found] == wanted
    assert sorted(calls) == ["a", "b", "c"]

"""Back-off, the server's wishes, and the cap on requests."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources import HttpOptions, SourceError
from pipeline.sources.clock import SystemClock
from pipeline.sources.pace import RateLimiter
from pipeline.sources.retry import (
    TryAgainError,
    parse_retry_after,
    wait_before,
    with_retries,
)
from schemas.reject import Reason


class _Still:
    """A clock that moves only when somebody waits."""

    def __init__(self, chance: float = 0.5) -> None:
        self.now = 100.0
        self.chance = chance

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def uniform(self, bound: float) -> float:
        return bound * self.chance


@given(st.integers(2, 1000), st.floats(0, 1))
def test_a_wait_is_within_its_bound(n_try: int, chance: float):
    options = HttpOptions(backoff_s=0.5, max_backoff_s=30)
    wait_s = wait_before(n_try, None, options, _Still(chance))
    assert wait_s is not None and 0 <= wait_s <= min(30, 0.5 * 2 ** min(n_try - 2, 30))


@given(st.integers(2, 20), st.floats(0, 300), st.floats(0, 1))
def test_a_server_is_never_asked_before_it_wants(n_try: int, wish_s: float, chance: float):
    wait_s = wait_before(n_try, wish_s, HttpOptions(), _Still(chance))
    assert wait_s is not None and wish_s <= wait_s <= wish_s + 30


def test_bounds_double():
    options = HttpOptions(backoff_s=0.5, max_backoff_s=5)
    assert [wait_before(n, None, options, _Still(1.0)) for n in range(2, 8)] == [0.5, 1, 2, 4, 5, 5]


def test_a_wish_for_too_long_a_pause_ends_the_tries():
    calls = []

    def attempt() -> None:
        calls.append(1)
        raise TryAgainError(Reason.FETCH_FAILED, "busy", retry_after_s=1e9)

    with pytest.raises(SourceError, match=r"busy \(1 try\)") as caught:
        with_retries(attempt, HttpOptions(), _Still())
    assert len(calls) == 1 and caught.value.is_transient


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("9" * 400, 999_999_999_999.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("Tue, 99 Nov 2023 22:13:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None):
    assert parse_retry_after(value, _Still()) == seconds


@given(st.integers(0, 30), st.integers(0, 30), st.randoms(use_true_random=False))
def test_tries_are_counted(n_busy: int, n_spoiled: int, random):
    options = HttpOptions(n_tries=10, n_spoiled_tries=3)
    faults = [False] * n_busy + [True] * n_spoiled
    random.shuffle(faults)
    made = []

    def attempt() -> str:
        made.append(1)
        if len(made) <= len(faults):
            raise TryAgainError(Reason.TRUNCATED, "cut", is_spoiled=faults[len(made) - 1])
        return "done"

    if n_busy + n_spoiled < 10 and n_spoiled < 3:
        assert with_retries(attempt, options, _Still()) == "done"
        assert len(made) == len(faults) + 1
    else:
        with pytest.raises(SourceError) as caught:
            with_retries(attempt, options, _Still())
        assert caught.value.reason == Reason.TRUNCATED
        assert len(made) <= 10 and sum(faults[: len(made)]) <= 3


@pytest.mark.parametrize("chance", [0.05, 0.5, 1.0])
def test_a_fault_that_may_pass_is_tried_again_for_a_minute_whatever_chance_says(chance: float):
    clock, calls = _Still(chance), []

    def attempt() -> None:
        calls.append(clock.now)
        raise TryAgainError(Reason.FETCH_FAILED, "refused")

    with pytest.raises(SourceError, match="refused"):
        with_retries(attempt, HttpOptions(), clock)
    assert len(calls) >= 10 and 60.0 <= calls[-1] - calls[0] <= 60.0 * 2.1


def test_what_is_wrong_at_the_source_is_told_alike_however_the_way_to_it_was():
    told = set()
    for n_resets in range(5):
        faults = iter([False] * n_resets + [True] * 3)

        def attempt(faults=faults) -> None:
            raise TryAgainError(Reason.MD5_MISMATCH, "md5", is_spoiled=next(faults))

        with pytest.raises(SourceError) as caught:
            with_retries(attempt, HttpOptions(), _Still())
        told.add(caught.value.detail)
    assert told == {"md5 (3 tries)"}


def test_a_permanent_error_is_not_tried_again():
    calls = []

    def attempt() -> None:
        calls.append(1)
        raise SourceError(Reason.MISSING_OBJECT, "gone")

    with pytest.raises(SourceError):
        with_retries(attempt, HttpOptions(), _Still())
    assert len(calls) == 1


@given(st.floats(0.1, 1000), st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_requests_are_spaced(rate: float, pauses: list[float]):
    clock = _Still()
    limiter = RateLimiter(rate, clock)
    starts = []
    for pause in pauses:
        clock.now += pause
        limiter.wait()
        starts.append(clock.now)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert starts[0] == 100.0 + pauses[0]
    assert all(gap >= 1 / rate - 1e-6 for gap in gaps)
    assert all(gap <= max(1 / rate, pause) + 1e-6 for gap, pause in zip(gaps, pauses[1:], strict=True))


def test_no_cap_does_not_wait():
    clock = _Still()
    RateLimiter(None, clock).wait()
    assert clock.now == 100.0


def test_threads_share_the_cap():
    limiter = RateLimiter(200.0, SystemClock())
    clock = SystemClock()
    started = clock.monotonic()
    threads = [threading.Thread(target=lambda: [limiter.wait() for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() - started >= 39 / 200 - 0.01


def test_the_system_clock_draws_within_the_bound():
    assert all(0 <= SystemClock().uniform(2.0) <= 2.0 for _ in range(100))

"""One pace for a whole job: spaced, lowered when the source is busy, kept in the driver."""

from __future__ import annotations

import threading
import time
from collections import deque

import pytest

from jobs.pace import _serve
from pipeline.sources import HttpOptions, read_ahead
from pipeline.sources.clock import SystemClock
from pipeline.sources.http import HttpStore
from pipeline.sources.pace import RateLimiter, SharedPace


class Still:
    """A clock that moves only when somebody waits."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def uniform(self, bound: float) -> float:
        return bound / 2


def rate(limiter: RateLimiter, clock: Still, n: int = 20) -> float:
    began = clock.now
    for _ in range(n):
        limiter.wait()
    return n / (clock.now - began)


def test_a_busy_source_is_asked_less_and_then_as_before():
    clock = Still()
    limiter = RateLimiter(100.0, clock)
    assert rate(limiter, clock) == pytest.approx(100, rel=0.1)
    limiter.slow_down()
    assert rate(limiter, clock) == pytest.approx(70, rel=0.1)
    clock.now += 30
    assert rate(limiter, clock) == pytest.approx(100, rel=0.1)


def test_answers_to_what_was_sent_before_count_once():
    clock = Still()
    limiter = RateLimiter(100.0, clock)
    for _ in range(50):
        limiter.slow_down()
    assert rate(limiter, clock) == pytest.approx(70, rel=0.1)


def test_a_source_that_is_busy_at_any_rate_is_still_asked():
    clock = Still()
    limiter = RateLimiter(90.0, clock)
    for _ in range(100):
        limiter.slow_down()
        clock.now += 1
    assert rate(limiter, clock, 5) == pytest.approx(10, rel=0.3)


def test_without_a_cap_nothing_waits():
    limiter = RateLimiter(None, Still())
    limiter.slow_down()
    assert limiter.reserve() == 0.0


@pytest.mark.parametrize("n_workers", [1, 3, 12])
def test_the_cap_is_that_of_all_workers_and_is_used_up(n_workers: int):
    """Each worker has a connection of its own; some do much, some little."""
    address = f"127.0.0.1:{_serve('127.0.0.1', 200.0 + n_workers)}"
    paces = [SharedPace(address, SystemClock()) for _ in range(n_workers)]
    left = [120]
    lock = threading.Lock()

    def work(pace: SharedPace) -> None:
        while True:
            with lock:
                if not left[0]:
                    return
                left[0] -= 1
            pace.wait()

    threads = [threading.Thread(target=work, args=(pace,)) for pace in paces for _ in range(4)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = 119 / (time.monotonic() - began)
    assert 0.8 * 200 <= found <= 1.05 * (200 + n_workers)


def test_one_worker_that_is_told_to_slow_down_slows_all():
    address = f"127.0.0.1:{_serve('127.0.0.1', 301.0)}"
    first, second = SharedPace(address, SystemClock()), SharedPace(address, SystemClock())
    first.slow_down()
    began = time.monotonic()
    for _ in range(61):
        second.wait()
    assert 60 / (time.monotonic() - began) < 0.85 * 301


def test_a_worker_whose_driver_is_gone_stops(unused_port: int):
    with pytest.raises(OSError, match="refused"):
        SharedPace(f"127.0.0.1:{unused_port}", SystemClock()).wait()


@pytest.mark.parametrize(("status", "is_slower"), [(503, True), (429, True), (500, False), (504, False)])
def test_an_answer_of_a_busy_server_slows_the_job(serve, clock, status: int, is_slower: bool):
    server = serve({"a": b"a"})
    server.faults["a"] = [lambda handler: handler.answer(status, b"")]
    store = HttpStore(server.url, HttpOptions(requests_per_second=1000.0), clock=clock)
    store.read("a", max_bytes=10)
    assert (store._pace._rate < 1000.0) is is_slower


def test_a_source_that_refuses_what_is_too_fast_gets_less_and_everything_is_had(serve):
    """It answers at most so many requests in a second and says SlowDown to the rest."""
    keys = [f"{n}" for n in range(400)]
    server = serve(dict.fromkeys(keys, b"x"))
    answered, n_refused, lock = deque(), [0], threading.Lock()

    def refuse_the_rest(handler) -> None:
        now = time.monotonic()
        with lock:
            while answered and answered[0] < now - 1.0:
                answered.popleft()
            is_too_much = len(answered) >= 60
            if is_too_much:
                n_refused[0] += 1
            else:
                answered.append(now)
        handler.answer(*((503, b"<Error><Code>SlowDown</Code></Error>") if is_too_much else (200, b"x")))

    server.faults, server.is_lasting = {key: [refuse_the_rest] for key in keys}, True
    store = HttpStore(server.url, HttpOptions(requests_per_second=200.0))
    found = list(read_ahead(lambda key: store.read(key, max_bytes=10), keys, 16))
    assert [value for _, value in found] == [b"x"] * len(keys)
    assert n_refused[0] < len(keys) / 2, "at an even pace of 200 it would refuse more than two of three"
    assert store._pace._rate < 150.0

"""How fast a source is asked: one cap on requests for the whole job, lower for a while when the source is busy.

The driver of a job keeps the pace; each worker asks it before each request. So the cap holds however many workers
run, and is used up by however few are left at the end of a stage; and one worker that is told to slow down slows all.

Source: additive increase, multiplicative decrease as in D. Chiu and R. Jain, "Analysis of the Increase and Decrease
Algorithms for Congestion Avoidance in Computer Networks", 1989.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.sources.clock import Clock

NEXT, SLOW = b"next\n", b"slow\n"
"""What a worker says to the pace keeper: it wants to send a request; the source is busy. The answer to both is a line:
seconds to wait."""
_SLOWER = 0.7
"""What is left of the rate when the source says that it is busy, once in a second at most."""
_RECOVERY_S = 30.0
"""From nothing to the full rate. A source that is busy at any rate is so asked at a ninth of the cap."""
_TIMEOUT_S = 30.0


class Pace(Protocol):
    """Says when the next request may be sent."""

    def wait(self) -> None:
        """Returns when it may."""

    def slow_down(self) -> None:
        """Takes note that the source is busy."""


@dataclass
class RateLimiter:
    """Spaces requests evenly, at most so many per second, over all threads that share it."""

    requests_per_second: float | None
    clock: Clock
    _next: float = field(default=float("-inf"), init=False)
    _rate: float = field(default=float("inf"), init=False)
    _slowed_at: float = field(default=float("-inf"), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def wait(self) -> None:
        """Returns when the next request may be sent."""
        if (seconds := self.reserve()) > 0:
            self.clock.sleep(seconds)

    def reserve(self) -> float:
        """Takes the next place; returns the seconds until then."""
        if self.requests_per_second is None:
            return 0.0
        with self._lock:
            now = self.clock.monotonic()
            start = max(now, self._next)
            self._next = start + 1.0 / self._current(self.requests_per_second, now)
        return start - now

    def slow_down(self) -> None:
        """Lowers the rate; it rises to the cap again by itself."""
        if self.requests_per_second is None:
            return
        with self._lock:
            now = self.clock.monotonic()
            if now - self._slowed_at >= 1.0:  # answers to what was sent before the last time say nothing new
                self._rate = _SLOWER * self._current(self.requests_per_second, now)
                self._slowed_at = now

    def _current(self, cap: float, now: float) -> float:
        if self._rate >= cap:
            return cap
        return min(cap, self._rate + cap * (now - self._slowed_at) / _RECOVERY_S)


class SharedPace:
    """The pace of the job, kept in its driver. Threads may share it."""

    def __init__(self, address: str, clock: Clock) -> None:
        """Opens no connection yet.

        Args:
            address: ``host:port`` of the pace keeper.
            clock: for waiting.
        """
        self._address = address
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None

    def wait(self) -> None:
        """Returns when the next request may be sent.

        Raises:
            OSError: the driver is gone; what this worker does is for nothing.
        """
        if (seconds := self._ask(NEXT)) > 0:
            self._clock.sleep(seconds)

    def slow_down(self) -> None:
        """Slows all workers of the job."""
        self._ask(SLOW)

    def _ask(self, message: bytes) -> float:
        with self._lock:
            try:
                return self._exchange(message)
            except OSError:  # a connection that was idle for long may have been dropped on the way
                self._drop()
                return self._exchange(message)

    def _exchange(self, message: bytes) -> float:
        if self._connection is None:
            host, _, port = self._address.rpartition(":")
            self._connection = socket.create_connection((host, int(port)), timeout=_TIMEOUT_S)
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sendall(message)
        answer = self._connection.recv(64)
        if not answer.endswith(b"\n"):
            raise ConnectionError(f"the pace keeper at {self._address} does not answer")
        return float(answer)

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

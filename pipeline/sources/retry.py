"""Trying again, politely: exponential back-off with full jitter, the server's own wish, and a cap on requests.

Source: full jitter as in M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: with it, clients
that failed together do not come back together.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from pipeline.sources.options import HttpOptions
from pipeline.sources.source import SourceError
from schemas.reject import Reason

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Clock(Protocol):
    """Time and chance, so that a test can hold both still."""

    def monotonic(self) -> float:
        """Seconds from some start; never goes back."""

    def wall(self) -> float:
        """Seconds since 1970; only for a server that names a date."""

    def sleep(self, seconds: float) -> None:
        """Waits."""

    def uniform(self, bound: float) -> float:
        """A random number from 0 to the bound."""


class SystemClock:
    """The machine's own."""

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def wall(self) -> float:
        """See `Clock`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        time.sleep(seconds)

    def uniform(self, bound: float) -> float:
        """See `Clock`."""
        return random.uniform(0.0, bound)


@dataclass
class RateLimiter:
    """Spaces requests evenly, at most so many per second, over all threads that share it."""

    requests_per_second: float | None
    clock: Clock
    _next: float = field(default=float("-inf"), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def wait(self) -> None:
        """Returns when the next request may be sent."""
        if self.requests_per_second is None:
            return
        with self._lock:
            now = self.clock.monotonic()
            start = max(now, self._next)
            self._next = start + 1.0 / self.requests_per_second
        if start > now:
            self.clock.sleep(start - now)


class TryAgainError(Exception):
    """One try failed in a way that another may not."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        is_spoiled: bool = False,
        is_transient: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.is_spoiled = is_spoiled
        """The server answered, only wrongly: fewer tries."""
        self.is_transient = is_transient
        """Whether a later run may succeed when all tries have failed."""
        self.retry_after_s = retry_after_s


def with_retries(attempt: Callable[[], _T], options: HttpOptions, clock: Clock) -> _T:
    """The result of the first try that succeeds.

    Raises:
        SourceError: all tries failed; the reason is that of the last one.
    """
    n_tries = n_spoiled = 0
    while True:
        try:
            return attempt()
        except TryAgainError as failure:
            n_tries += 1
            n_spoiled += failure.is_spoiled
            wait_s = wait_before(n_tries + 1, failure.retry_after_s, options, clock)
            is_over = n_tries >= options.n_tries or n_spoiled >= options.n_spoiled_tries
            if is_over or wait_s is None:
                tries = "1 try" if n_tries == 1 else f"{n_tries} tries"
                detail = f"{failure.detail} ({tries})"
                raise SourceError(failure.reason, detail, failure.is_transient) from failure
            _log.info("%s; trying again in %.1f s", failure.detail, wait_s)
            clock.sleep(wait_s)


def wait_before(n_try: int, retry_after_s: float | None, options: HttpOptions, clock: Clock) -> float | None:
    """Seconds to wait before a try, counted from 1; None where the server asks for more patience than we have."""
    bound = min(options.max_backoff_s, options.backoff_s * 2.0 ** min(n_try - 2, 30))
    jittered = clock.uniform(bound)
    if retry_after_s is None:
        return jittered
    return retry_after_s + jittered if retry_after_s <= options.max_retry_after_s else None


def parse_retry_after(value: str | None, clock: Clock) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, in seconds or as a date; None for none or nonsense.

    Source: RFC 9110, 10.2.3.
    """
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:12])
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - clock.wall())

"""Trying again, politely: exponential back-off with full jitter, and the server's own wish.

Source: full jitter as in M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: with it, clients
that failed together do not come back together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pipeline.sources.clock import Clock
from pipeline.sources.options import HttpOptions
from pipeline.sources.source import SourceError
from schemas.reject import Reason

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class TryAgainError(Exception):
    """One try failed in a way that another may not."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        is_spoiled: bool = False,
        is_transient: bool = True,
        is_busy: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.is_spoiled = is_spoiled
        """The server answered, only wrongly: fewer tries."""
        self.is_transient = is_transient
        """Whether a later run may succeed when all tries have failed."""
        self.is_busy = is_busy
        """The server has too much to do: the whole job should ask less of it."""
        self.retry_after_s = retry_after_s


def with_retries(attempt: Callable[[], _T], options: HttpOptions, clock: Clock) -> _T:
    """The result of the first try that succeeds.

    Raises:
        SourceError: all tries failed; the reason is that of the last one.
    """
    n_tries = n_spoiled = 0
    patient_until = clock.monotonic() + options.patience_s
    while True:
        try:
            return attempt()
        except TryAgainError as failure:
            n_tries += 1
            n_spoiled += failure.is_spoiled
            wait_s = wait_before(n_tries + 1, failure.retry_after_s, options, clock)
            is_wrong = n_spoiled >= options.n_spoiled_tries
            is_over = n_tries >= options.n_tries and clock.monotonic() >= patient_until
            if is_wrong or is_over or wait_s is None:
                # Of a body that is wrong at the source the same is told however the way to it was.
                told = n_spoiled if is_wrong else n_tries
                detail = f"{failure.detail} ({told} {'try' if told == 1 else 'tries'})"
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

"""Time and chance as the sources need them."""

from __future__ import annotations

import random
import time
from typing import Protocol


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

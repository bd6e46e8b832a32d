"""What a store was asked for, counted: the basis of a plan."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Count:
    """Requests and the bytes of their answers."""

    n_requests: int = 0
    n_bytes: int = 0

    def __sub__(self, other: Self) -> Count:
        """What came since the other count."""
        return Count(self.n_requests - other.n_requests, self.n_bytes - other.n_bytes)


class Traffic:
    """A count that threads share. A pickled copy begins anew: it belongs to another process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = Count()

    def __reduce__(self) -> tuple[type[Traffic], tuple[()]]:
        return Traffic, ()

    def add(self, n_bytes: int) -> None:
        """Counts one request; one that brought nothing has no bytes."""
        with self._lock:
            self._count = Count(self._count.n_requests + 1, self._count.n_bytes + n_bytes)

    def count(self) -> Count:
        """All until now."""
        return self._count

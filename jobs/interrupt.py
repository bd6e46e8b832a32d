"""Ctrl-C, told apart from the failures that it causes.

The terminal sends it to all processes of a job: workers die of it, Spark reports them as failed tasks, and which of
the two reaches the driver first is chance. So the driver remembers that it was asked to stop.
"""

from __future__ import annotations

import signal
import threading
import warnings
from types import FrameType

_asked = threading.Event()


def listen() -> None:
    """Takes Ctrl-C. Called again once Spark, which sets a handler of its own, has started."""
    if threading.current_thread() is threading.main_thread():  # no other may set a handler
        signal.signal(signal.SIGINT, _stop)


def was_asked() -> bool:
    """Whether Ctrl-C came."""
    return _asked.is_set()


def _stop(number: int, frame: FrameType | None) -> None:
    _asked.set()
    warnings.simplefilter("ignore", RuntimeWarning)  # Spark's remarks on how its Java process ended
    raise KeyboardInterrupt

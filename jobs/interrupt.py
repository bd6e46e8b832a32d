"""Ctrl-C, told apart from the failures that it causes.

The terminal sends it to all processes of a job: workers die of it, Spark reports them as failed tasks, and which of
the two reaches the driver first is chance. So the driver remembers that it was asked to stop.
"""

from __future__ import annotations

import logging
import signal
import socketserver
import threading
import warnings
from types import FrameType

log = logging.getLogger("pmc15m")

_asked = threading.Event()


def listen() -> None:
    """Takes Ctrl-C. Called again once Spark, which sets a handler of its own, has started."""
    if threading.current_thread() is threading.main_thread():  # no other may set a handler
        signal.signal(signal.SIGINT, _stop)
    socketserver.BaseServer.handle_error = _note  # type: ignore[assignment, method-assign]


def was_asked() -> bool:
    """Whether Ctrl-C came."""
    return _asked.is_set()


def _note(server: socketserver.BaseServer, request: object, client: object) -> None:
    """Logs what the driver's servers, Spark's among them, would print: Java or a worker that died in mid-sentence."""
    log.debug("%s: the connection to %s broke", type(server).__name__, client, exc_info=True)


def _stop(number: int, frame: FrameType | None) -> None:
    _asked.set()
    warnings.simplefilter("ignore", RuntimeWarning)  # Spark's remarks on how its Java process ended
    raise KeyboardInterrupt

"""Live progress: a bar per stage in a terminal, a line now and then where there is none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from pipeline.part import PartReport

log = logging.getLogger("pmc15m")

_POLL_S = 0.5
_POLL_S_PER_PART = 0.002
"""A look reads a small file per part: with thousands of them it is done less often."""
_LINE_EVERY_S = 15.0

Reports = Callable[[], Iterable[PartReport]]


class Progress:
    """Shows how far a run is, from what is committed on disk: a retried task counts once."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str, n_parts: int, reports: Reports) -> Iterator[None]:
        """Shows one stage while the block runs.

        Args:
            name: of the stage.
            n_parts: how many parts it has.
            reports: gives the parts that are committed.
        """
        show = self._bar if self._console.is_terminal else self._lines
        stop = threading.Event()
        watcher = threading.Thread(target=show, args=(name, n_parts, reports, stop), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()

    def _bar(self, name: str, n_parts: int, reports: Reports, stop: threading.Event) -> None:
        columns = (
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("parts {task.fields[counts]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=self._console) as bars:
            task = bars.add_task(name, total=n_parts, counts="")
            began = time.monotonic()
            while not stop.wait(max(_POLL_S, n_parts * _POLL_S_PER_PART)):
                done = list(reports())
                bars.update(task, completed=len(done), counts=_counts(done, time.monotonic() - began))
            done = list(reports())
            bars.update(task, completed=len(done), counts=_counts(done, time.monotonic() - began))

    def _lines(self, name: str, n_parts: int, reports: Reports, stop: threading.Event) -> None:
        began = time.monotonic()
        while not stop.wait(_LINE_EVERY_S):
            done = list(reports())
            seconds = time.monotonic() - began
            left = seconds * (n_parts - len(done)) / len(done) if done else None
            time_left = f", about {left:.0f} s left" if left is not None else ""
            log.info("%s: %d of %d parts, %s%s", name, len(done), n_parts, _counts(done, seconds), time_left)
        done = list(reports())
        log.info("%s: %d of %d parts, %s", name, len(done), n_parts, _counts(done, time.monotonic() - began))


def _counts(done: list[PartReport], seconds: float) -> str:
    n_in = sum(report.n_in for report in done)
    kept = ", ".join(f"{n} {table}" for table, n in _kept(done).items())
    rejected = sum(sum(report.rejects.values()) for report in done)
    rate = f", {n_in / seconds:.0f} rows/s" if n_in and seconds >= 1 else ""
    return f"{kept or 'nothing yet'}, {rejected} rejected{rate}"


def _kept(done: list[PartReport]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for report in done:
        for table, n in report.kept.items():
            totals[table] = totals.get(table, 0) + n
    return totals

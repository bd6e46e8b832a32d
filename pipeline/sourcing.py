"""Opening the source of a run inside a worker, and reading from it ahead of the rows that need it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial

from pipeline.config import RunConfig
from pipeline.img2dataset import fetch_with_img2dataset
from pipeline.sources import HttpOptions, MediaObject, Source, SourceError, Want, open_source, read_ahead, read_wanted
from pipeline.sources.cloud import CloudSource
from pipeline.stage import Context, Delivery, Stage
from schemas.images import Image
from schemas.record import Record
from schemas.reject import Reason

_AHEAD_BYTES = 8_000_000
"""Larger objects are not read ahead but when their turn comes, one at a time: so `run.read_ahead` times this, beside
what waits, bounds the memory of a worker whatever the source sends. It costs a request more for each; of 371 images of
the test articles one is larger."""

_UNDER_WAY = 4
"""Objects under way for each connection: those that wait to be asked for again need none. On loopback with 20 ms of
latency, 16 connections and 5 % of requests failing: 306 requests/s with 1 and 256 in line, 506 with 4 and 2,000."""


def open_for(context: Context) -> Source:
    """The run's source; opened once per worker process, so that its connections are kept."""
    run = context.config.run
    options = HttpOptions(
        contact=run.contact or None,
        requests_per_second=run.requests_per_second,
        pace=context.pace,
        total_s=run.timeout_s,
        n_connections=max(1, run.read_ahead),
    )
    return _opened(context.location, options)


def deliveries(stage: Stage, rows: Iterable[Record], context: Context) -> Iterator[Delivery]:
    """Each row, in order, with the object of the source that the stage wants for it, read ahead where that pays."""
    if stage.wants is None:
        return ((row, None) for row in rows)
    source, run = open_for(context), context.config.run
    if run.fetcher == "img2dataset" and Image in stage.outputs and isinstance(source, CloudSource) and source.is_remote:
        return _by_img2dataset(source, stage.wants, list(rows), run)
    return _deliveries(source, stage.wants, rows, run.read_ahead if source.is_remote else 1)


def _by_img2dataset(
    source: CloudSource, wants: Callable[[Record], Want], rows: Sequence[Record], run: RunConfig
) -> Iterator[Delivery]:
    wanted = [want for want in map(wants, rows) if isinstance(want, MediaObject)]
    addressed = [(obj, source.address(obj)) for obj in wanted]
    found = fetch_with_img2dataset(addressed, run.read_ahead, run.timeout_s) if rows else iter(())
    for row, got in zip(rows, found, strict=True):
        yield row, _without_place(got, source) if isinstance(got, SourceError) else got


def _deliveries(
    source: Source, wants: Callable[[Record], Want], rows: Iterable[Record], n_ahead: int
) -> Iterator[Delivery]:
    rows, to_come = itertools.tee(rows)
    limit = _AHEAD_BYTES if n_ahead > 1 else None
    n_under_way = n_ahead * _UNDER_WAY if n_ahead > 1 else 1
    found = read_ahead(partial(_read, source, limit), map(wants, to_come), n_under_way)
    for row, (want, got) in zip(rows, found, strict=True):
        if limit and _is_too_large(got):
            ((_, got),) = read_ahead(partial(_read, source, None), [want], 1)
        yield row, _without_place(got, source) if isinstance(got, SourceError) else got


def _read(source: Source, max_bytes: int | None, want: Want) -> object:
    try:
        return read_wanted(source, want, max_bytes)
    except (SourceError, OSError):  # an OSError is of this machine: of its disk, or of the job's pace keeper
        raise
    except Exception as error:  # rule 3 of a stage: a bug in the reading of one object must not stop the others
        raise SourceError(Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}") from error


def _is_too_large(got: object) -> bool:
    return isinstance(got, SourceError) and got.reason == Reason.TOO_LARGE


def _without_place(error: SourceError, source: Source) -> SourceError:
    """The error without the place of this copy of the source: rebuilds from two mirrors reject alike."""
    detail = error.detail.replace(source.location.rstrip("/") + "/", "")
    return SourceError(error.reason, detail, error.is_transient)


@lru_cache(maxsize=1)
def _opened(location: str, options: HttpOptions) -> Source:
    # Whoever began the job has looked at the source already.
    return open_source(location, options=options, look=False)

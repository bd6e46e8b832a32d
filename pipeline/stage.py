"""A stage is a value: what it reads, what it writes, and the function in between. Its three rules are kept here.

1. Pure: the function sees its rows and its context, nothing else.
2. Never silent: every input yields at least one outcome.
3. Total: a bug in one input rejects that input as ``internal_error``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config import Config
from pipeline.sources import SourceError, Want
from schemas.record import Record
from schemas.reject import Reason, Reject


@dataclass(frozen=True, slots=True)
class Stored:
    """A record with bytes that are to be kept: they go into the part's tar, their place into the record.

    The record has the columns ``shard`` and ``offset``, filled in when the bytes are written.
    """

    record: Record
    data: bytes
    suffix: str
    """Ending of the member's name, such as ``.jpg``; the name is the record's id."""
    content: str
    """Names the bytes: those with the same name are stored once in a part."""


Outcome = Record | Stored
Function = Callable[..., Iterable[Outcome]]
Delivery = tuple[Record, Any]
"""A row and the object of the source that its stage wants for it: a `SourceError` where it cannot be had, None where
the stage wants none."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a stage may know besides its rows."""

    config: Config
    root: Path
    location: str
    """The source as the user named it."""
    pace: str | None = None
    """Address of the job's pace keeper, whom workers ask before each request; None where one process is the job."""


@dataclass(frozen=True, slots=True)
class Step:
    """An arrow of the chain: its name, the tables it reads and those it writes."""

    name: str
    inputs: tuple[type[Record], ...]
    """The first drives; the others are joined by their key, which the first holds as a column."""
    outputs: tuple[type[Record], ...]
    revision: int
    """Raised by whoever changes what the step writes, so that old results count as stale."""
    also: tuple[str, ...] = ()
    """Sections of the configuration it depends on beside its own and those of the steps before it."""
    relational: bool = False
    """Its rows follow from all articles together: it has a folder of its own for each state of the inventory. The
    parts of the other steps follow from their own articles alone and serve all states."""


@dataclass(frozen=True, slots=True)
class Stage(Step):
    """A step that works row by row, within a part."""

    start: Callable[[Context], Function] = field(kw_only=True)
    """Runs once per worker and part; returns the function that is called per row."""
    by: str | None = None
    """Name of a column: rows that share its value come together, as a list."""
    wants: Callable[[Any], Want] | None = None
    """Names the object of the source that a row needs. It is read ahead of the row's turn and given to the function
    after the row, in a list where rows come in one. A row whose object cannot be had is turned away for it."""


def outcomes(
    stage: Stage, function: Function, deliveries: Iterable[Delivery], lookups: Iterable[dict[str, Record]] = ()
) -> Iterator[Outcome]:
    """What becomes of each row, with the rules of a stage enforced.

    Args:
        stage: the stage.
        function: what `stage.start` returned.
        deliveries: rows of the first input with what the stage wants for them, as `sourcing.deliveries` gives them.
        lookups: for each further input, its rows by key.
    """
    joins = list(zip(stage.inputs[1:], lookups, strict=True))
    for group in _groups(stage, deliveries):
        yield from (_undelivered(stage, row, found) for row, found in group if isinstance(found, SourceError))
        if delivered := [one for one in group if not isinstance(one[1], SourceError)]:
            yield from _guarded(stage, function, delivered, joins)


def _groups(stage: Stage, deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    if stage.by is None:
        yield from ([one] for one in deliveries)
        return
    column = stage.by
    for _, group in itertools.groupby(deliveries, key=lambda one: getattr(one[0], column)):
        yield list(group)


def _guarded(
    stage: Stage,
    function: Function,
    group: list[Delivery],
    joins: list[tuple[type[Record], dict[str, Record]]],
) -> list[Outcome]:
    rows = [row for row, _ in group]
    try:
        joined = [lookup[getattr(rows[0], cls.KEY)] for cls, lookup in joins]
        found = list(function(*_arguments(stage, group), *joined))
    except Exception as error:  # noqa: BLE001  (rule 3: one bad row must not stop the others)
        return [_internal_error(stage, row, f"{type(error).__name__}: {error}") for row in rows]
    return found or [_internal_error(stage, row, "no outcome") for row in rows]


def _arguments(stage: Stage, group: list[Delivery]) -> tuple[Any, ...]:
    columns = tuple(list(column) for column in zip(*group, strict=True))
    taken = columns if stage.wants else columns[:1]
    return taken if stage.by else tuple(column[0] for column in taken)


def _undelivered(stage: Stage, row: Record, error: SourceError) -> Reject:
    return Reject(stage=stage.name, record_id=row.id, reason=error.reason, detail=error.detail)


def _internal_error(stage: Stage, row: Record, detail: str) -> Reject:
    return Reject(stage=stage.name, record_id=row.id, reason=Reason.INTERNAL_ERROR, detail=detail)

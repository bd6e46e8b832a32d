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

from pipeline.config import Config
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


@dataclass(frozen=True, slots=True)
class Context:
    """What a stage may know besides its rows."""

    config: Config
    root: Path
    location: str
    """The source as the user named it."""
    n_workers: int = 1
    """Workers that share the source's request rate."""


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


def outcomes(
    stage: Stage, function: Function, rows: Iterable[Record], lookups: Iterable[dict[str, Record]] = ()
) -> Iterator[Outcome]:
    """What becomes of each row, with the rules of a stage enforced.

    Args:
        stage: the stage.
        function: what `stage.start` returned.
        rows: rows of the first input.
        lookups: for each further input, its rows by key.
    """
    joins = list(zip(stage.inputs[1:], lookups, strict=True))
    for group in _groups(stage, rows):
        yield from _guarded(stage, function, group, joins)


def _groups(stage: Stage, rows: Iterable[Record]) -> Iterator[list[Record]]:
    if stage.by is None:
        yield from ([row] for row in rows)
        return
    column = stage.by
    for _, group in itertools.groupby(rows, key=lambda row: getattr(row, column)):
        yield list(group)


def _guarded(
    stage: Stage,
    function: Function,
    group: list[Record],
    joins: list[tuple[type[Record], dict[str, Record]]],
) -> list[Outcome]:
    try:
        joined = [lookup[getattr(group[0], cls.KEY)] for cls, lookup in joins]
        found = list(function(group[0] if stage.by is None else group, *joined))
    except Exception as error:  # noqa: BLE001  (rule 3: one bad row must not stop the others)
        return [_internal_error(stage, row, f"{type(error).__name__}: {error}") for row in group]
    return found or [_internal_error(stage, row, "no outcome") for row in group]


def _internal_error(stage: Stage, row: Record, detail: str) -> Reject:
    return Reject(stage=stage.name, record_id=row.id, reason=Reason.INTERNAL_ERROR, detail=detail)

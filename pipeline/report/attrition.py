"""Attrition: how many articles, graphics and pictures went into each step, came out, or were turned away and why."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.tables import Tables
from schemas.reject import Reject

ARTICLE, GRAPHIC, PICTURE = "article versions", "graphics", "pictures with text"
"""What is counted: the unit changes along the chain, so that bars are comparable only within one unit."""

_N_EXAMPLES = 3
_STEPS = ("catalog", "parse", "fetch", "split", "measure", "filter", "dedup")


class Example(NamedTuple):
    """A record that was turned away."""

    order: str
    """Hash of its id: examples are random, and the same ones each time."""
    part: int
    record_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Rejects:
    """What was turned away."""

    counts: dict[tuple[str, str, str], int]
    """Rejects by stage, unit and reason."""
    examples: dict[tuple[str, str], list[Example]]
    """A few by stage and reason."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One unit going through one step."""

    step: str
    unit: str
    n_in: int
    n_kept: int
    rejects: dict[str, int]
    """By reason, most frequent first."""


def draw(record_id: str) -> str:
    """A number that looks random and belongs to the id: the smallest ones are a fair sample."""
    return hashlib.blake2b(record_id.encode(), digest_size=8).hexdigest()


def unit_of(record_id: str) -> str:
    """What an id stands for."""
    if "_s" in record_id:
        return PICTURE
    return GRAPHIC if "_f" in record_id else ARTICLE


def read_rejects(tables: Tables) -> Rejects:
    """Counts the rejects of all steps and keeps a few examples of each reason."""
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str], list[Example]] = {}
    for step in _STEPS:
        for part, rows in tables.columns(step, Reject, ["stage", "reason", "record_id", "detail"]):
            columns = (rows[name].to_pylist() for name in ("stage", "reason", "record_id", "detail"))
            for stage, reason, record_id, detail in zip(*columns, strict=True):
                counts[stage, unit_of(record_id), reason] += 1
                example = Example(draw(record_id), part, record_id, detail)
                examples[stage, reason] = _few(examples.get((stage, reason), []), example)
    return Rejects(dict(counts), examples)


def _few(chosen: list[Example], example: Example) -> list[Example]:
    if len(chosen) == _N_EXAMPLES and example >= chosen[-1]:
        return chosen
    return heapq.nsmallest(_N_EXAMPLES, [*chosen, example])


def passages(tables: Tables, rejects: Rejects) -> list[Passage]:
    """The way from article versions to pairs, step by step, in the unit that each step turns away."""
    n_in = {step: tables.manifest(step).n_in for step in _STEPS}
    kept = {step: tables.manifest(step).kept for step in _STEPS}

    def passage(step: str, unit: str, n_kept: int, n_read: int | None = None) -> Passage:
        found = {reason: n for (stage, of, reason), n in rejects.counts.items() if (stage, of) == (step, unit)}
        ordered = dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
        return Passage(step, unit, n_kept + sum(found.values()) if n_read is None else n_read, n_kept, ordered)

    n_decoded = kept["fetch"]["images"] - _total(rejects, "split", GRAPHIC)
    return [
        passage("catalog", ARTICLE, kept["catalog"]["versions"], n_in["catalog"]),
        passage("parse", ARTICLE, n_in["parse"] - _total(rejects, "parse", ARTICLE), n_in["parse"]),
        passage("parse", GRAPHIC, kept["parse"]["figures"]),
        passage("fetch", GRAPHIC, kept["fetch"]["images"], kept["parse"]["figures"]),
        passage("split", GRAPHIC, n_decoded, kept["fetch"]["images"]),
        passage("split", PICTURE, kept["split"]["subfigures"]),
        passage("measure", PICTURE, kept["measure"]["candidates"], kept["split"]["subfigures"]),
        passage("filter", PICTURE, kept["filter"]["candidates"], n_in["filter"]),
        passage("dedup", PICTURE, kept["dedup"]["pairs"], n_in["dedup"]),
    ]


def _total(rejects: Rejects, step: str, unit: str) -> int:
    return sum(n for (stage, of, _), n in rejects.counts.items() if (stage, of) == (step, unit))


def units(found: Iterable[Passage]) -> dict[str, list[Passage]]:
    """Passages by unit, in order."""
    grouped: dict[str, list[Passage]] = {}
    for passage in found:
        grouped.setdefault(passage.unit, []).append(passage)
    return grouped

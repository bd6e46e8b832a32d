"""Runs of labels: what is complete from the first letter, and what fills a hole in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.split.caption_labels import Label
from pipeline.split.caption_markers import Style

WEAK = (Style.POINT, Style.BARE, Style.INLINE)
"""Forms that ordinary words take too: `A. thaliana`, `A schematic`, `and b`."""
_SHORTEST_LATE_RUN = 3
MAX_RUN = 60
"""A longer run is a list of something else: the longest in 5,590 real captions has 26 labels."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A marker that counts, with the labels it names."""

    start: int
    end: int
    labels: tuple[Label, ...]
    is_lead: bool
    style: Style
    note: tuple[int, int] | None


def run(labels: Iterable[Label]) -> set[Label]:
    """The labels of the unbroken run from the first letter; one letter may be missing where two follow."""
    found = _with_whole_minors(set(labels))
    majors = {label.major for label in found}
    last = 0
    while last + 1 in majors or (last > 0 and {last + 2, last + 3} <= majors):
        last += 1
    return {label for label in found if label.major <= last}


def _with_whole_minors(labels: set[Label]) -> set[Label]:
    """Without what is no panel: `A1` where `A` stands, `5b` or a lone `F1` among plain letters, `L4` without `L1`."""
    plain = {label.major for label in labels if not label.minor and not label.row}
    numbers: dict[int, set[int]] = {}
    for label in labels:
        numbers.setdefault(label.major, set()).add(label.minor)

    def is_panel(label: Label) -> bool:
        if not label.minor:
            return not (label.row and plain)
        mine = numbers[label.major]
        is_whole = set(range(1, label.minor + 1)) <= mine
        return is_whole and label.major not in plain and (len(mine) > 1 or not plain)

    return {label for label in labels if is_panel(label)}


def is_late_run(known: set[Label], base: Sequence[Placed]) -> bool:
    """A figure continued from another page may start at `(E)`."""
    majors = sorted({label.major for label in known})
    is_run = len(majors) >= _SHORTEST_LATE_RUN and majors[-1] - majors[0] + 1 == len(majors)
    return is_run and all(marker.is_lead or marker.style is Style.BOLD for marker in base)


def missing(base: Sequence[Placed], placed: Sequence[Placed]) -> list[Placed]:
    """Markers of any form that continue the run of `base` where it breaks, each standing where its letter should.

    A hole (`a`, `b`, …, `d`) takes any marker between its neighbours. Behind the last letter brackets count, and a
    small letter behind small ones, so that `vitamin A and B` adds nothing.
    """
    first: dict[int, int] = {}
    for marker in base:
        for label in marker.labels:
            first.setdefault(label.major, marker.start)
    found: list[Placed] = []
    for major in range(2, MAX_RUN):
        if major in first:
            continue
        later = min((start for letter, start in first.items() if letter > major), default=None)
        chosen = _next(base[0].style, placed, major, (first[major - 1], later)) if major - 1 in first else None
        if chosen is None:
            break
        for label in chosen.labels:
            first.setdefault(label.major, chosen.start)
        found.append(chosen)
    return found


def _next(style: Style, placed: Sequence[Placed], major: int, place: tuple[int, int | None]) -> Placed | None:
    """The marker that names the letter `major` between the two places; an open end asks for more."""
    after, before = place
    for marker in placed:
        label = marker.labels[0]
        is_letter = (label.major, label.minor, label.row) == (major, 0, 0)
        is_there = marker.start > after and (before is None or marker.start < before)
        is_sure = marker.style in (Style.PAREN, Style.HALF) and style is not Style.PAREN
        is_small = style in WEAK and len(marker.labels) == 1 and label.text.islower()
        if is_letter and is_there and (before is not None or is_sure or is_small):
            return marker
    return None


def is_ordered(labels: Sequence[Label]) -> bool:
    """Do the labels rise?"""
    return list(labels) == sorted(labels)


def is_gapless(labels: Sequence[Label]) -> bool:
    """Are the labels the first letters of the alphabet, each in its place?"""
    return [label.major for label in labels] == list(range(1, len(labels) + 1))

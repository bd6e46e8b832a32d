"""Sentences of a caption, cut where a sentence ends or a panel label opens a clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.split.caption_runs import Placed
from pipeline.split.caption_stops import is_abbreviation
from schemas.figures import Mark

_CLOSED = re.compile(r"\s{0,2}(?:[,.;:]|and\b|or\b|$)")
_STOP = re.compile(r"[.?!]{1,3}[)\]\"”’]{0,2}\s{1,4}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `[start, end)` of the caption and the markers inside, in order."""

    start: int
    end: int
    markers: tuple[Placed, ...]

    @property
    def is_led(self) -> bool:
        """Does a label open it?"""
        return bool(self.markers) and self.markers[0].start == self.start and self.markers[0].is_lead


def sentences(caption: str, marks: Sequence[Mark], placed: Sequence[Placed]) -> list[Sentence]:
    """The whole caption as consecutive sentences; a lead marker always starts one, and none is cut inside a marker."""
    cuts = {0, *_stops(caption, placed)}
    cuts |= {mark.start for mark in marks if mark.kind in ("paragraph", "list_item", "title")}
    cuts |= {marker.start for marker in placed if marker.is_lead}
    inside = _inside(placed) | _closing(caption, placed)
    ordered = sorted(cut for cut in cuts if cut < len(caption) and cut not in inside)
    found: list[Sentence] = []
    next_marker = 0
    for start, end in zip(ordered, [*ordered[1:], len(caption)], strict=True):
        first = next_marker
        while next_marker < len(placed) and placed[next_marker].start < end:
            next_marker += 1
        found.append(Sentence(start, end, tuple(placed[first:next_marker])))
    return found


def _inside(placed: Sequence[Placed]) -> set[int]:
    return {position for marker in placed for position in range(marker.start + 1, marker.end)}


def _stops(caption: str, placed: Sequence[Placed]) -> list[int]:
    """Starts of sentences after a full stop, not after an abbreviation, nor between a leading label and its words.

    A label that closes a sentence (`… tissue. (A) and …`) does not start one.
    """
    label_stops = {marker.end - 1 for marker in placed if marker.is_lead}
    cuts = []
    for match in _STOP.finditer(caption):
        cut = match.end()
        if match.start() in label_stops or caption[cut : cut + 1].islower():
            continue
        if match.group()[0] != "." or not is_abbreviation(caption, cut):
            cuts.append(cut)
    return cuts


def _closing(caption: str, placed: Sequence[Placed]) -> set[int]:
    """Starts of labels that belong to the words before them."""
    return {m.start for m in placed if m.start and not m.is_lead and _CLOSED.match(caption, m.end)}

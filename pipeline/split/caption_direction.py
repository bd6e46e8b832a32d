"""Whether the words of a panel stand after its label or before it, told by what stands on both sides of the labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.split.caption_runs import Placed
from pipeline.split.caption_words import JOINING, PREPOSITIONS

_LAST_WORD = re.compile(r"(\w+)\s{0,3}$")
_NEXT_WORD = re.compile(r"\s{0,3}(\w+)")
_PARALLEL_VOTE = 3
"""For labels that the same word follows: `(A) per leaf and (B) per ground area`."""


def labels_come_first(caption: str, start: int, end: int, markers: Sequence[Placed]) -> bool:
    """Do the words of a panel follow its label in this sentence?"""
    if not _has_words(caption, markers[-1].end, end):
        return False
    if not _has_words(caption, start, markers[0].start):
        return True
    return lean(caption, markers) > 0


def lean(caption: str, markers: Sequence[Placed]) -> int:
    """Above 0 where the markers look like heads of their words, below where they close them."""
    openings = {_word_after(caption, marker) for marker in markers}
    is_parallel = len(markers) > 1 and len(openings) == 1 and None not in openings
    return sum(_vote(caption, marker) for marker in markers) + (_PARALLEL_VOTE if is_parallel else 0)


def _word_after(caption: str, marker: Placed) -> str | None:
    word = _NEXT_WORD.match(caption, marker.end)
    return word[1].lower() if word else None


def _has_words(caption: str, start: int, end: int) -> bool:
    return any(character.isalnum() for character in caption[start:end])


def _vote(caption: str, marker: Placed) -> int:
    """The evidence of one marker: what stands on its two sides."""
    before = caption[max(0, marker.start - 30) : marker.start].rstrip()
    after = caption[marker.end : marker.end + 30].lstrip()
    last, following = _LAST_WORD.search(before), _NEXT_WORD.match(after)
    vote = 0
    if last and last[1].lower() in ("before", "after") and following and following[1] in ("and", "or"):
        return -_PARALLEL_VOTE  # `before (a) and after (b) treatment`
    if before[-1:] in (",", ";", ":") or (last and last[1].lower() in PREPOSITIONS | JOINING):
        vote += 2
    elif last:
        vote -= 1
    if after[:1] in (",", ";", ".", ":", ")", ""):
        vote -= 2
    elif following and following[1].lower() in PREPOSITIONS | {"or"}:
        vote -= 2 if following[1] in ("and", "or") else 1
    else:
        vote += 2 if following and _opens_sentence(following[1]) else 1
    return vote


def _opens_sentence(word: str) -> bool:
    """`Maximum`, not `MRI` or `maximum`."""
    return word[:1].isupper() and word[1:].islower()

"""Cutting one sentence that speaks of several panels: `control (a), treated (b)` or `(a) control and (b) treated`.

The words of a panel stand before or after its label. What comes before the first phrase and after the last is the
frame that all of them share.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.split.caption_runs import Placed

PREPOSITIONS = frozenset(
    {
        *("after", "against", "among", "and", "are", "around", "as", "at", "before", "between", "by"),
        *("demonstrates", "demonstrating", "during", "following", "for", "from", "in", "include", "includes"),
        *("including", "indicating", "into", "is", "near", "of", "on", "onto", "over", "per", "representing"),
        *("revealed", "reveals", "show", "showing", "shows", "than", "through", "to", "toward", "towards"),
        *("under", "upon", "using", "versus", "via", "was", "were", "with", "within", "without"),
    }
)
"""Words that tie a phrase to what stands before it: prepositions and the verbs that captions use likewise."""

_HEAD_WORDS = PREPOSITIONS - {"and", "are", "is", "was", "were", "show", "shows", "including", "include", "includes"}
_JOINING = frozenset({"and", "or", "the", "a", "an", "both"})
_WORD = re.compile(r"[^\s]+")
_LEADING = re.compile(r"[\s,;:.\-–—)\]|]*(?:(?:and|or|while|whereas|respectively)\b[\s,;:]*)*")
_TRAILING = re.compile(
    r"(?:[\s,;:(\[–—]"
    r"|\b(?:(?:and|or)(?:\s(?:of|in|on|onto|by|for|from|with|to|at|after|under|during))?|respectively)$)+$"
)
_CLOSING_BRACKET = re.compile(r"\)\.?$")
_LAST_WORD = re.compile(r"(\w+)\s{0,3}$")
_NEXT_WORD = re.compile(r"\s{0,3}(\w+)")
_LONG_TAIL_WORDS = 3
_TERSE_WORDS = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words `[start, end)` and the marker they belong to; None for the frame that the whole sentence shares."""

    start: int
    end: int
    marker: Placed | None


def trim(caption: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without spaces, joining words and dangling punctuation at its ends; empty where no word is left."""
    text = caption[start:end]
    head = _LEADING.match(text)
    start += head.end() if head else 0
    end = _trim_end(caption, start, end)
    closing = _CLOSING_BRACKET.search(caption, max(start, end - 3), end)
    if closing and caption.count("(", start, end) < caption.count(")", start, end):
        end = closing.start()
    return (start, end) if any(character.isalnum() for character in caption[start:end]) else (start, start)


def _trim_end(caption: str, start: int, end: int) -> int:
    while end > start:
        window = max(start, end - 40)
        tail = _TRAILING.search(caption[window:end])
        if tail is None:
            return end
        end = window + tail.start()
    return end


def labels_come_first(caption: str, start: int, end: int, markers: Sequence[Placed]) -> bool:
    """Do the words of a panel follow its label in this sentence?"""
    if not _has_words(caption, markers[-1].end, end):
        return False
    if not _has_words(caption, start, markers[0].start):
        return True
    return lean(caption, markers) > 0


def lean(caption: str, markers: Sequence[Placed]) -> int:
    """Above 0 where the markers look like heads of their words, below where they close them."""
    return sum(_vote(caption, marker) for marker in markers)


def _has_words(caption: str, start: int, end: int) -> bool:
    return any(character.isalnum() for character in caption[start:end])


def _vote(caption: str, marker: Placed) -> int:
    """The evidence of one marker: what stands on its two sides."""
    before = caption[max(0, marker.start - 30) : marker.start].rstrip()
    after = caption[marker.end : marker.end + 30].lstrip()
    last, following = _LAST_WORD.search(before), _NEXT_WORD.match(after)
    vote = 0
    if before[-1:] in (",", ";", ":") or (last and last[1].lower() in PREPOSITIONS | _JOINING):
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


def phrases_after(caption: str, start: int, end: int, markers: Sequence[Placed]) -> list[Phrase]:
    """Phrases that follow their labels; the words before the first label are the frame."""
    phrases = [Phrase(start, markers[0].start, None)]
    stops = [*(marker.start for marker in markers[1:]), end]
    for marker, stop in zip(markers, stops, strict=True):
        phrases.append(Phrase(marker.end, stop, marker))
    cut = _long_tail(caption, phrases[1:])
    if cut is not None:
        last = phrases.pop()
        phrases += [Phrase(last.start, cut, last.marker), Phrase(cut, last.end, None)]
    return phrases


def _long_tail(caption: str, phrases: Sequence[Phrase]) -> int | None:
    """Where the last of several terse phrases runs on into words about all: `(a) PR, (b) DT, (c) NN with values`."""
    counts = [len(caption[phrase.start : phrase.end].split()) for phrase in phrases]
    if len(counts) < 3 or max(counts[:-1]) > _TERSE_WORDS or counts[-1] <= max(counts[:-1]) + _LONG_TAIL_WORDS:
        return None
    last = phrases[-1]
    for number, word in enumerate(_WORD.finditer(caption, last.start, last.end)):
        if number and word.group().lower() in _HEAD_WORDS:
            return word.start()
    return None


def phrases_before(caption: str, start: int, end: int, markers: Sequence[Placed]) -> list[Phrase]:
    """Phrases that precede their labels; the first phrase begins where it is parallel to the second."""
    phrases: list[Phrase] = []
    seen: set[str] = set()
    at = start
    for number, marker in enumerate(markers):
        names = {label.text for label in marker.labels}
        following = markers[number + 1] if number + 1 < len(markers) else None
        cut = at
        if number == 0 or names & seen:
            cut = _phrase_start(caption, at, marker, following)
            phrases.append(Phrase(at, cut, None))
            seen = set()
        phrases.append(Phrase(cut, marker.start, marker))
        seen |= names
        at = marker.end
    phrases.append(Phrase(at, end, None))
    return phrases


def _phrase_start(caption: str, start: int, marker: Placed, following: Placed | None) -> int:
    """Where the words of the first label begin: after the preposition that the next phrase does not repeat."""
    words = list(_WORD.finditer(caption, start, marker.start))[-60:]
    if following is None or not words:
        return start
    next_start, next_end = trim(caption, marker.end, following.start)
    parallel = [word.lower() for word in caption[next_start:next_end].split()[:60]]
    if parallel and parallel[0] in _HEAD_WORDS:
        same = [word.start() for word in words if word.group().lower() == parallel[0]]
        return same[-1] if same else start
    repeated = sum(word in PREPOSITIONS for word in parallel)
    cuts = [word.end() for word in words[:-1] if word.group().lower() in PREPOSITIONS or word.group()[-1] in ":;"]
    if not cuts:
        return start
    return cuts[-1 - repeated] if repeated < len(cuts) else start

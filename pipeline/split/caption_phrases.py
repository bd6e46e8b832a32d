"""Cutting one sentence that speaks of several panels: `control (a), treated (b)` or `(a) control and (b) treated`.

The words of a panel stand before or after its label. What comes before the first phrase and after the last is the
frame that all of them share.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.split.caption_runs import Placed
from pipeline.split.caption_tails import tail_start
from pipeline.split.caption_words import HEAD_WORDS, JOINING, PREPOSITIONS, WORD, Phrase, trim

_TIMES = frozenset({"before", "after", "during", "with", "without"})
_CONJUNCTION = re.compile(r"\s(?:and|or)\s")
_MOST_SHARED_WORDS = 4


def phrases_after(caption: str, start: int, end: int, markers: Sequence[Placed]) -> list[Phrase]:
    """Phrases that follow their labels; the words before the first label are the frame."""
    frame = Phrase(start, markers[0].start)
    stops = [*(marker.start for marker in markers[1:]), end]
    phrases = [Phrase(marker.end, stop, (marker,)) for marker, stop in zip(markers, stops, strict=True)]
    cut = tail_start(caption, frame, phrases)
    if cut is not None:
        last = phrases.pop()
        phrases += [Phrase(last.start, cut, last.markers), Phrase(cut, last.end)]
    return [frame, *phrases]


def phrases_before(caption: str, start: int, end: int, markers: Sequence[Placed]) -> list[Phrase]:
    """Phrases that precede their labels; the first phrase begins where it is parallel to the second."""
    phrases: list[Phrase] = []
    group: list[Placed] = []
    seen: set[str] = set()
    at = start
    for number, marker in enumerate(markers):
        names = {label.text for label in marker.labels}
        following = markers[number + 1] if number + 1 < len(markers) else None
        cut = at
        if number == 0 or names & seen:
            cut = _phrase_start(caption, at, marker, following)
            phrases.append(Phrase(at, cut))
            seen, group = set(), []
        elif (shared := _shared_noun(caption, at, marker.start)) is not None:
            cut = shared
            phrases.append(Phrase(at, cut, tuple(group)))
        phrases.append(Phrase(cut, marker.start, (marker,)))
        seen |= names
        group.append(marker)
        at = marker.end
    phrases.append(Phrase(at, end))
    return phrases


def _shared_noun(caption: str, start: int, end: int) -> int | None:
    """Where the noun ends that the labels before share: `genes` in `mcrA (A) and pmoA (B) genes and a ratio (C)`."""
    joint = _CONJUNCTION.search(caption, start, end)
    words = caption[start : joint.start()].split() if joint else []
    if not joint or not 0 < len(words) <= _MOST_SHARED_WORDS or not words[0].isalpha() or words[-1][-1] in ",;":
        return None
    return None if words[0] in PREPOSITIONS | JOINING else joint.start()


def _phrase_start(caption: str, start: int, marker: Placed, following: Placed | None) -> int:
    """Where the words of the first label begin: after the preposition that the next phrase does not repeat."""
    words = list(WORD.finditer(caption, start, marker.start))[-60:]
    if following is None or not words:
        return start
    next_start, next_end = trim(caption, marker.end, following.start)
    parallel = [word.lower() for word in caption[next_start:next_end].split()[:60]]
    if words[-1].group().lower() in _TIMES:  # `before (a) and after treatment (b)`
        return words[-1].start()
    if parallel and parallel[0] in HEAD_WORDS:
        same = [word.start() for word in words if word.group().lower() == parallel[0]]
        return same[-1] if same else start
    if len(parallel) == 2 <= len(words) and parallel[0].isdigit() and words[-2].group().isdigit():
        return words[-2].start()  # `collected 3 days (a) and 9 days (b)`
    repeated = sum(word in PREPOSITIONS for word in parallel)
    cuts = [
        number + 1
        for number, word in enumerate(words[:-1])
        if word.group().lower() in PREPOSITIONS or word.group()[-1] in ":;"
    ]
    if repeated >= len(cuts):
        return start
    first = cuts[-1 - repeated]
    is_paired = words[first].group() in ("both", "either") and first + 1 < len(words)
    return words[first + is_paired].start()

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
_TIMES = frozenset({"before", "after", "during", "with", "without"})
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
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_CONJUNCTION = re.compile(r"\s(?:and|or)\s")
_AUXILIARIES = frozenset({"are", "is", "was", "were"})
_RELATIVE = frozenset({"which", "where", "while", "whereas", "when", "as", "all", "each"})
_TAIL, _LONG_TAIL = 2, 3
"""Words that a tail has at least; the second where it is less sure."""
_MORE_WORDS = 3
"""The last phrase without its tail is longer than the others by no more than this."""
_MOST_SHARED_WORDS = 4
_PARALLEL_VOTE = 3
"""For labels that the same word follows: `(A) per leaf and (B) per ground area`."""


_Word = tuple[str, int]
"""A word and where it begins."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words `[start, end)` and the markers they belong to; none for the frame that the whole sentence shares."""

    start: int
    end: int
    markers: tuple[Placed, ...] = ()


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
    frame = Phrase(start, markers[0].start)
    stops = [*(marker.start for marker in markers[1:]), end]
    phrases = [Phrase(marker.end, stop, (marker,)) for marker, stop in zip(markers, stops, strict=True)]
    cut = _tail_start(caption, frame, phrases)
    if cut is not None:
        last = phrases.pop()
        phrases += [Phrase(last.start, cut, last.markers), Phrase(cut, last.end)]
    return [frame, *phrases]


def _tail_start(caption: str, frame: Phrase, phrases: Sequence[Phrase]) -> int | None:
    """Where the last of several terse phrases runs on into words about all.

    `(a) PR, (b) DT, (c) NN with measured values`, `maps of (a) roots and (b) shoots are shown`. Only the last phrase
    has the preposition, clause or verb that opens the tail.
    """
    *others, last = [_flat_words(caption, phrase) for phrase in phrases]
    openers = _tail_openers(_flat_words(caption, frame), others)
    longest = max(len(other) for other in others)
    elsewhere = {word for other in others for word, _ in other}
    for number in range(1, min(len(last), longest + _MORE_WORDS + 1)):
        word = last[number][0]
        if word in openers or _opens_clause(last, number):
            n_left = len(last) - number
            is_tail = word in _AUXILIARIES or n_left >= (_LONG_TAIL if len(phrases) == 2 or word == "of" else _TAIL)
            first = _with_participle(last, number)
            is_new = word in _AUXILIARIES or any(w not in elsewhere for w, _ in last[:first])  # `wheat, wheat with rust`
            return last[first][1] if is_tail and is_new else None
    return None


def _with_participle(words: Sequence[_Word], number: int) -> int:
    """Where a tail begins whose preposition has the given number: before `were treated` in `shoots were treated with`."""
    while number > 1 and (words[number - 1][0].endswith("ed") or words[number - 1][0] in _AUXILIARIES):
        number -= 1
    return number


def _tail_openers(frame: Sequence[_Word], others: Sequence[Sequence[_Word]]) -> frozenset[str]:
    """Words that open a tail, if the frame and the other phrases do without them."""
    elsewhere = {word for words in others for word, _ in words}
    prepositions = _HEAD_WORDS - {"to"} if not elsewhere & _HEAD_WORDS else frozenset()
    verbs = _AUXILIARIES - elsewhere if not {word for word, _ in frame} & _AUXILIARIES else frozenset()
    return prepositions | verbs


def _opens_clause(words: Sequence[_Word], number: int) -> bool:
    """Does a participle or relative clause follow a comma here: `roots, which`, `roots, and sorted`?"""
    if not words[number - 1][0].endswith(","):
        return False
    at = number + (words[number][0] == "and")
    word = words[at][0] if at < len(words) else ""
    return word in _RELATIVE | _HEAD_WORDS or word.endswith(("ing", "ed"))


def _flat_words(caption: str, phrase: Phrase) -> list[_Word]:
    """The words of a phrase outside brackets, and where they begin."""
    start, end = trim(caption, phrase.start, phrase.end)
    text = _BRACKETS.sub(lambda match: " " * len(match.group()), caption[start:end])
    return [(word.group(), start + word.start()) for word in _WORD.finditer(text)]


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
    """Where the noun ends that the labels before share: in `mcrA (A) and pmoA (B) genes and their ratio (C)` `genes`."""
    joint = _CONJUNCTION.search(caption, start, end)
    words = caption[start : joint.start()].split() if joint else []
    if not joint or not 0 < len(words) <= _MOST_SHARED_WORDS or not words[0].isalpha() or words[-1][-1] in ",;":
        return None
    return None if words[0] in PREPOSITIONS | _JOINING else joint.start()


def _phrase_start(caption: str, start: int, marker: Placed, following: Placed | None) -> int:
    """Where the words of the first label begin: after the preposition that the next phrase does not repeat."""
    words = list(_WORD.finditer(caption, start, marker.start))[-60:]
    if following is None or not words:
        return start
    next_start, next_end = trim(caption, marker.end, following.start)
    parallel = [word.lower() for word in caption[next_start:next_end].split()[:60]]
    if words[-1].group().lower() in _TIMES:  # `before (a) and after treatment (b)`
        return words[-1].start()
    if parallel and parallel[0] in _HEAD_WORDS:
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

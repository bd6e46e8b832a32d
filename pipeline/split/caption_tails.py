"""Tails: where the last of several phrases runs on into words about all."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.split.caption_words import HEAD_WORDS, Phrase, Word, flat_words

_AUXILIARIES = frozenset({"are", "is", "was", "were"})
_RELATIVE = frozenset({"which", "where", "while", "whereas", "when", "as", "all", "each"})
_TAIL, _LONG_TAIL = 2, 3
"""Words that a tail has at least; the second where it is less sure."""
_MORE_WORDS = 3
"""The last phrase without its tail is longer than the others by no more than this."""


def tail_start(caption: str, frame: Phrase, phrases: Sequence[Phrase]) -> int | None:
    """Where the last of several terse phrases runs on into words about all.

    `(a) PR, (b) DT, (c) NN with measured values`, `maps of (a) roots and (b) shoots are shown`. Only the last phrase
    has the preposition, clause or verb that opens the tail.
    """
    *others, last = [flat_words(caption, phrase) for phrase in phrases]
    openers = _tail_openers(flat_words(caption, frame), others)
    longest = max(len(other) for other in others)
    elsewhere = {word for other in others for word, _ in other}
    for number in range(1, min(len(last), longest + _MORE_WORDS + 1)):
        word = last[number][0]
        if word not in openers and not _opens_clause(last, number):
            continue
        first = _with_participle(last, number)
        if word in _AUXILIARIES:
            return last[_after_break(last, first)][1]
        least = _LONG_TAIL if len(phrases) == 2 or word == "of" else _TAIL
        is_new = any(w not in elsewhere for w, _ in last[:first])  # not in `healthy wheat, wheat with rust`
        return last[first][1] if is_new and len(last) - number >= least else None
    return None


def _with_participle(words: Sequence[Word], number: int) -> int:
    """Where a tail begins that has a preposition at this place: before `were treated` in `shoots were treated with`."""
    while number > 1 and (words[number - 1][0].endswith("ed") or words[number - 1][0] in _AUXILIARIES):
        number -= 1
    return number


def _after_break(words: Sequence[Word], number: int) -> int:
    """Where a clause begins that has its verb at this place: at `Values` in `bleaching; Values are means`."""
    return next((n + 1 for n in range(number - 1, 0, -1) if words[n][0].endswith((";", "."))), number)


def _tail_openers(frame: Sequence[Word], others: Sequence[Sequence[Word]]) -> frozenset[str]:
    """Words that open a tail, if the frame and the other phrases do without them."""
    elsewhere = {word for words in others for word, _ in words}
    prepositions = HEAD_WORDS - {"to"} if not elsewhere & HEAD_WORDS else frozenset()
    verbs = _AUXILIARIES - elsewhere if not {word for word, _ in frame} & _AUXILIARIES else frozenset()
    return prepositions | verbs


def _opens_clause(words: Sequence[Word], number: int) -> bool:
    """Does a participle or relative clause follow a comma here: `roots, which`, `roots, and sorted`?"""
    if not words[number - 1][0].endswith(","):
        return False
    at = number + (words[number][0] == "and")
    word = words[at][0] if at < len(words) else ""
    return word in _RELATIVE | HEAD_WORDS or word.endswith(("ing", "ed"))

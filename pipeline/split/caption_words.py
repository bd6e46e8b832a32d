"""Words of a caption: which of them tie phrases together, and stretches of them without loose ends."""

from __future__ import annotations

import re
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

HEAD_WORDS = PREPOSITIONS - {"and", "are", "is", "was", "were", "show", "shows", "including", "include", "includes"}
"""Those that open a phrase of their own."""
JOINING = frozenset({"and", "or", "the", "a", "an", "both"})
WORD = re.compile(r"[^\s]+")
_LEADING = re.compile(r"[\s,;:.\-–—)\]|]*(?:(?:and|or|while|whereas|respectively)\b[\s,;:]*)*")
_TRAILING = re.compile(
    r"(?:[\s,;:(\[–—]"
    r"|\b(?:(?:and|or)(?:\s(?:of|in|on|onto|by|for|from|with|to|at|after|under|during))?|respectively)$)+$"
)
_CLOSING_BRACKET = re.compile(r"\)\.?$")
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")

Word = tuple[str, int]
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


def flat_words(caption: str, phrase: Phrase) -> list[Word]:
    """The words of a phrase outside brackets, and where they begin."""
    start, end = trim(caption, phrase.start, phrase.end)
    text = _BRACKETS.sub(lambda match: " " * len(match.group()), caption[start:end])
    return [(word.group(), start + word.start()) for word in WORD.finditer(text)]

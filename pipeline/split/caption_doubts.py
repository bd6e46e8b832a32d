"""Doubts: labels whose own words may be too few or too many. They keep them, but give no pair.

Source: 1,748 labels of captions split by a reader (those of `tests/pipeline/split/gold` and of the corpus). The
words of 272 were wrong: of those with an open end 69 of 166, of those that name another panel 15 of 40.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from pipeline.split.caption_labels import Family
from pipeline.split.caption_markers import Style
from pipeline.split.caption_notes import is_sure_note
from pipeline.split.caption_scheme import Scheme
from pipeline.split.caption_sentences import Sentence

_SAME_WORDS = 0.8
"""Distinct-token F1 from which two texts count as the same words."""

_TOKEN = re.compile(r"\w+")

Stretches = Sequence[tuple[int, int]]
"""Half-open, in code points of the caption, in order."""


def doubtful_labels(
    caption: str, scheme: Scheme, parts: Sequence[Sentence], own: Mapping[str, Stretches]
) -> Iterator[str]:
    """The labels that are in doubt, maybe more than once.

    Args:
        caption: the whole of it.
        scheme: its labels.
        parts: its sentences.
        own: what each label alone was given.
    """
    if scheme.family is Family.DIGIT and any(marker.style is not Style.BOLD for marker in scheme.placed):
        yield from own  # steps or notes: of eight such captions of 3,990 none has panels 1, 2, 3
    yield from _open_ended(caption, parts, own)
    yield from _naming_others(caption, own)


def _open_ended(caption: str, parts: Sequence[Sentence], own: Mapping[str, Stretches]) -> Iterator[str]:
    """The last labels, where sentences follow that may be about them and not about all, and would change their words.

    A sure note, such as that of a scale bar, ends what may go on.
    """
    end = max((stretches[-1][1] for stretches in own.values() if stretches), default=0)
    rest = (caption[part.start : part.end] for part in parts if part.start >= end)
    more = " ".join(takewhile(lambda text: not is_sure_note(text), rest))
    for label, stretches in own.items():
        if stretches and stretches[-1][1] == end:
            words = " ".join(caption[start:stop] for start, stop in stretches)
            if _likeness(words, f"{words} {more}") < _SAME_WORDS:
                yield label


def _naming_others(caption: str, own: Mapping[str, Stretches]) -> Iterator[str]:
    """Labels whose words name another label in brackets."""
    for label, stretches in own.items():
        words = " ".join(caption[start:stop] for start, stop in stretches)
        if any(f"({other})" in words for other in own if other != label):
            yield label


def _likeness(one: str, other: str) -> float:
    """F1 of the distinct tokens of two texts, the first of which is part of the second."""
    few, many = (set(_TOKEN.findall(text.casefold())) for text in (one, other))
    return 2 * len(few) / max(1, len(few) + len(many))

"""How likely a label was given the right words, told by how the words were found.

Labels that open sentences hardly leave a doubt. Whose the words around a label inside a sentence are, and whose the
sentences behind the last label, readers tell by sense, and rules less often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import pairwise

from pipeline.split.caption_labels import Family
from pipeline.split.caption_markers import Style
from pipeline.split.caption_runs import Placed
from pipeline.split.caption_scheme import Scheme
from pipeline.split.caption_sentences import Sentence
from pipeline.split.caption_words import trim

Stretches = Sequence[tuple[int, int]]
"""Half-open, in code points of the caption, in order."""


class _Way(Enum):
    """How words were found, with the share of those that are right.

    Source: 7,438 labels that readers gave words to, those of `tests/pipeline/split/gold` and of the test corpus.
    """

    STEP = 0.0
    """A number in brackets: of a step of the work, or of a note."""
    EACH = 0.63
    """Several labels have the same words, which name something of each, `respectively`."""
    OPEN_END = 0.65
    """Words about all follow the last label's own, or what was taken for such."""
    SHARED = 0.68
    """Several labels, not all, have the same words."""
    INSIDE = 0.72
    """The label stands inside a sentence: `Roots (A) and shoots (B) of wheat.`"""
    OPENS = 0.89
    """The label opens a sentence and stands nowhere else, but others stand inside of sentences."""
    ENCLOSED = 0.92
    """The words fill the space up to the next label, in the only sentence with labels: `(A) Roots and (B) shoots.`"""
    ALL_OPEN = 0.96
    """All labels of the caption open sentences and stand nowhere else: `(A, B) Roots. (C) Shoots.`"""


def text_confidence(
    caption: str, scheme: Scheme, parts: Sequence[Sentence], own: Mapping[str, Stretches], *, has_suffix: bool
) -> dict[str, float]:
    """By label how likely its words are right, 0 to 1; 0 for a label without words.

    Args:
        caption: the whole of it.
        scheme: its labels.
        parts: its sentences.
        own: what each label alone was given.
        has_suffix: whether words about all labels follow the last own ones.
    """
    judge = _Judge(caption, scheme, parts, own, has_suffix=has_suffix)
    return {label: judge.way(label).value if stretches else 0.0 for label, stretches in own.items()}


class _Judge:
    """What the ways of all labels of a caption follow from."""

    def __init__(
        self, caption: str, scheme: Scheme, parts: Sequence[Sentence], own: Mapping[str, Stretches], *, has_suffix: bool
    ) -> None:
        self.caption = caption
        self.parts = parts
        self.own = own
        self.marked = [part for part in parts if part.markers]
        self.are_steps = scheme.family is Family.DIGIT and any(m.style is not Style.BOLD for m in scheme.placed)
        # `A = liver` may as well say what a letter in the picture means
        is_key = any("=" in caption[marker.start : marker.end + 2] for marker in scheme.placed)
        self.all_open = not is_key and all(_has_one_opener(part) for part in self.marked)
        end = max((stretches[-1][1] for stretches in own.values() if stretches), default=0)
        self.open_end = end if has_suffix else None

    def way(self, label: str) -> _Way:
        """How the words of a label that has some were found."""
        if self.are_steps:
            return _Way.STEP
        if self.own[label][-1][1] == self.open_end:
            return _Way.OPEN_END
        if self._is_shared(label) and (self._names_each(label) or not self.all_open):
            return _Way.EACH if self._names_each(label) else _Way.SHARED
        return _Way.ALL_OPEN if self.all_open else self._place(label)

    def _place(self, label: str) -> _Way:
        if self._is_enclosed(label):
            return _Way.ENCLOSED
        mine = [part for part in self.marked if any(_names(marker, label) for marker in part.markers)]
        return _Way.OPENS if all(_has_one_opener(part) for part in mine) else _Way.INSIDE

    def _is_enclosed(self, label: str) -> bool:
        """Do the words of a label fill the space up to the next one, in the only sentence with labels?"""
        (start, stop), *others = self.own[label]
        for marker, following in pairwise(self.marked[0].markers):
            if _names(marker, label):
                is_between = marker.end <= start and not others and len(self.marked) == 1
                return is_between and not (self._has_words(marker.end, start) or self._has_words(stop, following.start))
        return False

    def _has_words(self, start: int, end: int) -> bool:
        first, last = trim(self.caption, start, end)
        return first < last

    def _is_shared(self, label: str) -> bool:
        """Has another label some of the same words?"""
        mine = set(self.own[label])
        return any(mine.intersection(stretches) for other, stretches in self.own.items() if other != label)

    def _names_each(self, label: str) -> bool:
        """Does a sentence with words of this label say `respectively`?"""
        starts = [start for start, _ in self.own[label]]
        mine = (part for part in self.parts if any(part.start <= start < part.end for start in starts))
        return any("respectively" in self.caption[part.start : part.end] for part in mine)


def _names(marker: Placed, label: str) -> bool:
    return any(label == named.text for named in marker.labels)


def _has_one_opener(sentence: Sentence) -> bool:
    return sentence.is_led and len(sentence.markers) == 1

"""Whose words each sentence of a caption is: of one panel, of several, or of all.

Two layouts are read, and mixtures of them. Labels that open sentences own what follows up to the next label. Labels
inside a sentence divide that sentence, and what stands around it is shared. After the last labelled sentence come notes
that speak of all panels: scale bars, statistics, abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.split.caption_clauses import clauses
from pipeline.split.caption_direction import labels_come_first, lean
from pipeline.split.caption_labels import LIST_PATTERN, read_list
from pipeline.split.caption_notes import is_note, points_back, stems, subject_stems
from pipeline.split.caption_phrases import phrases_after, phrases_before
from pipeline.split.caption_runs import Placed
from pipeline.split.caption_scheme import Scheme
from pipeline.split.caption_sentences import Sentence
from pipeline.split.caption_tails import tail_start
from pipeline.split.caption_words import Phrase, trim

_APART = re.compile(r";|\b(?:while|whereas|but)\b")
"""What parts the words of labels that share nothing."""
_POINTER = re.compile(
    r"\([\w\- ]{0,30}\b(?:arrow\w*|circles?|asterisks?|lines?|stars?|box(?:es)?)\s(?:in|on)\s"
    rf"(?P<list>{LIST_PATTERN})\)\.?\s*$"
)
"""A closing bracket that says on which panels something is pointed at."""


@dataclass(slots=True)
class Parts:
    """Stretches of the caption by owner, as they are found."""

    own: dict[str, list[tuple[int, int]]]
    shared: list[tuple[int, int]] = field(default_factory=list)


def divide(caption: str, scheme: Scheme, parts: Sequence[Sentence]) -> Parts:
    """Every sentence given to the labels it speaks of, or shared."""
    divider = _Divider(caption, scheme, parts)
    for number, sentence in enumerate(parts):
        divider.take(number, sentence)
        for marker in sentence.markers:
            divider.add_note(marker)
    return divider.found


class _Divider:
    """The walk over the sentences: what is defined by a leading label, and who is being spoken of now."""

    def __init__(self, caption: str, scheme: Scheme, parts: Sequence[Sentence]) -> None:
        self.caption = caption
        self.family = scheme.family
        self.all = frozenset(label.text for label in scheme.labels)
        self.found = Parts({label.text: [] for label in scheme.labels})
        led = [(number, sentence) for number, sentence in enumerate(parts) if sentence.is_led]
        self.led = frozenset(label.text for _, s in led for marker in s.markers for label in marker.labels)
        self.last_defining = max((n for n, s in enumerate(parts) if s.is_led or self._fresh(s)), default=-1)
        self.other_panels_are_short = _one_sentence_each(parts, [number for number, _ in led])
        self.current: tuple[str, ...] = ()
        self.has_notes = False
        self.first_led = led[0][1].start if led else 0

    def take(self, number: int, sentence: Sentence) -> None:
        """Give one sentence away."""
        in_tail = number > self.last_defining
        if sentence.is_led:
            self._take_led(sentence)
        elif sentence.markers and not (in_tail and self.current and self._is_note(sentence)):
            self._take_inner(sentence, in_tail)
        elif self.current and not (in_tail and self._ends_here(sentence)):
            self._give(self.current, sentence.start, sentence.end)
        else:
            self._share(sentence.start, sentence.end)

    def add_note(self, marker: Placed) -> None:
        """Give the words in a label's own brackets to it."""
        names = _names([marker])
        if marker.note and set(names) < self.all:
            self._give(names, *marker.note)

    def _fresh(self, sentence: Sentence) -> list[Placed]:
        """Markers inside a sentence whose labels open none."""
        return [marker for marker in sentence.markers if not set(_names([marker])) & self.led]

    def _ends_here(self, sentence: Sentence) -> bool:
        """Does a sentence after the last labelled one speak of all panels?"""
        if self.has_notes or not self._refers_back(sentence):
            self.has_notes = self.has_notes or self.other_panels_are_short or self._is_note(sentence)
        return self.has_notes

    def _refers_back(self, sentence: Sentence) -> bool:
        """Does it begin with what only the last panel shows (`This heat map`, `The contours`)?"""
        text = self.caption[sentence.start : sentence.end]
        if points_back(text):
            return True
        mine, others = (self._words_of(names) for names in (set(self.current), self.all - set(self.current)))
        return bool(subject_stems(text) & (mine - others - stems(self.caption[: self.first_led])))

    def _words_of(self, names: Iterable[str]) -> set[str]:
        spans = (span for name in names for span in self.found.own[name])
        return set().union(*(stems(self.caption[start:end]) for start, end in spans))

    def _is_note(self, sentence: Sentence) -> bool:
        return is_note(self.caption[sentence.start : sentence.end])

    def _take_led(self, sentence: Sentence) -> None:
        first, *others = sentence.markers
        sections: list[list[Placed]] = [[first]]
        for marker in others:
            if self._opens(marker, sections):
                sections.append([marker])
            else:
                sections[-1].append(marker)
        stops = [*(section[0].start for section in sections[1:]), self._end_of_led(sentence, sections)]
        for (head, *inner), stop in zip(sections, stops, strict=True):
            self.current = _names([head])
            members = [marker for marker in inner if set(_names([marker])) < set(self.current)]
            if len(set(_names(members))) > 1:
                self._distribute(head.end, stop, members)
            else:
                self._give_led(head.end, stop)

    def _end_of_led(self, sentence: Sentence, sections: Sequence[Sequence[Placed]]) -> int:
        """Where the words of the last label of a led sentence end; what follows is given to all its labels.

        `(a) Consumption and (b) volume, when water was offered`.
        """
        heads = [section[0] for section in sections]
        stops = [*(head.start for head in heads[1:]), sentence.end]
        phrases = [Phrase(head.end, stop, (head,)) for head, stop in zip(heads, stops, strict=True)]
        if len(heads) < 2 or any(_APART.search(self.caption, phrase.start, phrase.end) for phrase in phrases):
            return sentence.end
        cut = tail_start(self.caption, Phrase(sentence.start, sentence.start), phrases)
        if cut is None or self.caption.startswith("of ", cut):
            return sentence.end
        self._give(_names(heads), cut, sentence.end)
        return cut

    def _give_led(self, start: int, end: int) -> None:
        """Gives words to the panel they follow, but for a closing bracket on others: `… pattern (arrows in a, b).`"""
        closing = _POINTER.search(self.caption, start, end)
        named = read_list(closing["list"], self.family) if closing and self.family else None
        names = tuple(label.text for label in named or ())
        if closing is None or not set(names) & self.all or not set(names) <= self.all:
            self._give(self.current, start, end)
            return
        self._give(self.current, start, closing.start())
        self._give(names, closing.start(), end)

    def _opens(self, marker: Placed, sections: Sequence[Sequence[Placed]]) -> bool:
        """Does a later label of a led sentence open words of its own?"""
        follows = self.caption[marker.end : marker.end + 4].strip()
        precedes = self.caption[max(0, marker.start - 6) : marker.start].rstrip()
        names = set(_names([marker]))
        spoken = set(_names([section[0] for section in sections]))
        if names & spoken or any(self.found.own[name] for name in names):
            return False
        return precedes.endswith((",", ";", ":", " and")) or follows[:1] not in (".", ",", ";", ")", "")

    def _take_inner(self, sentence: Sentence, in_tail: bool) -> None:
        names = set(_names(sentence.markers))
        fresh = self._fresh(sentence)
        if names < set(self.current):
            self._distribute(sentence.start, sentence.end, sentence.markers)
        elif fresh:
            before = self.current
            self._distribute(sentence.start, sentence.end, fresh)
            self.current = () if self.current == before else self.current
        elif self.current and not in_tail:
            self._give(self.current, sentence.start, sentence.end)
        else:
            self._distribute(sentence.start, sentence.end, sentence.markers)

    def _distribute(self, start: int, end: int, markers: Sequence[Placed]) -> None:
        if len(markers) == 1:
            self._take_single(start, end, markers[0])
            return
        if found := clauses(self.caption, start, end, markers):
            for clause_start, clause_end, marker in found:
                self._give(_names([marker]), clause_start, marker.start)
                self._give(_names([marker]), marker.end, clause_end)
            return
        is_after = labels_come_first(self.caption, start, end, markers)
        phrases = (phrases_after if is_after else phrases_before)(self.caption, start, end, markers)
        everyone = _names(markers)
        for phrase in phrases:
            self._give(_names(phrase.markers) if phrase.markers else everyone, phrase.start, phrase.end)

    def _take_single(self, start: int, end: int, marker: Placed) -> None:
        """One label inside a sentence: the sentence is its own, but for a frame that the labels after it go on from."""
        names = _names([marker])
        opens_list = not self.current and set(names) < self.all
        if opens_list and lean(self.caption, [marker]) >= (0 if self.led else 1):
            self._share(start, marker.start)
            self.current = names
        else:
            self._give(names, start, marker.start)
        self._give(names, marker.end, end)

    def _give(self, names: Sequence[str], start: int, end: int) -> None:
        start, end = trim(self.caption, start, end)
        if start == end:
            return
        if set(names) == self.all:
            self.found.shared.append((start, end))
            return
        for name in names:
            self.found.own[name].append((start, end))

    def _share(self, start: int, end: int) -> None:
        self._give(tuple(self.all), start, end)


def _names(markers: Sequence[Placed]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.text for marker in markers for label in marker.labels))


def _one_sentence_each(parts: Sequence[Sentence], led: Sequence[int]) -> bool:
    """Do all led panels but the last take one sentence only, or share one?"""
    if len(led) == 1:
        return len(parts[led[0]].markers) > 1
    return len(led) > 1 and all(after - before == 1 for before, after in pairwise(led))

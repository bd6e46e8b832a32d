"""Where the article speaks of its figures: paragraphs, with the place of each citation.

A citation is an `<xref>` whose `rid` names a figure (or a fig-group: then all of its figures), inside a `<p>`. As
printed, it takes in the word before (`Figs.`), the panel letters after (`A,C`), and a second `<xref>` to the same
figure or at the far end of a range (`2-4`, which also cites 3). One `Mention` per citation and figure; the text is that
of the innermost paragraph, once.

Not mentions: citations in headings and table cells (no paragraph), and those of a figure within itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from lxml.etree import _Element as Element

from pipeline.jats.document import JatsError
from pipeline.jats.targets import Targets
from pipeline.jats.text import CITING_RULES, marked_text, plain_text
from schemas.figures import Mention
from schemas.reject import Reason

MAX_TEXT = 20_000_000
"""Characters of mentions per article. A hostile file cites thousands of figures in one huge paragraph: text squared."""
MENTION_COST = 100
"""What a mention (or a note of rights) of no text counts, in characters: they are bounded too."""

_DASH = r"\-‐‑‒–—−"
_GAP_RANGE = re.compile(rf"\s?[A-Za-z]?\s?(?:[{_DASH}]+|\bto\b|\bthrough\b)\s?")
_GAP_LIST = re.compile(r"\s?[A-Za-z]?\s?(?:[,;/&]\s?(?:and\b|&)?|\b(?:and|or)\b)?\s?")
_WORD_BEFORE = re.compile(r"\b(?:fig(?:ure)?s?\.?|schemes?|plates?)\s?[(\[]?$", re.IGNORECASE)
_QUALIFIER = re.compile(r"\b(?:supplementa(?:ry|l)|suppl?\.|extended data)\s$", re.IGNORECASE)
_MAX_WORD = 40
_MAX_QUALIFIER = len("supplementary ")
_NUMBER = re.compile(r"(?<![\d.])\d{1,3}(?!\d|\.\d)")
_TWO_NUMBERS = re.compile(r"\d\D+\d")
_GAP_INSIDE = re.compile(
    rf"\s?(?:[A-Za-z](?:\s?[,/&{_DASH}]\s?[A-Za-z](?![A-Za-z]))*\s?)?"
    rf"(?:(?P<range>[{_DASH}]|to\b|through\b)|[,;/&]\s?(?:(?:and|or)\b|&)?|(?:and|or)\b)\s?(?:S|EV)?"
)
"""Between two numbers of one citation: panel letters of the first, then a dash or a comma."""
_ENDS_IN_PANEL = re.compile(r"\d\s?\(?([A-Za-z])\)?$")
_PANEL_AHEAD = re.compile(r"[A-Za-z]|\s?\(|\s[A-Z]")
"""How the two that follow begin."""
_PANELS_IN_PARENTHESES = re.compile(rf"\s?\([A-Za-z](?:\s?(?:[,;&{_DASH}]|and|to)\s?[A-Za-z])*\)(?![A-Za-z\d])")
_FIRST_PANEL = re.compile(rf"(?:([A-Za-z])|\s([A-Z])(?=\s?[,;.):\]{_DASH}]))(?![A-Za-z\d])")
_NEXT_PANEL = re.compile(rf"\s?(?:,\s?(?:and\s)?|[;/&{_DASH}]\s?|\b(?:and|to)\s)([A-Za-z])(?![A-Za-z\d])")
_SECTIONS = frozenset(("sec", "abstract", "trans-abstract", "app", "boxed-text", "ack", "notes", "glossary"))


class Citation(NamedTuple):
    """A stretch of a paragraph that cites figures: half-open, in code points; `targets` are indices of figures."""

    start: int
    end: int
    targets: tuple[int, ...]


_START = attrgetter("start")


@dataclass(slots=True)
class _Place:
    """What surrounds a paragraph."""

    section: str | None
    figure: Element | None


@dataclass(slots=True)
class Places:
    """Sections and enclosing figures of elements, looked up once each."""

    known: dict[Element | None, _Place] = field(default_factory=lambda: {None: _Place(None, None)})

    def of(self, element: Element | None) -> _Place:
        """The section path and the innermost figure at an element, itself included."""
        chain = []
        while element not in self.known:
            chain.append(element)
            element = element.getparent() if element is not None else None
        place = self.known[element]
        for inner in reversed(chain):
            if inner is not None:
                place = self.known[inner] = _entered(inner, place)
        return place


def _entered(element: Element, outer: _Place) -> _Place:
    name = element.tag
    if name == "fig":
        return _Place(outer.section, element)
    title = plain_text(next(element.iterchildren("title"), None)) if name in _SECTIONS else None
    if title is None:
        return outer
    return _Place(f"{outer.section} > {title}" if outer.section else title, outer.figure)


def find_mentions(xrefs: list[Element], targets: Targets) -> list[list[Mention]]:
    """The mentions of each figure, in document order.

    Args:
        xrefs: the cross-references of the article, in document order.
        targets: the figures that they may cite.

    Raises:
        JatsError: the texts of the mentions exceed `MAX_TEXT`.
    """
    mentions: list[list[Mention]] = [[] for _ in targets.figures]
    places, size = Places(), 0
    for paragraph, citing in _by_paragraph(xrefs, targets).items():
        place = places.of(paragraph)
        text, citations = read_citations(paragraph, citing, targets)
        if not text:
            continue
        for citation in citations:
            cited = text[citation.start : citation.end]
            mention = Mention(section=place.section, text=text, start=citation.start, end=citation.end, cited=cited)
            for target in citation.targets:
                if targets.figures[target] is not place.figure:
                    mentions[target].append(mention)
                    size += len(text) + MENTION_COST
            if size > MAX_TEXT:
                raise JatsError(Reason.BAD_XML, f"the mentions of figures hold more than {MAX_TEXT} characters")
    return mentions


def _by_paragraph(xrefs: list[Element], targets: Targets) -> dict[Element, dict[Element, tuple[int, ...]]]:
    """Per paragraph, its citing cross-references with the figures that their ids name."""
    found: dict[Element, dict[Element, tuple[int, ...]]] = {}
    for xref in xrefs:
        rid = xref.get("rid", "")
        if rid not in targets.by_id and " " not in rid:  # most cite the literature
            continue
        cited = targets.named(xref)
        paragraph = xref.getparent()
        while paragraph is not None and paragraph.tag != "p":
            paragraph = paragraph.getparent()
        if cited and paragraph is not None:
            found.setdefault(paragraph, {})[xref] = cited
    return found


def read_citations(
    paragraph: Element, citing: dict[Element, tuple[int, ...]], targets: Targets
) -> tuple[str, list[Citation]]:
    """The text of a paragraph and the citations in it, in order."""
    text, spans = marked_text([paragraph], CITING_RULES, citing)
    single = [Citation(start, end, citing[xref]) for start, end, xref in spans if not isinstance(xref, str)]
    return text, _extended(text, _joined(text, single, targets))


def _joined(text: str, citations: list[Citation], targets: Targets) -> list[Citation]:
    """Ranges over two cross-references and lists within one figure become one citation; inner ranges are filled."""
    joined: list[Citation] = []
    for citation in sorted(citations, key=_START):
        if _TWO_NUMBERS.search(text, citation.start, citation.end):
            citation = _filled(text, citation, targets)
        if joined and (both := _together(text, joined[-1], citation, targets)):
            joined[-1] = both
        else:
            joined.append(citation)
    return joined


def _together(text: str, first: Citation, last: Citation, targets: Targets) -> Citation | None:
    """Two citations in a row as one; None where they do not belong together."""
    gap = text[first.end : last.start]
    if last.start == last.end and (not gap or _GAP_RANGE.fullmatch(gap)):
        return first._replace(targets=tuple(dict.fromkeys((*first.targets, *last.targets))))
    if _GAP_RANGE.fullmatch(gap):
        between = _between(first, last, targets)
        return Citation(first.start, last.end, tuple(dict.fromkeys((*first.targets, *between, *last.targets))))
    if first.targets == last.targets and _GAP_LIST.fullmatch(gap):
        return Citation(first.start, last.end, first.targets)
    return None


def _between(first: Citation, last: Citation, targets: Targets) -> tuple[int, ...]:
    start, end = targets.places[first.targets[-1]], targets.places[last.targets[0]]
    if start is None or end is None or start.series != end.series:
        return ()
    return targets.between(start.series, start.number, end.number)


def _filled(text: str, citation: Citation, targets: Targets) -> Citation:
    """`Figs 2-4, 6` in one cross-reference to one of these figures cites all four, where there are such figures."""
    numbers = list(_NUMBER.finditer(text, citation.start, citation.end))
    if len(numbers) < 2:
        return citation
    named = {place.number: place for i in reversed(citation.targets) if (place := targets.places[i])}
    for ranges in _ranges(text, numbers):
        place = next((named[number] for ends in ranges for number in ends if number in named), None)
        if place:
            inside = [i for first, last in ranges for i in targets.between(place.series, first - 1, last + 1)]
            return citation._replace(targets=tuple(dict.fromkeys((*citation.targets, *inside))))
    return citation


def _ranges(text: str, numbers: list[re.Match[str]]) -> list[list[tuple[int, int]]]:
    """Numbers that are listed together, as first and last of ranges: ``[[(2, 4), (6, 6)]]`` for ``2-4, 6``."""
    lists: list[list[tuple[int, int]]] = []
    for before, number in zip([None, *numbers], numbers, strict=False):
        gap = _GAP_INSIDE.fullmatch(text, before.end(), number.start()) if before else None
        value = int(number[0])
        if gap is None:
            lists.append([(value, value)])
        elif gap["range"] and (first := lists[-1][-1][0]) == lists[-1][-1][1] < value:
            lists[-1][-1] = (first, value)
        else:
            lists[-1].append((value, value))
    return lists


def _extended(text: str, citations: list[Citation]) -> list[Citation]:
    """Citations with the word before and the panel letters after."""
    extended = []
    taken = 0
    for start, end, targets in citations:
        begin, stop = start, end
        if start < end:
            if not text[start : start + 3].isalpha():  # the word is outside: `Figs. <xref>2</xref>`
                begin = _word_start(text, max(taken, start - _MAX_WORD), start)
            stop = taken = _panels_end(text, start, end)
        extended.append(Citation(begin, stop, targets))
    return extended


def _word_start(text: str, earliest: int, start: int) -> int:
    """Where the word before a citation starts, with what qualifies it; `start` where there is none.

    Plain searches come first: they are much faster than the patterns.
    """
    outside = text[earliest:start].lower()
    found = max(outside.rfind("fig"), outside.rfind("plate"), outside.rfind("scheme"))
    word = start - len(outside) + found
    if found < 0 or not _WORD_BEFORE.match(text, word, start):
        return start
    if "supp" in outside or "extended" in outside:
        qualifier = _QUALIFIER.search(text, max(earliest, word - _MAX_QUALIFIER), word)
        return qualifier.start() if qualifier else word
    return word


def _panels_end(text: str, start: int, end: int) -> int:
    """Where the panel letters that follow a citation end: they ascend, in one case, and are no words."""
    if text[end - 1].isdigit():
        if not _PANEL_AHEAD.match(text, end):
            return end
        if listed := _PANELS_IN_PARENTHESES.match(text, end):
            return listed.end()
        match = _FIRST_PANEL.match(text, end)
        if match is None:
            return end
        last, end = match[1] or match[2], match.end()
    elif inside := _ENDS_IN_PANEL.search(text[start:end]):
        last = inside[1]
    else:
        return end
    while (match := _NEXT_PANEL.match(text, end)) and match[1].isupper() == last.isupper() and match[1] > last:
        last, end = match[1], match.end()
    return end

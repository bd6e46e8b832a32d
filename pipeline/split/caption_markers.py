"""Where a caption may print panel labels: every candidate, before anything is decided.

Candidates are found by their form alone: `(A)`, `A)`, `A.` or `a` at the head of a sentence, a label set in bold,
`Panel A`. Citations of other figures, statistics and letters that mark significance are left out here; what remains is
judged as a whole in `caption_scheme`.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.split.caption_labels import BRACKET_LIST_PATTERN, LIST_PATTERN, is_readable
from pipeline.split.caption_stops import is_abbreviation
from schemas.figures import Mark


class Style(StrEnum):
    """The form in which a label is printed."""

    PAREN = "paren"
    HALF = "half"
    BOLD = "bold"
    POINT = "point"
    BARE = "bare"
    PANEL = "panel"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class Marker:
    """A candidate: `[start, end)` covers the label with its brackets and stop; `printed` is the list of labels inside.

    `is_lead` says that it opens a sentence, a clause after a semicolon, or a paragraph; `note` is the stretch of words
    that share its brackets, as in `(A, arrows)`.
    """

    start: int
    end: int
    printed: str
    style: Style
    is_lead: bool
    note: tuple[int, int] | None = None


_WHERE = r"(?:left|right|top|bottom|upper|lower|middle|cent(?:er|re)|inset|above|below)"
_PAREN = re.compile(
    rf"(?:\b[Pp]anels?\s)?[(\[]\s?(?:(?:[Pp]anels?|[Ff]igs?\.?|{_WHERE}(?:\s(?:panels?|row|column|images?))?[,:]?)\s)?(?P<list>{BRACKET_LIST_PATTERN})\s?[.:,;]?"
    rf"(?:,?\s?(?:respectively|(?:(?:in|on)\s(?:the\s)?)?{_WHERE})(?:\s(?:panels?|row|column))?)?"
    r"\s?[)\]][.:]?"
)
_NOTED = re.compile(rf"\((?P<list>{BRACKET_LIST_PATTERN})(?:[,;:]|\s?[-–—=])\s(?P<note>[^()]{{2,80}})\)(?![\w])")
_COUNT = re.compile(r"\(?[nN]\s?=\s?\d")
_INLINE = re.compile(
    rf"(?:(?<=\()|(?<=[,;:]\s)|(?<=\sand\s)|(?<=\s(?:of|in|by|or|on)\s)|(?<=\sfor\s))(?P<list>{LIST_PATTERN})"
    rf"(?:(?:[.:,]|\s?[=–—])\s|(?=\s[^\s]))|(?<=\s)(?P<stopped>{LIST_PATTERN})[.:]\s"
)
_LAST_LETTER = re.compile(r"(?<!\w)[A-Za-z]$")
_KEYED = re.compile(r"[;,]\s?[A-Za-z][:,=]?\s")
_HALF = re.compile(rf"(?<![\w.\-–(\[])(?P<list>{LIST_PATTERN})\)(?=[\s:.,]|[A-Z])[.:]?")
_POINT = re.compile(
    rf"(?:(?:[Pp]anels?|PANELS?|[Pp]arts?)\s)?(?:(?P<list>{LIST_PATTERN}))"
    r"(?:(?P<stop>[.:,|=]|\s[-–—|:=])(?=\s|[A-Z(])|(?P<bare>)(?=\s[^\s]))"
)
_PANEL = re.compile(rf"\b[Pp]anels?\s\(?(?P<list>{LIST_PATTERN})\)?(?![\w])")
_LABEL_RUN = re.compile(rf"\s*[(\[]?\s?(?P<list>{LIST_PATTERN})\s?[)\]]?\s?[.:,;|]?\s*$")
_SPECIES = re.compile(r"\.\s[a-z]{3}")
_LEAD = re.compile(r"(?:^|[.;:?!][)\]\"”’]?\s{1,3}|[.;:](?=[(\[]))")
_CLOSING = re.compile(r"\s{0,2}(?:and|or)\b(?!\s?[(\[])|[,;]?\s{0,2}$")
_JOINER = re.compile(r"\s{0,2}(?:,\s?(?:and|&)|,|&|/|and|or|to|through|[-‐‑‒–—−])\s{0,2}$")
_RANGE_JOINER = re.compile(r"\s{0,2}(?:to|through|[-‐‑‒–—−])\s{0,2}$")

# Before a candidate: what makes it the part of another name.
_FOREIGN = re.compile(
    r"(?:\b(?:Fig(?:ure)?s?\.?|Tables?|Eqs?\.?|Equations?|Refs?\.?|Schemes?|Movies?|Videos?|Supplementa\w*|"
    r"Additional file|Suppl?\.?|Appendix)\s?"
    r"(?:S?\d{1,3}(?:\.\d{1,2})?)?[\s(]{0,2}(?:[A-Za-z]\b)?(?:\s?(?:,|and|&|[-–])\s?)?|"
    r"\b(?:letters?|superscripts?|vitamin|hepatitis)\s{1,2}[\"“‘'(]?)$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:lanes?|types?|groups?|class|grade|stage|chromosomes?|chains?|genomes?|clades?|lines?|sites?)\s{1,2}$",
    re.IGNORECASE,
)
_SIGNIFICANCE = re.compile(r"\b(?:letters?|superscripts?|lowercase|uppercase)\b[^.]{0,25}$", re.IGNORECASE)
_SIGNIFICANCE_AFTER = re.compile(
    r"\W{0,3}(?:values|means|bars|data|different|columns|indicates?|denotes?|represents?)\b[^.]{0,50}"
    r"\b(?:superscripts?|letters?|significan\w+)\b",
    re.IGNORECASE,
)
_LOOK_BACK = 60


def find_markers(caption: str, marks: Sequence[Mark]) -> list[Marker]:
    """All candidates in the order of the caption; none overlaps another."""
    leads = lead_positions(caption, marks)
    bold = _bold_spans(caption, marks)
    found: list[Marker] = []
    taken = _Taken()
    for marker in _candidates(caption, leads, bold):
        if is_readable(marker.printed) and not taken.overlaps(marker) and not _is_foreign(caption, marker):
            taken.add(marker)
            found.append(marker)
    found.sort(key=lambda marker: marker.start)
    return _joined(caption, found)


class _Taken:
    """Stretches already given to a candidate."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def overlaps(self, marker: Marker) -> bool:
        place = bisect.bisect_right(self._starts, marker.start)
        before = place > 0 and self._ends[place - 1] > marker.start
        after = place < len(self._starts) and self._starts[place] < marker.end
        return before or after

    def add(self, marker: Marker) -> None:
        place = bisect.bisect_right(self._starts, marker.start)
        self._starts.insert(place, marker.start)
        self._ends.insert(place, marker.end)


def _candidates(caption: str, leads: frozenset[int], bold: Sequence[tuple[int, int]]) -> Iterator[Marker]:
    """Candidates, the surest form first."""
    for marker in _matches(_PAREN, caption, Style.PAREN, leads):
        if not caption[marker.start - 1 : marker.start].isalnum() or not caption[marker.end : marker.end + 1].isalnum():
            yield marker
    for match in _NOTED.finditer(caption):
        if _KEYED.search(match["note"]):
            continue
        yield Marker(match.start(), match.end(), match["list"], Style.PAREN, False, match.span("note"))
    depth_zero = _outside_brackets(caption)
    for marker in _matches(_HALF, caption, Style.HALF, leads):
        if depth_zero[marker.end - 1 - (caption[marker.end - 1] in ".:")]:
            yield marker if is_readable(marker.printed) else _last_letter(marker)
    for start, end in bold:
        label = _LABEL_RUN.fullmatch(caption, start, min(end, start + 120))
        if label and not _SPECIES.match(caption, end):
            stop = end + 1 if caption[end : end + 1] in (",", ".", ":", ";") else end
            is_lead = start in leads and caption[stop : stop + 1] != ")"
            yield Marker(start, max(stop, label.end()), label["list"], Style.BOLD, is_lead)
    for start in sorted(leads):
        head = _POINT.match(caption, start)
        if head:
            style = Style.POINT if head["stop"] else Style.BARE
            style = Style.PANEL if head.start("list") > start else style
            yield Marker(start, head.end(), head["list"], style, True)
    yield from _matches(_PANEL, caption, Style.PANEL, leads)
    for match in _INLINE.finditer(caption):
        printed = match["list"] or match["stopped"]
        yield Marker(match.start(), match.start() + len(match.group().rstrip()), printed, Style.INLINE, False)


def _matches(pattern: re.Pattern[str], caption: str, style: Style, leads: frozenset[int]) -> Iterator[Marker]:
    for match in pattern.finditer(caption):
        is_lead = match.start() in leads and not _CLOSING.match(caption, match.end())
        end = match.end() if is_lead else match.start() + len(match.group().rstrip(".:"))
        yield Marker(match.start(), end, match["list"], style, is_lead)


def _last_letter(marker: Marker) -> Marker:
    """The letter before the bracket, where what stands before it is no label: the `B` of `p53, B)`."""
    match = _LAST_LETTER.search(marker.printed)
    skipped = match.start() if match else 0
    return replace(marker, start=marker.start + skipped, printed=marker.printed[skipped:])


def lead_positions(caption: str, marks: Sequence[Mark]) -> frozenset[int]:
    """Where a sentence, a clause after a semicolon or colon, a title, a paragraph or a list item begins."""
    starts = {match.end() for match in _LEAD.finditer(caption) if not is_abbreviation(caption, match.end())}
    starts |= {mark.start for mark in marks if mark.kind in ("title", "paragraph", "list_item")}
    starts |= {mark.end + 1 for mark in marks if mark.kind in ("title", "paragraph")}
    return frozenset(start for start in starts if start < len(caption))


def _bold_spans(caption: str, marks: Sequence[Mark]) -> list[tuple[int, int]]:
    """Bold and italic stretches, those that touch merged: `<b>a</b>–<b>c</b>` is one label run."""
    spans: list[tuple[int, int]] = []
    for mark in sorted((m for m in marks if m.kind in ("bold", "italic")), key=lambda m: (m.start, -m.end)):
        if not 0 <= mark.start < mark.end <= len(caption):
            continue
        if spans and (mark.start < spans[-1][1] or _RANGE_JOINER.fullmatch(caption, spans[-1][1], mark.start)):
            spans[-1] = (spans[-1][0], max(spans[-1][1], mark.end))
        else:
            spans.append((mark.start, mark.end))
    return spans


def _outside_brackets(caption: str) -> list[bool]:
    """For each character: is no round bracket open when it is reached?"""
    depth = 0
    outside = []
    for character in caption:
        outside.append(depth == 0)
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
    return outside


def _is_foreign(caption: str, marker: Marker) -> bool:
    if _COUNT.match(caption, marker.start):
        return True
    if marker.style in (Style.BOLD, Style.BARE, Style.POINT) and _SIGNIFICANCE_AFTER.match(caption, marker.end):
        return True
    if marker.is_lead and marker.style is not Style.PAREN:
        return False
    before = caption[max(0, marker.start - _LOOK_BACK) : marker.start]
    names = (_FOREIGN,) if marker.style is Style.PAREN else (_FOREIGN, _NAMED)
    inside_name = not marker.is_lead and any(pattern.search(before) for pattern in names)
    return inside_name or _SIGNIFICANCE.search(before) is not None


def _joined(caption: str, markers: Sequence[Marker]) -> list[Marker]:
    """`(A) and (B)`, `(A)–(D)` and `A), B)` become one marker each."""
    joined: list[Marker] = []
    for marker in markers:
        last = joined[-1] if joined else None
        if (
            last
            and last.style is marker.style
            and not (last.note or marker.note)
            and marker.start - last.end <= 10
            and len(last.printed) < 120
        ):
            swallowed = last.style is not Style.PAREN and caption[last.end - 1] in ",;"
            between = caption[last.end - swallowed : marker.start]
            glue = "–" if _RANGE_JOINER.fullmatch(between) else ","
            printed = f"{last.printed}{glue}{marker.printed}"
            is_joined = _JOINER.fullmatch(between) or (not between.strip() and _are_neighbours(last, marker))
            if last.style is not Style.BARE and is_joined and is_readable(printed):
                joined[-1] = replace(last, end=marker.end, printed=printed)
                continue
        joined.append(marker)
    return joined


def _are_neighbours(first: Marker, second: Marker) -> bool:
    """`(B) (C)`: single letters that follow each other in the alphabet."""
    letters = first.printed, second.printed
    return all(len(letter) == 1 for letter in letters) and ord(letters[1]) - ord(letters[0]) == 1


def is_bracketed_lead(marker: Marker) -> bool:
    """Does it letter a panel even where it stands alone, as `(B)` at the head of a sentence does?"""
    return marker.is_lead and marker.style in (Style.PAREN, Style.HALF)

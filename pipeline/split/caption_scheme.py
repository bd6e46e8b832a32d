"""Which candidates of a caption are its panel labels: the alphabet and the form that make a complete run.

A letter in brackets may be a label, a chemical descriptor, a legend key or a citation. What tells is the company it
keeps: labels start at the first letter of one alphabet, in one form, and leave no letter out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.split.caption_labels import Family, Label, read_list
from pipeline.split.caption_markers import Marker, Style
from pipeline.split.caption_runs import MAX_RUN, WEAK, Placed, is_gapless, is_late_run, is_ordered, missing, run

MAX_MARKERS = 500
"""Bounds the time hostile text can cost: the most in 5,590 real captions is 54."""
_PRIORITY = (Style.PAREN, Style.BOLD, Style.HALF, Style.POINT, Style.PANEL, Style.BARE, Style.INLINE)
_LEAD_ONLY = (Family.DIGIT, Family.ROMAN_LOWER, Family.ROMAN_UPPER)


_INITIAL = re.compile(r"\b(?P<initial>[A-Z])[\w\-]+\s(?P<bracket>\()(?P<letter>(?P=initial))\)", re.IGNORECASE)
_KEY_DISTANCE = 60


class Abstention(StrEnum):
    """Why a caption is left whole."""

    NO_LABELS = "no_labels"
    INCOMPLETE_RUN = "incomplete_run"
    AMBIGUOUS_ALPHABET = "ambiguous_alphabet"
    TOO_MANY_LABELS = "too_many_labels"
    TOO_LONG = "too_long"
    NO_OWN_WORDS = "no_own_words"


@dataclass(frozen=True, slots=True)
class Scheme:
    """The labels of a caption in order of first appearance, and every marker that names them.

    `family` is None where the labels are places (`left`) and not letters.
    """

    family: Family | None
    labels: tuple[Label, ...]
    placed: tuple[Placed, ...]


def choose_scheme(caption: str, markers: Sequence[Marker]) -> Scheme | Abstention:
    """The labels of the caption, or why there are none to trust."""
    if not markers:
        return Abstention.NO_LABELS
    if len(markers) > MAX_MARKERS:
        return Abstention.TOO_MANY_LABELS
    schemes = [scheme for family in Family if (scheme := _best_of_family(caption, markers, family))]
    if not schemes:
        return Abstention.INCOMPLETE_RUN if len(markers) > 1 else Abstention.NO_LABELS
    schemes.sort(key=_weight, reverse=True)
    best = schemes[0]
    if len(schemes) > 1 and _are_rivals(best, schemes[1]):
        outer = min(schemes[:2], key=lambda scheme: scheme.placed[0].start)
        if not outer.placed[0].is_lead:
            return Abstention.AMBIGUOUS_ALPHABET
        best = outer
    return Abstention.TOO_MANY_LABELS if len(best.labels) > MAX_RUN else best


def _weight(scheme: Scheme) -> tuple[int, int, int]:
    leads = sum(marker.is_lead for marker in scheme.placed)
    is_letter = scheme.family in (Family.UPPER, Family.LOWER)
    is_sure = any(marker.style not in WEAK for marker in scheme.placed)
    score = 2 * min(leads, 3) + len(scheme.labels) + (3 if is_letter else 0) + (4 if is_sure else 0)
    return (score, leads, -scheme.placed[0].start)


def _are_rivals(first: Scheme, second: Scheme) -> bool:
    """Upper and lower case letters both run, and leads do not say which of them letters the panels.

    The one that leads first is the outer one: `(A) Embryos, (a) day 2, (b) day 4. (B) Seeds`.
    """
    if {first.family, second.family} != {Family.UPPER, Family.LOWER}:
        return False
    leads = [sum(marker.is_lead for marker in scheme.placed) for scheme in (first, second)]
    sure = [any(marker.style not in WEAK for marker in scheme.placed) for scheme in (first, second)]
    return sure[0] == sure[1] and (leads[0] <= leads[1] or leads[1] > 1)


def _best_of_family(caption: str, markers: Sequence[Marker], family: Family) -> Scheme | None:
    placed = [
        Placed(marker.start, marker.end, labels, marker.is_lead, marker.style, marker.note)
        for marker in markers
        if (labels := read_list(marker.printed, family))
    ]
    best: Scheme | None = None
    for style in _PRIORITY:
        own_style = [m for m in placed if _is_of(m.style, style) and _is_plausible(caption, m)]
        scheme = _scheme(caption, own_style, placed, family) if own_style else None
        if scheme and (best is None or len(scheme.labels) > len(best.labels)):
            best = scheme
    return best


def _is_of(style: Style, base: Style) -> bool:
    """Labels in mid sentence without brackets or bold go with those that lead one."""
    return style is base or (base is Style.INLINE and style in WEAK)


def _is_plausible(caption: str, marker: Placed) -> bool:
    """A stop or nothing after a capital is weak: `A. thaliana`, `A schematic`. Then the next word starts a sentence."""
    if marker.style in WEAK and not is_ordered(marker.labels):
        return False
    if marker.style not in WEAK or not marker.labels[0].text[0].isupper():
        return True
    if caption[marker.end - 1] in ":,=|":
        return True
    following = caption[marker.end : marker.end + 3].lstrip()
    return len(marker.labels) > 1 or not following[:1].islower()


def _scheme(caption: str, base: Sequence[Placed], placed: Sequence[Placed], family: Family) -> Scheme | None:
    style = Style.INLINE if any(m.style is Style.INLINE for m in base) else base[0].style
    base = [*base, *missing(base, placed)]
    known = {label for marker in base for label in marker.labels}
    fillers = [m for m in placed if m.style is not style and m.is_lead and _is_plausible(caption, m)]
    kept = run(known)
    filled = run(known | {label for marker in fillers for label in marker.labels})
    if len(filled & known) > len(kept):
        kept = filled
    if len(kept) < 2:
        kept = known if is_late_run(known, base) else set()
    foreign = [m for m in placed if not _is_of(m.style, style)]
    useful = _useful(base, [m for m in foreign if m.style is Style.BOLD or (m.is_lead and _is_plausible(caption, m))])
    chosen = [narrow for marker in dict.fromkeys([*base, *useful]) if (narrow := _narrowed(marker, kept))]
    chosen = _without_keys(_without_initials(caption, sorted(chosen, key=lambda marker: marker.start)))
    labels = tuple(dict.fromkeys(label for marker in chosen for label in marker.labels))
    if len(labels) < 2 or not _is_trusted(caption, style, chosen, labels, family):
        return None
    return Scheme(family, labels, tuple(chosen))


def _narrowed(marker: Placed, kept: set[Label]) -> Placed | None:
    """The marker with the labels that count; None where it names a letter outside the run."""
    majors = {label.major for label in kept}
    labels = tuple(label for label in marker.labels if label in kept)
    is_inside = bool(labels) and all(label.major in majors for label in marker.labels)
    return replace(marker, labels=labels) if is_inside else None


def _useful(base: Sequence[Placed], fillers: Sequence[Placed]) -> list[Placed]:
    """Leading markers of other forms that add something: a label not yet led, or a range named before its members."""
    known = {label for marker in base for label in marker.labels}
    led = {label for marker in base if marker.is_lead for label in marker.labels if len(marker.labels) == 1}
    first = {label: marker.start for marker in reversed(base) for label in marker.labels}
    useful = []
    for marker in fillers:
        is_new = not set(marker.labels) <= (known if marker.style in WEAK else led)
        is_range = len(marker.labels) > 1 and all(marker.start < first.get(x, marker.start + 1) for x in marker.labels)
        if (marker.is_lead and is_new) or is_range:
            useful.append(marker)
    return useful


def _without_initials(caption: str, chosen: Sequence[Placed]) -> list[Placed]:
    """Drops initials in brackets: the second `B` of `Weight (A) and height (B) of wheat (W) and barley (B)`.

    They show by one of them that letters no panel, and by the label having another place.
    """
    count = Counter(label for marker in chosen for label in marker.labels)
    texts = {label.text for label in count}
    initials = {match.start("bracket"): match for match in _INITIAL.finditer(caption)}
    keys = [at for at, match in initials.items() if match["letter"] not in texts]
    return [
        marker
        for marker in chosen
        if marker.is_lead
        or marker.start not in initials
        or count[marker.labels[0]] < 2
        or not any(abs(marker.start - at) <= _KEY_DISTANCE for at in keys)
    ]


def _without_keys(chosen: Sequence[Placed]) -> list[Placed]:
    """Drops what stands before a leading first label and is led nowhere: `control (C) and … plants. (A) … (B) …`.

    A second list of leads after semicolons (`Bars: A, 1 mm; B, 2 mm`) leads nothing.
    """
    led: set[Label] = set()
    leads = [marker for marker in chosen if marker.is_lead]
    start = leads[0].start if len(leads) > 1 and leads[0].labels[0].major == 1 else 0
    ever_led = {label for marker in leads for label in marker.labels}
    kept = []
    for marker in chosen:
        names = set(marker.labels)
        is_article = marker.style is Style.INLINE and marker.labels[0].text == "a" and names <= ever_led
        if is_article or (marker.start < start and not names & ever_led):
            continue
        is_repeat = marker.is_lead and names <= led
        kept.append(replace(marker, is_lead=False) if is_repeat else marker)
        if marker.is_lead and len(names) == 1:
            led |= names
    return kept


def _is_trusted(caption: str, style: Style, chosen: Sequence[Placed], labels: Sequence[Label], family: Family) -> bool:
    leads = {label for marker in chosen if marker.is_lead for label in marker.labels}
    firsts = list(dict.fromkeys(marker.labels[0] for marker in chosen))
    if family in _LEAD_ONLY:
        is_led = chosen[0].is_lead if style is Style.BOLD else 2 * len(leads) > len(labels)
        return is_led and style not in WEAK and is_ordered(labels)
    if style is Style.INLINE:
        weak = [marker for marker in chosen if marker.style in WEAK]
        is_once = len({marker.labels for marker in weak}) == len(weak) and all(len(m.labels) == 1 for m in weak)
        has_stops = all(caption[marker.end - 1] in ".:,=" for marker in weak)
        is_plain = is_once and is_gapless(labels)
        return is_plain and (len(labels) > 2 or has_stops)
    if style is Style.BARE:
        return is_ordered(firsts) and (len(labels) > 2 or labels[0].text[0].islower() or len(chosen) > 1)
    if style is Style.POINT:
        stops = {caption[marker.end - 1] for marker in chosen if marker.style is Style.POINT}
        return is_ordered(firsts) and "=" not in stops
    return True

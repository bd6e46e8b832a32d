"""Panels named by their place: `Left: control. Right: treated`, `control (top row) and treated (bottom row)`.

Read only where no letters label the panels, and only when the words complete each other: a lone `(left)` says which
arrow or axis is meant, not which panel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.split.caption_labels import Label
from pipeline.split.caption_markers import Style, lead_positions
from pipeline.split.caption_runs import Placed
from pipeline.split.caption_scheme import Scheme
from schemas.figures import Mark

_PLACE = (
    r"(?P<place>(?:upper|lower|top|bottom|middle)[ -](?:left|right|middle|cent(?:er|re))"
    r"|left|right|top|bottom|upper|lower|middle|cent(?:er|re))"
)
_THING = r"(?:(?:[ -]hand)?(?:\s(?:panels?|images?|rows?|columns?|graphs?|plots?|pictures?|side))?)"
_IN_BRACKETS = re.compile(rf"\((?:the\s)?{_PLACE}{_THING}\)", re.IGNORECASE)
_LEADING = re.compile(
    rf"(?:the\s)?{_PLACE}(?:{_THING}\s?[:,.–—]|\s(?:panels?|images?|rows?|columns?)(?=\s))\s?", re.IGNORECASE
)
_COMPLETE = (
    {"left", "right"},
    {"left", "middle", "right"},
    {"top", "bottom"},
    {"upper", "lower"},
    {"top", "middle", "bottom"},
    {"upper", "middle", "lower"},
    {"top left", "top right", "bottom left", "bottom right"},
    {"top left", "top right", "bottom"},
    {"top", "bottom left", "bottom right"},
)
_NOT_PANELS = re.compile(
    r"\b(?:ax[ei]s|scales?|arrows?|arrowheads?|lanes?|inset|eyes?|left|right|upper|lower|top|bottom)\s?$", re.IGNORECASE
)
_LOOK_BACK = 20


def choose_positions(caption: str, marks: Sequence[Mark]) -> Scheme | None:
    """The panels of a caption named by place, each once; None where the places are no complete set.

    Labels are the words as printed, in lower case.
    """
    placed = _leading(caption, marks) or _in_brackets(caption)
    places = [_canonical(marker.labels[0].text) for marker in placed]
    if len(set(places)) != len(places) or set(places) not in _COMPLETE:
        return None
    return Scheme(None, tuple(marker.labels[0] for marker in placed), tuple(placed))


def _leading(caption: str, marks: Sequence[Mark]) -> list[Placed]:
    matches = (_LEADING.match(caption, start) for start in sorted(lead_positions(caption, marks)))
    found = [match for match in matches if match]
    return [_placed(match, number, Style.POINT) for number, match in enumerate(found, 1)]


def _in_brackets(caption: str) -> list[Placed]:
    found = [
        match
        for match in _IN_BRACKETS.finditer(caption)
        if not _NOT_PANELS.search(caption[max(0, match.start() - _LOOK_BACK) : match.start()])
    ]
    return [_placed(match, number, Style.PAREN) for number, match in enumerate(found, 1)]


def _placed(match: re.Match[str], number: int, style: Style) -> Placed:
    label = Label(number, 0, 0, 0, match["place"].lower())
    return Placed(match.start(), match.end(), (label,), style is Style.POINT, style, None)


def _canonical(place: str) -> str:
    words = place.replace("-", " ").replace("centre", "middle").replace("center", "middle").split()
    if len(words) == 2:
        words[0] = {"upper": "top", "lower": "bottom"}.get(words[0], words[0])
    return " ".join(words)

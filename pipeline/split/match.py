"""match: which panel belongs to which words. The panels and the labels must agree in number, and order must be safe."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.split.boxes import Box, reading_order
from pipeline.split.panels import Panel

_Side = Literal["left", "right", "top", "bottom", "middle"]

Method = Literal["label", "order", "single", "none"]

_SIDES: Mapping[str, _Side] = {
    "left": "left",
    "right": "right",
    "top": "top",
    "upper": "top",
    "above": "top",
    "bottom": "bottom",
    "lower": "bottom",
    "below": "bottom",
    "middle": "middle",
    "center": "middle",
    "centre": "middle",
    "central": "middle",
}
"""Words for a place, and the side that they mean."""

_WORD = re.compile(r"[a-z]+")

_POSITION_IS_RIGHT = 0.97
"""A caption that says where its panels stand is rarely wrong; what is left are words for a place inside a panel."""

_ONE_LEFT_IS_RIGHT = 0.95
"""All letters but one were read, so the last panel has the last label, if it is one of those that the caption names."""

_ORDER_IS_CONFIRMED = 0.9
"""Several letters were not read, and those that were run in reading order."""

_ONE_ORDER_IS_RIGHT = 0.99
"""Row by row and column by column are the same order; what is left are letters that follow neither."""

_RAGGED_COLUMNS_ARE_RIGHT = 0.5
"""Columns that break at different heights: letters run down a column about as often as across."""

_GRID_IS_RIGHT = {3: 0.943, 4: 0.903, 5: 0.795, 6: 0.834, 7: 0.762, 8: 0.82, 9: 0.827}
"""How often the order row by row is that of the letters, by number of panels. Source: 6,440 labelled figures."""

_LARGE_GRID_IS_RIGHT = 0.611


@dataclass(frozen=True, slots=True)
class Match:
    """Panels with their labels, or why there are none."""

    pairs: tuple[tuple[Panel, str], ...]
    method: Method
    confidence: float
    """0 to 1."""
    reason: str | None
    """Why the figure stays whole; None where it was split."""


def match_panels(panels: Sequence[Panel], labels: Sequence[str], size: tuple[int, int]) -> Match:
    """Gives each panel its label, where the caption names as many labels as there are panels.

    Labels that say where a panel stands (left, upper right, bottom) are held against the geometry; all others follow
    the reading order, as far as the layout has only one.

    Args:
        panels: in reading order.
        labels: as the caption prints them, in its order.
        size: width and height of the figure, px.
    """
    if len(panels) < 2 or len(panels) != len(labels):
        return _none(f"panels named by the caption: {len(labels)}, found in the picture: {len(panels)}")
    score = min(panel.score for panel in panels)
    if any(panel.letter for panel in panels):
        return _by_letter(panels, labels, score)
    sides = [_sides(label) for label in labels]
    if any(sides):
        return _by_position(panels, labels, sides, score)
    if not _runs_in_order(labels):
        return _none(f"the labels do not run in order: {', '.join(labels)}")
    confidence = _order_is_right([panel.box for panel in panels]) * score
    return Match(tuple(zip(panels, labels, strict=True)), "order", round(confidence, 4), None)


def _by_letter(panels: Sequence[Panel], labels: Sequence[str], score: float) -> Match:
    """The panels by the letters that were read on them, and the others by what is left.

    One panel without a letter takes the one label that is left; more of them follow the reading order, if all letters
    that were read do.
    """
    read = [panel.letter.label if panel.letter else None for panel in panels]
    left = [label for label in labels if label not in read]
    if len(set(read) - {None}) < len(panels) - read.count(None):
        return _none(f"a letter is read twice: {', '.join(label or '?' for label in read)}")
    if len(left) > 1 and not all(a in (None, b) for a, b in zip(read, labels, strict=True)):
        return _none(
            f"letters are missing and the others do not run in order: {', '.join(label or '?' for label in read)}"
        )
    rest = iter(left)
    pairs = tuple((panel, label or next(rest)) for panel, label in zip(panels, read, strict=True))
    return Match(pairs, "label", round(_letters_are_right(panels, labels, pairs, len(left)) * score, 4), None)


def _letters_are_right(
    panels: Sequence[Panel], labels: Sequence[str], pairs: Sequence[tuple[Panel, str]], n_left: int
) -> float:
    """How likely the letters that were read, and the labels that were left for the others, are right."""
    if [label for _, label in pairs] == list(labels):  # two witnesses agree: what was read and the order
        return _ORDER_IS_CONFIRMED if n_left > 1 else _ONE_ORDER_IS_RIGHT
    if [label for _, label in sorted(pairs, key=_by_columns(panels))] == list(labels):
        return _ONE_ORDER_IS_RIGHT
    least_sure = min(panel.letter.probability for panel in panels if panel.letter)
    return least_sure * (_ONE_LEFT_IS_RIGHT if n_left else 1.0)


def _by_columns(panels: Sequence[Panel]) -> Callable[[tuple[Panel, str]], int]:
    """The place of a pair in the order column by column."""
    order = _columns([panel.box for panel in panels])
    return lambda pair: order.index(pair[0].box)


def _none(reason: str) -> Match:
    return Match((), "none", 0.0, reason)


def _sides(label: str) -> frozenset[_Side]:
    """The sides of the figure that a label names."""
    return frozenset(_SIDES[word] for word in _WORD.findall(label.casefold()) if word in _SIDES)


def _by_position(
    panels: Sequence[Panel], labels: Sequence[str], sides: Sequence[frozenset[_Side]], score: float
) -> Match:
    """The panels that stand where their labels say; none where a label fits no panel, or more than one."""
    chosen: list[Panel] = []
    for wanted in sides:
        fitting = [panel for panel in panels if wanted and wanted <= _place(panel.box, [p.box for p in panels])]
        if len(fitting) != 1 or fitting[0] in chosen:
            return _none(f"the labels do not tell which panel stands where: {', '.join(labels)}")
        chosen += fitting
    return Match(tuple(zip(chosen, labels, strict=True)), "order", round(_POSITION_IS_RIGHT * score, 4), None)


def _place(box: Box, boxes: Sequence[Box]) -> frozenset[_Side]:
    """On which sides of the others a panel stands: its centre lies in the outer third between the outermost centres."""
    centres_x, centres_y = [b.x0 + b.x1 for b in boxes], [b.y0 + b.y1 for b in boxes]
    across = _third(box.x0 + box.x1, min(centres_x), max(centres_x), min(b.width for b in boxes))
    down = _third(box.y0 + box.y1, min(centres_y), max(centres_y), min(b.height for b in boxes))
    horizontal: tuple[_Side, ...] = ("left", "middle", "right")
    vertical: tuple[_Side, ...] = ("top", "middle", "bottom")
    return frozenset(
        [*([horizontal[across]] if across is not None else []), *([vertical[down]] if down is not None else [])]
    )


def _third(centre: int, low: int, high: int, extent: int) -> int | None:
    """0, 1 or 2 for the lower, middle and upper third; None where all stand level."""
    if high - low < extent:
        return None
    return min(2, 3 * (centre - low) // (high - low))


def _order_is_right(boxes: Sequence[Box]) -> float:
    """How likely the letters follow the reading order."""
    by_column = _columns(boxes)
    if by_column == list(boxes):
        return _ONE_ORDER_IS_RIGHT
    if _are_lines(boxes, by_column):
        return _RAGGED_COLUMNS_ARE_RIGHT
    return _GRID_IS_RIGHT.get(len(boxes), _LARGE_GRID_IS_RIGHT)


def _are_lines(boxes: Sequence[Box], by_column: Sequence[Box]) -> bool:
    """Whether straight columns part the panels and straight rows do not, so that letters may well run down first."""
    return _is_parted([_transposed(box) for box in by_column]) and not _is_parted(boxes)


def _is_parted(boxes: Sequence[Box]) -> bool:
    """Whether a horizontal line that touches no panel parts them."""
    ends = sorted((box.y0, box.y1) for box in boxes)
    reach = ends[0][1]
    for start, end in ends[1:]:
        if start >= reach:
            return True
        reach = max(reach, end)
    return False


def _columns(boxes: Sequence[Box]) -> list[Box]:
    """Boxes column by column from the left, from the top down in each."""
    return [_transposed(box) for box in reading_order([_transposed(box) for box in boxes])]


def _transposed(box: Box) -> Box:
    return Box(box.y0, box.x0, box.y1, box.x1)


def _runs_in_order(labels: Sequence[str]) -> bool:
    """Whether single letters are the alphabet's first in a row; other labels are taken as they come."""
    letters = [label.casefold() for label in labels]
    if not all(len(letter) == 1 and letter.isalpha() for letter in letters):
        return True
    return all(ord(b) - ord(a) == 1 for a, b in itertools.pairwise(letters)) and letters[0] == "a"

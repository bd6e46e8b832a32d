"""match: which panel belongs to which words. The panels and the labels must agree in number, and order must be safe."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.split.boxes import Box
from pipeline.split.panels import Panel

_LINE_IS_RIGHT = 0.99
"""Panels in one row or one column have only one order; what is left are letters that do not follow it."""

_GRID_IS_RIGHT = {3: 0.943, 4: 0.903, 5: 0.795, 6: 0.834, 7: 0.762, 8: 0.82, 9: 0.827}
"""How often the order row by row is that of the letters, by number of panels. Source: 6,440 labelled figures."""

_LARGE_GRID_IS_RIGHT = 0.611


@dataclass(frozen=True, slots=True)
class Match:
    """Panels with their labels, or why there are none."""

    pairs: tuple[tuple[Panel, str], ...]
    method: Literal["label", "order", "single", "none"]
    confidence: float
    """0 to 1."""
    reason: str | None
    """Why the figure stays whole; None where it was split."""


def match_panels(panels: Sequence[Panel], labels: Sequence[str], size: tuple[int, int]) -> Match:
    """Gives each panel its label by reading order, where the caption names as many labels as there are panels.

    Args:
        panels: in reading order.
        labels: as the caption prints them, in its order.
        size: width and height of the figure, px.
    """
    if len(panels) < 2 or len(panels) != len(labels):
        return Match((), "none", 0.0, f"panels named by the caption: {len(labels)}, found in the picture: {len(panels)}")
    if not _runs_in_order(labels):
        return Match((), "none", 0.0, f"the labels do not run in order: {', '.join(labels)}")
    confidence = _order_is_right([panel.box for panel in panels]) * min(panel.score for panel in panels)
    return Match(tuple(zip(panels, labels, strict=True)), "order", round(confidence, 4), None)


def _order_is_right(boxes: Sequence[Box]) -> float:
    """How likely the letters follow the reading order."""
    in_one_row = min(box.y1 for box in boxes) > max(box.y0 for box in boxes)
    in_one_column = min(box.x1 for box in boxes) > max(box.x0 for box in boxes)
    if in_one_row or in_one_column:
        return _LINE_IS_RIGHT
    return _GRID_IS_RIGHT.get(len(boxes), _LARGE_GRID_IS_RIGHT)


def _runs_in_order(labels: Sequence[str]) -> bool:
    """Whether single letters are the alphabet's first in a row; other labels are taken as they come."""
    letters = [label.casefold() for label in labels]
    if not all(len(letter) == 1 and letter.isalpha() for letter in letters):
        return True
    return all(ord(b) - ord(a) == 1 for a, b in itertools.pairwise(letters)) and letters[0] == "a"

"""panels: where the panels of a compound figure are, found by cutting along its gutters.

A recursive cut (X-Y cut). Where the caption names several panels, the likeliest set of cuts that gives just as many
pieces is taken; the count is what tells a gutter between panels from the white space inside a plot. Without it only
what is evident is cut: a good picture is never turned into bad ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from pipeline.split.boxes import Box, reading_order
from pipeline.split.canvas import Canvas, read_canvas
from pipeline.split.detector import Detections
from pipeline.split.gutters import find_gutters
from pipeline.split.layouts import Layout, evident_layout, likeliest_layout, misplaced
from pipeline.split.letters import ReadLetter

_MOST_PANELS = 30
"""More labels than this are no panels that a straight cut finds."""

_LEAST_LOG_ODDS = -4.0
"""A figure whose least likely cut is under this stays whole, whatever its caption names."""

_LEAST_LETTERED_LOG_ODDS = -9.0
"""The same where all letters are known and each piece holds one."""

_LEAST_UNNAMED_LOG_ODDS = 0.0
"""The same where letters were read that no caption names."""

_LETTERED_BONUS = 4.0
"""What letters, one to a piece, add to the log odds of a layout; a share of it where not all were read."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and how sure it is."""

    box: Box
    score: float
    """0 to 1."""
    letter: ReadLetter | None = None
    """The letter printed on it, where one was read."""


def find_panels(
    pixels: NDArray[np.uint8],
    n_expected: int | None = None,
    letters: Sequence[ReadLetter] = (),
    detections: Detections | None = None,
) -> tuple[Panel, ...]:
    """The panels of a figure in reading order; the whole figure as one panel when single or in doubt.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        n_expected: panels that the caption names; None, 0 and 1 say nothing, because captions often name none.
        letters: panel letters that were read on the figure; no panel will hold two of them.
        detections: what the detector saw on it; None where it was not asked.
    """
    height, width = pixels.shape[:2]
    return panels_on(read_canvas(pixels, detections), (width, height), n_expected, letters)


def panels_on(
    canvas: Canvas, size: tuple[int, int], n_expected: int | None, letters: Sequence[ReadLetter]
) -> tuple[Panel, ...]:
    """The same for a figure whose canvas is there already; `size` is its width and height in px."""
    width, height = size
    whole = (Panel(Box(0, 0, width, height), 1.0),)
    layout = _layout(canvas, n_expected or 0, letters)
    if layout is None or len(layout.pieces) < 2:
        return whole
    boxes = [_enlarged(box, canvas.scale, width, height) for box in layout.pieces]
    panels = [(box, _letter_on(box, letters)) for box in reading_order(boxes)]
    log_odds = layout.weakest + _LETTERED_BONUS * min(1.0, len(letters) / len(boxes))
    log_odds -= max((misplaced(letter.box, box) for box, letter in panels if letter), default=0.0)
    score = round(1.0 / (1.0 + exp(-log_odds)), 3)
    return tuple(Panel(box, score, letter) for box, letter in panels)


def may_be_cut(canvas: Canvas) -> bool:
    """Whether letters that no caption names could bear out a cut: without one likely gutter they never do."""
    start = canvas.trimmed(canvas.box)
    best = next(iter(find_gutters(canvas, start, with_seams=True)), None) if start else None
    return best is not None and best.log_odds >= _LEAST_UNNAMED_LOG_ODDS


def _layout(canvas: Canvas, n_expected: int, letters: Sequence[ReadLetter]) -> Layout | None:
    """The layout whose cuts picture, caption and letters bear out; None where there is no such one."""
    if n_expected > _MOST_PANELS:
        return None
    marks = [letter.box.scaled(1 / canvas.scale) for letter in letters]
    if n_expected < 2:
        lettered = likeliest_layout(canvas, len(marks), marks) if len(marks) > 1 else None
        if lettered is not None and lettered.weakest >= _LEAST_UNNAMED_LOG_ODDS:
            return lettered
        return evident_layout(canvas)
    layout = likeliest_layout(canvas, n_expected, marks)
    least = _LEAST_LETTERED_LOG_ODDS if len(letters) == n_expected else _LEAST_LOG_ODDS
    if layout is not None and layout.weakest >= least:
        return layout
    # Letters that no cut parts: what the gutters say is still the best guess, but gives no pairs (`cut.py`).
    return _layout(canvas, n_expected, ()) if letters else None


def _letter_on(box: Box, letters: Sequence[ReadLetter]) -> ReadLetter | None:
    return next((letter for letter in letters if box.holds_centre(letter.box)), None)


def _enlarged(box: Box, scale: float, width: int, height: int) -> Box:
    """A box of the canvas in pixels of the figure; never empty."""
    x1, y1 = min(width, int(np.ceil(box.x1 * scale))), min(height, int(np.ceil(box.y1 * scale)))
    return Box(min(int(box.x0 * scale), x1 - 1), min(int(box.y0 * scale), y1 - 1), x1, y1)

"""cut: a picture and the labels of its caption become panels with labels, or the picture stays whole with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.config import SplitConfig
from pipeline.split.canvas import read_canvas
from pipeline.split.detector import Detections, detect_panels
from pipeline.split.letters import Reading, read_letters
from pipeline.split.match import Match, Method, match_panels
from pipeline.split.panels import Panel, may_be_cut, panels_on

_SECOND_PANEL = 0.39
"""Score of the second detection that makes a figure look compound; a third of single ones reach it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How a figure is cut."""

    pairs: Sequence[tuple[Panel, str]]
    """Panels that are safe to give out, each with its label; empty where the figure stays whole."""
    panels: Sequence[Panel]
    """All that was found, safe or not."""
    method: Method
    confidence: float
    """0 to 1."""
    whole_reason: str | None
    """Why a figure that may be compound stays whole."""

    def kept_whole(self, reason: str) -> Cut:
        """The same, but nothing is given out."""
        return Cut((), self.panels, "none", self.confidence, reason)


def cut_picture(pixels: NDArray[np.uint8], labels: Sequence[str], config: SplitConfig) -> Cut:
    """The cut of a picture, (H, W, 3) uint8 RGB, whose caption names `labels`."""
    detections = detect_panels(pixels) if config.detector else None
    canvas = read_canvas(pixels, detections)
    height, width = pixels.shape[:2]
    is_read = config.letters and (len(labels) > 1 or (_may_be_compound(detections) and may_be_cut(canvas)))
    reading = read_letters(pixels, labels) if is_read else Reading()
    panels = panels_on(canvas, (width, height), len(labels), reading.letters)
    if len(labels) < 2 and len(panels) < 2:
        return Cut((), panels, "single", 1.0, None)
    match = match_panels(panels, labels, (width, height))
    cut = Cut(match.pairs, panels, match.method, match.confidence, None)
    doubt = _doubt(match, panels, reading, config)
    return cut if doubt is None else cut.kept_whole(doubt)


def _may_be_compound(detections: Detections | None) -> bool:
    """Whether a figure whose caption names no panels is worth the time of looking for letters."""
    return detections is not None and len(detections.scores) > 1 and bool(detections.scores[1] >= _SECOND_PANEL)


def _doubt(match: Match, panels: Sequence[Panel], reading: Reading, config: SplitConfig) -> str | None:
    """Why the panels are not given out."""
    n_read, n_lettered = len(reading.letters), sum(panel.letter is not None for panel in panels)
    if len(panels) > 1 and n_lettered < n_read:
        return f"letters that were read: {n_read}, that stand on a panel of their own: {n_lettered}"
    if match.reason is not None:
        return match.reason
    if match.confidence < config.min_confidence:
        return f"confidence {match.confidence:.2f} is under {config.min_confidence}"
    if reading.following is not None:
        return f"the letter {reading.following.label}, which the caption does not name, is printed on the figure"
    smallest = min(min(panel.box.width, panel.box.height) for panel in panels)
    if smallest < config.min_panel_px:
        return f"a panel of {smallest} px is under {config.min_panel_px} px"
    return None

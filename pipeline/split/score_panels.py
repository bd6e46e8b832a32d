"""How well panels are found: average precision, F1, panel counts, and single figures that were wrongly cut.

All measures but the last two are of boxes. A figure's boxes are matched one to one; a box that no true panel is left
for is wrong. Source: average precision as COCO defines it (101 recall points, boxes of all figures in one ranking).
The ImageCLEF accuracy is there for comparison only: true boxes shrunk to 4 % of their area still score 1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.split.boxes import Box

_COCO_IOUS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
_RECALL_POINTS = np.linspace(0.0, 1.0, 101)
_LETTER_IOU = 0.5
_CLEF_SHARE = 2 / 3
"""Share of a found box that must lie in the true one, in the ImageCLEF accuracy."""


@dataclass(frozen=True, slots=True)
class PanelScores:
    """The measures over one labelled set, each 0 to 1; 0 where nothing was to be counted.

    `map_50` and `map_coco` rank all predicted boxes by score; all others look only at boxes at or above the threshold.
    `exact_count` is the share of all figures with the right number of panels, `exact_count_compound` that of compound
    figures. `false_splits` is the share of single figures that got two panels or more. `letters_right` is the share of
    the letters read on a found panel (IoU of .5 or more) that are the true ones, in either case; `letters_found` the
    share of all lettered panels whose letter was so read.
    """

    n_figures: int
    n_compound: int
    n_single: int
    n_true: int
    n_found: int
    map_50: float
    map_coco: float
    precision_50: float
    recall_50: float
    f1_50: float
    f1_75: float
    f1_50_compound: float
    exact_count: float
    exact_count_compound: float
    false_splits: float
    clef_accuracy: float
    n_letters: int
    letters_right: float
    letters_found: float
    ms_per_figure: float | None


@dataclass(frozen=True, slots=True)
class _Figure:
    """What is true and what was found, best score first."""

    is_compound: bool
    true: tuple[Box, ...]
    found: tuple[Box, ...]
    scores: tuple[float, ...]
    true_letters: tuple[str | None, ...] = ()
    letters: tuple[str | None, ...] = ()
    """Printed on the true panels, and read on the found ones; in lower case."""

    def above(self, threshold: float) -> _Figure:
        n = sum(score >= threshold for score in self.scores)
        return _Figure(self.is_compound, self.true, self.found[:n], self.scores[:n])


def score_panels(
    truth: Iterable[Mapping[str, Any]],
    predictions: Iterable[Mapping[str, Any]],
    threshold: float = 0.0,
    seconds: float | None = None,
) -> PanelScores:
    """The scores of predicted panels.

    Args:
        truth: per figure `panels` with `x, y, w, h` in pixels, and `compound` (by default: several panels).
        predictions: per figure, in the same order, `panels` with `x, y, w, h, score` and, where a letter was read on
            it, `letter`.
        threshold: least score of a box that counts as found.
        seconds: time that finding took, for all figures together.

    Raises:
        ValueError: there are more figures on one side than on the other.
    """
    all_found = [_figure(true, found) for true, found in zip(truth, predictions, strict=True)]
    figures = [figure.above(threshold) for figure in all_found]
    compound = [figure for figure in figures if figure.is_compound]
    single = [figure for figure in figures if not figure.is_compound]
    by_iou = [average_precision(all_found, iou) for iou in _COCO_IOUS]
    precision, recall, f1 = _f1(figures, 0.5)
    letters = [_letters(figure) for figure in all_found]
    n_letters, n_read, n_right = (sum(counts) for counts in zip(*letters, strict=True)) if letters else (0, 0, 0)
    return PanelScores(
        n_figures=len(figures),
        n_compound=len(compound),
        n_single=len(single),
        n_true=sum(len(figure.true) for figure in figures),
        n_found=sum(len(figure.found) for figure in figures),
        map_50=by_iou[0],
        map_coco=sum(by_iou) / len(by_iou),
        precision_50=precision,
        recall_50=recall,
        f1_50=f1,
        f1_75=_f1(figures, 0.75)[2],
        f1_50_compound=_f1(compound, 0.5)[2],
        exact_count=_share(len(figure.found) == len(figure.true) for figure in figures),
        exact_count_compound=_share(len(figure.found) == len(figure.true) for figure in compound),
        false_splits=_share(len(figure.found) > 1 for figure in single),
        clef_accuracy=_mean([_clef(figure) for figure in figures]),
        n_letters=n_letters,
        letters_right=_ratio(n_right, n_read),
        letters_found=_ratio(n_right, n_letters),
        ms_per_figure=None if seconds is None else 1000 * _ratio(seconds, len(figures)),
    )


def average_precision(figures: Sequence[_Figure], iou: float) -> float:
    """COCO's average precision at one IoU: the mean over 101 recalls of the best precision at that recall or more."""
    n_true = sum(len(figure.true) for figure in figures)
    ranked = [pair for figure in figures for pair in zip(figure.scores, matched(figure, iou), strict=True)]
    if not n_true or not ranked:
        return 0.0
    scores, right = np.array([score for score, _ in ranked]), np.array([is_right for _, is_right in ranked])
    right = right[np.argsort(-scores, kind="stable")]
    n_right = np.cumsum(right)
    precision, recall = n_right / np.arange(1, len(right) + 1), n_right / n_true
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    first = np.searchsorted(recall, _RECALL_POINTS, side="left")
    return float(np.append(best_from_here, 0.0)[first].mean())


def matched(figure: _Figure, iou: float) -> list[bool]:
    """Per found box, best score first, whether it hits a true panel that no better box has taken."""
    free = list(figure.true)
    hits = []
    for box in figure.found:
        best = max(free, key=box.iou, default=None)
        is_hit = best is not None and box.iou(best) >= iou
        if is_hit and best is not None:
            free.remove(best)
        hits.append(is_hit)
    return hits


def _f1(figures: Sequence[_Figure], iou: float) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    n_right = sum(sum(matched(figure, iou)) for figure in figures)
    n_found, n_true = sum(len(figure.found) for figure in figures), sum(len(figure.true) for figure in figures)
    return _ratio(n_right, n_found), _ratio(n_right, n_true), _ratio(2 * n_right, n_found + n_true)


def _letters(figure: _Figure) -> tuple[int, int, int]:
    """Lettered panels, letters read on those that were found, and those of them that are right."""
    n_read = n_right = 0
    for box, letter in zip(figure.found, figure.letters, strict=True):
        best = max(zip(figure.true, figure.true_letters, strict=True), key=lambda t: box.iou(t[0]), default=None)
        if letter and best and best[1] and box.iou(best[0]) >= _LETTER_IOU:
            n_read, n_right = n_read + 1, n_right + (letter == best[1])
    return sum(letter is not None for letter in figure.true_letters), n_read, n_right


def _clef(figure: _Figure) -> float:
    """ImageCLEF accuracy of one figure: boxes that lie in their true panel, over the larger of the two counts."""
    free, n_right = list(figure.found), 0
    for true in figure.true:
        best = max(free, key=lambda box: _ratio(box.intersection(true), box.area), default=None)
        if best is not None and best.intersection(true) >= _CLEF_SHARE * best.area:
            free.remove(best)
            n_right += 1
    return _ratio(n_right, max(len(figure.true), len(figure.found)))


def _figure(true: Mapping[str, Any], found: Mapping[str, Any]) -> _Figure:
    ranked = sorted(found["panels"], key=lambda panel: -panel["score"])
    return _Figure(
        is_compound=bool(true.get("compound", len(true["panels"]) > 1)),
        true=tuple(box_of(panel) for panel in true["panels"]),
        found=tuple(box_of(panel) for panel in ranked),
        scores=tuple(float(panel["score"]) for panel in ranked),
        true_letters=tuple(_folded(panel.get("label")) for panel in true["panels"]),
        letters=tuple(_folded(panel.get("letter")) for panel in ranked),
    )


def _folded(label: object) -> str | None:
    return str(label).casefold() if label else None


def box_of(panel: Mapping[str, Any]) -> Box:
    """The box of a line's `x, y, w, h`."""
    return Box(panel["x"], panel["y"], panel["x"] + panel["w"], panel["y"] + panel["h"])


def _share(answers: Iterable[bool]) -> float:
    return _mean([float(answer) for answer in answers])


def _mean(values: Sequence[float]) -> float:
    return _ratio(sum(values), len(values))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

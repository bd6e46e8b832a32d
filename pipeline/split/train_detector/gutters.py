"""Fits what the signs of a gutter weigh: `python -m pipeline.split.train_detector.gutters --corpus DIR`.

A logistic regression on the gutters of synthetic figures and of the corpus's training half, each figure cut as its true
panels are. It prints the bias and the weights that stand in `gutters.py`.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.split.boxes import Box
from pipeline.split.canvas import Canvas, read_canvas
from pipeline.split.detector import Detections, detect_panels
from pipeline.split.gutters import Gutter, Signs, find_gutters
from pipeline.split.synthetic.figure import draw_figure
from pipeline.split.synthetic.tiles import Tiles, draw_tiles
from pipeline.split.train_detector.data import KnownFigure, training_figures

log = logging.getLogger(__name__)

_REAL_WEIGHT = 5.0
"""A gutter of a real figure counts as much as so many of synthetic ones."""

_PENALTY = 1.0
_SPANNED_SHARE = 0.08
"""A gutter that leaves more than this of a panel on either side cuts through it."""

_NEWTON_STEPS = 30
_N_OF_DETECTOR = 2
"""The last so many signs come from the detector."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Gutters as numbers."""

    signs: NDArray[np.float64]
    """(N, K)."""
    is_true: NDArray[np.bool_]
    """(N,) whether they part panels."""


def seen_gutters(figure: KnownFigure, detections: Detections | None = None) -> Iterator[tuple[Gutter, bool]]:
    """The gutters of a figure and whether they part panels, piece by piece as the true panels part it."""
    canvas = read_canvas(figure.pixels, detections)
    panels = [panel.scaled(1 / canvas.scale) for panel in figure.panels]
    start = canvas.trimmed(canvas.box)
    if start is not None:
        yield from _seen_in(canvas, start, panels)


def _seen_in(canvas: Canvas, piece: Box, panels: list[Box]) -> Iterator[tuple[Gutter, bool]]:
    gutters = find_gutters(canvas, piece, with_seams=True)
    true = [gutter for gutter in gutters if parts(gutter, panels)]
    yield from ((gutter, gutter in true) for gutter in gutters)
    if true:
        best = max(true, key=lambda gutter: (gutter.width, gutter.signs.log_strength))
        for side in (best.before, best.after):
            yield from _seen_in(canvas, side, [panel for panel in panels if panel.intersection(side)])


def parts(gutter: Gutter, panels: Iterable[Box]) -> bool:
    """Whether panels lie on both sides of a gutter and none lies across it."""
    n_before = n_after = 0
    for panel in panels:
        before = panel.intersection(gutter.before) / panel.area
        after = panel.intersection(gutter.after) / panel.area
        if min(before, after) > _SPANNED_SHARE:
            return False
        n_before, n_after = n_before + (before > after), n_after + (after > before)
    return n_before > 0 and n_after > 0


def fit(signs: NDArray[np.float64], is_true: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bias and weights of a logistic regression, by Newton's method with a small ridge.

    Args:
        signs: (N, K).
        is_true: (N,).
        weights: (N,) what each row counts.
    """
    rows = np.column_stack([np.ones(len(signs)), signs])
    ridge = _PENALTY * np.diag([0.0, *[1.0] * signs.shape[1]])
    found = np.zeros(rows.shape[1])
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (weights * (probability - is_true)) + ridge @ found
        bend = (rows * (weights * probability * (1 - probability))[:, None]).T @ rows + ridge
        found = found - np.linalg.solve(bend, slope)
    return found


def area_under_curve(scores: NDArray[np.float64], is_true: NDArray[np.bool_]) -> float:
    """How often a true gutter scores above a false one."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    n_true = int(is_true.sum())
    return float((ranks[is_true].sum() - n_true * (n_true + 1) / 2) / (n_true * (len(scores) - n_true)))


def _rows(figures: Iterable[KnownFigure]) -> _Rows:
    seen = [row for figure in figures for row in seen_gutters(figure, detect_panels(figure.pixels))]
    return _Rows(np.array([gutter.signs for gutter, _ in seen]), np.array([is_true for _, is_true in seen]))


def _drawn(n: int, n_tiles: int, seed: int) -> Iterator[KnownFigure]:
    tiles = Tiles(draw_tiles(n_tiles, seed))
    for number in range(n):
        figure = draw_figure(tiles, np.random.default_rng([seed, number]))
        yield KnownFigure(figure.pixels, figure.panels)


def _fit_and_log(name: str, drawn: _Rows, real: _Rows, n_signs: int) -> None:
    """Fits the first `n_signs` signs and logs the weights, and how well they tell the real gutters apart."""
    signs = np.concatenate([drawn.signs, real.signs])[:, :n_signs]
    is_true = np.concatenate([drawn.is_true, real.is_true])
    counts = np.concatenate([np.ones(len(drawn.is_true)), np.full(len(real.is_true), _REAL_WEIGHT)])
    found = fit(signs, is_true, counts)
    area = area_under_curve(real.signs[:, :n_signs] @ found[1:], real.is_true)
    weights = ", ".join(f"{weight:.2f}" for weight in found[1:])
    log.info("%s: bias %.2f, weights %s; area under the curve, real figures %.3f", name, found[0], weights, area)


def main() -> None:
    """Reads the command line, fits, logs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="real articles; only their training half is used")
    parser.add_argument("--figures", type=int, default=1000)
    parser.add_argument("--tiles", type=int, default=300)
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    drawn = _rows(_drawn(args.figures, args.tiles, args.seed))
    real = _rows(training_figures(args.corpus))
    log.info("%d gutters of synthetic figures, %d of real ones", len(drawn.is_true), len(real.is_true))
    _fit_and_log("without detections", drawn, real, len(Signs._fields) - _N_OF_DETECTOR)
    _fit_and_log("with detections", drawn, real, len(Signs._fields))


if __name__ == "__main__":
    main()

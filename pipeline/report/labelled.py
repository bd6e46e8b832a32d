"""A labelled set beside what the release made of its figures: those whose panels agree least come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow.compute as pc

from pipeline.report.attrition import draw
from pipeline.report.gallery import Draw, Exhibit, exhibits
from pipeline.split.boxes import Box
from pipeline.split.score_panels import box_of
from pipeline.split.score_sheet import agreement
from pipeline.tables import Tables
from schemas.figures import Figure
from schemas.subfigures import Subfigure

Line = Mapping[str, Any]
"""A figure of a labelled set, as `pmc15m bench panels` takes it: `pmcid`, `file`, `panels` with `x, y, w, h` in px."""


class Judged(NamedTuple):
    """A figure of the labelled set that the release has."""

    exhibit: Exhibit
    true: list[Box]
    agreement: float
    """0 to 1: the IoU of panels matched one to one, over the larger of their two numbers."""


def judged_figures(tables: Tables, truth: Sequence[Line]) -> list[Judged]:
    """The figures of a labelled set whose picture the release has, those that agree least first."""
    lines = {(line["pmcid"], line["file"]): line["panels"] for line in truth}
    shown = exhibits(tables, _draws(tables, lines))
    judged = [_judged(one, lines[one.figure.pmcid, one.figure.image_name]) for one in shown]
    return sorted(judged, key=lambda one: (one.agreement, one.exhibit.figure.figure_id))


def _draws(tables: Tables, lines: Mapping[tuple[str, str], Sequence[Line]]) -> Iterator[Draw]:
    subfigures = dict(tables.columns("split", Subfigure, ["figure_id", "kind"]))
    for part, figures in tables.columns("parse", Figure, ["figure_id", "pmcid", "image_name"]):
        decoded = set(subfigures[part].filter(pc.field("kind") == "whole")["figure_id"].to_pylist())
        for figure_id, pmcid, name in zip(*(column.to_pylist() for column in figures.columns), strict=True):
            if figure_id in decoded and (pmcid, name) in lines:
                yield Draw(draw(figure_id), part, figure_id)


def _judged(exhibit: Exhibit, panels: Sequence[Line]) -> Judged:
    given_out = [
        {"x": row.x0_px, "y": row.y0_px, "w": row.x1_px - row.x0_px, "h": row.y1_px - row.y0_px}
        for row in exhibit.panels or [exhibit.whole]
    ]
    return Judged(exhibit, [box_of(panel) for panel in panels], agreement(panels, given_out))

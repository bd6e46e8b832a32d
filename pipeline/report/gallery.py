"""Galleries: a fair, repeatable draw of figures with their panels, and pictures that were turned away."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.attrition import Example, draw
from pipeline.report.pictures import Place
from pipeline.tables import Tables
from schemas.articles import Article
from schemas.figures import Figure
from schemas.images import Image
from schemas.pairs import Candidate
from schemas.record import Record
from schemas.subfigures import Subfigure

R = TypeVar("R", bound=Record)

N_RANDOM, N_WHOLE = 24, 12

_PICTURES_OF = ("filter", "dedup")
"""Steps whose rejects have a picture and a text."""


class Exhibit(NamedTuple):
    """A figure with all that is shown of it."""

    figure: Figure
    article: Article
    place: Place
    whole: Subfigure
    panels: list[Subfigure]


class Draw(NamedTuple):
    """A figure that was drawn."""

    order: str
    part: int
    figure_id: str


def draw_figures(tables: Tables) -> tuple[list[Draw], list[Draw]]:
    """Figures for the two galleries: any that were decoded, and compound ones that stayed whole.

    The draw is the figures with the smallest hash of their id: random, and the same one each time.
    """
    columns = ["figure_id", "kind", "is_compound", "whole_reason"]
    anything: list[Draw] = []
    stayed_whole: list[Draw] = []
    for part, rows in tables.columns("split", Subfigure, columns):
        wholes = rows.filter(pc.field("kind") == "whole")
        uncut = wholes.filter(pc.field("is_compound") & pc.field("whole_reason").is_valid())
        anything = heapq.nsmallest(N_RANDOM, [*anything, *_draws(part, wholes)])
        stayed_whole = heapq.nsmallest(N_WHOLE, [*stayed_whole, *_draws(part, uncut)])
    return anything, stayed_whole


def _draws(part: int, rows: pa.Table) -> Iterator[Draw]:
    return (Draw(draw(name), part, name) for name in rows["figure_id"].to_pylist())


def exhibits(tables: Tables, drawn: Iterable[Draw]) -> list[Exhibit]:
    """What is shown of the figures drawn, in the order of the draw; only their parts are opened."""
    by_part: defaultdict[int, list[str]] = defaultdict(list)
    order: dict[str, int] = {}
    for one in drawn:
        by_part[one.part].append(one.figure_id)
        order[one.figure_id] = len(order)
    found = (exhibit for part, names in by_part.items() for exhibit in _of_part(tables, part, names))
    return sorted(found, key=lambda exhibit: order[exhibit.figure.figure_id])


def _of_part(tables: Tables, part: int, names: Sequence[str]) -> Iterator[Exhibit]:
    figures = tables.rows("parse", Figure, part, "figure_id", names)
    article_ids = {figure.article_id for figure in figures}
    articles = _by(tables.rows("parse", Article, part, "article_id", article_ids), lambda row: row.article_id)
    images = _by(tables.rows("fetch", Image, part, "figure_id", names), lambda row: row.figure_id)
    subfigures = tables.rows("split", Subfigure, part, "figure_id", names)
    for figure in figures:
        own = [row for row in subfigures if row.figure_id == figure.figure_id]
        image = images[figure.figure_id]
        whole = next(row for row in own if row.kind == "whole")
        panels = [row for row in own if row.kind == "panel"]
        place = _place(tables, image.shard, image.offset, image.n_bytes)
        yield Exhibit(figure, articles[figure.article_id], place, whole, panels)


def _by(rows: Iterable[R], key: Callable[[R], str]) -> dict[str, R]:
    return {key(row): row for row in rows}


def _place(tables: Tables, shard: str | None, offset: int | None, n_bytes: int) -> Place:
    assert shard is not None and offset is not None  # rows on disk have been stored
    return Place(tables.root.path / shard, offset, n_bytes)


class Rejected(NamedTuple):
    """A picture with its text that was turned away."""

    pair: Candidate
    detail: str
    place: Place


def rejected_pictures(
    tables: Tables, examples: dict[tuple[str, str], list[Example]]
) -> dict[tuple[str, str], list[Rejected]]:
    """Pictures of the examples of each stage and reason, where there are pictures."""
    chosen = {key: found for key, found in sorted(examples.items()) if key[0] in _PICTURES_OF}
    shown = {key: [_rejected(tables, example) for example in found] for key, found in chosen.items()}
    return {key: [one for one in found if one is not None] for key, found in shown.items()}


def _rejected(tables: Tables, example: Example) -> Rejected | None:
    for pair in tables.rows("measure", Candidate, example.part, "pair_id", [example.record_id]):
        return Rejected(pair, example.detail, _place(tables, pair.crop_shard, pair.crop_offset, pair.n_bytes))
    return None

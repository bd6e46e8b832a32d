"""What the report counts: each number comes from a committed table, none from a counter kept while running."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.tally import Counts, add, tally
from pipeline.tables import Tables, count_rows
from schemas.articles import Article
from schemas.images import Image
from schemas.pairs import Pair
from schemas.subfigures import Subfigure

KINDS = ("whole", "panel")

Measure = Callable[[pa.Table], Any]
"""From rows of the pairs to one whole number per row, an Arrow array."""


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What the pairs of the release are like."""

    groups: Counter[tuple[Any, ...]]
    """Pairs by kind, split, licence, language and match."""
    n_articles: int
    n_words: dict[str, Counts]
    """Tally by kind."""
    short_side_px: dict[str, Counts]
    long_side_px: dict[str, Counts]

    def by(self, place: int) -> Counter[Any]:
        """Pairs by one of the columns of `groups`."""
        total: Counter[Any] = Counter()
        for group, n in self.groups.items():
            total[group[place]] += n
        return total

    @property
    def n_pairs(self) -> int:
        """All pairs."""
        return self.groups.total()


@dataclass(frozen=True, slots=True)
class Facts:
    """All counts of the report but the attrition."""

    pairs: PairFacts
    formats: Counter[tuple[Any, ...]]
    """Image files by format."""
    panels: Counts
    """Tally of the panels that each decoded figure was cut into."""
    compound: Counter[tuple[Any, ...]]
    """Decoded figures by `is_compound` and `whole_reason`."""
    figures_per_article: Counts


GROUPS = ("kind", "split", "license", "language", "match")


def read_facts(tables: Tables) -> Facts:
    """Counts what the tables of a release hold; memory grows with the largest part, not with the release."""
    decoded = tables.columns("split", Subfigure, ["kind", "is_compound", "whole_reason"])
    wholes = ((part, rows.filter(pc.field("kind") == "whole")) for part, rows in decoded)
    return Facts(
        pairs=_pairs(tables),
        formats=count_rows(tables.columns("fetch", Image, ["format"]), ["format"]),
        panels=_panels(tables),
        compound=count_rows(wholes, ["is_compound", "whole_reason"]),
        figures_per_article=_figures_per_article(tables),
    )


def _pairs(tables: Tables) -> PairFacts:
    groups: Counter[tuple[Any, ...]] = Counter()
    measures: dict[str, Measure] = {
        "n_words": lambda rows: rows["n_words"],
        "short": lambda rows: pc.min_element_wise(rows["width_px"], rows["height_px"]),
        "long": lambda rows: pc.max_element_wise(rows["width_px"], rows["height_px"]),
    }
    tallies = {name: {kind: np.zeros(0, np.int64) for kind in KINDS} for name in measures}
    n_articles = 0
    columns = [*GROUPS, "article_id", "n_words", "width_px", "height_px"]
    for part, rows in tables.columns("dedup", Pair, columns):
        groups += count_rows(iter([(part, rows)]), list(GROUPS))
        n_articles += pc.count_distinct(rows["article_id"]).as_py()  # a part holds all that an article has
        for kind in KINDS:
            chosen = rows.filter(pc.field("kind") == kind)
            for name, measure in measures.items():
                tallies[name][kind] = add(tallies[name][kind], tally(measure(chosen).to_numpy()))
    return PairFacts(groups, n_articles, tallies["n_words"], tallies["short"], tallies["long"])


def _panels(tables: Tables) -> Counts:
    """Panels per figure, counted part by part: the rows of a figure lie in one part."""
    total = np.zeros(0, np.int64)
    for _, rows in tables.columns("split", Subfigure, ["figure_id", "kind"]):
        grouped = rows.append_column("panel", pc.cast(pc.equal(rows["kind"], "panel"), pa.int64()))
        per_figure = grouped.group_by("figure_id").aggregate([("panel", "sum")])["panel_sum"]
        total = add(total, tally(per_figure.to_numpy()))
    return total


def _figures_per_article(tables: Tables) -> Counts:
    total = np.zeros(0, np.int64)
    for _, rows in tables.columns("parse", Article, ["n_figures"]):
        total = add(total, tally(rows["n_figures"].to_numpy()))
    return total

"""Conservation: nothing that came in is lost and nothing is counted twice, checked from what is on disk.

For every step and every row that it read: either rows were made from it, or rejects say why not: one for the row
itself, or one for each record it would have become; never both for the same record, never neither. The map stages
keep a part's rows together, so a part is checked alone and memory does not grow with the data set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import catalog, fetch, filter, measure, pack, parse
from pipeline.dedup import dedup, signature
from pipeline.ids import article_of, figure_of, pmcid_of
from pipeline.split import figure as split
from pipeline.stage import Step
from pipeline.tables import NONE_DEAD, Tables
from schemas.articles import Article
from schemas.pairs import Pair
from schemas.record import Record, arrow_schema
from schemas.reject import Reason, Reject
from schemas.shards import Shard

Parent = Callable[[str], str]


def _same(record_id: str) -> str:
    return record_id


@dataclass(frozen=True, slots=True)
class _Link:
    """A step, the step whose rows drive it, and how the id of a row leads back to the row it was made from."""

    before: Step
    step: Step
    parent: Parent


_LINKS = (
    _Link(catalog.INVENTORY, catalog.STAGE, _same),
    _Link(catalog.STAGE, parse.STAGE, article_of),
    _Link(parse.STAGE, fetch.STAGE, _same),
    _Link(fetch.STAGE, split.STAGE, figure_of),
    _Link(split.STAGE, measure.STAGE, _same),
    _Link(measure.STAGE, filter.STAGE, _same),
    _Link(filter.STAGE, signature.STAGE, _same),
    _Link(filter.STAGE, dedup.STAGE, _same),
)


def check(tables: Tables) -> Iterator[str]:
    """What is not accounted for, a line each; nothing where all is well.

    Args:
        tables: of a complete chain.
    """
    n_pairs = 0
    for part in range(tables.n_parts):
        for link in _LINKS:
            yield from _check_link(tables, link, part)
        yield from _check_graphics(tables, part)
        n_pairs += len(_ids(tables, dedup.STAGE, Pair, part))
    shards = pa.Table.from_batches(tables.batches(pack.STEP.name, Shard), arrow_schema(Shard))
    n_packed = sum(shards["n_samples"].to_pylist())
    if n_pairs != n_packed:
        yield f"pack: {n_pairs} pairs came in, {n_packed} samples are in the shards"


def _rows(tables: Tables, step: Step, cls: type[Record], part: int, *columns: str) -> list[dict[str, Any]]:
    """Some columns of the rows of a part that count; a part also holds rows of articles changed or removed since."""
    rows = pq.read_table(tables.file(step.name, cls, part), columns=[cls.KEY, *columns]).to_pylist()
    dead = tables.dead.get(part, NONE_DEAD)
    return [row for row in rows if pmcid_of(row[cls.KEY]) not in dead]


def _ids(tables: Tables, step: Step, cls: type[Record], part: int) -> list[str]:
    return [row[cls.KEY] for row in _rows(tables, step, cls, part)]


def _check_link(tables: Tables, link: _Link, part: int) -> Iterator[str]:
    read = _ids(tables, link.before, link.before.outputs[0], part)
    kept, turned_away = (_ids(tables, link.step, cls, part) for cls in (link.step.outputs[0], Reject))
    yield from accounted(link.step.name, read, kept, turned_away, link.parent)


def accounted(
    stage: str, read: Sequence[str], kept: Sequence[str], rejected: Sequence[str], parent: Parent
) -> Iterator[str]:
    """What is wrong between the ids a stage read, those it kept and those it turned away.

    Args:
        stage: its name, for the message.
        read: ids of the rows it read.
        kept: ids of the rows it made.
        rejected: ids in its rejects.
        parent: leads from an id to the id of the row it was made from; an id of a read row to itself.
    """
    for record_id, n in Counter([*kept, *rejected]).items():
        if n > 1:
            yield f"{stage}: {record_id} has {n} outcomes"
    known = set(read)
    from_kept = {parent(record_id) for record_id in kept}
    from_rejected = {record_id if record_id in known else parent(record_id) for record_id in rejected}
    for record_id in sorted(known - from_kept - from_rejected):
        yield f"{stage}: {record_id} came in and has no outcome"
    for record_id in sorted((from_kept | from_rejected) - known):
        yield f"{stage}: {record_id} has an outcome and did not come in"
    children = from_kept | {parent(record_id) for record_id in rejected if record_id not in known}
    for record_id in sorted(children & set(rejected) & known) if parent is not _same else ():
        yield f"{stage}: {record_id} is turned away, yet records were made from it"


def _check_graphics(tables: Tables, part: int) -> Iterator[str]:
    """Figures and rejects add up to the graphics of each article."""
    articles = _rows(tables, parse.STAGE, Article, part, "n_graphics")
    rejects = _rows(tables, parse.STAGE, Reject, part, "reason")
    figures = _ids(tables, parse.STAGE, parse.STAGE.outputs[0], part)
    # A figure without a graphic is turned away too, and is no graphic.
    turned_away = [row["record_id"] for row in rejects if row["reason"] != Reason.NO_GRAPHIC]
    found = Counter(article_of(record_id) for record_id in [*figures, *turned_away])
    for article in articles:
        if found[article[Article.KEY]] != article["n_graphics"]:
            yield (
                f"parse: {article[Article.KEY]} has {article['n_graphics']} graphics,"
                f" and {found[article[Article.KEY]]} figures and rejects"
            )

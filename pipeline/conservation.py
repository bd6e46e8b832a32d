"""Conservation: nothing that came in is lost and nothing is counted twice, checked from what is on disk.

For every step and every row that it read: either rows were made from it, or rejects say why not: one for the row
itself, or one for each record it would have become; never both for the same record, never neither. The map stages
keep a part's rows together, so a part is checked alone and memory does not grow with the data set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from pipeline import catalog, fetch, filter, measure, pack, parse
from pipeline.dedup import dedup
from pipeline.ids import article_of, figure_of
from pipeline.part import part_name
from pipeline.root import Root
from pipeline.split import figure as split
from pipeline.stage import Step
from schemas.articles import Article
from schemas.pairs import Pair
from schemas.record import Record
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
    _Link(filter.STAGE, dedup.STAGE, _same),
)


def check(root: Root, folders: dict[str, str], n_parts: int, n_shards: int) -> Iterator[str]:
    """What is not accounted for, a line each; nothing where all is well.

    Args:
        root: the root.
        folders: folder name by step, of a complete chain.
        n_parts: parts of the map stages.
        n_shards: parts of the pack step.
    """
    n_pairs = 0
    for part in range(n_parts):
        for link in _LINKS:
            yield from _check_link(root, folders, link, part)
        yield from _check_graphics(_part(root, folders, parse.STAGE, part))
        n_pairs += len(_ids(_part(root, folders, dedup.STAGE, part), Pair))
    n_packed = sum(_n_samples(_part(root, folders, pack.STEP, part)) for part in range(n_shards))
    if n_pairs != n_packed:
        yield f"pack: {n_pairs} pairs came in, {n_packed} samples are in the shards"


def _part(root: Root, folders: dict[str, str], step: Step, part: int) -> Path:
    return root.stage(folders[step.name]) / part_name(part)


def _ids(part: Path, cls: type[Record]) -> list[str]:
    ids: list[str] = pq.read_table(part / f"{cls.TABLE}.parquet", columns=[cls.KEY])[cls.KEY].to_pylist()
    return ids


def _check_link(root: Root, folders: dict[str, str], link: _Link, part: int) -> Iterator[str]:
    read = _ids(_part(root, folders, link.before, part), link.before.outputs[0])
    here = _part(root, folders, link.step, part)
    kept, turned_away = _ids(here, link.step.outputs[0]), _ids(here, Reject)
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


def _check_graphics(part: Path) -> Iterator[str]:
    """Figures and rejects add up to the graphics of each article."""
    columns = [Article.KEY, "n_graphics"]
    articles = pq.read_table(part / f"{Article.TABLE}.parquet", columns=columns).to_pylist()
    rejects = pq.read_table(part / f"{Reject.TABLE}.parquet", columns=["record_id", "reason"]).to_pylist()
    figures = _ids(part, parse.STAGE.outputs[0])
    # A figure without a graphic is turned away too, and is no graphic.
    turned_away = [row["record_id"] for row in rejects if row["reason"] != Reason.NO_GRAPHIC]
    found = Counter(article_of(record_id) for record_id in [*figures, *turned_away])
    for article in articles:
        if found[article[Article.KEY]] != article["n_graphics"]:
            yield (
                f"parse: {article[Article.KEY]} has {article['n_graphics']} graphics,"
                f" and {found[article[Article.KEY]]} figures and rejects"
            )


def _n_samples(part: Path) -> int:
    return int(sum(pq.read_table(part / f"{Shard.TABLE}.parquet", columns=["n_samples"])["n_samples"].to_pylist()))

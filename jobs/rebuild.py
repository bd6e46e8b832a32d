"""rebuild: the whole chain, from the source's inventory to a release. What is complete and current is not redone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from jobs.cluster import run_cluster
from jobs.grouped import read_parts
from jobs.inventory import run_inventory, undelivered
from jobs.pace import keep_pace
from jobs.pack import packed_shards, run_pack
from jobs.progress import Progress
from jobs.stages import Run, run_stage
from pipeline import catalog, pack
from pipeline.catalog import read_ids
from pipeline.chain import CHAIN, digest, folder_names, next_state
from pipeline.config import Config
from pipeline.dedup import dedup
from pipeline.release import CREDIT_COLUMNS, ReleasePlan, publish, release_id
from pipeline.root import Chain, Root, StageManifest
from pipeline.sources import Snapshot, Source
from pipeline.stage import Context, Stage, Step
from pipeline.tables import Tables
from schemas.pairs import Pair


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rebuild did."""

    manifests: tuple[StageManifest, ...]
    release: Path | None
    """Folder of the release, or None where the chain was stopped before it."""


def rebuild(
    spark: SparkSession,
    root: Root,
    source: Source,
    snapshot: Snapshot,
    config: Config,
    progress: Progress,
    until: str | None = None,
) -> Outcome:
    """Runs the chain up to a stage, by default to a release.

    Raises:
        StageError, SourceError: it could not go on; what is committed stays, and the same call goes on from there.
    """
    run, chain = prepare(spark, root, source, snapshot, config, progress)
    manifests: list[StageManifest] = []
    for step in CHAIN:
        manifests.append(_run_step(run, step, snapshot))
        if step.name == until:
            return Outcome(tuple(manifests), None)
    return Outcome(tuple(manifests), _publish(run, chain, manifests))


def prepare(
    spark: SparkSession, root: Root, source: Source, snapshot: Snapshot, config: Config, progress: Progress
) -> tuple[Run, Chain]:
    """The run, and its chain made the newest of the root."""
    listing = _listing(snapshot, config)

    def tables(state: str) -> Tables:
        return Tables(root, folder_names(config, state))

    state, lineage = next_state(
        root.newest_chain(),
        listing,
        is_complete=lambda state: tables(state).is_complete(catalog.INVENTORY.name),
        is_due=lambda state: bool(undelivered(tables(state))),
    )
    folders = folder_names(config, state)
    settings = {field.name: config.section(field.name) for field in dataclasses.fields(config) if field.name != "run"}
    chain = Chain(source.location, snapshot.date, settings, folders, listing, lineage)
    root.save_chain(chain)
    context = Context(config, root.path, source.location, pace=keep_pace(spark, config.run.requests_per_second))
    return Run(spark, root, config, context, Tables(root, folders), tuple(lineage), progress), chain


def _listing(snapshot: Snapshot, config: Config) -> str:
    """Digest of what is listed, and of the settings that select from it."""
    settings = config.inventory
    named = read_ids(Path(settings.ids)) if settings.ids is not None else None
    return digest([catalog.INVENTORY.revision, snapshot.digest, settings.limit, settings.articles_per_part, named])


def _run_step(run: Run, step: Step, snapshot: Snapshot) -> StageManifest:
    if step is catalog.INVENTORY:
        return run_inventory(run, snapshot)
    if step is dedup.CLUSTER:
        return run_cluster(run)
    if step is pack.STEP:
        return run_pack(run)
    assert isinstance(step, Stage)
    return run_stage(run, step)


def _publish(run: Run, chain: Chain, manifests: Sequence[StageManifest]) -> Path:
    folder = run.folder(pack.STEP)
    plan = ReleasePlan(
        id=release_id(chain.inventory, chain.stages[pack.STEP.name]),
        chain=chain,
        shards=list(packed_shards(run.tables)),
        shard_folder=folder,
        manifests=manifests,
    )
    return publish(run.root, plan, _credits(run))


def _credits(run: Run) -> Iterator[Sequence[object]]:
    pairs = read_parts(run.spark, run.tables, dedup.STAGE, Pair)
    rows = pairs.select(*CREDIT_COLUMNS).distinct().orderBy(*CREDIT_COLUMNS)
    return iter(rows.toLocalIterator())

"""rebuild: the whole chain, from the source's inventory to a release. What is complete and current is not redone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from jobs.cluster import run_cluster
from jobs.grouped import read_parts
from jobs.inventory import run_inventory
from jobs.pace import keep_pace
from jobs.pack import run_pack
from jobs.progress import Progress
from jobs.stages import Run, run_stage
from pipeline import catalog, pack
from pipeline.chain import CHAIN, folder_names, producers
from pipeline.config import Config
from pipeline.dedup import dedup
from pipeline.part import part_name, read_rows
from pipeline.release import CREDIT_COLUMNS, ReleasePlan, publish, release_id
from pipeline.root import Chain, Root, StageManifest
from pipeline.sources import Snapshot, Source
from pipeline.stage import Context, Stage, Step
from schemas.pairs import Pair
from schemas.shards import Shard


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
        manifests.append(_run_step(run, step, snapshot, manifests))
        if step.name == until:
            return Outcome(tuple(manifests), None)
    return Outcome(tuple(manifests), _publish(run, chain, manifests))


def prepare(
    spark: SparkSession, root: Root, source: Source, snapshot: Snapshot, config: Config, progress: Progress
) -> tuple[Run, Chain]:
    """The run, and its chain made the newest of the root."""
    folders = folder_names(config, snapshot.digest)
    settings = {field.name: config.section(field.name) for field in dataclasses.fields(config) if field.name != "run"}
    chain = Chain(source=source.location, inventory=snapshot.date, config=settings, stages=folders)
    root.save_chain(chain)
    context = Context(config, root.path, source.location, pace=keep_pace(spark, config.run.requests_per_second))
    return Run(spark, root, config, context, folders, progress), chain


def _run_step(run: Run, step: Step, snapshot: Snapshot, done: Sequence[StageManifest]) -> StageManifest:
    inputs = tuple(run.folder(producer) for producer in producers(step))
    if step is catalog.INVENTORY:
        return run_inventory(run, snapshot)
    n_parts = done[0].n_parts
    if step is dedup.CLUSTER:
        return run_cluster(run, inputs[0], n_parts)
    if step is pack.STEP:
        return run_pack(run, inputs[0])
    assert isinstance(step, Stage)
    return run_stage(run, step, inputs, n_parts)


def _publish(run: Run, chain: Chain, manifests: Sequence[StageManifest]) -> Path:
    folder = run.folder(pack.STEP)
    plan = ReleasePlan(
        id=release_id(chain.inventory, chain.stages[pack.STEP.name]),
        chain=chain,
        shards=list(packed_shards(folder, manifests[-1].n_parts)),
        shard_folder=folder,
        manifests=manifests,
    )
    return publish(run.root, plan, _credits(run))


def packed_shards(folder: Path, n_parts: int) -> Iterator[Shard]:
    """The shards that the pack step wrote, in order of their names."""
    for part in range(n_parts):
        yield from read_rows(folder / part_name(part) / f"{Shard.TABLE}.parquet", Shard)


def _credits(run: Run) -> Iterator[Sequence[object]]:
    pairs = read_parts(run.spark, run.folder(dedup.STAGE), Pair.TABLE)
    rows = pairs.select(*CREDIT_COLUMNS).distinct().orderBy(*CREDIT_COLUMNS)
    return iter(rows.toLocalIterator())

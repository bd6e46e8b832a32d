"""Running a stage on Spark: one task per part. Spark carries part numbers out and counts back, never images."""

from __future__ import annotations

import errno
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from jobs.progress import Progress
from pipeline.catalog import INVENTORY
from pipeline.chain import CHAIN, folder_names, producers
from pipeline.config import Config
from pipeline.pack import STEP as PACK
from pipeline.part import PartReport, link_part, part_name, run_part
from pipeline.root import (
    Root,
    StageManifest,
    discard_part,
    part_reports,
    read_manifest,
    save_manifest,
    sweep,
)
from pipeline.stage import Context, Stage, Step
from pipeline.tables import NONE_DEAD, Tables
from schemas.record import Record
from schemas.reject import Reason

_DISK_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "a file is too large",
}


class StageError(Exception):
    """A stage that could not be completed; the message is one line for the user."""


@dataclass(frozen=True)
class Run:
    """What all stages of one run share."""

    spark: SparkSession
    root: Root
    config: Config
    context: Context
    tables: Tables
    """Those of the chain that is made."""
    lineage: tuple[str, ...]
    """States of the inventory that it builds on, newest first."""
    progress: Progress

    def folder(self, step: Step) -> Path:
        """Folder of a step."""
        return self.tables.folder(step.name)

    @cached_property
    def before(self) -> Tables | None:
        """The tables of the last state before this one that reached a release with the same settings, if any."""
        for state in self.lineage:
            tables = Tables(self.root, folder_names(self.config, state))
            if all(tables.is_complete(step.name) for step in CHAIN):
                return tables
        return None


def run_stage(run: Run, stage: Stage) -> StageManifest:
    """Runs a stage on the parts that are missing, and completes it.

    Raises:
        StageError: the disk is full, or more internal errors than the budget.
    """
    folder, context, dead = run.folder(stage), run.context, run.tables.dead
    inputs = tuple(run.folder(producer) for producer in producers(stage))

    def work(part: int) -> None:
        run_part(stage, part, inputs, folder, context, dead.get(part, NONE_DEAD))

    def make(missing: list[int]) -> None:
        if stage.relational:
            missing = link_unchanged(run, stage, missing, _remade(run, stage))
        if missing:
            run_tasks(run.spark, work, missing)

    return complete(run, stage, run.tables.n_parts, make)


def _remade(run: Run, stage: Stage) -> set[int]:
    """Parts of which an input was made anew for this state, and not linked from the one before."""
    parts = range(run.tables.n_parts)
    inputs = [(producer.name, cls) for producer, cls in zip(producers(stage), stage.inputs, strict=True)]
    return {part for part in parts if not all(_is_linked(run, name, cls, part) for name, cls in inputs)}


def _is_linked(run: Run, step: str, cls: type[Record], part: int) -> bool:
    if run.before is None:
        return False
    ours, theirs = run.tables.file(step, cls, part), run.before.file(step, cls, part)
    return theirs.exists() and ours.samefile(theirs)


def complete(run: Run, step: Step, n_parts: int, make: Callable[[list[int]], None]) -> StageManifest:
    """Makes the missing parts of a step and, once all are there, its manifest.

    Args:
        run: the run.
        step: the step.
        n_parts: how many parts it has.
        make: makes and commits the parts with the given numbers.
    """
    folder, state = run.folder(step), run.tables.state
    folder.mkdir(parents=True, exist_ok=True)
    if done := read_manifest(folder, state):
        return done
    sweep(folder)
    began = time.monotonic()
    missing = sorted(set(range(n_parts)) - set(part_reports(folder, n_parts)))
    with run.progress.stage(step.name, n_parts, lambda: part_reports(folder, n_parts).values()):
        if missing:
            make(missing)
    reports = part_reports(folder, n_parts)
    _check_errors(folder, step, reports, run.config.run.internal_error_rate)
    living = [_living(run, step, part, report) for part, report in reports.items()]
    manifest = _manifest(run, step, living, time.monotonic() - began)
    save_manifest(folder, state, manifest)
    return manifest


def link_unchanged(run: Run, step: Step, missing: list[int], changed: set[int]) -> list[int]:
    """Makes the parts that are not among the changed ones of those of the state before; returns those left to make."""
    if run.before is None:
        return missing
    same = [part for part in missing if part < run.before.n_parts and part not in changed]
    for part in same:
        link_part(run.before.folder(step.name) / part_name(part), run.folder(step) / part_name(part))
    return sorted(set(missing) - set(same))


def _living(run: Run, step: Step, part: int, report: PartReport) -> PartReport:
    """A part's report with only the rows counted that the state of the inventory still has."""
    if step in (INVENTORY, PACK) or part not in run.tables.dead:
        return report
    first = producers(step)[0]
    return replace(
        report,
        n_in=run.tables.n_living(first.name, step.inputs[0], part),
        kept={cls.TABLE: run.tables.n_living(step.name, cls, part) for cls in step.outputs},
        rejects=run.tables.living_reasons(step.name, part),
    )


def run_tasks(spark: SparkSession, work: Callable[[int], None], numbers: list[int]) -> None:
    """Calls `work` once for each number, each in a Spark task of its own.

    Raises:
        StageError: a task met a full disk. Whatever else goes wrong in a task is raised as Spark reports it.
    """

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            problems = [environment_problem(work, numbers[place]) for place in batch.column(0).to_pylist()]
            yield pa.RecordBatch.from_pydict({"problem": pa.array(problems, pa.string())})

    frame = spark.range(0, len(numbers), 1, numPartitions=len(numbers)).mapInArrow(task, "problem string")
    for row in frame.collect():
        if row.problem:
            raise StageError(row.problem)


def environment_problem(work: Callable[[int], None], number: int) -> str | None:
    """Runs the work; a full disk comes back as a line of text, for Spark would only try it again."""
    try:
        work(number)
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        return (
            f"{error.filename or 'the root'}: {_DISK_ERRORS[error.errno]}; make room, then run the same command again"
        )
    return None


def _check_errors(folder: Path, step: Step, reports: dict[int, PartReport], rate: float) -> None:
    """Enforces the budget of internal errors; parts that hold some are discarded, so that a rerun makes them anew."""
    bad = {part: report.rejects.get(Reason.INTERNAL_ERROR, 0) for part, report in reports.items()}
    n_errors, n_in = sum(bad.values()), sum(report.n_in for report in reports.values())
    budget = math.ceil(n_in * rate)
    if n_errors <= budget:
        return
    for part in (part for part, n in bad.items() if n):
        discard_part(folder, part)
    raise StageError(
        f"{step.name}: {n_errors} internal errors in {n_in} rows, budget {budget}; nothing was published."
        " Report them, or raise run.internal_error_rate"
    )


def _manifest(run: Run, step: Step, reports: list[PartReport], seconds: float) -> StageManifest:
    kept: Counter[str] = Counter()
    rejects: Counter[str] = Counter()
    for report in reports:
        kept.update(report.kept)
        rejects.update(report.rejects)
    return StageManifest(
        stage=step.name,
        n_parts=len(reports),
        n_in=sum(report.n_in for report in reports),
        kept=dict(kept),
        rejects=dict(rejects.most_common()),
        stored_bytes=sum(report.stored_bytes for report in reports),
        worker_seconds=round(sum(report.seconds for report in reports), 3),
        seconds=round(seconds, 3),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        config=_sections(run.config, step),
        code_version=version("pmc15m"),
    )


def _sections(config: Config, step: Step) -> dict[str, Any]:
    return {name: config.section(name) for name in (step.name, *step.also)}

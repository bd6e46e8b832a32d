"""plan: what a crawl would take, from the source's inventory and a sample of its articles, run through the chain.

Nothing in an estimate is a constant: how many requests an article takes, how many bytes, how much of a core and of the
disk is measured on the sample, and the number of articles is counted in the inventory.
"""

from __future__ import annotations

import heapq
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from pipeline import fetch
from pipeline.catalog import INVENTORY, inventory_entry
from pipeline.chain import CHAIN, producers
from pipeline.config import Config
from pipeline.dedup import dedup
from pipeline.ids import article_id, sort_key
from pipeline.part import PartReport, PartWriter, part_name, read_rows, run_part
from pipeline.sources import Entry, Snapshot, Source
from pipeline.sourcing import open_for
from pipeline.stage import Context, Stage
from schemas.images import Image

STAGES = tuple(step for step in CHAIN[: CHAIN.index(dedup.CLUSTER)] if isinstance(step, Stage))
"""The stages that look at an article alone. What compares articles with each other cannot be told from a sample."""
_SECONDS = 3600
_WIDTH = 1.96
"""Standard errors to each side of an estimate: 19 of 20 such ranges hold the truth."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The inventory, counted, and the article versions drawn from it."""

    n_versions: int
    drawn: tuple[Entry, ...]
    n_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Images:
    """The images of one article version; none where it is not used."""

    n: int = 0
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StageCost:
    """What one stage took for the whole sample."""

    stage: str
    n_in: int
    kept: dict[str, int]
    rejects: dict[str, int]
    n_requests: int
    n_bytes: int
    cpu_seconds: float
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A total and how far from it the truth may be: 19 of 20 times not farther."""

    total: float
    margin: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a crawl of so many article versions would take."""

    n_versions: int
    n_sampled: int
    requests: Estimate
    bytes: Estimate
    images: Estimate
    core_hours: dict[str, float]
    """By stage, on a core like the one that the sample ran on."""
    stored_bytes: float
    """Originals and crops in the root; tables are a few per cent more."""
    costs: tuple[StageCost, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """The crawl at one rate of requests."""

    requests_per_s: float
    hours: float
    mb_per_s: float
    cores: float
    """Busy all the time with reading what comes in; cutting figures into panels may wait."""


def draw(source: Source, snapshot: Snapshot, n_drawn: int) -> Listing:
    """Counts an inventory and draws article versions from it, in memory that does not grow with it.

    Drawn are those whose article id has the smallest digests: the same ones whenever it is drawn, and all versions of
    an article together.
    """
    before, began = source.traffic.count(), time.perf_counter()
    smallest: list[tuple[int, str, int, Entry]] = []
    n_versions = 0
    for file in snapshot.files:
        for entry in source.entries(file):
            n_versions += 1
            item = (-_digest(entry.pmcid), entry.pmcid, entry.version, entry)
            if len(smallest) < n_drawn:
                heapq.heappush(smallest, item)
            elif item[0] > smallest[0][0]:
                heapq.heapreplace(smallest, item)
    n_bytes = (source.traffic.count() - before).n_bytes
    drawn = sorted((item[3] for item in smallest), key=lambda entry: (sort_key(entry.pmcid), entry.version))
    return Listing(n_versions, tuple(drawn), n_bytes, time.perf_counter() - began)


def _digest(pmcid: str) -> int:
    return int.from_bytes(md5(pmcid.encode(), usedforsecurity=False).digest()[:8], "big")


def measure(
    drawn: Sequence[Entry], config: Config, location: str, scratch: Path
) -> tuple[list[StageCost], list[Images]]:
    """Runs the drawn articles through the stages.

    Args:
        drawn: article versions.
        config: settings, as for a rebuild.
        location: of the source.
        scratch: an empty folder.

    Returns:
        What each stage took; and the images of each drawn version.
    """
    context = Context(config, scratch, location)
    with PartWriter(scratch / INVENTORY.name, 0, INVENTORY, scratch) as writer:
        for entry in drawn:
            writer.put(inventory_entry(entry))
        writer.commit()
    costs = [_cost(stage, context) for stage in STAGES]
    found: dict[str, Images] = defaultdict(Images)
    for image in read_rows(scratch / fetch.STAGE.name / part_name(0) / f"{Image.TABLE}.parquet", Image):
        before = found[image.article_id]
        found[image.article_id] = Images(before.n + 1, before.n_bytes + image.n_bytes)
    return costs, [found[article_id(entry.pmcid, entry.version)] for entry in drawn]


def _cost(stage: Stage, context: Context) -> StageCost:
    traffic = open_for(context).traffic
    before, began = traffic.count(), time.process_time()
    inputs = tuple(context.root / producer.name for producer in producers(stage))
    report: PartReport = run_part(stage, 0, inputs, context.root / stage.name, context)
    used = traffic.count() - before
    cpu = time.process_time() - began
    took = (used.n_requests, used.n_bytes, cpu, report.stored_bytes)
    return StageCost(stage.name, report.n_in, report.kept, report.rejects, *took)


def make_plan(costs: Sequence[StageCost], images: Sequence[Images], n_versions: int) -> Plan:
    """The sample's costs, scaled to so many article versions.

    Args:
        costs: of the sample, by stage.
        images: of each version of the sample; in them articles differ most, so they give the margins.
        n_versions: of the crawl.
    """
    scale = n_versions / len(images)
    of_count = _margin([one.n for one in images]) * n_versions
    of_bytes = _margin([one.n_bytes for one in images]) * n_versions
    return Plan(
        n_versions=n_versions,
        n_sampled=len(images),
        requests=Estimate(sum(cost.n_requests for cost in costs) * scale, of_count),
        bytes=Estimate(sum(cost.n_bytes for cost in costs) * scale, of_bytes),
        images=Estimate(sum(one.n for one in images) * scale, of_count),
        core_hours={cost.stage: cost.cpu_seconds * scale / _SECONDS for cost in costs},
        stored_bytes=sum(cost.stored_bytes for cost in costs) * scale,
        costs=tuple(costs),
    )


def _margin(values: Sequence[int]) -> float:
    """How far the mean of all may be from the mean of these; from a single one nothing is known."""
    if len(values) < 2:
        return math.inf
    return _WIDTH * statistics.stdev(values) / math.sqrt(len(values))


def paces(plan: Plan, rates: Iterable[float]) -> list[Pace]:
    """How long it takes at each rate of requests, with as many cores as that keeps busy."""
    return [_pace(plan, rate) for rate in rates]


def _pace(plan: Plan, rate: float) -> Pace:
    hours = plan.requests.total / rate / _SECONDS
    megabytes = plan.bytes.total / 1e6
    reading = sum(plan.core_hours[stage.name] for stage in STAGES if stage.wants)
    return Pace(rate, hours, megabytes / hours / _SECONDS, reading / hours)

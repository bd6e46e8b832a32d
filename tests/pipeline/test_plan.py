"""A plan is counted and measured: it scales what a sample took, and says how far from it the truth may be."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Config
from pipeline.plan import STAGES, Images, StageCost, draw, make_plan, measure, paces
from pipeline.sources import Entry, ListingFile, Snapshot, open_source
from pipeline.sources.traffic import Traffic


class Listed:
    """A source of which only the listing counts."""

    def __init__(self, n_articles: int, n_versions: int = 1) -> None:
        self.n_articles, self.n_versions, self.traffic = n_articles, n_versions, Traffic()

    def entries(self, file: ListingFile):
        for number in range(self.n_articles):
            for version in range(1, self.n_versions + 1):
                yield Entry(f"PMC{number}", version, "t", "m")


SNAPSHOT = Snapshot("2026-11-20T01-00Z", "0" * 64, (ListingFile("a", None),))


def test_an_inventory_is_counted_and_the_draw_is_always_the_same() -> None:
    listing = draw(Listed(1000), SNAPSHOT, 20)
    assert listing.n_versions == 1000 and len(set(listing.drawn)) == 20
    assert draw(Listed(1000), SNAPSHOT, 20).drawn == listing.drawn
    numbers = [int(entry.pmcid[3:]) for entry in listing.drawn]
    assert numbers == sorted(numbers) and min(numbers) < 300 and max(numbers) > 700, "from all over the list"


def test_the_versions_of_an_article_are_drawn_together() -> None:
    drawn = draw(Listed(300, n_versions=2), SNAPSHOT, 20).drawn
    assert len({entry.pmcid for entry in drawn}) == 10


def test_a_small_inventory_is_taken_whole() -> None:
    assert len(draw(Listed(5), SNAPSHOT, 20).drawn) == 5


def costs(**changes: float) -> list[StageCost]:
    fields = {"n_requests": 10, "n_bytes": 1000, "cpu_seconds": 3.6, "stored_bytes": 500, **changes}
    return [StageCost(stage=stage.name, n_in=10, kept={}, rejects={}, **fields) for stage in STAGES]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=40), st.integers(1, 10**7))
def test_totals_are_the_sample_times_its_share(counts: list[int], n_versions: int) -> None:
    plan = make_plan(costs(), [Images(n, n * 1000) for n in counts], n_versions)
    scale = n_versions / len(counts)
    assert plan.requests.total == pytest.approx(len(STAGES) * 10 * scale)
    assert plan.images.total == pytest.approx(sum(counts) * scale)
    assert plan.bytes.margin == pytest.approx(1000 * plan.images.margin)
    assert plan.core_hours["parse"] == pytest.approx(0.001 * scale)


def test_a_larger_sample_has_a_smaller_margin_and_a_single_article_has_none() -> None:
    small, large = (make_plan(costs(), [Images(1), Images(9)] * n, 1000).images for n in (5, 500))
    assert large.margin < small.margin / 9
    assert make_plan(costs(), [Images(4)], 1000).images.margin == math.inf


def test_time_follows_from_the_rate_and_cores_from_what_is_read() -> None:
    plan = make_plan(costs(), [Images(1, 100)] * 10, 10_000)
    slow, fast = paces(plan, (100.0, 1000.0))
    assert slow.hours == pytest.approx(plan.requests.total / 100 / 3600)
    assert fast.hours == pytest.approx(slow.hours / 10) and fast.mb_per_s == pytest.approx(slow.mb_per_s * 10)
    reading = sum(plan.core_hours[name] for name in ("catalog", "parse", "fetch"))
    assert fast.cores == pytest.approx(reading / fast.hours)


def test_the_whole_sample_as_its_own_plan_is_what_was_asked_for(sample, tmp_path: Path) -> None:
    """Drawn whole, the estimate is no estimate: its requests and bytes are those of the crawl."""
    source = open_source(str(sample.bucket))
    listing = draw(source, source.snapshot(), 10_000)
    found, images = measure(listing.drawn, Config(), str(sample.bucket), tmp_path)
    plan = make_plan(found, images, listing.n_versions)
    by_stage = {cost.stage: cost for cost in found}
    assert by_stage["catalog"].n_requests == listing.n_versions
    assert by_stage["parse"].n_requests == by_stage["catalog"].kept["versions"]
    assert by_stage["fetch"].kept["images"] == sum(one.n for one in images) == round(plan.images.total)
    assert plan.requests.total == pytest.approx(sum(cost.n_requests for cost in found))
    json_bytes = sum(path.stat().st_size for path in (sample.bucket / "metadata").iterdir())
    assert by_stage["catalog"].n_bytes == json_bytes
    assert by_stage["split"].cpu_seconds > 0 and not by_stage["split"].n_requests

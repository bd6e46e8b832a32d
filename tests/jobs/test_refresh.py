"""A refresh ends where a rebuild from the last day ends, and touches no shard that it need not."""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs import inspect
from pipeline.changes import changes
from pipeline.config import Config, load_config
from pipeline.prune import prune
from pipeline.root import Root
from pipeline.sample import Day
from pipeline.tables import Tables
from schemas.reject import Reason

pytestmark = pytest.mark.spark

DEMO = Path(__file__).resolve().parents[2] / "jobs" / "conf" / "demo.toml"
PLACES = ("shard", "offset", "crop_shard", "crop_offset")
"""Where bytes lie, which depends on the days that went before."""
TABLES = ("articles", "figures", "images", "subfigures", "pairs", "rejects")
FIRST = [f"PMC900000{n:02d}.1" for n in range(1, 9)]
LATER = [f"PMC900000{n:02d}.1" for n in range(9, 15)]


@pytest.fixture
def config() -> Config:
    return load_config(DEMO, ["pack.samples_per_shard=12", "inventory.articles_per_part=4"])


@pytest.fixture
def day(sample, tmp_path: Path) -> Day:
    """A bucket that may be written, and of which only some articles are listed yet."""
    bucket = tmp_path / "bucket"
    shutil.copytree(sample.bucket, bucket)
    shutil.rmtree(bucket / "inventory-reports")
    first = Day(bucket, set(FIRST))
    first.publish("2026-11-20T01-00Z")
    return first


def content(root: Root) -> dict[str, set[str]]:
    """The rows of all tables that count, each as text, without the places of bytes."""
    tables = Tables(root, root.chain().stages)
    found = {}
    for name in TABLES:
        rows = [row for batch in inspect.table_batches(tables, name) for row in batch.to_pylist()]
        found[name] = {repr({key: row[key] for key in row if key not in PLACES}) for row in rows}
        assert len(found[name]) == len(rows), f"{name}: a row stands twice"
    return found


def samples(release: Path) -> dict[str, str]:
    """sha256 by member name, over all shards."""
    found: dict[str, str] = {}
    for path in sorted(release.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None and member.name not in found
                found[member.name] = hashlib.sha256(file.read()).hexdigest()
    return found


def ids(root: Root, release: dict[str, Any]) -> set[str]:
    batches = inspect.table_batches(Tables(root, release["tables"]), "pairs", ["pair_id"])
    return {pair_id for batch in batches for pair_id in batch["pair_id"].to_pylist()}


def articles(pair_ids: set[str]) -> set[str]:
    return {pair_id.split("_")[0] for pair_id in pair_ids}


def shards(release: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in release.glob("*.tar")}


def articles_of(shard: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(shard)) as tar:
        return {member.name.split("_")[0] for member in tar}


def agree(build: Any, source: Path | str, root: Root, release: Path, config: Config, fresh: Path) -> None:
    """A rebuild from what the source has now into a new root says the same."""
    rebuilt, outcome = build(source, fresh, config)
    assert content(root) == content(rebuilt)
    assert samples(release) == samples(outcome.release)
    assert inspect.conservation_problems(root) == []
    shutil.rmtree(fresh)


def test_days_of_all_kinds_of_change_end_where_a_rebuild_ends(build, day: Day, config: Config, tmp_path: Path) -> None:
    root, first = build(day.bucket, tmp_path / "root", config)
    before = shards(first.release)
    day.edit(FIRST[1], "Here is a change.")
    day.retract(FIRST[5])
    day.remove(FIRST[6])
    day.add_version(FIRST[4], "Here is a new version.")
    day.listed |= set(LATER[:3])
    day.publish("2026-11-21T01-00Z")
    root, second = build(day.bucket, root.path, config)
    touched = {prefix.split(".")[0] for prefix in (FIRST[1], FIRST[4], FIRST[5], FIRST[6])}
    after = shards(second.release)
    for name, data in before.items():
        assert after.get(name) == data or articles_of(data) & touched, f"{name} holds no changed article"
    assert {name: (first.release / name).read_bytes() for name in before} == before, "the older release changed"
    agree(build, day.bucket, root, second.release, config, tmp_path / "fresh")

    old, new = (inspect.release_manifest(root, outcome.release.name) for outcome in (first, second))
    found = changes(root, old, new)
    gone = ids(root, old) - ids(root, new)
    assert found.pairs_removed == len(gone) > 0 and found.pairs_changed > 0 and found.pairs_same > 0
    assert found.pairs_same + found.pairs_changed + found.pairs_removed == old["n_samples"]
    assert found.shards_same + found.shards_rewritten + found.shards_removed == len(before)
    assert found.articles_removed == len(articles(ids(root, old)) - articles(ids(root, new))) == 2
    assert found.articles_added == 3

    # What went comes back, what came goes.
    day.listed |= {FIRST[6]}
    day.listed -= {LATER[0]}
    day.publish("2026-11-22T01-00Z")
    root, third = build(day.bucket, root.path, config)
    agree(build, day.bucket, root, third.release, config, tmp_path / "fresh")

    held = content(root), shards(third.release)
    pruned = prune(root, keep=1)
    assert pruned.releases == [first.release.name, second.release.name]
    assert {name.split("-")[0] for name in pruned.folders} == {"inventory", "cluster", "dedup", "pack"}
    assert (content(root), shards(root.releases / "latest")) == held
    assert inspect.conservation_problems(root) == []


def test_a_day_without_changes_makes_no_new_shard(build, day: Day, config: Config, tmp_path: Path) -> None:
    root, first = build(day.bucket, tmp_path / "root", config)
    before = {path: path.stat().st_mtime_ns for path in root.path.glob("stages/*/*/*")}
    day.publish("2026-11-21T01-00Z")
    _, second = build(day.bucket, root.path, config)
    assert {path: path.stat().st_mtime_ns for path in root.path.glob("stages/*/*/*")} == before
    assert second.release.name.startswith("2026-11-21")
    assert shards(second.release) == shards(first.release)


def test_a_source_that_lost_most_of_its_articles_stops_the_run(
    build, day: Day, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs import inventory
    from jobs.stages import StageError

    monkeypatch.setattr(inventory, "_FEW_REMOVED", 2)
    root, first = build(day.bucket, tmp_path / "root", config)
    day.listed -= set(FIRST[:4])
    day.publish("2026-11-21T01-00Z")
    with pytest.raises(StageError, match=r"4 articles, 50% of them, are no longer listed.*max_removed=0\.51"):
        build(day.bucket, root.path, config)
    assert [path.name for path in root.releases.glob("2*")] == [first.release.name]
    allowed = load_config(DEMO, ["pack.samples_per_shard=12", "inventory.max_removed=0.51"])
    build(day.bucket, root.path, allowed)


Change = Callable[[Day, random.Random], None]


def _random_day(day: Day, rng: random.Random, number: int) -> None:
    known = sorted(day.listed)
    newest = {prefix.split(".")[0]: prefix for prefix in known}
    for prefix in newest.values():
        draw = rng.random()
        if draw < 0.1:
            day.edit(prefix, f"Edited on day {number}.")
        elif draw < 0.15:
            day.retract(prefix)
        elif draw < 0.2 and len(day.listed) > 3:
            day.remove(prefix)
        elif draw < 0.25 and not (day.bucket / f"{prefix.split('.')[0]}.{int(prefix.split('.')[1]) + 1}").exists():
            day.add_version(prefix, f"A version of day {number}.")
    day.listed |= set(rng.sample(FIRST + LATER, rng.randint(0, 4)))
    day.publish(f"2026-12-{number:02d}T01-00Z")


@pytest.mark.long
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 10**6), n_days=st.integers(1, 4))
def test_any_sequence_of_days_ends_where_a_rebuild_of_the_last_ends(
    build, sample, tmp_path_factory: pytest.TempPathFactory, seed: int, n_days: int
) -> None:
    folder = tmp_path_factory.mktemp("days")
    config = load_config(DEMO, ["pack.samples_per_shard=12", "inventory.articles_per_part=4"])
    shutil.copytree(sample.bucket, folder / "bucket")
    shutil.rmtree(folder / "bucket" / "inventory-reports")
    rng, day = random.Random(seed), Day(folder / "bucket", set(FIRST))
    day.publish("2026-11-30T01-00Z")
    root, outcome = build(day.bucket, folder / "root", config)
    for number in range(1, n_days + 1):
        _random_day(day, rng, number)
        root, outcome = build(day.bucket, folder / "root", config)
    agree(build, day.bucket, root, outcome.release, config, folder / "fresh")


def test_what_could_not_be_had_is_asked_for_again(
    build, day: Day, config: Config, serve: Callable[..., Any], tmp_path: Path
) -> None:
    objects = {str(path.relative_to(day.bucket)): path.read_bytes() for path in day.bucket.rglob("*") if path.is_file()}
    prefix = FIRST[0]
    image = next(key for key in sorted(objects) if key.startswith(f"{prefix}/") and key.endswith(".jpg"))
    server = serve(objects)
    server.is_s3 = server.is_lasting = True
    server.faults[image] = [lambda handler: handler.answer(200, b"not today", Content_Type="text/html")]
    root, first = build(server.url, tmp_path / "root", config)
    failed = inspect.reject_rows(root, "fetch", Reason.FETCH_FAILED, None)
    assert [row["record_id"].split("_")[0] for row in failed] == [prefix.split(".")[0]]

    server.faults.clear()
    asked = len(server.requests)
    root, second = build(server.url, root.path, config)
    assert {path.split("/")[1].split(".")[0] for path, _, _ in server.requests[asked:] if "PMC" in path} <= {
        "metadata",
        prefix.split(".")[0],
    }
    agree(build, server.url, root, second.release, config, tmp_path / "fresh")
    assert second.release != first.release
    _, third = build(server.url, root.path, config)
    assert third.release == second.release

"""The crawl over a server that fails: each fault with its outcome, and what it cost in objects asked for twice.

The stages up to `fetch` run as in a job, part by part, without a JVM. What is compared is every byte of every table and
tar. `pytest tests/pipeline/test_faults.py -s` prints the table.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import catalog, fetch, parse, sourcing
from pipeline.catalog import INVENTORY, inventory_entry, part_of
from pipeline.config import Config, RunConfig
from pipeline.img2dataset import find_program
from pipeline.part import PartWriter, run_part
from pipeline.sources import SourceError
from pipeline.sourcing import open_for
from pipeline.stage import Context
from schemas.reject import Reason

N_PARTS = 2
INVENTORIES = "inventory-reports/pmc-oa-opendata/metadata/"


@pytest.fixture(scope="module")
def objects(sample) -> dict[str, bytes]:
    """The sample bucket, by key."""
    files = (path for path in sample.bucket.rglob("*") if path.is_file())
    return {path.relative_to(sample.bucket).as_posix(): path.read_bytes() for path in files}


def crawl(url: str, root: Path, **run: object) -> dict[str, str]:
    """Runs the chain up to `fetch`; returns the sha256 of each table and tar."""
    sourcing._opened.cache_clear()
    settings = {"requests_per_second": 2000.0, **run}
    context = Context(Config(run=RunConfig(**settings)), root, url)
    list_articles(context)
    for part in range(N_PARTS):
        inputs = root / "inventory"
        for stage in (catalog.STAGE, parse.STAGE, fetch.STAGE):
            run_part(stage, part, (inputs,), root / stage.name, context)
            inputs = root / stage.name
    return fingerprint(root)


def list_articles(context: Context) -> None:
    source = open_for(context)
    entries = [inventory_entry(entry) for file in source.snapshot().files for entry in source.entries(file)]
    for part in range(N_PARTS):
        with PartWriter(context.root / "inventory", part, INVENTORY, context.root) as writer:
            for entry in sorted(entries, key=lambda entry: entry.article_id):
                if part_of(entry.pmcid, N_PARTS) == part:
                    writer.put(entry)
            writer.commit()


def fingerprint(root: Path) -> dict[str, str]:
    files = [*root.glob("*/part-*/*.parquet"), *root.glob("*/part-*/*.tar")]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rejects(root: Path) -> Counter[tuple[str, str]]:
    rows = [row for path in root.glob("*/part-*/rejects.parquet") for row in pq.read_table(path).to_pylist()]
    return Counter((row["record_id"], row["reason"]) for row in rows)


@dataclass(frozen=True)
class Calm:
    """A run without faults."""

    files: dict[str, str]
    rejects: Counter[tuple[str, str]]
    asked: Counter[str]


@pytest.fixture
def server(serve, objects):
    made = serve(dict(objects))
    made.is_s3 = True
    return made


@pytest.fixture(scope="module")
def calm(objects, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Calm:
    """The undisturbed run over the same kind of server."""
    serve = request.getfixturevalue("serve_module")
    server = serve(dict(objects))
    server.is_s3 = True
    root = tmp_path_factory.mktemp("calm")
    return Calm(crawl(server.url, root), rejects(root), server.asked())


def wanted(objects: dict[str, bytes], calm: Calm, suffixes: tuple[str, ...] = (".json", ".xml", ".jpg")) -> list[str]:
    """Keys that the undisturbed crawl got, in order."""
    bad = {"md5_mismatch", "missing_object"}
    lost = {record.partition("_")[0] for record, reason in calm.rejects if reason in bad}
    keys = (key for key in sorted(calm.asked) if key in objects and key.endswith(suffixes))
    return [key for key in keys if "inventory" not in key and not any(f"{pmcid}." in key for pmcid in lost)]


Handler = Callable[..., None]


def reset_in_the_body(handler) -> None:
    body = handler.server.objects[handler.key]
    handler.answer(200, body[: len(body) // 2], n_stated=len(body))
    handler.reset()


def busy(handler) -> None:
    handler.answer(503, b"<Error><Code>SlowDown</Code></Error>", Retry_After="1")


def trickle(handler) -> None:
    body = handler.server.objects[handler.key]
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.close_connection = True
    for _ in range(300):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.01)


def wrong_bytes(handler) -> None:
    handler.answer(200, handler.server.objects[handler.key][::-1])


def page(handler) -> None:
    handler.answer(200, b"<html>Try later</html>", Content_Type="text/html")


@dataclass(frozen=True)
class Passing:
    """A fault that goes by: it meets some objects, once each."""

    fault: Handler
    every: int = 5
    suffixes: tuple[str, ...] = (".json", ".xml", ".jpg")
    run: dict[str, object] = field(default_factory=dict)


PASSING = {
    "reset in the middle of the body": Passing(reset_in_the_body),
    "503 with Retry-After, one in ten": Passing(busy, every=10),
    "a body that trickles": Passing(trickle, every=40, run={"timeout_s": 2.0}),
    "wrong md5": Passing(wrong_bytes, suffixes=(".xml", ".jpg")),
    "a page of HTML with status 200": Passing(page),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_goes_by_leaves_no_trace(name: str, server, objects, calm: Calm, tmp_path: Path, report):
    case = PASSING[name]
    met = wanted(objects, calm, case.suffixes)[:: case.every]
    server.faults = {key: [case.fault] for key in met}
    assert crawl(server.url, tmp_path, **case.run) == calm.files
    again = server.asked() - calm.asked
    assert again == Counter(met), "an object that failed is asked for once more, and no other is"
    report(name, "the same bytes", again)


@dataclass(frozen=True)
class Lasting:
    """A fault that stays with one object: it is turned away for it, and nothing else changes."""

    fault: Handler | None
    reason: Reason
    suffix: str
    n_again: int


LASTING = {
    "wrong md5, always": Lasting(wrong_bytes, Reason.MD5_MISMATCH, ".jpg", 2),
    "a page of HTML, always": Lasting(page, Reason.FETCH_FAILED, ".jpg", 2),
    "an image that vanished after it was listed": Lasting(None, Reason.MISSING_OBJECT, ".jpg", 0),
    "an article whose JSON vanished after it was listed": Lasting(None, Reason.MISSING_OBJECT, ".json", 0),
    "an article updated in the crawl: JSON of before, XML of after": Lasting(
        lambda handler: handler.answer(200, handler.server.objects[handler.key] + b"<!-- new -->"),
        Reason.MD5_MISMATCH,
        ".xml",
        2,
    ),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_stays_is_a_reject_and_changes_nothing_else(
    name: str, server, objects, calm: Calm, tmp_path: Path, report
):
    case = LASTING[name]
    key = wanted(objects, calm, (case.suffix,))[-1]
    if case.fault:
        server.faults, server.is_lasting = {key: [case.fault]}, True
    else:
        del server.objects[key]
    files = crawl(server.url, tmp_path)
    new = rejects(tmp_path) - calm.rejects
    pmcid = key.removeprefix("metadata/").partition(".")[0]
    assert {reason for _, reason in new} == {case.reason.value}
    assert all(record.startswith(f"{pmcid}_") for record, _ in new) and not calm.rejects - rejects(tmp_path)
    untouched = [part for part in range(N_PARTS) if part != part_of(pmcid, N_PARTS)]
    for part in untouched:
        assert {k: v for k, v in files.items() if f"/part-{part:05d}/" in k}.items() <= calm.files.items()
    again = server.asked() - calm.asked
    assert sum(again.values()) == case.n_again and set(again) <= {key}
    report(name, f"{sum(new.values())} rejected as {case.reason}", again)


@pytest.mark.parametrize("away_s", [3, pytest.param(30, marks=pytest.mark.long)])
def test_a_server_that_is_away(away_s: int, serve, server, calm: Calm, tmp_path: Path, report):
    """It refuses connections, in the middle of the crawl, and then comes back at the same address."""
    back = threading.Event()

    def go_and_come_back(handler) -> None:
        server.faults.clear()
        handler.reset()
        server.shutdown()
        server.server_close()
        server.is_away = True
        time.sleep(away_s)
        again = serve(server.objects, server.server_address[1])
        again.is_s3, again.requests = True, server.requests
        back.set()

    images = sorted(key for key in server.objects if key.endswith(".jpg") and calm.asked[key])
    server.faults = {images[len(images) // 2]: [go_and_come_back]}
    assert crawl(server.url, tmp_path) == calm.files
    assert back.is_set()
    again = server.asked() - calm.asked
    assert sum(again.values()) <= 16, "only what was under way"
    report(f"connection refused for {away_s} s", "the same bytes", again)


def test_an_inventory_that_is_still_being_written(server, calm: Calm, tmp_path: Path, report):
    """The newest has no manifest yet: the one before it is used."""
    server.objects[f"{INVENTORIES}2099-01-01T01-00Z/manifest.checksum"] = b"0" * 32
    assert crawl(server.url, tmp_path) == calm.files
    report("a newest inventory without manifest", "the one before it; the same bytes", server.asked() - calm.asked)


def data_files(objects: dict[str, bytes]) -> list[str]:
    return [key for key in objects if key.startswith(f"{INVENTORIES}data/") and key.endswith(".csv.gz")]


def test_an_inventory_file_damaged_on_the_way(server, objects, calm: Calm, tmp_path: Path, report):
    keys = data_files(objects)
    server.faults = {key: [wrong_bytes] for key in keys}
    assert crawl(server.url, tmp_path) == calm.files
    report("an inventory file damaged on the way", "the same bytes", server.asked() - calm.asked)


def test_an_inventory_file_damaged_at_the_source(server, objects, calm: Calm, tmp_path: Path, report):
    """Nothing is made of it: as a listing it could say that articles were removed."""
    server.faults, server.is_lasting = {key: [wrong_bytes] for key in data_files(objects)}, True
    with pytest.raises(SourceError, match=r"\.csv\.gz: md5") as caught:
        crawl(server.url, tmp_path)
    assert caught.value.reason == Reason.MD5_MISMATCH and not list(tmp_path.iterdir())
    report("a corrupt inventory file", "stops, and names the file", server.asked() - calm.asked)


def test_a_clock_that_jumps(server, calm: Calm, tmp_path: Path, report, monkeypatch: pytest.MonkeyPatch):
    """A day forth and back with every look: nothing that is written depends on it, no wait is longer for it."""
    jumps, true_time = iter(range(10**9)), time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + 86_400 * (-1) ** next(jumps))
    began = time.monotonic()
    assert crawl(server.url, tmp_path) == calm.files
    assert time.monotonic() - began < 60
    report("a clock that jumps", "the same bytes", server.asked() - calm.asked)


def test_a_full_disk(server, calm: Calm, tmp_path: Path, report):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(OSError, match="No space left"):
            crawl(server.url, disk / "root")
        assert all((part / "part.json").exists() for part in disk.glob("root/*/part-*"))
        subprocess.run(["mount", "-o", "remount,size=600m", str(disk)], check=True)
        assert crawl(server.url, disk / "root") == calm.files
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    report("a full disk, then room", "the same bytes", server.asked() - calm.asked)


@pytest.mark.skipif(find_program() is None, reason="needs img2dataset: make img2dataset")
def test_img2dataset_as_the_fetcher_gives_the_same_images(server, calm: Calm, tmp_path: Path):
    """All but the words with which it says why an object could not be had."""
    files = crawl(server.url, tmp_path, fetcher="img2dataset")
    differ = {name for name, digest in files.items() if calm.files[name] != digest}
    assert set(files) == set(calm.files) and all(name.endswith("rejects.parquet") for name in differ)
    assert rejects(tmp_path) == calm.rejects


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_any_mixture_of_passing_faults(seed: int, server, objects, calm: Calm, tmp_path: Path):
    chance = random.Random(seed)
    kinds = [reset_in_the_body, busy, page]
    met = [key for key in wanted(objects, calm) if chance.random() < 0.4]
    server.faults = {key: chance.choices(kinds, k=chance.randint(1, 2)) for key in met}
    n_faults = sum(map(len, server.faults.values()))
    assert crawl(server.url, tmp_path) == calm.files
    assert sum((server.asked() - calm.asked).values()) == n_faults


Report = Callable[[str, str, Counter[str]], None]


@pytest.fixture(scope="module")
def table() -> Iterator[list[dict[str, object]]]:
    rows: list[dict[str, object]] = []
    yield rows
    for row in rows:
        sys.stdout.write(json.dumps(row) + "\n")


@pytest.fixture
def report(table: list[dict[str, object]]) -> Report:
    """Takes a line for the table of faults."""

    def add(fault: str, outcome: str, again: Counter[str]) -> None:
        table.append({"fault": fault, "outcome": outcome, "objects asked for again": len(again)})

    return add

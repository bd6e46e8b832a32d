"""bench fetch: both fetchers get everything, also from a server that fails; the server does what it is told to."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pytest
import requests
from PIL import Image
from rich.console import Console

from jobs import bench_fetch
from jobs.loopback import Weather, serve
from jobs.verbs import UsageError
from pipeline.img2dataset import find_program


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for number in range(5):
        Image.effect_noise((80, 60), 50).save(folder / f"{number} a.jpg")
    return folder


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    bench_fetch.add(parser.add_subparsers(required=True))
    args = parser.parse_args(["fetch", *words])
    return int(args.verb(args, Console(stderr=True)))


@pytest.mark.skipif(find_program() is None, reason="needs img2dataset: make img2dataset")
def test_both_get_everything_from_a_server_that_fails(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--images", str(images), "-n", "60", "--latency", "5", "--failures", "0.2", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["fetcher"] for row in rows] == ["pmc15m", "img2dataset"]
    for row in rows:
        assert row["n_objects"] == 60 and row["n_lost"] == 0
        assert row["n_requests"] > 60, "some were tried again"
        assert row["requests_per_s"] > 0 and row["mb_per_core_s"] > 0


def test_a_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no image"):
        run("--images", str(tmp_path), "--img2dataset", "true")


def test_numbers_that_are_none(images: Path) -> None:
    with pytest.raises(UsageError, match="not a comma list"):
        run("--images", str(images), "--img2dataset", "true", "--latency", "slow")


def test_without_img2dataset_it_says_how_to_get_it(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_fetch, "find_program", lambda: None)
    with pytest.raises(UsageError, match="make img2dataset"):
        run("--images", str(images))


def test_the_server_waits_and_counts() -> None:
    with serve({"a b": b"data"}, Weather(latency_s=0.1)) as server, requests.Session() as session:
        session.trust_env = False
        began = time.monotonic()
        assert session.get(f"{server.url}a%20b").content == b"data"
        assert session.get(f"{server.url}none").status_code == 404
        assert time.monotonic() - began >= 0.3, "two answers and one handshake"
        assert server.n_requests() == 2 and server.n_requests() == 0


def test_the_server_fails_as_often_as_it_is_told() -> None:
    statuses = {"ok": 0, "busy": 0, "cut": 0}
    with serve({"a": bytes(1000)}, Weather(failure_rate=0.4)) as server:
        for _ in range(200):
            try:
                answer = requests.get(f"{server.url}a", timeout=10)
                statuses["ok" if answer.status_code == 200 else "busy"] += 1
            except requests.RequestException:
                statuses["cut"] += 1
    assert 90 <= statuses["ok"] <= 150 and statuses["busy"] > 15 and statuses["cut"] > 15

"""pmc15m plan: what it prints, and what it refuses."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from rich.console import Console

from jobs import plan_verb
from jobs.verbs import UsageError
from pipeline.sources import SourceError


@pytest.fixture
def bucket(sample) -> str:
    return str(sample.bucket)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    plan_verb.add(parser.add_subparsers(required=True))
    args = parser.parse_args(["plan", *words])
    return int(args.verb(args, Console(stderr=True)))


def test_a_plan_for_programs(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    money = ("--core-hour-price", "0.05", "--tb-month-price", "20")
    assert run("--source", bucket, "--sample", "12", "--articles", "20", "--json", *money) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["listed"] == 29 and plan["n_versions"] == 20 and plan["n_sampled"] == 12
    assert [pace["requests_per_s"] for pace in plan["paces"]] == [100, 500, 1000]
    assert plan["requests"]["total"] > 20 and plan["bytes"]["total"] > 10**5
    assert plan["money"]["cores"] == pytest.approx(0.05 * sum(plan["core_hours"].values()))
    assert plan["money"]["disk, a month"] == pytest.approx(20 * plan["stored_bytes"] / 1e12)


def test_a_plan_for_people(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--source", bucket, "--sample", "5", "--rates", "50") == 0
    shown = capsys.readouterr().out
    assert "of 29 listed; 5 measured" in shown and "core-hours: split" in shown and "busy cores" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sample", "0"), "at least 1"),
        (("--articles", "0"), "at least 1"),
        (("--rates", "fast"), "not a comma list"),
        (("--rates", "0"), "above 0"),
    ],
)
def test_what_cannot_be_meant_is_an_error_of_one_line(bucket: str, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run("--source", bucket, *words)


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="name a directory"):
        run("--source", str(tmp_path / "none"))

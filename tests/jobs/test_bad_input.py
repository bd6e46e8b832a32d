"""Bad input gets one clear line, exit code 2, and nothing half-written."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from jobs.cli import main
from pipeline.root import FORMAT


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs the command line; returns its one line."""
    assert main(arguments) == 2
    captured = capfd.readouterr()
    lines = [line for line in captured.err.splitlines() if not line.startswith("INFO")]
    assert len(lines) == 1, captured.err
    assert captured.out == ""
    return lines[0]


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "root")


def test_a_source_that_does_not_exist(capfd, root: str) -> None:
    line = refused(capfd, "rebuild", "--source", "/nowhere/bucket", "--root", root)
    assert "/nowhere/bucket" in line
    assert not Path(root).exists()


def test_an_empty_source(capfd, root: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line = refused(capfd, "rebuild", "--source", str(tmp_path / "empty"), "--root", root)
    assert "empty" in line
    assert not Path(root).exists()


def test_an_unknown_recipe_key_names_the_nearest(capfd, root: str, tmp_path: Path, sample) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[filter]\nmin_sides_px = 3\n")
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", root, "--recipe", str(recipe))
    assert "there is no key 'filter.min_sides_px'; the nearest is 'filter.min_side_px'" in line
    assert not Path(root).exists()


def test_a_root_that_cannot_be_written(capfd, sample) -> None:
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", "/proc/root-of-ours")
    assert "/proc/root-of-ours: cannot be written" in line


def test_a_root_that_is_a_folder_of_something_else(capfd, tmp_path: Path, sample) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", str(tmp_path))
    assert "a folder with other things in it" in line
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_root_made_by_a_newer_version(capfd, tmp_path: Path, sample) -> None:
    (tmp_path / "root.json").write_text(json.dumps({"format": FORMAT + 1}))
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", str(tmp_path))
    assert "made by a newer pmc15m" in line


def test_two_jobs_on_one_root(capfd, tmp_path: Path, sample) -> None:
    (tmp_path / "root.json").write_text(json.dumps({"format": FORMAT}))
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", str(tmp_path))
    assert "another job is writing here" in line


def test_a_licence_class_that_does_not_exist(capfd, root: str, sample) -> None:
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", root, "--license", "free")
    assert "'free' is not one of commercial, noncommercial, all" in line


@pytest.mark.parametrize("verb", ["status", "rejects", "show PMC1", "dump pairs"])
def test_looking_where_nothing_was_built(capfd, tmp_path: Path, verb: str) -> None:
    line = refused(capfd, *verb.split(), "--root", str(tmp_path))
    assert "no root here" in line


def test_no_java_says_how_to_get_it(capfd, root: str, sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", root)
    assert "no Java found" in line and "apt-get install" in line and "brew" in line and "conda" in line
    assert not Path(root).exists()


def test_an_old_java_is_named(capfd, root: str, sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    line = refused(capfd, "rebuild", "--source", str(sample.bucket), "--root", root)
    assert "11.0.2" in line and "needs Java 17 or newer" in line

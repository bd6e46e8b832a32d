"""The verb report: options, and errors in one line."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from rich.console import Console

from jobs import report_verb
from pipeline.root import RootError, create_root


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pmc15m")
    report_verb.add(parser.add_subparsers(required=True))
    return parser.parse_args(["report", *arguments])


def test_root_and_out_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--root", "x")
    assert "--out" in capsys.readouterr().err


def test_a_root_without_a_release_says_so(tmp_path: Path) -> None:
    create_root(tmp_path / "root")
    args = parse("--root", str(tmp_path / "root"), "--out", str(tmp_path / "out"))
    with pytest.raises(RootError, match="no release 'latest'"):
        args.verb(args, Console())
    assert not (tmp_path / "out").exists()


def test_no_root_is_an_error(tmp_path: Path) -> None:
    args = parse("--root", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
    with pytest.raises(RootError, match="no root here"):
        args.verb(args, Console())

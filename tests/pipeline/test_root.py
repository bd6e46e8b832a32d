from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.root import FORMAT, Chain, Root, RootError, create_root, discard_part, locked, open_root, sweep


def test_a_root_is_made_once_and_opened_again(tmp_path: Path) -> None:
    root = create_root(tmp_path / "a" / "root")
    assert create_root(root.path) == open_root(root.path) == root


def test_a_chain_survives(tmp_path: Path) -> None:
    root = create_root(tmp_path / "root")
    with pytest.raises(RootError, match="nothing here yet"):
        root.chain()
    chain = Chain(
        "s3://bucket", "2026-11-20T01-00Z", {"filter": {"min_words": 3}}, {"parse": "parse-1"}, "monday", ["a"]
    )
    assert root.newest_chain() is None
    root.save_chain(chain)
    assert root.chain() == chain


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json"])
def test_a_folder_without_a_sound_marker_is_no_root(tmp_path: Path, text: str) -> None:
    (tmp_path / "root.json").write_text(text)
    with pytest.raises(RootError, match="no root here"):
        open_root(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(RootError, match="upgrade pmc15m"):
        create_root(tmp_path)


def test_a_file_is_no_root(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RootError, match="cannot be written"):
        create_root(tmp_path / "file")


def test_the_lock_is_held_by_one(tmp_path: Path) -> None:
    root = create_root(tmp_path / "root")
    with locked(root), pytest.raises(RootError, match="another job"), locked(root):
        pass
    with locked(root):
        pass


def test_sweeping_takes_what_is_half_written_and_nothing_else(tmp_path: Path) -> None:
    for name in (".part-00000.abc", "part-00001", ".scratch"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    (tmp_path / ".manifest.json.abc").write_text("x")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["part-00001"]


def test_a_discarded_part_is_gone(tmp_path: Path) -> None:
    (tmp_path / "part-00001").mkdir()
    discard_part(tmp_path, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_stage_folder_is_under_the_root() -> None:
    assert Root(Path("/r")).stage("parse-1") == Path("/r/stages/parse-1")

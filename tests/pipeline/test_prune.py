from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipeline.prune import prune
from pipeline.root import Chain, Root, create_root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """Three releases, each with a table of its own and one that all share."""
    made = create_root(tmp_path / "root")
    for number in range(3):
        tables = {"parse": "parse-shared", "pack": f"pack-{number}"}
        for folder in tables.values():
            (made.stage(folder) / "part-00000").mkdir(parents=True, exist_ok=True)
        release = made.releases / f"2026-11-2{number}-abc"
        release.mkdir(parents=True)
        (release / "manifest.json").write_text(json.dumps({"tables": tables}))
        os.utime(release / "manifest.json", (number, number))
    (made.releases / "latest").symlink_to("2026-11-22-abc")
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_older_releases_and_their_own_folders_go(root: Root) -> None:
    pruned = prune(root, keep=1)
    assert pruned.releases == ["2026-11-20-abc", "2026-11-21-abc"]
    assert pruned.folders == ["pack-0", "pack-1"]
    assert names(root.releases) == ["2026-11-22-abc", "latest"]
    assert names(root.stage("")) == ["pack-2", "parse-shared"]


def test_the_latest_stays_even_where_an_older_one_was_written_after_it(root: Root) -> None:
    os.utime(root.releases / "2026-11-20-abc" / "manifest.json", (9, 9))
    assert prune(root, keep=1).releases == ["2026-11-21-abc", "2026-11-20-abc"]


def test_what_the_newest_chain_has_made_so_far_stays(root: Root) -> None:
    root.save_chain(Chain("s3://b", "2026-11-23", {}, {"pack": "pack-1"}))
    assert prune(root, keep=1).folders == ["pack-0"]


def test_a_root_with_fewer_releases_keeps_them(root: Root) -> None:
    assert prune(root, keep=5).releases == []
    assert len(names(root.stage(""))) == 4

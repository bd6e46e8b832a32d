"""Giving disk space back: older releases, and the folders that no kept release and not the newest chain is made of."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.root import Root


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed."""

    releases: list[str]
    folders: list[str]


def prune(root: Root, keep: int) -> Pruned:
    """Removes all but the newest releases, and what only they were made of. Only for the holder of the lock.

    Each folder disappears by one rename, the releases first: a prune that is killed leaves nothing half-readable.

    Args:
        root: the root.
        keep: how many releases stay; the one called latest is always among them.
    """
    releases = sorted(root.releases.glob("*-*/manifest.json"), key=_age)
    kept, gone = releases[-keep:], releases[:-keep]
    used = {name for manifest in kept for name in json.loads(manifest.read_text())["tables"].values()}
    if chain := root.newest_chain():
        used |= set(chain.stages.values())
    unused = [path for path in sorted(root.stage("").iterdir()) if path.name not in used]
    for folder in [*(manifest.parent for manifest in gone), *unused]:
        _remove(folder)
    return Pruned([manifest.parent.name for manifest in gone], [path.name for path in unused])


def _age(manifest: Path) -> tuple[bool, int]:
    latest = manifest.parent.parent / "latest"
    return latest.exists() and latest.samefile(manifest.parent), manifest.stat().st_mtime_ns


def _remove(folder: Path) -> None:
    grave = folder.with_name(f".pruned-{folder.name}")
    shutil.rmtree(grave, ignore_errors=True)
    folder.rename(grave)
    shutil.rmtree(grave)

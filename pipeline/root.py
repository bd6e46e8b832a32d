"""A root: the folder that holds everything a rebuild makes.

    ROOT/root.json                     format of the root
    ROOT/chain.json                    the newest chain: settings, inventory, and the folder of each stage
    ROOT/stages/parse-3f2a91c07d4e/    a stage's parts
                       manifest-STATE  written once all parts of a state of the inventory are there
    ROOT/stages/cluster-1b9f…-STATE/   the same for a step that looks at all articles together
    ROOT/releases/2026-11-20-3f2a91/   shards and their manifest
    ROOT/lock                          held by the job that writes

A stage's folder is named for what goes into it (settings, revision), so nothing is ever overwritten: a newer inventory
adds parts, for the articles that are new or changed, and tombstones for those that older parts still hold.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline.part import PartReport, part_name, read_report, write_atomically

FORMAT = 1
"""Raised when an older program could no longer read a root."""


class RootError(Exception):
    """The root cannot be used; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class StageManifest:
    """What a complete stage did for a state of the inventory. Written last: a stage without one does not exist."""

    stage: str
    n_parts: int
    n_in: int
    kept: dict[str, int]
    rejects: dict[str, int]
    stored_bytes: int
    worker_seconds: float
    seconds: float
    finished: str
    config: dict[str, Any]
    code_version: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The stages of the newest rebuild, complete or not."""

    source: str
    inventory: str
    """Date of the inventory that it reflects."""
    config: dict[str, Any]
    stages: dict[str, str] = field(default_factory=dict)
    """Folder name by stage."""
    listing: str = ""
    """Digest of what was listed."""
    lineage: list[str] = field(default_factory=list)
    """The states of the inventory that it builds on, newest first."""


@dataclass(frozen=True, slots=True)
class Root:
    """Paths of a root."""

    path: Path

    def stage(self, folder_name: str) -> Path:
        """Folder of a stage."""
        return self.path / "stages" / folder_name

    @property
    def releases(self) -> Path:
        """Folder of the releases."""
        return self.path / "releases"

    def chain(self) -> Chain:
        """The newest chain.

        Raises:
            RootError: nothing was rebuilt here yet.
        """
        try:
            return Chain(**json.loads((self.path / "chain.json").read_text()))
        except FileNotFoundError:
            raise RootError(f"{self.path}: nothing here yet; run 'pmc15m rebuild' first") from None

    def newest_chain(self) -> Chain | None:
        """The newest chain, or None where nothing was rebuilt yet."""
        return self.chain() if (self.path / "chain.json").exists() else None

    def save_chain(self, chain: Chain) -> None:
        """Makes `chain` the newest."""
        write_atomically(self.path / "chain.json", json.dumps(asdict(chain), indent=1) + "\n")


def create_root(path: Path) -> Root:
    """A root that can be written, made where there is none.

    Raises:
        RootError: it is a file, holds other things, cannot be written, or is of a newer format.
    """
    marker = path / "root.json"
    try:
        if not marker.is_file():
            if path.is_dir() and any(path.iterdir()):
                raise RootError(f"{path}: a folder with other things in it; name an empty or a new one")
            path.mkdir(parents=True, exist_ok=True)
            write_atomically(marker, json.dumps({"format": FORMAT}) + "\n")
        if not os.access(path, os.W_OK):
            raise RootError(f"{path}: cannot be written; check its owner and mode")
    except OSError as error:
        raise RootError(f"{path}: cannot be written: {error.strerror}") from error
    return open_root(path)


def open_root(path: Path) -> Root:
    """A root that exists.

    Raises:
        RootError: there is none, or it is of a newer format.
    """
    try:
        made = json.loads((path / "root.json").read_text())["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RootError(f"{path}: no root here; 'pmc15m rebuild --root {path} ...' makes one") from error
    if made > FORMAT:
        raise RootError(f"{path}: made by a newer pmc15m (format {made}, this one reads {FORMAT}); upgrade pmc15m")
    return Root(path.resolve())


@contextmanager
def locked(root: Root) -> Iterator[None]:
    """Keeps other jobs from writing to the root; freed by the system even when the job is killed.

    Raises:
        RootError: another job holds it.
    """
    with (root.path / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RootError(f"{root.path}: another job is writing here; wait for it or stop it") from None
        yield


def manifest_name(state: str) -> str:
    """Name of the file that completes a stage for a state of the inventory."""
    return f"manifest-{state}.json"


def read_manifest(folder: Path, state: str) -> StageManifest | None:
    """What a stage did for a state of the inventory, or None where it is not complete."""
    try:
        return StageManifest(**json.loads((folder / manifest_name(state)).read_text()))
    except FileNotFoundError:
        return None


def part_reports(folder: Path, n_parts: int) -> dict[int, PartReport]:
    """Those of the first parts of a stage that are committed."""
    found = {part: read_report(folder / part_name(part)) for part in range(n_parts)}
    return {part: report for part, report in found.items() if report}


def sweep(folder: Path) -> None:
    """Removes what a killed run left half-written. Only for the holder of the lock."""
    for scratch in folder.glob(".*"):
        if scratch.is_dir():
            shutil.rmtree(scratch, ignore_errors=True)  # a worker that outlived the killed run may be removing it too
        else:
            scratch.unlink(missing_ok=True)


def discard_part(folder: Path, part: int) -> None:
    """Removes a part that must be made again; it disappears by one rename."""
    grave = folder / f".discarded-{part_name(part)}"
    shutil.rmtree(grave, ignore_errors=True)
    (folder / part_name(part)).rename(grave)
    shutil.rmtree(grave)


def save_manifest(folder: Path, state: str, manifest: StageManifest) -> None:
    """Completes a stage for a state of the inventory."""
    write_atomically(folder / manifest_name(state), json.dumps(asdict(manifest), indent=1) + "\n")

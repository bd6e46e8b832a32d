"""Shards for training: which there are, whether they are whole, and where in them each sample lies."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IMAGE_SUFFIXES = ("jpg", "jpeg", "png", "webp")


class ShardError(Exception):
    """A shard that cannot be used: its name and why."""


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A tar file of samples."""

    path: Path
    sha256: str | None = None
    """64 hex digits, where a manifest states it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of a shard: the picture by its place, the rest by value."""

    key: str
    offset: int
    n_bytes: int
    text: str
    about: dict[str, Any]


def find_shards(folder: Path, split: str) -> list[ShardFile]:
    """The shards of a split in the order of their names: those that the manifest lists, else those that lie there.

    Raises:
        ShardError: there are none, or the manifest cannot be read.
    """
    manifest = folder / "manifest.json"
    if manifest.exists():
        found = [ShardFile(folder / _file_name(row), row["sha256"]) for row in _listed(manifest, split)]
    else:
        found = [ShardFile(path) for path in folder.glob(f"{split}-*.tar")]
    if not found:
        raise ShardError(f"{folder}: holds no shards of the split '{split}' ({split}-00000.tar, ...)")
    return sorted(found, key=lambda shard: shard.path.name)


def _listed(manifest: Path, split: str) -> list[dict[str, Any]]:
    try:
        return [row for row in json.loads(manifest.read_text())["shards"] if row["split"] == split]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShardError(f"{manifest}: cannot be read: {error}") from error


def _file_name(row: dict[str, Any]) -> str:
    """A release's manifest names files, that of an export names shards."""
    return row["file"] if "file" in row else f"{row['name']}.tar"


def verify(shard: ShardFile) -> None:
    """Reads a shard whole.

    Raises:
        ShardError: it is not there, or not the one that the manifest describes.
    """
    try:
        with shard.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest() if shard.sha256 else None
    except OSError as error:
        raise ShardError(f"{shard.path.name}: {error.strerror}") from error
    if found != shard.sha256:
        raise ShardError(f"{shard.path.name}: its sha256 is not that of the manifest")


def read_samples(shard: ShardFile) -> Iterator[Sample]:
    """The samples of a shard in its order; pictures are not read.

    Raises:
        ShardError: it is no whole tar file, or a sample lacks its picture or text.
    """
    name = shard.path.name
    try:
        with tarfile.open(shard.path, "r:") as tar:
            members: dict[str, tarfile.TarInfo] = {}
            key = ""
            for member in tar:
                stem, _, suffix = member.name.partition(".")
                if stem != key and members:
                    yield _sample(tar, key, members, name)
                    members = {}
                key = stem
                members[suffix] = member
            if members:
                yield _sample(tar, key, members, name)
    except (OSError, tarfile.TarError, UnicodeDecodeError) as error:
        raise ShardError(f"{name}: {error}") from error


def _sample(tar: tarfile.TarFile, key: str, members: dict[str, tarfile.TarInfo], shard: str) -> Sample:
    picture = next((members[suffix] for suffix in IMAGE_SUFFIXES if suffix in members), None)
    if picture is None or "txt" not in members:
        raise ShardError(f"{shard}: sample {key} lacks its {'text' if picture else 'picture'}")
    about = json.loads(_bytes(tar, members["json"])) if "json" in members else {}
    return Sample(key, picture.offset_data, picture.size, _bytes(tar, members["txt"]).decode(), about)


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""

"""Objects in a local directory, whose files are named by their keys."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipeline.sources.source import SourceError
from pipeline.sources.store import md5_mismatch, too_large, verify_md5
from pipeline.sources.traffic import Traffic
from schemas.reject import Reason

_CHUNK = 1 << 20
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP}


@dataclass(frozen=True)
class DirectoryStore:
    """The files under a directory."""

    root: Path
    traffic: Traffic = field(default_factory=Traffic, compare=False, repr=False)

    @property
    def location(self) -> str:
        """The directory."""
        return str(self.root)

    @property
    def is_remote(self) -> bool:
        """A disk gains nothing from several readers."""
        return False

    def read(self, key: str, *, max_bytes: int, md5: str | None = None, is_json: bool = False) -> bytes:
        """The file's bytes; see `ObjectStore`."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                # The size bounds what is set aside for the bytes: the limit alone costs more than the reading.
                data = file.read(min(os.fstat(file.fileno()).st_size, max_bytes) + 1)
        except OSError as error:
            raise local_error(path, error) from error
        if len(data) > max_bytes:
            raise too_large(str(path), max_bytes)
        self.traffic.add(len(data))
        verify_md5(str(path), data, md5)
        return data

    def open(self, key: str, *, max_bytes: int, md5: str | None = None) -> BinaryIO:
        """The file, verified; see `ObjectStore`."""
        path = self._path(key)
        try:
            file = path.open("rb")
        except OSError as error:
            raise local_error(path, error) from error
        try:
            self.traffic.add(path.stat().st_size)
            _verify(path, file, max_bytes, md5)
        except (OSError, SourceError):
            file.close()
            raise
        return file

    def url(self, key: str) -> str:
        """The file's path; see `ObjectStore`."""
        return str(self._path(key))

    def names(self, prefix: str) -> list[str]:
        """Names directly under a prefix; see `ObjectStore`."""
        path = self._path(prefix)
        try:
            return sorted(child.name + "/" * child.is_dir() for child in path.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise local_error(path, error) from error

    def close(self) -> None:
        """Nothing is held."""

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key)
        if parts.is_absolute() or ".." in parts.parts or "\0" in key:
            raise SourceError(Reason.MISSING_OBJECT, f"{self.root}: {key!r} is no key of this directory")
        return self.root / parts


def local_error(path: Path, error: OSError) -> SourceError:
    """The error for a file that could not be read: it is not there, or the disk failed."""
    what = f"{path}: {error.strerror or error}"
    if error.errno in _NOT_THERE:
        return SourceError(Reason.MISSING_OBJECT, what)
    return SourceError(Reason.FETCH_FAILED, what, is_transient=True)


def _verify(path: Path, file: BinaryIO, max_bytes: int, md5: str | None) -> None:
    """Reads the file once, a piece at a time, and goes back to its start."""
    digest = hashlib.md5(usedforsecurity=False)
    n_bytes = 0
    while chunk := file.read(_CHUNK):
        n_bytes += len(chunk)
        if n_bytes > max_bytes:
            raise too_large(str(path), max_bytes)
        digest.update(chunk)
    if md5 is not None and digest.hexdigest() != md5:
        raise md5_mismatch(str(path), digest.hexdigest(), md5)
    file.seek(0)

"""Tar files that are equal whenever their members are: fixed owner, mode and time, and known offsets."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

_BLOCK = 512


class TarWriter:
    """Writes members one after the other and tells where each begins."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("xb")
        self._hash = hashlib.sha256()
        self.n_bytes = 0

    @property
    def sha256(self) -> str:
        """sha256 of what was written so far, 64 hex digits."""
        return self._hash.hexdigest()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.n_bytes += len(data)

    def add(self, name: str, data: bytes) -> int:
        """Appends a member; returns the offset of its first byte in the tar file."""
        info = tarfile.TarInfo(name)
        info.size = len(data)
        info.mode = 0o644
        self._write(info.tobuf(tarfile.USTAR_FORMAT))
        offset = self.n_bytes
        self._write(data)
        self._write(bytes(-len(data) % _BLOCK))
        return offset

    def close(self) -> None:
        """Ends the archive."""
        self._write(bytes(2 * _BLOCK))
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close() if kind is None else self._file.close()


def read_slice(path: Path, offset: int, n_bytes: int) -> bytes:
    """The bytes of one member.

    Raises:
        OSError: the file is not there or is shorter than that.
    """
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(n_bytes)
    if len(data) != n_bytes:
        raise OSError(f"{path}: {len(data)} of {n_bytes} bytes at offset {offset}")
    return data

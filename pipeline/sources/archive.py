"""The members of a legacy package, read in one pass from its gzip stream; nothing is ever unpacked to disk.

The headers are walked here and not by `tarfile.open`, for two reasons: it reads extended headers whole, whatever
size they claim, and it follows features (links, sparse files) that no package needs. The reading of one header block
is `tarfile`'s. A package with anything unsafe in it is refused as a whole: somebody has tampered with it.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.sources.directory import local_error
from pipeline.sources.metadata import is_safe_name
from pipeline.sources.source import SourceError
from pipeline.sources.store import Limits
from schemas.reject import Reason

_BLOCK = 512
_CHUNK = 1 << 20
_MAX_HEADER = 65_536
"""Bytes of an extended header; a name has at most a few hundred."""
_FREE_BYTES = 64_000_000
"""Unpacked bytes below which no ratio makes a bomb: an XML alone may shrink to a fiftieth."""
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a package."""

    folder: str
    """Path of the folder it lies in; empty at the top."""
    name: str
    n_bytes: int


def read_members(path: Path, limits: Limits, wants: Callable[[Member], bool]) -> Iterator[tuple[Member, bytes | None]]:
    """The files of a package, in order, with the bytes of those that are wanted.

    Raises:
        SourceError: MISSING_OBJECT, TRUNCATED, BAD_ARCHIVE, UNSAFE_MEMBER, or TOO_LARGE for a bomb.
    """
    try:
        with path.open("rb") as file, gzip.open(file) as unpacked:
            yield from _walk(_Stream(path, unpacked, path.stat().st_size, limits), wants)
    except EOFError as error:
        raise SourceError(Reason.TRUNCATED, f"{path}: the package ends early") from error
    except (gzip.BadGzipFile, zlib.error, tarfile.TarError, ValueError) as error:
        raise SourceError(Reason.BAD_ARCHIVE, f"{path}: {error}") from error
    except OSError as error:
        raise local_error(path, error) from error


class _Stream:
    """The unpacked bytes, counted."""

    def __init__(self, path: Path, unpacked: gzip.GzipFile, n_packed: int, limits: Limits) -> None:
        self.path = path
        self._unpacked = unpacked
        self._limits = limits
        self._max_by_ratio = max(_FREE_BYTES, n_packed * limits.package_ratio)
        self._n_bytes = 0

    def read(self, n_bytes: int) -> bytes:
        """That many bytes; EOFError where there are fewer."""
        pieces = []
        while n_bytes > 0:
            piece = self._read_piece(n_bytes)
            if not piece:
                raise EOFError
            pieces.append(piece)
            n_bytes -= len(piece)
        return b"".join(pieces)

    def skip(self, n_bytes: int) -> None:
        """Passes over that many bytes."""
        while n_bytes > 0:
            piece = self._read_piece(n_bytes)
            if not piece:
                raise EOFError
            n_bytes -= len(piece)

    def skip_rest(self) -> None:
        """Reads to the end, where gzip keeps its checksum."""
        while self._read_piece(_CHUNK):
            pass

    def _read_piece(self, n_bytes: int) -> bytes:
        piece = self._unpacked.read(min(n_bytes, _CHUNK))
        self._n_bytes += len(piece)
        if self._n_bytes > self._limits.package:
            raise SourceError(Reason.TOO_LARGE, f"{self.path}: above {self._limits.package} bytes unpacked")
        if self._n_bytes > self._max_by_ratio:
            what = f"{self.path}: unpacks to more than {self._limits.package_ratio} times its size"
            raise SourceError(Reason.TOO_LARGE, what)
        return piece


def _walk(stream: _Stream, wants: Callable[[Member], bool]) -> Iterator[tuple[Member, bytes | None]]:
    seen: set[tuple[str, str]] = set()
    extended: dict[str, str] = {}
    while any(block := stream.read(_BLOCK)):
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE):
            extended |= _extended(stream, header)
            continue
        member = _member(stream, header, extended)
        extended = {}
        if member is None:
            continue
        if (member.folder, member.name) in seen:
            raise ValueError(f"two members are named {member.name!r}")
        seen.add((member.folder, member.name))
        yield member, _contents(stream, member, is_wanted=wants(member))
    stream.skip_rest()


def _contents(stream: _Stream, member: Member, *, is_wanted: bool) -> bytes | None:
    data = None
    if is_wanted:
        data = stream.read(member.n_bytes)
    else:
        stream.skip(member.n_bytes)
    stream.skip(-member.n_bytes % _BLOCK)
    return data


def _member(stream: _Stream, header: tarfile.TarInfo, extended: dict[str, str]) -> Member | None:
    """The file that a header announces; None for a folder."""
    name = extended.get("path", header.name)
    n_bytes = int(extended.get("size", header.size))
    is_folder = header.type == tarfile.DIRTYPE
    if not is_folder and header.type not in _FILES:
        raise _unsafe(stream.path, name, "is neither a file nor a folder")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or not all(is_safe_name(part) for part in parts):
        raise _unsafe(stream.path, name, "leaves its folder or has an unsafe name")
    if n_bytes < 0 or (is_folder and n_bytes) or (not is_folder and not parts):
        raise ValueError(f"member {name[:200]!r} of {n_bytes} bytes")
    return None if is_folder else Member("/".join(parts[:-1]), parts[-1], n_bytes)


def _extended(stream: _Stream, header: tarfile.TarInfo) -> dict[str, str]:
    """The name or size that an extended header gives to the member after it."""
    if not 0 <= header.size <= _MAX_HEADER:
        raise ValueError(f"an extended header of {header.size} bytes")
    data = stream.read(header.size)
    stream.skip(-header.size % _BLOCK)
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    records = dict(_pax_records(data))
    if any(key.startswith("GNU.sparse") for key in records):
        raise _unsafe(stream.path, records.get("path", ""), "is a sparse file")
    is_global = header.type == tarfile.XGLTYPE
    return {} if is_global else {key: records[key] for key in ("path", "size") if key in records}


def _pax_records(data: bytes) -> Iterator[tuple[str, str]]:
    """Keys and values. Source: POSIX.1-2001, pax: records ``LENGTH KEY=VALUE`` with a newline."""
    while data:
        digits = data.partition(b" ")[0]
        length = int(digits) if digits.isdigit() and len(digits) < 6 else 0
        key, is_pair, value = data[len(digits) + 1 : length].partition(b"=")
        if not is_pair or length > len(data) or not value.endswith(b"\n"):
            raise ValueError("a damaged extended header")
        yield key.decode("utf-8", "surrogateescape"), value[:-1].decode("utf-8", "surrogateescape")
        data = data[length:]


def _unsafe(path: Path, name: str, what: str) -> SourceError:
    return SourceError(Reason.UNSAFE_MEMBER, f"{path}: member {name[:200]!r} {what}")

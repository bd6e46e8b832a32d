"""Objects by key: what the cloud layout needs of the place that holds it, be it a server or a directory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from pipeline.sources.source import SourceError
from pipeline.sources.traffic import Traffic
from schemas.reject import Reason


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest objects that are read, in bytes. Larger ones are refused, before they fill the memory."""

    json: int = 5_000_000
    """Metadata of the article with most files (347) take 60 kB."""
    xml: int = 20_000_000
    media: int = 200_000_000
    listing: int = 2_000_000_000
    """One data file of an inventory; all together have about 230 MB."""
    package: int = 4_000_000_000
    """A legacy package, unpacked."""
    package_ratio: int = 200
    """Unpacked over packed size of a legacy package, counted above 64 MB unpacked. Images hardly shrink."""
    package_cache: int = 256_000_000
    """Members of one legacy package that are kept in memory."""


class ObjectStore(Protocol):
    """A place that holds objects by key."""

    @property
    def location(self) -> str:
        """The directory, or the URL before the keys."""

    @property
    def is_remote(self) -> bool:
        """Whether each object is a request to a server."""

    @property
    def traffic(self) -> Traffic:
        """What was read of it."""

    def read(self, key: str, *, max_bytes: int, md5: str | None = None, is_json: bool = False) -> bytes:
        """The object, whole and with that md5 where one is given.

        Args:
            key: of the object.
            max_bytes: largest size that is read.
            md5: as the source states it.
            is_json: a server that sends something else is asked again. Whether the JSON is good is for the caller.

        Raises:
            SourceError: it is missing, too large, or cannot be had whole.
        """

    def open(self, key: str, *, max_bytes: int, md5: str | None = None) -> BinaryIO:
        """The object as a stream from which it is read piece by piece; verified before the first byte is given.

        Raises:
            SourceError: as `read`.
        """

    def url(self, key: str) -> str:
        """Where the object lies, for other programs."""

    def names(self, prefix: str) -> list[str]:
        """Names directly under a prefix that ends in a slash; those of folders end in a slash too.

        Raises:
            SourceError: they cannot be listed. No such prefix is no error: it has no names.
        """

    def close(self) -> None:
        """Gives back connections."""


def verify_md5(where: str, data: bytes, md5: str | None) -> None:
    """Checks bytes against the md5 that the source states, if it states one.

    Raises:
        SourceError: MD5_MISMATCH.
    """
    if md5 is None:
        return
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != md5:
        raise md5_mismatch(where, found, md5)


def md5_mismatch(where: str, found: str, stated: str) -> SourceError:
    """The error for bytes that are not what the source states."""
    return SourceError(Reason.MD5_MISMATCH, f"{where}: md5 {found}, the source states {stated}")


def too_large(where: str, max_bytes: int) -> SourceError:
    """The error for an object above its limit."""
    return SourceError(Reason.TOO_LARGE, f"{where}: above {max_bytes} bytes")

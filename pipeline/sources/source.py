"""What every source offers: article versions with a change token, and their metadata, XML and media."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline.sources.traffic import Traffic
from schemas.reject import Reason

INVENTORY_COLUMNS = ("Bucket", "Key", "LastModifiedDate", "ETag")
"""Columns of the bucket's daily inventory. Source: facts of 2026-11, `fileSchema` of the manifest."""


class SourceError(Exception):
    """Something the source does not have, or has in a state that cannot be used.

    Attributes:
        reason: the reason for a reject.
        detail: one line: what, where.
        is_transient: a later run may get it.
    """

    def __init__(self, reason: Reason, detail: str, is_transient: bool = False) -> None:
        super().__init__(reason, detail, is_transient)  # all of them, so that it survives pickling
        self.reason = reason
        self.detail = detail
        self.is_transient = is_transient

    def __str__(self) -> str:
        return self.detail


@dataclass(frozen=True, slots=True)
class ListingFile:
    """A file that lists article versions: a data file of an inventory, or the file list of a legacy mirror."""

    key: str
    md5: str | None
    """As the source states it, 32 hex digits."""
    columns: tuple[str, ...] = INVENTORY_COLUMNS
    """Meaning of its columns, in order, as the manifest states it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the source has at one time."""

    date: str
    """When the source wrote the listing, such as ``2026-11-20T01-00Z``."""
    digest: str
    """64 hex digits; equal for equal listings."""
    files: tuple[ListingFile, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One article version in a listing."""

    pmcid: str
    version: int
    change_token: str
    """Differs when anything of the version differs; compare it, do not interpret it."""
    modified: str
    """As the source writes it."""


@dataclass(frozen=True, slots=True)
class MediaObject:
    """A file of an article version."""

    name: str
    """File name, without any folder."""
    url: str
    """``s3://BUCKET/PMC1.1/name`` in the cloud layout, ``oa_package/xx/yy/PMC1.tar.gz#name`` in a package."""
    md5: str | None
    """As the source states it, 32 lower-case hex digits; None where it states none."""


@dataclass(frozen=True, slots=True)
class ArticleMetadata:
    """What the source says of an article version."""

    pmcid: str
    version: int
    pmid: str | None
    doi: str | None
    mid: str | None
    """Manuscript id, such as ``NIHMS123``."""
    title: str | None
    citation: str | None
    is_pmc_openaccess: bool
    is_manuscript: bool
    is_historical_ocr: bool
    is_retracted: bool
    license_code: str | None
    """A code such as ``CC BY-NC`` or ``TDM``; None where there is no machine-readable licence."""
    xml: MediaObject
    media: tuple[MediaObject, ...]
    """Figures, equations, table images and supplements alike: the source does not tell them apart."""


class Source(Protocol):
    """Where articles come from. It can be pickled; a copy opens its own connections and files."""

    @property
    def kind(self) -> str:
        """``cloud`` or ``packages``."""

    @property
    def location(self) -> str:
        """As the user named it."""

    @property
    def is_remote(self) -> bool:
        """Whether each object is a request to a server, so that reading several at a time pays; threads may do so."""

    @property
    def traffic(self) -> Traffic:
        """What was read of it, in this process."""

    def describe(self) -> str:
        """One line for the user: what was recognised, and where."""

    def snapshot(self) -> Snapshot:
        """The newest complete listing.

        Raises:
            SourceError: there is none, or it cannot be had.
        """

    def entries(self, file: ListingFile) -> Iterator[Entry]:
        """The article versions in a listing file, in its order, in bounded memory.

        Raises:
            SourceError: the file is missing or damaged; the detail names the line.
        """

    def metadata(self, pmcid: str, version: int) -> ArticleMetadata:
        """What the source says of an article version.

        Raises:
            SourceError: it is missing or damaged, or is not what its place in the source says.
        """

    def xml(self, article: ArticleMetadata) -> bytes:
        """The article's XML, its md5 verified.

        Raises:
            SourceError: it cannot be had whole.
        """

    def media(self, obj: MediaObject, max_bytes: int | None = None) -> bytes:
        """One file of an article, its md5 verified.

        Args:
            obj: the file.
            max_bytes: a lower limit than the source's own.

        Raises:
            SourceError: it cannot be had whole.
        """

    def close(self) -> None:
        """Gives back connections and memory; the source opens them again when it is used again."""

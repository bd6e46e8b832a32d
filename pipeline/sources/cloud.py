"""The bucket layout that PubMed Central uses since 2026, in whatever store holds it.

One prefix per article version (``PMC1.1/``), the metadata of all of them once more under ``metadata/``, and a daily
inventory of that folder. Source: README.txt of s3://pmc-oa-opendata, read 2026-11.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar
from urllib.parse import unquote

from pipeline.sources.metadata import is_safe_name, parse_metadata
from pipeline.sources.source import ArticleMetadata, Entry, ListingFile, MediaObject, Snapshot, SourceError
from pipeline.sources.store import Limits, ObjectStore
from pipeline.sources.traffic import Traffic
from schemas.reject import Reason

INVENTORIES = "inventory-reports/pmc-oa-opendata/metadata/"
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}Z)/")
_METADATA_KEY = re.compile(r"metadata/(PMC\d{1,12})\.(\d{1,4})\.json")
_MEDIA_URL = re.compile(r"s3://[^/]+/(PMC\d+\.\d+)/([^/]+)", re.DOTALL)
_MD5 = re.compile(r"[0-9a-f]{32}")
_MAX_LINE = 8192
"""Bytes. An inventory line has about 110, a key at most 1,024."""
_XML_ENDINGS = (".xml", ".nxml")


@dataclass(frozen=True)
class CloudSource:
    """Articles in the bucket layout of 2026."""

    store: ObjectStore
    location: str
    limits: Limits = Limits()
    kind: ClassVar[str] = "cloud"

    @property
    def is_remote(self) -> bool:
        """See `Source`."""
        return self.store.is_remote

    @property
    def traffic(self) -> Traffic:
        """See `Source`."""
        return self.store.traffic

    def describe(self) -> str:
        """One line for the user."""
        where = self.store.location
        told = "" if where.rstrip("/") == self.location.rstrip("/") else f", read from {where}"
        return f"{self.location}: the PMC bucket layout of 2026{told}"

    def snapshot(self) -> Snapshot:
        """The newest inventory that has a readable manifest; see `Source`."""
        passed_over = []
        for date in self._dates():
            try:
                return self._inventory(date)
            except SourceError as error:
                if error.is_transient:  # it may well be there: an older one would silently be used in its place
                    raise
                passed_over.append(error.detail)
        told = f" ({'; '.join(passed_over[:3])})" if passed_over else ""
        what = f"no complete inventory under {INVENTORIES}YYYY-MM-DDTHH-MMZ/{told}"
        raise SourceError(Reason.MISSING_OBJECT, f"{self.location}: {what}; copy one from the bucket")

    def entries(self, file: ListingFile) -> Iterator[Entry]:
        """The article versions in a data file of an inventory; see `Source`."""
        with self.store.open(file.key, max_bytes=self.limits.listing, md5=file.md5) as packed:
            yield from _entries(file, packed)

    def metadata(self, pmcid: str, version: int) -> ArticleMetadata:
        """What the JSON under ``metadata/`` says; see `Source`."""
        data = self.store.read(f"metadata/{pmcid}.{version}.json", max_bytes=self.limits.json, is_json=True)
        return parse_metadata(data, pmcid, version)

    def xml(self, article: ArticleMetadata) -> bytes:
        """The article's XML; see `Source`."""
        return self.media(article.xml)

    def media(self, obj: MediaObject, max_bytes: int | None = None) -> bytes:
        """One file of an article; see `Source`. For XML the limit is that of XML."""
        is_xml = obj.name.lower().endswith(_XML_ENDINGS)
        limit = self.limits.xml if is_xml else self.limits.media
        return self.store.read(media_key(obj.url), max_bytes=min(limit, max_bytes or limit), md5=obj.md5)

    def address(self, obj: MediaObject) -> str:
        """Where the store has a file of an article: its URL at a server, its path in a directory."""
        return self.store.url(media_key(obj.url))

    def close(self) -> None:
        """Gives back the store's connections."""
        self.store.close()

    def _dates(self) -> list[str]:
        """Dates of the inventories, newest first. ``hive/`` and ``data/`` beside them are no dates."""
        found = (_DATED.fullmatch(name) for name in self.store.names(INVENTORIES))
        return sorted((match.group(1) for match in found if match), reverse=True)

    def _inventory(self, date: str) -> Snapshot:
        folder = f"{INVENTORIES}{date}/"
        md5 = self._checksum(folder)
        data = self.store.read(f"{folder}manifest.json", max_bytes=self.limits.json, md5=md5, is_json=True)
        return parse_manifest(data, date)

    def _checksum(self, folder: str) -> str | None:
        """md5 of the manifest, which S3 writes beside it; None where there is none."""
        try:
            text = self.store.read(f"{folder}manifest.checksum", max_bytes=1000).decode("ascii", "replace")
        except SourceError as error:
            if error.reason != Reason.MISSING_OBJECT:
                raise
            return None
        return text.strip().lower()


def media_key(url: str) -> str:
    """The key of an article's file. The bucket is not looked at: a mirror keeps the URLs of the original.

    Raises:
        SourceError: the URL is of no file of an article.
    """
    found = _MEDIA_URL.fullmatch(url)
    if not found or not is_safe_name(found.group(2)):
        raise SourceError(Reason.BAD_METADATA, f"{url[:200]!r} is no URL of an article's file")
    return f"{found.group(1)}/{found.group(2)}"


def parse_manifest(data: bytes, date: str) -> Snapshot:
    """The inventory that a ``manifest.json`` describes.

    Raises:
        SourceError: BAD_METADATA.
    """
    where = f"inventory {date}, manifest.json"
    try:
        manifest = json.loads(data)
        file_format, columns = manifest["fileFormat"], manifest["fileSchema"]
        listed = [(file["key"], file["MD5checksum"]) for file in manifest["files"]]
        names = tuple(column.strip() for column in columns.split(","))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        what = f"{where}: no manifest of an inventory ({type(error).__name__})"
        raise SourceError(Reason.BAD_METADATA, what) from error
    if file_format != "CSV" or not {"Key", "LastModifiedDate", "ETag"} <= set(names):
        raise SourceError(Reason.BAD_METADATA, f"{where}: {file_format} of {columns}; only CSV with an ETag is read")
    if not listed:  # as a listing it would say that every article was removed
        raise SourceError(Reason.BAD_METADATA, f"{where}: names no data file")
    files = tuple(_listing_file(where, key, md5, names) for key, md5 in listed)
    listing = "\n".join(sorted(f"{file.md5}" for file in files))
    return Snapshot(date, hashlib.sha256(listing.encode()).hexdigest(), files)


def _listing_file(where: str, key: object, md5: object, columns: tuple[str, ...]) -> ListingFile:
    is_inside = isinstance(key, str) and key.startswith("inventory-reports/") and ".." not in key.split("/")
    if not isinstance(key, str) or not is_inside or not isinstance(md5, str) or not _MD5.fullmatch(md5.lower()):
        raise SourceError(Reason.BAD_METADATA, f"{where}: file {str(key)[:200]!r} with md5 {str(md5)[:80]!r}")
    return ListingFile(key, md5.lower(), columns)


def _entries(file: ListingFile, packed: BinaryIO) -> Iterator[Entry]:
    places = tuple(file.columns.index(name) for name in ("Key", "ETag", "LastModifiedDate"))
    n_lines = 0
    try:
        with gzip.open(packed) as lines:
            for row in csv.reader(_bounded_lines(lines), strict=True):
                n_lines += 1
                if entry := _entry(row, len(file.columns), places):
                    yield entry
    except EOFError as error:
        raise _damaged(file, n_lines, Reason.TRUNCATED, "ends early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(file, n_lines, Reason.BAD_ARCHIVE, f"no gzip: {error}") from error
    except OSError as error:
        raise _damaged(file, n_lines, Reason.FETCH_FAILED, str(error), is_transient=True) from error
    except (csv.Error, ValueError) as error:
        raise _damaged(file, n_lines, Reason.BAD_METADATA, str(error)) from error


def _bounded_lines(lines: BinaryIO | gzip.GzipFile) -> Iterator[str]:
    """The lines, none of which may fill the memory."""
    for line in iter(lambda: lines.readline(_MAX_LINE), b""):
        if len(line) >= _MAX_LINE:
            raise ValueError(f"longer than {_MAX_LINE} bytes")
        yield line.decode()


def _entry(row: list[str], n_columns: int, places: tuple[int, ...]) -> Entry | None:
    """The article version in a line; None for an object that is no article's metadata."""
    if len(row) != n_columns:
        raise ValueError(f"{len(row)} columns, not {n_columns}")
    key, etag, modified = (row[place] for place in places)
    found = _METADATA_KEY.fullmatch(unquote(key))  # an inventory writes its keys URL-encoded
    if not found:
        if key.endswith(".json") or not key.startswith("metadata/"):
            raise ValueError(f"{key[:200]!r} is no key of an article's metadata")
        return None
    if not etag or not modified:
        raise ValueError(f"{key} without ETag or date")
    return Entry(found.group(1), int(found.group(2)), etag.strip('"'), modified)


def _damaged(file: ListingFile, n_lines: int, reason: Reason, what: str, *, is_transient: bool = False) -> SourceError:
    return SourceError(reason, f"inventory file {file.key}, line {n_lines + 1}: {what}", is_transient)

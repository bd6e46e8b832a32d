"""A local mirror of the legacy distribution: ``oa_package/xx/yy/PMCn.tar.gz`` with a file list beside it.

PMC removed it in August 2026; mirrors remain. Its articles have no versions: all are version 1. The licence comes from
the file list, so a licence can be refused although the package is not in the mirror.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pipeline.sources.archive import Member, read_members
from pipeline.sources.directory import DirectoryStore, local_error
from pipeline.sources.file_list import NAMES, PACKAGE_PATH, FileList, FileListIndex, PackageLine, snapshot_date
from pipeline.sources.metadata import is_safe_name
from pipeline.sources.source import ArticleMetadata, Entry, ListingFile, MediaObject, Snapshot, SourceError
from pipeline.sources.store import Limits, too_large
from pipeline.sources.traffic import Traffic
from schemas.reject import Reason

_XML = (".nxml", ".xml")
_CACHED = (*_XML, ".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".webp", ".bmp")
"""Endings of members that are kept in memory; PDFs, videos and spreadsheets are not."""


@dataclass(frozen=True, slots=True)
class _Package:
    """A package as one pass found it."""

    path: str
    members: tuple[Member, ...]
    cached: dict[str, bytes]


class PackageSource:
    """Articles in a local mirror of legacy packages. Keeps the members of the package it read last."""

    kind: ClassVar[str] = "packages"

    def __init__(self, root: Path, file_list: str, location: str, limits: Limits) -> None:
        """Reads nothing yet.

        Args:
            root: the mirror's directory.
            file_list: name of the file list in it.
            location: as the user named it.
            limits: largest objects.
        """
        self.location = location
        self._root = root
        self._file_list = file_list
        self._limits = limits
        self._last: _Package | None = None
        self.traffic = Traffic()

    def __reduce__(self) -> tuple[Callable[..., PackageSource], tuple[Path, str, str, Limits]]:
        return PackageSource, (self._root, self._file_list, self.location, self._limits)

    @property
    def is_remote(self) -> bool:
        """Members are read one after the other: the package read last is kept."""
        return False

    def describe(self) -> str:
        """One line for the user."""
        return f"{self.location}: a mirror of PMC's legacy packages, listed in {self._file_list}"

    def snapshot(self) -> Snapshot:
        """The file list, dated by its newest package; see `Source`."""
        newest = max((line.updated for line in self._lines(None)), default=None)
        if newest is None:
            what = f"{self._root / self._file_list}: lists no package"
            raise SourceError(Reason.MISSING_OBJECT, what)
        sha256, md5 = _digests(self._root / self._file_list)
        return Snapshot(snapshot_date(newest), sha256, (ListingFile(self._file_list, md5, ()),))

    def entries(self, file: ListingFile) -> Iterator[Entry]:
        """The packages in the file list; see `Source`."""
        for line in self._lines(file.md5):
            token = f"{line.updated} {line.path}" if line.has_own_date else line.path
            yield Entry(line.pmcid, 1, token, line.updated)

    def metadata(self, pmcid: str, version: int) -> ArticleMetadata:
        """What the file list says, and the names in the package; see `Source`.

        A package that is not in the mirror has metadata all the same, without media: reading its XML will say that
        it is missing, unless its licence has refused it before.
        """
        line = self._line(pmcid, version)
        try:
            members = self._package(line.path).members
        except SourceError as error:
            if error.reason != Reason.MISSING_OBJECT:
                raise
            return _metadata(line, f"{pmcid}.nxml", [])
        names = _own_names(members)
        xml = next((name for ending in _XML for name in names if name.lower().endswith(ending)), None)
        if xml is None:
            raise SourceError(Reason.BAD_XML, f"{self._root / line.path}: the package has no .nxml")
        return _metadata(line, xml, [name for name in names if name != xml])

    def xml(self, article: ArticleMetadata) -> bytes:
        """The article's XML; see `Source`."""
        return self.media(article.xml)

    def media(self, obj: MediaObject, max_bytes: int | None = None) -> bytes:
        """One member of a package; see `Source`. Packages state no md5; gzip's own checksum is verified."""
        path, name = _split_url(obj.url)
        package = self._package(path)
        member = next((one for one in package.members if one.name == name and name in _own_names([one])), None)
        if member is None:
            raise SourceError(Reason.MISSING_OBJECT, f"{self._root / path}: has no member {name!r}")
        limit = min(self._limit(name), max_bytes or self._limit(name))
        if member.n_bytes > limit:
            raise too_large(f"{self._root / path}#{name}", limit)
        if name in package.cached:
            return package.cached[name]
        found = read_members(self._root / path, self._limits, lambda one: one == member)
        return next(data for data in [data for _, data in found] if data is not None)

    def close(self) -> None:
        """Forgets the package read last."""
        self._last = None

    def _package(self, path: str) -> _Package:
        package = self._last
        if package is None or package.path != path:
            package = self._last = None  # frees its memory before the next one takes some
            package = self._last = self._read(path)
        return package

    def _read(self, path: str) -> _Package:
        if (package := self._root / path).is_file():
            self.traffic.add(package.stat().st_size)
        free = self._limits.package_cache

        def wants(member: Member) -> bool:
            nonlocal free
            is_cached = member.name.lower().endswith(_CACHED) and member.n_bytes <= min(free, self._limit(member.name))
            free -= member.n_bytes if is_cached else 0
            return is_cached

        found = list(read_members(self._root / path, self._limits, wants))
        own = _own_names([member for member, _ in found])
        if len(set(own)) < len(own):
            raise SourceError(Reason.BAD_ARCHIVE, f"{self._root / path}: two folders with files of one name")
        cached = {member.name: data for member, data in found if data is not None and "/" not in member.folder}
        return _Package(path, tuple(member for member, _ in found), cached)

    def _limit(self, name: str) -> int:
        return self._limits.xml if name.lower().endswith(_XML) else self._limits.media

    def _lines(self, md5: str | None) -> Iterator[PackageLine]:
        store = DirectoryStore(self._root)
        with store.open(self._file_list, max_bytes=self._limits.listing, md5=md5) as file:
            yield from (line for _, line in FileList(file, self._file_list).lines())

    def _line(self, pmcid: str, version: int) -> PackageLine:
        offset = self._index.offset(pmcid) if version == 1 else None
        if offset is None:
            raise SourceError(Reason.MISSING_OBJECT, f"{self._file_list}: has no {pmcid}, version {version}")
        path = self._root / self._file_list
        try:
            with path.open("rb") as file:
                return FileList(file, self._file_list).line_at(offset)
        except OSError as error:
            raise local_error(path, error) from error

    @cached_property
    def _index(self) -> FileListIndex:
        with DirectoryStore(self._root).open(self._file_list, max_bytes=self._limits.listing) as file:
            return FileListIndex(FileList(file, self._file_list))


def find_file_list(root: Path) -> str:
    """Name of the most complete file list in a mirror.

    Raises:
        SourceError: there is none.
    """
    for name in NAMES:
        if (root / name).is_file():
            return name
    what = f"{root}: has oa_package/ but no file list; put oa_file_list.csv beside it"
    raise SourceError(Reason.MISSING_OBJECT, what)


def _metadata(line: PackageLine, xml: str, media: list[str]) -> ArticleMetadata:
    return ArticleMetadata(
        pmcid=line.pmcid,
        version=1,
        pmid=line.pmid,
        doi=None,
        mid=None,
        title=None,
        citation=line.citation,
        is_pmc_openaccess=True,  # the lists were those of the open access subset
        is_manuscript=False,
        is_historical_ocr=False,
        is_retracted=line.is_retracted,
        license_code=line.license_code,
        xml=MediaObject(xml, f"{line.path}#{xml}", None),
        media=tuple(MediaObject(name, f"{line.path}#{name}", None) for name in media),
    )


def _own_names(members: Sequence[Member]) -> list[str]:
    """Names of the files directly in the package's folder; PMC's packages have no other."""
    return [member.name for member in members if "/" not in member.folder]


def _split_url(url: str) -> tuple[str, str]:
    """Path of the package and name of the member."""
    path, _, name = url.partition("#")
    if not PACKAGE_PATH.fullmatch(path) or not is_safe_name(name):
        raise SourceError(Reason.BAD_METADATA, f"{url[:200]!r} is no file of a package")
    return path, name


def _digests(path: Path) -> tuple[str, str]:
    """sha256 and md5 of a file."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            return sha256, hashlib.file_digest(file, "md5").hexdigest()
    except OSError as error:
        raise local_error(path, error) from error

"""The file lists of the legacy distribution: one line per package, as CSV or tab-separated text.

Source: headers and rows of oa_file_list.csv, oa_comm_use_file_list.csv and oa_file_list.txt as PMC had them until
2026-08; the text form has no date per package.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.metadata import normalise_license
from pipeline.sources.source import SourceError
from schemas.reject import Reason

NAMES = ("oa_file_list.csv", "oa_file_list.txt", "oa_comm_use_file_list.csv", "oa_comm_use_file_list.txt")
"""File lists, the most complete first."""
PACKAGE_PATH = re.compile(r"oa_package/[0-9a-f]{2}/[0-9a-f]{2}/(PMC\d{1,12})\.tar\.gz")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}):(\d{2}):\d{2}")
_MAX_LINE = 65_536
_TEXT_COLUMNS = ("file", "articlecitation", "accessionid", "pmid", "license")


@dataclass(frozen=True, slots=True)
class PackageLine:
    """What a file list says of a package."""

    pmcid: str
    path: str
    citation: str | None
    updated: str
    """``YYYY-MM-DD HH:MM:SS``; in the text form that of the whole list."""
    has_own_date: bool
    pmid: str | None
    license_code: str | None
    is_retracted: bool


class FileList:
    """A file list, read line by line."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Reads the first line, which tells the form.

        Raises:
            SourceError: BAD_METADATA: neither form.
        """
        self._file = file
        self._name = name
        self._n_lines = 0
        first = self._line().decode("utf-8-sig", "replace").strip()
        self._list_date = first if _DATE.fullmatch(first) else None
        self._columns = _TEXT_COLUMNS if self._list_date else tuple(map(_plain, first.split(",")))
        needed = {"file", "accessionid", "license"} | (set() if self._list_date else {"lastupdated"})
        if not needed <= set(self._columns):
            raise self._error("neither the header of a file list nor a date")

    def lines(self) -> Iterator[tuple[int, PackageLine]]:
        """Each package with the offset of its line in the file, in bytes.

        Raises:
            SourceError: BAD_METADATA; the detail names the line.
        """
        offset = self._file.tell()
        while line := self._line():
            yield offset, self._parsed(line)
            offset = self._file.tell()

    def line_at(self, offset: int) -> PackageLine:
        """The package whose line begins there."""
        self._file.seek(offset)
        return self._parsed(self._line())

    def _line(self) -> bytes:
        line = self._file.readline(_MAX_LINE)
        self._n_lines += 1
        if len(line) >= _MAX_LINE:
            raise self._error(f"longer than {_MAX_LINE} bytes")
        return line

    def _parsed(self, line: bytes) -> PackageLine:
        try:
            text = line.decode("utf-8").rstrip("\r\n")
            row = text.split("\t") if self._list_date else next(csv.reader([text], strict=True), [])
            if len(row) != len(self._columns):
                raise ValueError(f"{len(row)} columns, not {len(self._columns)}")
            return self._package(dict(zip(self._columns, row, strict=True)))
        except (ValueError, csv.Error) as error:
            raise self._error(str(error)) from error

    def _package(self, fields: dict[str, str]) -> PackageLine:
        path, pmcid = fields["file"], fields["accessionid"]
        updated = fields.get("lastupdated") or self._list_date or ""
        found = PACKAGE_PATH.fullmatch(path)
        if not found or found.group(1) != pmcid:
            raise ValueError(f"{path[:200]!r} is no path of a package of {pmcid[:20]!r}")
        if not _DATE.fullmatch(updated):
            raise ValueError(f"{updated[:40]!r} is no date")
        return PackageLine(
            pmcid=pmcid,
            path=path,
            citation=fields.get("articlecitation") or None,
            updated=updated,
            has_own_date=self._list_date is None,
            pmid=fields.get("pmid", "").removeprefix("PMID:") or None,
            license_code=normalise_license(fields["license"]),
            is_retracted=fields.get("retracted", "").lower() == "yes",
        )

    def _error(self, what: str) -> SourceError:
        return SourceError(Reason.BAD_METADATA, f"{self._name}, line {self._n_lines}: {what}")


class FileListIndex:
    """Where in a file list each article's line begins: 16 bytes per article (4 million were listed)."""

    def __init__(self, file_list: FileList) -> None:
        numbers, offsets = array("q"), array("q")
        for offset, line in file_list.lines():
            numbers.append(_number(line.pmcid))
            offsets.append(offset)
        unsorted = np.array(numbers, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        self._numbers: NDArray[np.int64] = unsorted[order]
        self._offsets: NDArray[np.int64] = np.array(offsets, dtype=np.int64)[order]

    def offset(self, pmcid: str) -> int | None:
        """Offset of the article's last line; None where it has none."""
        place = int(np.searchsorted(self._numbers, _number(pmcid), side="right")) - 1
        is_there = place >= 0 and self._numbers[place] == _number(pmcid)
        return int(self._offsets[place]) if is_there else None


def snapshot_date(updated: str) -> str:
    """The date of a list in the notation of the cloud's inventories, ``2024-10-15T22-46Z``."""
    found = _DATE.fullmatch(updated)
    if not found:
        raise ValueError(f"{updated!r} is no date of a file list")
    return f"{found.group(1)}T{found.group(2)}-{found.group(3)}Z"


def _number(pmcid: str) -> int:
    return int(pmcid.removeprefix("PMC"))


def _plain(column: str) -> str:
    """A column's name without what differs from list to list: ``Accession ID``, ``AccessionID``, ``(YYYY-MM-DD…)``."""
    name = re.sub(r"[^a-z]", "", column.split("(")[0].lower())
    return {"articlefile": "file"}.get(name, name)

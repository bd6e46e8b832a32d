"""A small bucket made here, and a clock that does not wait."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

XML = b"<article><front/></article>"
IMAGE = bytes(range(256)) * 400


def _md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def _metadata_fields(pmcid: str, version: int = 1, /, **changes: object) -> dict[str, object]:
    """The JSON of an article with one image; `changes` replace its fields."""
    folder = f"s3://pmc-oa-opendata/{pmcid}.{version}"
    fields: dict[str, object] = {
        "pmcid": pmcid,
        "version": version,
        "pmid": 12345,
        "doi": "10.1/x",
        "mid": None,
        "title": "A title",
        "citation": "J. 2026; 1:1",
        "is_pmc_openaccess": True,
        "is_manuscript": False,
        "is_historical_ocr": False,
        "is_retracted": False,
        "license_code": "CC BY",
        "xml_url": f"{folder}/{pmcid}.{version}.xml?md5={_md5(XML)}",
        "text_url": f"{folder}/{pmcid}.{version}.txt?md5={_md5(b'text')}",
        "media_urls": [f"{folder}/fig 1+a.jpg?md5={_md5(IMAGE)}"],
    }
    return fields | changes


@dataclass
class Bucket:
    """A directory in the layout of the bucket."""

    root: Path
    inventories: str = "inventory-reports/pmc-oa-opendata/metadata"
    xml: bytes = XML
    image: bytes = IMAGE

    def write(self, key: str, data: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def article(self, pmcid: str, version: int = 1, **changes: object) -> str:
        """Writes an article's objects; returns its line in the inventory."""
        data = json.dumps(_metadata_fields(pmcid, version, **changes)).encode()
        self.write(f"metadata/{pmcid}.{version}.json", data)
        self.write(f"{pmcid}.{version}/{pmcid}.{version}.xml", XML)
        self.write(f"{pmcid}.{version}/fig 1+a.jpg", IMAGE)
        return f'"pmc-oa-opendata","metadata/{pmcid}.{version}.json","2026-01-08T11:47:59.000Z","{_md5(data)}"'

    def inventory(self, date: str, lines: list[str], data: bytes | None = None, **changes: object) -> str:
        """Writes an inventory; `data` in place of its packed lines, `changes` replace fields of the manifest.

        Returns the key of its data file.
        """
        packed = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0) if data is None else data
        key = f"{self.inventories}/data/{date}.csv.gz"
        manifest = {
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, LastModifiedDate, ETag",
            "files": [{"key": key, "size": len(packed), "MD5checksum": _md5(packed)}],
        }
        text = json.dumps(manifest | changes).encode()
        self.write(key, packed)
        self.write(f"{self.inventories}/{date}/manifest.json", text)
        self.write(f"{self.inventories}/{date}/manifest.checksum", _md5(text).encode())
        return key

    def objects(self) -> dict[str, bytes]:
        """All objects by key."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def md5() -> Callable[[bytes], str]:
    return _md5


@pytest.fixture
def metadata_fields() -> Callable[..., dict[str, object]]:
    return _metadata_fields


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """Two articles, an inventory of the day with both and one of the day before with the first."""
    made = Bucket(tmp_path / "bucket")
    lines = [made.article("PMC1"), made.article("PMC2", 2)]
    made.inventory("2026-11-19T01-00Z", lines[:1])
    made.inventory("2026-11-20T01-00Z", lines)
    made.write(f"{made.inventories}/hive/dt=2026-11-21T01-00/symlink.txt", b"s3://pmc-oa-opendata/x")
    return made


@dataclass
class FakeClock:
    """Time passes as it does, plus the waits, which take none; chance gives the middle of its range."""

    waits: list[float] = field(default_factory=list)
    when_waiting: Callable[[float], None] | None = None

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.waits)

    def wall(self) -> float:
        return 1_800_000_000.0 + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.when_waiting:
            self.when_waiting(sum(self.waits))

    def uniform(self, bound: float) -> float:
        return bound / 2


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def unused_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

"""The JSON of an article version, and the inventory that lists them all.

Source: README of the PMC Cloud Service, 2026: fields of the JSON, four columns of the inventory, its MD5s.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import uuid
from collections.abc import Mapping, Sequence

from pipeline.sample.figure import ImageFile
from pipeline.sample.grammar import plain
from pipeline.sample.jats import doi_of
from pipeline.sample.plan import ArticlePlan
from pipeline.sample.study import Study
from pipeline.sample.truth import Fault

BUCKET = "pmc-oa-opendata"
DAY = "2026-11-20T01-00Z"
_INVENTORY = f"inventory-reports/{BUCKET}/metadata"
_CREATED_MS = "1795136400000"


def md5_of(data: bytes) -> str:
    """32 hex digits."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def metadata_json(
    plan: ArticlePlan, study: Study, version: int, texts: Mapping[str, bytes], media: Sequence[tuple[str, str]]
) -> bytes:
    """The JSON; `texts` holds the XML and the text under `xml` and `txt`, `media` pairs of file name and md5."""
    prefix = f"{plan.pmcid}.{version}"
    is_retracted = plan.fault is Fault.RETRACTED
    fields: dict[str, object] = {
        "pmcid": plan.pmcid,
        "version": version,
        "pmid": 99_000_001 + plan.index if plan.index % 4 else None,
        "doi": doi_of(plan),
        "mid": f"NIHMS{9_000_000 + plan.index}" if plan.is_manuscript else None,
        "title": plain(study.title),
        "citation": f"J Invent Res. 2026; {1 + plan.index // 12}:{100 + plan.index}",
        "is_pmc_openaccess": not plan.is_manuscript,
        "is_manuscript": plan.is_manuscript,
        "is_historical_ocr": False,
        "is_retracted": is_retracted,
        "license_code": plan.license,
        "xml_url": _url(prefix, f"{prefix}.xml", md5_of(texts["xml"])),
        "text_url": _url(prefix, f"{prefix}.txt", md5_of(texts["txt"])),
    }
    if media:
        fields["media_urls"] = [_url(prefix, name, md5) for name, md5 in media]
    return (json.dumps(fields, indent=1, ensure_ascii=False) + "\n").encode()


def _url(prefix: str, name: str, md5: str) -> str:
    return f"s3://{BUCKET}/{prefix}/{name}?md5={md5}"


def inventory_objects(seed: int, jsons: Mapping[str, bytes], day: str = DAY) -> dict[str, bytes]:
    """The objects of one day's inventory by key; `jsons` are the metadata objects by key."""
    rows = [_row(i, key, data) for i, (key, data) in enumerate(sorted(jsons.items()))]
    packed = _gzipped("".join(rows).encode())
    # An id that looks like the real ones, yet follows from the seed and the day.
    name_basis = f"pmc15m-sample-{seed}" if day == DAY else f"pmc15m-sample-{seed}-{day}"
    name = f"{_INVENTORY}/data/{uuid.uuid5(uuid.NAMESPACE_URL, name_basis)}.csv.gz"
    manifest = (
        json.dumps(
            {
                "sourceBucket": BUCKET,
                "destinationBucket": f"arn:aws:s3:::{BUCKET}",
                "version": "2016-11-30",
                "creationTimestamp": _CREATED_MS,
                "fileFormat": "CSV",
                "fileSchema": "Bucket, Key, LastModifiedDate, ETag",
                "files": [{"key": name, "size": len(packed), "MD5checksum": md5_of(packed)}],
            },
            indent=2,
        ).encode()
        + b"\n"
    )
    return {
        name: packed,
        f"{_INVENTORY}/{day}/manifest.json": manifest,
        f"{_INVENTORY}/{day}/manifest.checksum": md5_of(manifest).encode() + b"\n",
        f"{_INVENTORY}/hive/dt={day[:10]}-01-00/symlink.txt": f"s3://{BUCKET}/{name}\n".encode(),
    }


def _row(i: int, key: str, data: bytes) -> str:
    return f'"{BUCKET}","{key}","2026-{1 + i % 10:02d}-{1 + i % 27:02d}T{i % 24:02d}:15:43.000Z","{md5_of(data)}"\n'


def _gzipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    # A time stamp or a file name in the header would make each run differ.
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()


def stated_md5s(files: Sequence[ImageFile], wrong: str | None) -> list[tuple[str, str]]:
    """File names with their md5s; that of the file named `wrong` is the md5 of something else."""
    return [(f.name, md5_of(f.data + b"!" if f.name == wrong else f.data)) for f in files]

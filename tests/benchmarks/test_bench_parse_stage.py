"""What Spark adds to parsing: articles per second of the parse stage on one core, against the reader alone.

Real articles are copied under new ids into a bucket in the cloud layout, enough of them to hide the start of Spark. XML
bytes stay out of the JVM: a task gets the number of a part and opens the files itself. All open the files and hold
their bytes against the md5 that the source states. The stage also finds the images, resolves licences and writes three
Parquet files; the reader alone does none of that. So the parts are made a second time without Spark: what is lost
between the reader and those is the stage's own work, the rest is what Spark costs.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import time
from pathlib import Path

import pytest
from rich.console import Console

from jobs.progress import Progress
from jobs.rebuild import rebuild
from jobs.session import spark_session
from pipeline.config import Config, RunConfig
from pipeline.jats import JatsError, ParsedArticle, read_article
from pipeline.parse import STAGE as PARSE
from pipeline.part import run_part
from pipeline.root import create_root
from pipeline.sources import open_source
from pipeline.stage import Context

pytestmark = pytest.mark.bench

N_ARTICLES = int(os.environ.get("PMC15M_BENCH_ARTICLES", "20000"))
_DATE = "2026-11-20T01-00Z"
_ID = re.compile(rb'<article-id pub-id-type="(?:pmc|pmcid|pmcid-ver)">[^<]*</article-id>')


def test_the_parse_stage_on_one_core(corpus: Path, tmp_path: Path) -> None:
    """Prints both rates and their ratio; the rates depend on the machine, the ratio much less."""
    bucket, root = tmp_path / "bucket", tmp_path / "root"
    n, n_bytes = write_bucket(bucket, articles(corpus), N_ARTICLES)
    alone = min(seconds_alone(bucket), seconds_alone(bucket))
    config = Config(run=RunConfig(master="local[1]", driver_memory="1g"))
    source = open_source(str(bucket))
    with spark_session(config.run, tmp_path / "spark.log") as spark:
        progress = Progress(Console(quiet=True))
        done = rebuild(spark, create_root(root), source, source.snapshot(), config, progress, until="parse")
    stage = done.manifests[-1]
    unsparked = seconds_without_spark(Context(config, tmp_path / "again", str(bucket)), root, stage.n_parts)
    print(f"\n{n} articles, {n_bytes / 1e6:.0f} MB, {stage.n_parts} parts, kept {stage.kept}, rejects {stage.rejects}")
    print(f"reader alone {n / alone:.0f} articles/s, whole stage without Spark {n / unsparked:.0f},", end=" ")
    print(f"on local[1] {n / stage.seconds:.0f}, within its workers {n / stage.worker_seconds:.0f}")
    print(
        f"Spark / without: {unsparked / stage.seconds:.2f}, within the workers {unsparked / stage.worker_seconds:.2f}"
    )
    print(f"Spark / reader: {alone / stage.seconds:.2f}, within the workers {alone / stage.worker_seconds:.2f}")
    assert stage.n_in == n
    assert stage.kept["figures"] > n


def articles(corpus: Path) -> list[tuple[bytes, ParsedArticle]]:
    """The real articles that the reader takes."""
    found = []
    with tarfile.open(corpus / "jats-xml.tar.gz") as archive:
        for member in sorted(archive, key=lambda m: m.name):
            file = archive.extractfile(member)
            if file is not None:
                xml = file.read()
                try:
                    found.append((xml, read_article(xml)))
                except JatsError:
                    continue
    return found


def write_bucket(bucket: Path, found: list[tuple[bytes, ParsedArticle]], n: int) -> tuple[int, int]:
    """A bucket of `n` articles; returns their number and the bytes of their XML."""
    (bucket / "metadata").mkdir(parents=True)
    n_bytes, rows = 0, []
    for i in range(n):
        xml, article = found[i % len(found)]
        pmcid = f"PMC{80_000_000 + i}"
        xml = _ID.sub(b"", xml).replace(
            b"<article-meta>", f'<article-meta><article-id pub-id-type="pmc">{pmcid}</article-id>'.encode(), 1
        )
        folder = bucket / f"{pmcid}.1"
        folder.mkdir()
        (folder / f"{folder.name}.xml").write_bytes(xml)
        data = json.dumps(metadata(pmcid, xml, article)).encode()
        (bucket / "metadata" / f"{folder.name}.json").write_bytes(data)
        rows.append(("pmc-oa-opendata", f"metadata/{folder.name}.json", "2026-11-01T00:00:00.000Z", md5(data)))
        n_bytes += len(xml)
    write_inventory(bucket, rows)
    return n, n_bytes


def metadata(pmcid: str, xml: bytes, article: ParsedArticle) -> dict[str, object]:
    """The JSON of an article, as PMC writes it; the media are named as the figures name them, and absent."""
    place = f"s3://pmc-oa-opendata/{pmcid}.1"
    hrefs = dict.fromkeys(g.href for figure in article.figures for g in figure.graphics if g.href)
    names = [href if href.endswith((".jpg", ".png", ".tif")) else f"{href}.jpg" for href in hrefs if "/" not in href]
    return {
        **{"pmcid": pmcid, "version": 1, "pmid": None, "doi": article.doi, "mid": None, "title": article.title},
        **{"citation": article.journal, "is_pmc_openaccess": True, "is_manuscript": False},
        **{"is_historical_ocr": False, "is_retracted": False, "license_code": article.license.code or "CC BY"},
        "xml_url": f"{place}/{pmcid}.1.xml?md5={md5(xml)}",
        "media_urls": [f"{place}/{name}?md5={'0' * 32}" for name in names],
    }


def write_inventory(bucket: Path, rows: list[tuple[str, str, str, str]]) -> None:
    """The inventory of a day, with its manifest."""
    base = "inventory-reports/pmc-oa-opendata/metadata"
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    data = gzip.compress(text.getvalue().encode())
    key = f"{base}/data/one.csv.gz"
    manifest = {
        "sourceBucket": "pmc-oa-opendata",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, LastModifiedDate, ETag",
        "files": [{"key": key, "size": len(data), "MD5checksum": md5(data)}],
    }
    for path, content in ((key, data), (f"{base}/{_DATE}/manifest.json", json.dumps(manifest).encode())):
        (bucket / path).parent.mkdir(parents=True, exist_ok=True)
        (bucket / path).write_bytes(content)


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def seconds_alone(bucket: Path) -> float:
    """Seconds to read every article of the bucket in this process: open the file, check its md5, read the article."""
    stated = [json.loads(path.read_bytes())["xml_url"] for path in sorted((bucket / "metadata").glob("*.json"))]
    began = time.perf_counter()
    for url in stated:
        key, _, checksum = url.removeprefix("s3://pmc-oa-opendata/").partition("?md5=")
        xml = (bucket / key).read_bytes()
        assert md5(xml) == checksum
        read_article(xml)
    return time.perf_counter() - began


def seconds_without_spark(context: Context, root: Path, n_parts: int) -> float:
    """Seconds to make all parts of the stage in this process, from the catalog that is in the root."""
    catalog = next((root / "stages").glob("catalog-*"))
    folder = context.root / "stages" / "parse"
    folder.mkdir(parents=True)
    began = time.perf_counter()
    for part in range(n_parts):
        run_part(PARSE, part, (catalog,), folder, context)
    return time.perf_counter() - began

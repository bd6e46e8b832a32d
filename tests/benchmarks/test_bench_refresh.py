"""What a refresh of 1 % costs beside the first build, on buckets of several sizes: objects read, and seconds.

PMC15M_BENCH_ARTICLES=1000,10000,50000 names other sizes.
"""

from __future__ import annotations

import io
import json
import os
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from rich.table import Table

from jobs.progress import Progress
from jobs.rebuild import rebuild
from jobs.session import spark_session
from pipeline.config import RunConfig, load_config
from pipeline.root import Root, create_root, part_reports
from pipeline.sample import Day
from pipeline.sample.metadata import md5_of
from pipeline.sources import open_source
from pipeline.tables import Tables

pytestmark = pytest.mark.bench

SIZES = [int(n) for n in os.environ.get("PMC15M_BENCH_ARTICLES", "1000,5000").split(",")]
READERS = ("catalog", "parse", "fetch")
"""Each reads one object for each row that comes in: JSON, XML, image."""
TEXT = (
    "the cells of mice were stained with red dye after two days at low heat and their growth was measured in each"
    " group by counting under a microscope while controls showed less change than treated ones over time"
)
XML = """<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="research-article" dtd-version="1.4"><front>
<article-meta><article-id pub-id-type="pmcid">{pmcid}</article-id><title-group><article-title>Study {pmcid}
</article-title></title-group><permissions><license><license-p>CC BY</license-p></license></permissions>
</article-meta></front><body><p><fig id="f1"><label>Figure 1</label><caption><p>{caption}</p></caption>
<graphic xlink:href="f1.jpg"/></fig></p></body></article>"""


def write_article(bucket: Path, number: int) -> str:
    """An article of one figure unlike all others; returns its prefix."""
    rng = np.random.default_rng(number)
    pmcid = f"PMC{70_000_000 + number}"
    words = " ".join(rng.choice(TEXT.split(), size=24)) + f" in sample {number}."
    picture = io.BytesIO()
    blocks = rng.integers(0, 255, (9, 9), dtype=np.uint8)
    Image.fromarray(blocks).resize((96, 96), Image.Resampling.BICUBIC).save(picture, "JPEG")
    xml = XML.format(pmcid=pmcid, caption=words).encode()
    url = f"s3://pmc-oa-opendata/{pmcid}.1"
    fields: dict[str, Any] = {"pmcid": pmcid, "version": 1, "pmid": None, "doi": None, "mid": None, "title": "Study"}
    fields |= {"citation": "J", "is_pmc_openaccess": True, "is_manuscript": False, "is_historical_ocr": False}
    fields |= {"is_retracted": False, "license_code": "CC BY", "xml_url": f"{url}/{pmcid}.1.xml?md5={md5_of(xml)}"}
    fields |= {"text_url": f"{url}/{pmcid}.1.txt?md5={md5_of(b'')}"}
    fields |= {"media_urls": [f"{url}/f1.jpg?md5={md5_of(picture.getvalue())}"]}
    text = json.dumps(fields).encode()
    folder = bucket / f"{pmcid}.1"
    folder.mkdir(parents=True)
    for path, data in (
        (folder / f"{pmcid}.1.xml", xml),
        (folder / f"{pmcid}.1.json", text),
        (folder / "f1.jpg", picture.getvalue()),
        (bucket / "metadata" / f"{pmcid}.1.json", text),
    ):
        path.write_bytes(data)
    return f"{pmcid}.1"


def build(bucket: Path, path: Path) -> tuple[Root, float]:
    config = load_config(None, ["pack.samples_per_shard=1000"])
    root, source = create_root(path), open_source(str(bucket))
    with spark_session(RunConfig(), path / "spark.log") as spark:
        began = time.monotonic()
        rebuild(spark, root, source, source.snapshot(), config, Progress(Console(quiet=True)))
        return root, time.monotonic() - began


def n_read(root: Root, first: int) -> int:
    """Objects read for the parts from `first` on."""
    tables = Tables(root, root.chain().stages)
    reports = [part_reports(tables.folder(step), tables.n_parts) for step in READERS]
    return sum(report.n_in for found in reports for part, report in found.items() if part >= first)


def test_a_refresh_costs_what_changed(tmp_path: Path) -> None:
    shown = Table("articles", "build s", "objects", "refresh of 1 % s", "objects", "seconds of the build")
    for size in SIZES:
        bucket, rng = tmp_path / f"bucket-{size}", random.Random(size)
        (bucket / "metadata").mkdir(parents=True)
        day = Day(bucket, {write_article(bucket, number) for number in range(size)})
        day.publish("2026-11-20T01-00Z")
        root, built = build(bucket, tmp_path / f"root-{size}")
        n_parts = Tables(root, root.chain().stages).n_parts
        some = rng.sample(sorted(day.listed), size // 100)
        for place, prefix in enumerate(some[: len(some) // 2]):
            (day.edit if place % 5 else day.retract)(prefix, *(["Edited."] if place % 5 else []))
        day.listed |= {write_article(bucket, size + number) for number in range(len(some) - len(some) // 2)}
        day.publish("2026-11-21T01-00Z")
        root, refreshed = build(bucket, root.path)
        n_objects = n_read(root, n_parts)
        cells = (size, f"{built:.0f}", n_read(root, 0) - n_objects, f"{refreshed:.0f}", n_objects, refreshed / built)
        shown.add_row(*(f"{cell:.0%}" if isinstance(cell, float) else str(cell) for cell in cells))
        assert n_objects <= 3 * len(some)
    Console(width=100).print(shown)

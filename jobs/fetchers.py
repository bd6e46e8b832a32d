"""Two ways to fetch the same images from a server: the crawl's own stage, and img2dataset. Each in a new process.

Both use one process with as many threads, verify the md5 of each file, keep its bytes as they are and write one tar
file with a table beside it. Both try a failed request up to nine times more.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import fetch
from pipeline.config import Config, RunConfig
from pipeline.img2dataset import options as img2dataset_options
from pipeline.img2dataset import run_options
from pipeline.part import PartWriter, run_part
from pipeline.stage import Context, Stage
from schemas.figures import Figure

_BUCKET = "s3://pmc-oa-opendata/"
_INPUT = Stage("figures", (), (Figure,), 1, start=lambda context: lambda row: [row])


@dataclass(frozen=True, slots=True)
class Fetched:
    """What fetching all objects took. The start of the program is in none of it."""

    n_objects: int
    """Objects that were had whole."""
    seconds: float
    cpu_seconds: float


Fetcher = Callable[[str, Mapping[str, bytes], Path, int], Fetched]
"""Called with the server's URL, its objects by key, an empty folder, and the number of threads."""


def own(url: str, objects: Mapping[str, bytes], folder: Path, n_threads: int) -> Fetched:
    """The stage `fetch`, as the crawl runs it on a part."""
    with PartWriter(folder / "figures", 0, _INPUT, folder) as writer:
        for key, data in objects.items():
            writer.put(_figure(key, md5(data, usedforsecurity=False).hexdigest()))
        writer.commit()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run_stage, (url, folder, n_threads))


def _run_stage(url: str, folder: Path, n_threads: int) -> Fetched:
    run = RunConfig(requests_per_second=1e9, read_ahead=n_threads)
    context = Context(Config(run=run), folder, url)
    cpu, began = _cpu_seconds(resource.RUSAGE_SELF), time.perf_counter()
    report = run_part(fetch.STAGE, 0, (folder / "figures",), folder / "fetch", context)
    seconds = time.perf_counter() - began
    return Fetched(sum(report.kept.values()), seconds, _cpu_seconds(resource.RUSAGE_SELF) - cpu)


def img2dataset(program: str) -> Fetcher:
    """The program of that name. Its CPU seconds are those of a run less those of a run on one object."""

    def run(url: str, objects: Mapping[str, bytes], folder: Path, n_threads: int) -> Fetched:
        key = next(iter(objects))
        idle = _run_program(program, url, {key: objects[key]}, folder / "one", n_threads)
        found = _run_program(program, url, objects, folder / "all", n_threads)
        return Fetched(found.n_objects, found.seconds, max(0.0, found.cpu_seconds - idle.cpu_seconds))

    return run


def _run_program(program: str, url: str, objects: Mapping[str, bytes], folder: Path, n_threads: int) -> Fetched:
    folder.mkdir()
    rows = [
        {"url": url + quote(key), "caption": key, "md5": md5(data, usedforsecurity=False).hexdigest()}
        for key, data in objects.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "urls.parquet")
    before = _cpu_seconds(resource.RUSAGE_CHILDREN)
    options = (*img2dataset_options(folder / "urls.parquet", folder / "out", len(rows)), *run_options(n_threads, 60))
    subprocess.run([program, *options], check=True, capture_output=True)
    stats = json.loads((folder / "out" / "00000_stats.json").read_text())
    cpu = _cpu_seconds(resource.RUSAGE_CHILDREN) - before
    return Fetched(stats["successes"], stats["end_time"] - stats["start_time"], cpu)


def _cpu_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _figure(key: str, digest: str) -> Figure:
    pmcid = key.partition(".")[0]
    return Figure(
        figure_id=f"{pmcid}_v1_f001",
        article_id=f"{pmcid}_v1",
        pmcid=pmcid,
        version=1,
        fig_xml_id=None,
        number=1,
        graphic_number=1,
        n_graphics=1,
        label=None,
        caption_title=None,
        caption=key,
        caption_is_inherited=False,
        marks=[],
        graphic_href=key,
        image_name=key.rsplit("/", 1)[-1],
        image_url=_BUCKET + key,
        image_md5=digest,
        license=None,
        rights_note=None,
        mentions=[],
        container="sec",
        figure_type=None,
    )

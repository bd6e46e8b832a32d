"""bench fetch: the crawl's own fetcher beside img2dataset, over the same server on loopback, near, far and faulty.

Seconds are those of the fetching, without the start of either program. One process and as many threads for both.
The server runs beside them on the same machine. See `jobs.loopback` for how it delays and fails.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from jobs.fetchers import Fetcher, img2dataset, own
from jobs.loopback import Weather, serve
from jobs.verbs import COMPLETE, Arguments, UsageError, Verbs, add_json, add_verb, print_json, print_table
from pipeline.img2dataset import INSTALL, find_program

_IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True)
class Row:
    """What one fetcher did in one weather."""

    fetcher: str
    latency_ms: float
    failures: float
    """Share of requests that the server let fail."""
    n_objects: int
    n_lost: int
    n_requests: int
    objects_per_s: float
    requests_per_s: float
    mb_per_s: float
    mb_per_core_s: float
    """MB per second of CPU time."""


def add(benches: Verbs) -> None:
    """Adds `fetch` to what `bench` can measure."""
    doc = "Measure the crawl's fetcher beside img2dataset: requests/s, MB/s per core, objects lost."
    parser = add_verb(benches, "fetch", _fetch, doc, "pmc15m bench fetch --images cloud --latency 0,20,100")
    parser.add_argument("--images", type=Path, required=True, help="folder of image files, at any depth")
    parser.add_argument("-n", type=int, default=2000, help="objects; where the folder has fewer, each counts often")
    parser.add_argument("--latency", default="0,20,100", help="comma list of milliseconds that the server waits")
    parser.add_argument("--failures", default="0,0.05", help="comma list of shares of requests that fail")
    parser.add_argument("--threads", type=int, default=16, help="threads of each fetcher")
    program = "path of img2dataset; by default the one of 'make img2dataset' or on $PATH"
    parser.add_argument("--img2dataset", metavar="PROGRAM", help=program)
    add_json(parser)


def _fetch(args: Arguments, console: Console) -> int:
    program = args.img2dataset or find_program()
    if program is None:
        raise UsageError(f"img2dataset is not here; {INSTALL}")
    objects = _objects(args.images, args.n)
    weathers = [
        Weather(latency / 1000, failures)
        for latency, failures in itertools.product(_numbers(args.latency), _numbers(args.failures))
    ]
    fetchers = {"pmc15m": own, "img2dataset": img2dataset(program)}
    rows = [
        measure(name, fetcher, weather, objects, args.threads)
        for weather in weathers
        for name, fetcher in fetchers.items()
    ]
    if args.json:
        print_json(
            {
                "machine": _machine(),
                "bytes": sum(map(len, objects.values())),
                "rows": [dataclasses.asdict(row) for row in rows],
            }
        )
    else:
        print_table(_NAMES, map(_cells, rows), numbers=_NAMES[1:])
    return COMPLETE


def measure(name: str, fetcher: Fetcher, weather: Weather, objects: Mapping[str, bytes], n_threads: int) -> Row:
    """What a fetcher does with all objects once."""
    with serve(objects, weather) as server, tempfile.TemporaryDirectory() as folder:
        found = fetcher(server.url, objects, Path(folder), n_threads)
        n_requests = server.n_requests()
    megabytes = sum(map(len, objects.values())) / 1e6 * found.n_objects / len(objects)
    return Row(
        fetcher=name,
        latency_ms=weather.latency_s * 1000,
        failures=weather.failure_rate,
        n_objects=len(objects),
        n_lost=len(objects) - found.n_objects,
        n_requests=n_requests,
        objects_per_s=found.n_objects / found.seconds,
        requests_per_s=n_requests / found.seconds,
        mb_per_s=megabytes / found.seconds,
        mb_per_core_s=megabytes / max(found.cpu_seconds, 1e-9),
    )


_NAMES = tuple(field.name for field in dataclasses.fields(Row))


def _cells(row: Row) -> Iterator[str]:
    for value in dataclasses.astuple(row):
        yield f"{value:.4g}" if isinstance(value, float) else str(value)


def _objects(folder: Path, n: int) -> dict[str, bytes]:
    """Image files under keys of the bucket."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _IMAGES and path.is_file()]
    if not paths:
        raise UsageError(f"{folder}: holds no image file")
    bodies = {path: path.read_bytes() for path in paths[:n]}
    often = itertools.islice(itertools.cycle(bodies.items()), n)
    return {f"PMC{number}.1/{path.name}": body for number, (path, body) in enumerate(often, start=1)}


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise UsageError(f"{text}: not a comma list of numbers") from error


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}

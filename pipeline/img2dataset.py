"""img2dataset as the fetcher of a part's images, and the options with which it is called.

It is a program of an environment of its own (it wants an old webdataset), so it is run, not imported. It asks again at
once where a request fails, opens a connection for each, and knows no cap on requests: `pmc15m bench fetch` measures it
beside the fetcher that is the default.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sources import MediaObject, SourceError
from pipeline.tar import read_slice
from schemas.reject import Reason

INSTALL = "install it in an environment of its own: make img2dataset"
_N_TRIES = 10
_LONGEST_TOLD = 200


def find_program() -> str | None:
    """The program of `make img2dataset`, else the one on the path, else None."""
    beside = Path(__file__).resolve().parents[1] / ".venv-img2dataset" / "bin" / "img2dataset"
    return str(beside) if beside.exists() else shutil.which("img2dataset")


def options(urls: Path, out: Path, samples_per_shard: int) -> Sequence[str]:
    """Options with which it makes WebDataset shards of original files from what `export --format urls` wrote.

    Its own `key` counts the samples, so a column of that name cannot be carried over: `pair_id` says the same.
    """
    return (
        f"--url_list={urls}",
        "--input_format=parquet",
        "--url_col=url",
        "--caption_col=caption",
        '--verify_hash=["md5","md5"]',
        "--output_format=webdataset",
        f"--output_folder={out}",
        f"--number_sample_per_shard={max(2, samples_per_shard)}",
        "--resize_mode=no",
        "--disable_all_reencoding=True",
        "--extract_exif=False",
        "--compute_hash=md5",
    )


def run_options(n_threads: int, timeout_s: float) -> Sequence[str]:
    """Options of how it works: one process, and as many tries as the crawl's own fetcher."""
    settings = (f"--thread_count={n_threads}", f"--retries={_N_TRIES - 1}", f"--timeout={timeout_s:.0f}")
    return "--processes_count=1", *settings


def fetch_with_img2dataset(
    wanted: Sequence[tuple[MediaObject, str]], n_threads: int, timeout_s: float
) -> Iterator[bytes | SourceError]:
    """The bytes of each object, in order, or why it could not be had; they wait in a temporary folder.

    Args:
        wanted: objects, each with the URL of its copy at the source. The source states an md5 for each.
        n_threads: requests at a time.
        timeout_s: longest silence of the server.

    Raises:
        OSError: the program is not there, or failed.
    """
    program = find_program()
    if program is None:
        raise FileNotFoundError(f"img2dataset is not here; {INSTALL}")
    with tempfile.TemporaryDirectory() as folder:
        urls, out = Path(folder) / "urls.parquet", Path(folder) / "out"
        rows = [{"url": url, "caption": str(n), "md5": obj.md5} for n, (obj, url) in enumerate(wanted)]
        pq.write_table(pa.Table.from_pylist(rows), urls)
        command = [program, *options(urls, out, len(rows)), *run_options(n_threads, timeout_s)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ChildProcessError(f"img2dataset failed: {done.stderr.strip().splitlines()[-1:]}")
        yield from _delivered(out, wanted)


def _delivered(out: Path, wanted: Sequence[tuple[MediaObject, str]]) -> Iterator[bytes | SourceError]:
    places = {}
    with tarfile.open(out / "00000.tar") as archive:
        for member in archive:
            places[member.name] = member.offset_data, member.size
    told = {int(row["caption"]): row for row in pq.read_table(out / "00000.parquet").to_pylist()}
    for number, (_, url) in enumerate(wanted):
        row = told[number]
        if row["status"] == "success":
            yield read_slice(out / "00000.tar", *places[f"{row['key']}.jpg"])
        else:
            yield _error(url, str(row["error_message"]))


def _error(url: str, message: str) -> SourceError:
    what = f"{url}: {json.dumps(message)[:_LONGEST_TOLD]} ({_N_TRIES} tries)"
    if message == "hash mismatch":
        return SourceError(Reason.MD5_MISMATCH, what)
    is_missing = message.startswith(("HTTP Error 404", "HTTP Error 403", "HTTP Error 410", "HTTP Error 401"))
    return SourceError(Reason.MISSING_OBJECT if is_missing else Reason.FETCH_FAILED, what, is_transient=not is_missing)

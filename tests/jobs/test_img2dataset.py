"""img2dataset alone, on its pyspark distributor, makes the shards again from what `export --format urls` wrote."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs import inspect
from jobs.loopback import Weather, serve
from pipeline.img2dataset import find_program, options
from pipeline.tables import Tables
from pipeline.tar import read_slice

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(find_program() is None, reason="needs img2dataset: make img2dataset"),
]


@pytest.fixture(scope="module")
def bucket_objects(sample) -> dict[str, bytes]:
    files = (path for path in sample.bucket.rglob("*") if path.is_file())
    return {path.relative_to(sample.bucket).as_posix(): path.read_bytes() for path in files}


def img2dataset(urls: Path, out: Path) -> None:
    program = find_program()
    assert program is not None
    more = ["--distributor=pyspark", "--processes_count=2", '--save_additional_columns=["pair_id","license"]']
    # Its session asks for 16 GB of memory; what it was started with counts for more.
    env = {**os.environ, "PYSPARK_PYTHON": str(Path(program).parent / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [program, *options(urls, out, 10), *more], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def samples(folder: Path) -> dict[str, dict[str, bytes]]:
    """By key: the members of each sample."""
    found: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                key, _, suffix = member.name.partition(".")
                data = archive.extractfile(member)
                assert data is not None
                found[key][suffix] = data.read()
    return found


@pytest.fixture(scope="module")
def exported(built, cli, bucket_objects, tmp_path_factory: pytest.TempPathFactory):
    """The rows of the export, and the samples that img2dataset made of it."""
    folder = tmp_path_factory.mktemp("urls")
    with serve({f"pmc/{key}": data for key, data in bucket_objects.items()}, Weather()) as server:
        arguments = ("--format", "urls", "--kind", "whole", "--url-root", f"{server.url}pmc")
        done = cli("export", "--root", str(built.root.path), "--out", str(folder / "export"), *arguments)
        assert done.returncode == 0, done.stderr
        img2dataset(folder / "export" / "urls.parquet", folder / "out")
    return pq.read_table(folder / "export" / "urls.parquet").to_pylist(), samples(folder / "out")


def test_every_row_becomes_a_sample_with_its_words_and_its_licence(exported) -> None:
    rows, found = exported
    by_id = {row["pair_id"]: row for row in rows}
    made = {json.loads(sample["json"])["pair_id"]: sample for sample in found.values()}
    assert set(made) == set(by_id) and len(made) > 20
    for pair_id, sample in made.items():
        row, told = by_id[pair_id], json.loads(sample["json"])
        assert sample["txt"].decode() == row["caption"]
        assert told["md5"] == row["md5"] == hashlib.md5(sample["jpg"]).hexdigest()
        assert told["license"] == row["license"]


def test_the_samples_are_those_of_the_release(exported, built) -> None:
    """The same keys, words and original bytes as the root holds."""
    rows, found = exported
    made = {json.loads(sample["json"])["pair_id"]: sample for sample in found.values()}
    keys = {row["pair_id"]: row["key"] for row in rows}
    chain = Tables(built.root, built.root.chain().stages)
    tables = {
        name: [row for batch in inspect.table_batches(chain, name) for row in batch.to_pylist()]
        for name in ("pairs", "images")
    }
    images = {row["figure_id"]: row for row in tables["images"]}
    whole = [pair for pair in tables["pairs"] if pair["kind"] == "whole"]
    assert {pair["pair_id"]: pair["key"] for pair in whole} == keys
    for pair in whole:
        image, sample = images[pair["figure_id"]], made[pair["pair_id"]]
        assert sample["jpg"] == read_slice(built.root.path / image["shard"], image["offset"], image["n_bytes"])
        assert sample["txt"].decode() == pair["text"]

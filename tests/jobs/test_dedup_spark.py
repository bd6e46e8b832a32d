"""The job says what the oracle says, however the rows lie."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from jobs.dedup import Store, assign_clusters
from pipeline.dedup.facts import DedupError
from pipeline.dedup.oracle import Outcome, assign
from pipeline.dedup.settings import DedupSettings

pytestmark = pytest.mark.spark

SCHEMA = pa.schema(
    [
        ("pair_id", pa.string()),
        ("article_id", pa.string()),
        ("pmcid", pa.string()),
        ("version", pa.int64()),
        ("text", pa.string()),
        ("pixel_sha256", pa.string()),
        ("phash", pa.binary()),
        ("width_px", pa.int64()),
        ("height_px", pa.int64()),
        ("license", pa.string()),
        ("n_bytes", pa.int64()),
    ]
)
HOT = DedupSettings(validation=0.2, test=0.3, hot_image_bucket=6, hot_text_bucket=5)
COLD = DedupSettings(validation=0.2, test=0.3)
WORDS = (
    "the",
    "cells",
    "of",
    "mice",
    "were",
    "stained",
    "with",
    "red",
    "dye",
    "after",
    "two",
    "days",
    "at",
    "low",
    "heat",
)


def _texts(rng: random.Random) -> list[str]:
    long = [" ".join(rng.choices(WORDS, k=rng.randint(8, 30))) for _ in range(6)]
    near = [text + " again" for text in long] + [f"Figure {n}. (A) {text.upper()}!" for n, text in enumerate(long)]
    # Many near copies of one text: a hot bucket.
    crowd = [" ".join([*WORDS, *WORDS[::-1], f"sample{n}"]) for n in range(12)]
    return [
        *long,
        *near,
        *crowd,
        "",
        "   ",
        "Figure 1.",
        "Study flowchart",
        "STUDY  flowchart.",
        "ROC curves",
        "图 1 细胞",
    ]


def _flip(phash: bytes, bits: list[int]) -> bytes:
    number = int.from_bytes(phash, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def _phashes(rng: random.Random) -> list[bytes | None]:
    seeds = [rng.randbytes(32) for _ in range(5)]
    near = [_flip(seed, rng.sample(range(256), rng.randint(1, 14))) for seed in seeds for _ in range(3)]
    # One band in common and nothing else: a hot bucket of different images.
    crowd = [seeds[0][:2] + rng.randbytes(30) for _ in range(10)]
    return [*seeds, *near, *crowd, None]


def make_rows(n: int, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    texts, phashes = _texts(rng), _phashes(rng)
    rows = []
    for k in range(n):
        article, version = rng.randint(1, n), rng.randint(1, 2)
        rows.append(
            {
                "pair_id": f"PMC{article}_v{version}_f{k:03d}_s00",
                "article_id": f"PMC{article}_v{version}",
                "pmcid": f"PMC{article}",
                "version": version,
                "text": rng.choice(texts),
                "pixel_sha256": f"{rng.randint(1, n):064x}",
                "phash": rng.choice(phashes),
                "width_px": rng.choice([300, 600]),
                "height_px": rng.choice([300, 400]),
                "license": rng.choice(["CC0", "CC BY", "CC BY-NC-ND", "other", None]),
                "n_bytes": 1,
            }
        )
    return rows


def write(rows: list[dict[str, Any]], folder: Path, n_files: int) -> list[str]:
    folder.mkdir(parents=True)
    paths = [str(folder / f"part-{k}.parquet") for k in range(n_files)]
    for k, path in enumerate(paths):
        pq.write_table(pa.Table.from_pylist(rows[k::n_files], schema=SCHEMA), path)
    return paths


def run(
    spark: SparkSession, rows: list[dict[str, Any]], folder: Path, n_files: int, settings: DedupSettings = HOT
) -> list[Outcome]:
    pairs = spark.read.parquet(*write(rows, folder / "in", n_files))
    frame = assign_clusters(pairs, Store(spark, folder / "scratch"), settings)
    return sorted((Outcome(**row.asDict()) for row in frame.collect()), key=lambda o: o.pair_id)


@pytest.mark.parametrize(("seed", "settings"), [(1, HOT), (2, HOT), (3, COLD)])
def test_spark_says_what_the_oracle_says(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int, settings: DedupSettings
) -> None:
    rows = make_rows(90, seed)
    expected = assign(rows, settings)
    assert run(spark, rows, tmp_path, 3, settings) == expected
    assert any(o.survivor_id for o in expected), "the case must hold duplicates"
    assert any(o.conflict_id for o in expected), "the case must hold conflicts"
    hot = [what for what in ("image", "text") if f"{what}: " in caplog.text and "hot buckets" in caplog.text]
    assert hot == (["image", "text"] if settings is HOT else [])


def test_the_result_does_not_depend_on_order_files_or_partitions(spark: SparkSession, tmp_path: Path) -> None:
    rows = make_rows(80, seed=4)
    first = run(spark, rows, tmp_path / "a", n_files=1)
    random.Random(0).shuffle(rows)
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "3")
    try:
        second = run(spark, rows, tmp_path / "b", n_files=5)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", "4")
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert first == second


def test_every_pair_comes_out_once_where_all_are_flat_and_without_text(spark: SparkSession, tmp_path: Path) -> None:
    rows = [{**row, "phash": None, "text": "", "pixel_sha256": f"{k:064x}"} for k, row in enumerate(make_rows(20, 6))]
    outcomes = run(spark, rows, tmp_path, 2)
    assert [o.pair_id for o in outcomes] == sorted(row["pair_id"] for row in rows)
    assert all(o.survivor_id is None and o.conflict_id is None for o in outcomes)
    assert all(o.image_cluster == o.pair_id for o in outcomes)


def test_no_rows_give_no_rows(spark: SparkSession, tmp_path: Path) -> None:
    assert run(spark, [], tmp_path / "a", 1) == []


def test_a_repeated_pair_id_is_named(spark: SparkSession, tmp_path: Path) -> None:
    rows = make_rows(5, seed=7)
    with pytest.raises(DedupError, match=rows[0]["pair_id"]):
        run(spark, [*rows, rows[0]], tmp_path, 2)


def test_a_null_is_refused_by_the_name_of_its_column(spark: SparkSession, tmp_path: Path) -> None:
    rows = make_rows(5, seed=8)
    rows[3]["width_px"] = None
    with pytest.raises(PythonException, match="column width_px is null"):
        run(spark, rows, tmp_path, 1)

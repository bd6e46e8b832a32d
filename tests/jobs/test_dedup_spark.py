"""The job says what the oracle says, however the rows lie."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from jobs.dedup import Store, assign_clusters
from pipeline.dedup.facts import DedupError
from pipeline.dedup.oracle import assign
from pipeline.dedup.outcomes import Outcome
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
MakeRows = Callable[[int, int], list[dict[str, Any]]]

HOT = DedupSettings(validation=0.2, test=0.3, hot_image_bucket=6, hot_text_bucket=5)
COLD = DedupSettings(validation=0.2, test=0.3)


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
    spark: SparkSession,
    tmp_path: Path,
    dedup_rows: MakeRows,
    caplog: pytest.LogCaptureFixture,
    seed: int,
    settings: DedupSettings,
) -> None:
    rows = dedup_rows(90, seed)
    expected = assign(rows, settings)
    assert run(spark, rows, tmp_path, 3, settings) == expected
    assert any(o.survivor_id for o in expected), "the case must hold duplicates"
    assert any(o.conflict_id for o in expected), "the case must hold conflicts"
    hot = [what for what in ("image", "text") if f"{what}: " in caplog.text and "hot buckets" in caplog.text]
    assert hot == (["image", "text"] if settings is HOT else [])


def test_the_result_does_not_depend_on_order_files_or_partitions(
    spark: SparkSession, tmp_path: Path, dedup_rows: MakeRows
) -> None:
    rows = dedup_rows(80, 4)
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


def test_every_pair_comes_out_once_where_all_are_flat_and_without_text(
    spark: SparkSession, tmp_path: Path, dedup_rows: MakeRows
) -> None:
    rows = [{**row, "phash": None, "text": "", "pixel_sha256": f"{k:064x}"} for k, row in enumerate(dedup_rows(20, 6))]
    outcomes = run(spark, rows, tmp_path, 2)
    assert [o.pair_id for o in outcomes] == sorted(row["pair_id"] for row in rows)
    assert all(o.survivor_id is None and o.conflict_id is None for o in outcomes)
    assert all(o.image_cluster == o.pair_id for o in outcomes)


def test_no_rows_give_no_rows(spark: SparkSession, tmp_path: Path, dedup_rows: MakeRows) -> None:
    assert run(spark, [], tmp_path / "a", 1) == []


def test_a_repeated_pair_id_is_named(spark: SparkSession, tmp_path: Path, dedup_rows: MakeRows) -> None:
    rows = dedup_rows(5, 7)
    with pytest.raises(DedupError, match=rows[0]["pair_id"]):
        run(spark, [*rows, rows[0]], tmp_path, 2)


def test_a_null_is_refused_by_the_name_of_its_column(spark: SparkSession, tmp_path: Path, dedup_rows: MakeRows) -> None:
    rows = dedup_rows(5, 8)
    rows[3]["width_px"] = None
    with pytest.raises(PythonException, match="column width_px is null"):
        run(spark, rows, tmp_path, 1)

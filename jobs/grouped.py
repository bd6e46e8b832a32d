"""Steps that need rows of many parts together: Spark brings the rows of a group to one task, which commits a part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from jobs.stages import StageError, environment_problem
from pipeline.part import PartWriter, part_name, read_report
from pipeline.root import Root
from pipeline.stage import Step

_PART_PATTERN = r"part-(\d+)/[^/]*$"


def read_parts(spark: SparkSession, folder: Path, table: str) -> DataFrame:
    """A table of a stage as a Spark frame, with the number of its part as the column ``part``."""
    paths = [str(path) for path in sorted(folder.glob(f"part-*/{table}.parquet"))]
    part = F.regexp_extract(F.col("_metadata.file_path"), _PART_PATTERN, 1).cast("int")
    return spark.read.parquet(*paths).withColumn("part", part)


def write_groups(frame: DataFrame, write: Callable[[int, pa.Table], None]) -> None:
    """Calls `write` with the rows of each part, in one task per part.

    Args:
        frame: rows with an integer column ``part``.
        write: commits a part, given its number and its rows without that column, in no certain order.

    Raises:
        StageError: a task met a full disk.
    """

    def task(key: tuple[pa.Scalar, ...], table: pa.Table) -> pa.Table:
        number = int(key[0].as_py())
        problem = environment_problem(lambda part: write(part, table.drop_columns(["part"])), number)
        return pa.table({"problem": pa.array([problem], pa.string())})

    for row in frame.groupBy("part").applyInArrow(task, "problem string").collect():
        if row.problem:
            raise StageError(row.problem)


def commit_empty(folder: Path, numbers: list[int], step: Step, root: Root) -> None:
    """Commits the parts that got no row, so that every part of the step exists."""
    for number in numbers:
        if read_report(folder / part_name(number)) is None:
            with PartWriter(folder, number, step, root.path) as writer:
                writer.commit()

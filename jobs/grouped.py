"""Steps that need rows of many parts together: Spark brings the rows of a group to one task, which commits a part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from jobs.stages import StageError, environment_problem
from pipeline.catalog import INVENTORY
from pipeline.part import PartWriter, part_name, read_report
from pipeline.root import Root
from pipeline.stage import Step
from pipeline.tables import Tables
from schemas.inventory import Tombstone
from schemas.record import Record

_PART_PATTERN = r"part-(\d+)/[^/]*$"


def read_parts(spark: SparkSession, tables: Tables, step: Step, cls: type[Record]) -> DataFrame:
    """The rows of a step's table that count, as a Spark frame, with the number of their part as the column ``part``."""
    paths = [str(path) for _, path in tables.files(step.name, cls)]
    part = F.regexp_extract(F.col("_metadata.file_path"), _PART_PATTERN, 1).cast("int")
    frame = spark.read.parquet(*paths).withColumn("part", part)
    if step is INVENTORY or not tables.dead:
        return frame
    tombstones = read_parts(spark, tables, INVENTORY, Tombstone).select("part", F.col("pmcid").alias("_pmcid"))
    frame = frame.withColumn("_pmcid", F.substring_index(cls.KEY, "_", 1))
    return frame.join(tombstones, ["part", "_pmcid"], "left_anti").drop("_pmcid")


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

"""pack: one task per shard gathers its pairs, reads their crops and writes the tar file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812

from jobs.grouped import read_parts, write_groups
from jobs.stages import Run, complete
from pipeline.pack import STEP, pack_shard
from pipeline.part import PartWriter
from pipeline.root import StageManifest
from schemas.pairs import Pair
from schemas.record import arrow_schema, from_table


def run_pack(run: Run, pairs: Path) -> StageManifest:
    """Writes the shards of a release, one part for each."""
    folder, root, seed = run.folder(STEP), run.root.path, run.config.pack.seed
    frame = read_parts(run.spark, pairs, Pair.TABLE).drop("part")
    names = sorted(row.shard for row in frame.select("shard").distinct().collect())

    def write(part: int, table: pa.Table) -> None:
        rows = list(from_table(table.cast(arrow_schema(Pair)), Pair))
        with PartWriter(folder, part, STEP, root) as writer:
            pack_shard(rows, seed, root, writer)
            writer.commit()

    def make(missing: list[int]) -> None:
        part = F.array_position(F.array(*[F.lit(name) for name in names]), F.col("shard")) - 1
        numbered = frame.withColumn("part", part.cast("int"))
        write_groups(numbered.where(F.col("part").isin(missing)), write)

    return complete(run, STEP, len(names), make)

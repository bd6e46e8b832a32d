"""pack: one task per shard gathers its pairs, reads their crops and writes the tar file."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.grouped import read_parts, write_groups
from jobs.stages import Run, complete
from pipeline.dedup.dedup import STAGE as DEDUP
from pipeline.pack import STEP, pack_shard
from pipeline.part import PartWriter, link_part, part_name, read_rows
from pipeline.root import StageManifest
from pipeline.tables import Tables
from schemas.pairs import Pair
from schemas.record import arrow_schema, from_table
from schemas.shards import Shard


def run_pack(run: Run) -> StageManifest:
    """Writes the shards of a release, one part for each; shards whose pairs are those of before are the same files."""
    folder, root, seed = run.folder(STEP), run.root.path, run.config.pack.seed
    frame = read_parts(run.spark, run.tables, DEDUP, Pair)
    names = sorted(row.shard for row in frame.select("shard").distinct().collect())

    def write(part: int, table: pa.Table) -> None:
        rows = list(from_table(table.select(arrow_schema(Pair).names).cast(arrow_schema(Pair)), Pair))
        with PartWriter(folder, part, STEP, root) as writer:
            pack_shard(rows, seed, root, writer)
            writer.commit()

    def make(missing: list[int]) -> None:
        missing = _link_unchanged(run, names, missing, frame)
        part = F.array_position(F.array(*[F.lit(name) for name in names]), F.col("shard")) - 1
        numbered = frame.withColumn("part", part.cast("int"))
        write_groups(numbered.where(F.col("part").isin(missing)), write)

    return complete(run, STEP, len(names), make)


def _link_unchanged(run: Run, names: list[str], missing: list[int], pairs: DataFrame) -> list[int]:
    """Makes the shards that hold the same pairs as before of the same files; returns those left to write."""
    if run.before is None:
        return missing
    # A pair of the same part is the same pair: a part is never written twice.
    here = pairs.select("shard", "pair_id", "part")
    there = read_parts(run.spark, run.before, DEDUP, Pair).select(*here.columns)
    differing = here.exceptAll(there).unionByName(there.exceptAll(here)).select("shard").distinct().collect()
    changed = {row.shard for row in differing}
    places = {shard.name: part for part, shard in enumerate(packed_shards(run.before))}
    same = [part for part in missing if names[part] in places and names[part] not in changed]
    for part in same:
        source = run.before.folder(STEP.name) / part_name(places[names[part]])
        link_part(source, run.folder(STEP) / part_name(part))
    return sorted(set(missing) - set(same))


def packed_shards(tables: Tables) -> Iterator[Shard]:
    """The shards that the pack step wrote, in order of their names."""
    for _, path in tables.files(STEP.name, Shard):
        yield from read_rows(path, Shard)

"""export: shards and lists of a release for one licence class, kind and size, written by one task per shard."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from jobs.cluster import plan_shards, sample_size, shard_number
from jobs.grouped import read_parts, write_groups
from jobs.verbs import UsageError
from pipeline import fetch, parse
from pipeline.card import Facts
from pipeline.config import PackConfig
from pipeline.dedup.dedup import STAGE as DEDUP
from pipeline.export import KINDS, URL_COLUMNS, Region, article_lines, render, url_row, write_parquet
from pipeline.licenses import allowed_licenses
from pipeline.pack import add_samples, read_crop, sample_order, shard_name
from pipeline.release import CREDIT_COLUMNS, write_json, write_papers
from pipeline.root import Root
from pipeline.split import figure as split
from pipeline.tables import Tables
from pipeline.tar import TarWriter
from schemas.articles import Article
from schemas.figures import Figure
from schemas.images import Image
from schemas.pairs import Pair
from schemas.record import arrow_schema, from_table
from schemas.shards import Shard
from schemas.subfigures import Subfigure

_ROWS_PER_GROUP = 10_000
_BOX = ("x0_px", "y0_px", "x1_px", "y1_px")


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a release."""

    release: dict[str, Any]
    """Its manifest."""
    license: str
    kinds: Sequence[str]
    image_size: int
    formats: Sequence[str]
    url_root: str | None = None
    """A server with the keys of the bucket, for the URLs; None for the bucket itself."""


def export(spark: SparkSession, root: Root, order: Order, out: Path) -> int:
    """Writes what was ordered to a new folder, which appears whole; returns the number of samples.

    Raises:
        UsageError: nothing of the release fits the order.
    """
    pairs = _wanted(spark, root, order)
    scratch = out.with_name(f".{out.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        n_samples = _write(spark, root, order, pairs, scratch)
        if out.exists():
            out.rmdir()
        scratch.rename(out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return n_samples


def _wanted(spark: SparkSession, root: Root, order: Order) -> DataFrame:
    codes = allowed_licenses(order.license)
    by_code = F.col("license").isin([code for code in codes if code])
    licensed = by_code | F.col("license").isNull() if None in codes else by_code
    pairs = read_parts(spark, _tables(root, order), DEDUP, Pair).drop("part")
    pairs = pairs.where(licensed & F.col("kind").isin([KINDS[kind] for kind in order.kinds]))
    if pairs.isEmpty():
        raise UsageError(f"no pair of the release is {' or '.join(order.kinds)} with a licence in '{order.license}'")
    return pairs


def _tables(root: Root, order: Order) -> Tables:
    return Tables(root, order.release["tables"])


def _write(spark: SparkSession, root: Root, order: Order, pairs: DataFrame, folder: Path) -> int:
    shards: list[Shard] = []
    if "webdataset" in order.formats or "parquet" in order.formats:
        shards = _write_shards(spark, root, order, pairs, folder)
    if "urls" in order.formats:
        _write_urls(pairs, order.url_root, folder / "urls.parquet")
    if "jsonl" in order.formats:
        _write_articles(root, order, pairs, folder / "articles.jsonl")
    credits = pairs.select(*CREDIT_COLUMNS).distinct().orderBy(*CREDIT_COLUMNS).toLocalIterator()
    config = {**order.release["config"], "catalog": {"license": order.license}}
    write_papers(folder, Facts(order.release["release"], order.release["inventory"], config, shards, ()), credits)
    n_samples = pairs.count()
    write_json(folder / "manifest.json", _manifest(order, shards, n_samples))
    return n_samples


def _manifest(order: Order, shards: Sequence[Shard], n_samples: int) -> dict[str, Any]:
    return {
        "release": order.release["release"],
        "inventory": order.release["inventory"],
        "license": order.license,
        "kinds": list(order.kinds),
        "image_size": order.image_size,
        "n_samples": n_samples,
        "shards": [{name: getattr(shard, name) for name in arrow_schema(Shard).names} for shard in shards],
    }


def _write_shards(spark: SparkSession, root: Root, order: Order, pairs: DataFrame, folder: Path) -> list[Shard]:
    config = PackConfig(**order.release["config"]["pack"])
    n_shards = plan_shards(pairs.select("pair_id", "split", sample_size().alias("size")), config)
    names = [shard_name(name, k) for name, n in n_shards.items() for k in range(n)]
    rows = pairs if order.image_size == _stored_size(order) else _with_regions(spark, root, order, pairs)
    numbered = rows.withColumn("part", shard_number(n_shards, config.seed))
    write_groups(numbered, _shard_writer(root.path, order, config, names, folder))
    found = [folder / f".{name}.json" for name in names]
    shards = [Shard(**json.loads(path.read_text())) for path in found if path.exists()]
    for path in found:
        path.unlink(missing_ok=True)
    return shards


def _stored_size(order: Order) -> int:
    return int(order.release["config"]["split"]["image_size"])


def _with_regions(spark: SparkSession, root: Root, order: Order, pairs: DataFrame) -> DataFrame:
    """The pairs with the place of their picture in the original image."""
    tables = _tables(root, order)
    boxes = read_parts(spark, tables, split.STAGE, Subfigure).select("subfigure_id", *_BOX)
    images = read_parts(spark, tables, fetch.STAGE, Image).select(
        "figure_id",
        F.col("shard").alias("image_shard"),
        F.col("offset").alias("image_offset"),
        F.col("n_bytes").alias("image_bytes"),
    )
    return pairs.join(boxes, "subfigure_id").join(images, "figure_id")


def _shard_writer(
    root: Path, order: Order, config: PackConfig, names: Sequence[str], folder: Path
) -> Callable[[int, pa.Table], None]:
    def write(part: int, table: pa.Table) -> None:
        pairs = list(from_table(table.select(arrow_schema(Pair).names).cast(arrow_schema(Pair)), Pair))
        picture = _pictures(root, order, table)
        name, first = names[part], pairs[0]
        if "parquet" in order.formats:
            write_parquet(folder / f"{name}.parquet", ((p, picture(p)) for p in sample_order(pairs, config.seed)))
        if "webdataset" in order.formats:
            with TarWriter(folder / f"{name}.tar") as tar:
                n_samples = add_samples(tar.add, pairs, config.seed, picture)
            shard = {"name": name, "split": first.split, "n_samples": n_samples}
            write_json(folder / f".{name}.json", {**shard, "n_bytes": tar.n_bytes, "sha256": tar.sha256})

    return write


def _pictures(root: Path, order: Order, table: pa.Table) -> Callable[[Pair], bytes]:
    """What gives the JPEG of a pair: the stored crop, or a new one at another size."""
    if order.image_size == _stored_size(order):
        return lambda pair: read_crop(root, pair)
    names = ["image_shard", "image_offset", "image_bytes", *_BOX]
    regions = [Region(**row) for row in table.select(names).to_pylist()]
    by_id = dict(zip(table["pair_id"].to_pylist(), regions, strict=True))
    settings, most = order.release["config"]["split"], order.release["config"]["fetch"]["max_pixels"]
    longest = order.image_size * settings["max_side"] // settings["image_size"]

    def picture(pair: Pair) -> bytes:
        quality = settings["jpeg_quality"]
        return render(
            root, by_id[pair.pair_id], image_size=order.image_size, max_side=longest, quality=quality, max_pixels=most
        )

    return picture


def _write_urls(pairs: DataFrame, url_root: str | None, path: Path) -> None:
    """Whole figures only, for a downloader cannot cut panels; and only those with a URL, which packages have not."""
    wanted = pairs.where((F.col("kind") == "whole") & F.col("image_url").startswith("s3://"))
    if wanted.isEmpty():
        raise UsageError("--format urls: no whole figure here has a URL; figures from old packages have none")
    rows = wanted.orderBy("pair_id").toLocalIterator()
    schema = pa.schema([(name, pa.string()) for name in URL_COLUMNS])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while chunk := list(itertools.islice(rows, _ROWS_PER_GROUP)):
            pairs_found = (Pair(**{name: row[name] for name in arrow_schema(Pair).names}) for row in chunk)
            found = [url_row(pair, url_root) for pair in pairs_found]
            writer.write_batch(pa.RecordBatch.from_pylist(found, schema=schema))


def _write_articles(root: Root, order: Order, pairs: DataFrame, path: Path) -> None:
    whole: dict[str, dict[str, str]] = defaultdict(dict)
    for row in pairs.where(F.col("kind") == "whole").select("article_id", "figure_id", "pair_id").toLocalIterator():
        whole[row.article_id][row.figure_id] = row.pair_id
    tables, step = _tables(root, order), parse.STAGE.name
    with path.open("w", encoding="utf-8") as file:
        for part in range(tables.n_parts):
            articles = list(tables.part_rows(step, Article, part))
            figures = list(tables.part_rows(step, Figure, part))
            pair_ids = {key: value for a in articles for key, value in whole[a.article_id].items()}
            for line in article_lines(articles, figures, pair_ids):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

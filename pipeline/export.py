"""export: what a consumer gets of a release: which pairs, in which form, at which size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.images import crop_jpeg, decode
from pipeline.pack import sample_metadata
from pipeline.tar import read_slice
from schemas.articles import Article
from schemas.figures import Figure
from schemas.pairs import Pair

FORMATS = ("webdataset", "parquet", "jsonl", "urls")
URL_COLUMNS = ("url", "caption", "md5", "key", "pair_id", "license", "attribution")
"""Of `url_row`. `pair_id` says the same as `key`, which img2dataset cannot carry over: it has a column of that name."""
KINDS = {"panels": "panel", "whole": "whole"}

_BUCKET_HOST = "https://{bucket}.s3.amazonaws.com/"


@dataclass(frozen=True, slots=True)
class Region:
    """Where a pair's picture lies in the original image."""

    image_shard: str
    image_offset: int
    image_bytes: int
    x0_px: int
    y0_px: int
    x1_px: int
    y1_px: int


def render(root: Path, region: Region, *, image_size: int, max_side: int, quality: int, max_pixels: int) -> bytes:
    """A picture cut anew from its original, as JPEG, with the shorter side `image_size` px or as it is if smaller."""
    pixels = decode(read_slice(root / region.image_shard, region.image_offset, region.image_bytes), max_pixels)
    cut = pixels[region.y0_px : region.y1_px, region.x0_px : region.x1_px]
    return crop_jpeg(cut, image_size, max_side, quality)[1]


def write_parquet(path: Path, samples: Iterable[tuple[Pair, bytes]]) -> None:
    """Samples with their pictures as one Parquet file: columns key, jpg, and those of the sample's JSON."""
    rows = [{"key": pair.key, "jpg": jpeg, **sample_metadata(pair)} for pair, jpeg in samples]
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd", row_group_size=500)


def url_row(pair: Pair, url_root: str | None = None) -> dict[str, Any]:
    """What a downloader such as img2dataset needs to fetch the whole figure of a pair from the source.

    Args:
        pair: of a figure that lies in a bucket.
        url_root: a server that has the bucket's keys under this URL; None for the bucket itself.
    """
    return {
        "url": https_url(pair.image_url, url_root),
        "caption": pair.text,
        "md5": pair.image_md5,
        "key": pair.key,
        "pair_id": pair.pair_id,
        "license": pair.license,
        "attribution": pair.attribution,
    }


def https_url(url: str, url_root: str | None = None) -> str:
    """An ``s3://`` address as the one that any HTTP client can read, at the bucket or at a copy of it."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    root = url_root.rstrip("/") + "/" if url_root else _BUCKET_HOST.format(bucket=bucket)
    return root + quote(key)


def article_lines(
    articles: Sequence[Article], figures: Sequence[Figure], pair_ids: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Articles in the form of the official BiomedCLIP pipeline, one with all its figures in a line.

    Args:
        articles: of one part.
        figures: of the same part.
        pair_ids: by figure id, the exported pair of the whole figure; other figures are left out.
    """
    for article in articles:
        mine = [f for f in figures if f.article_id == article.article_id and f.figure_id in pair_ids]
        if mine:
            yield {
                "pmid": article.pmid,
                "pmc": article.pmcid,
                "location": mine[0].image_url.rsplit("/", 1)[0],
                "figures": [_official_figure(figure, pair_ids[figure.figure_id]) for figure in mine],
            }


def _official_figure(figure: Figure, pair_id: str) -> dict[str, Any]:
    return {
        "fig_caption": figure.caption,
        "fig_id": figure.fig_xml_id,
        "fig_label": figure.label,
        "graphic_ref": figure.image_name,
        "pair_id": pair_id,
    }

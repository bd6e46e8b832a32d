"""Images: the original files, stored once, byte for byte, in tar shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from schemas.record import Record, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Record):
    """The file behind one figure: where its bytes lie and what its header says."""

    TABLE: ClassVar[str] = "images"
    KEY: ClassVar[str] = "figure_id"

    figure_id: str = column("the figure that shows it")
    article_id: str = column("article and version, such as PMC123_v1")
    sha256: str = column("sha256 of the file, 64 hex digits")
    md5: str = column("md5 of the file, 32 hex digits")
    format: str = column("format by magic bytes: JPEG, PNG, WEBP, TIFF, GIF, BMP")
    width_px: int = column("width in the header, before any rotation", unit="px")
    height_px: int = column("height in the header, before any rotation", unit="px")
    mode: str = column("pixel mode in Pillow's notation, such as RGB, CMYK, I;16")
    n_bytes: int = column("size of the file", unit="byte")
    shard: str | None = column("tar file, relative to the root")
    offset: int | None = column("first byte of the file in the shard", unit="byte")

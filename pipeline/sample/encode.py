"""Pictures as the files in which articles carry them, some of them broken on purpose."""

from __future__ import annotations

import io
import struct
from typing import Literal

import numpy as np
from PIL import Image

Format = Literal["jpg", "png", "rgba", "palette", "webp", "tif16", "cmyk", "gif"]

EXTENSION = {
    "jpg": "jpg",
    "png": "png",
    "rgba": "png",
    "palette": "png",
    "webp": "webp",
    "tif16": "tif",
    "cmyk": "jpg",
    "gif": "gif",
}


def encode(picture: Image.Image, format_: Format, *, quality: int = 86) -> bytes:
    """The picture, RGB, as a file of the format."""
    if format_ == "jpg":
        return _saved(picture, "JPEG", quality=quality, subsampling=1)
    if format_ == "cmyk":
        return _saved(picture.convert("CMYK"), "JPEG", quality=quality)
    if format_ == "webp":
        return _saved(picture, "WEBP", quality=quality, method=2)
    if format_ == "gif":
        return _saved(picture.quantize(128), "GIF")
    if format_ == "palette":
        return _saved(picture.quantize(192), "PNG", compress_level=6)
    if format_ == "tif16":
        return _saved(_sixteen_bits(picture), "TIFF", compression="tiff_adobe_deflate", dpi=(300, 300))
    return _saved(_transparent(picture) if format_ == "rgba" else picture, "PNG", compress_level=4)


def _sixteen_bits(picture: Image.Image) -> Image.Image:
    """Grey values over the upper part of 16 bits, as a microscope camera of 12 bits gives them."""
    grey = np.asarray(picture.convert("L"), dtype=np.uint16)
    return Image.fromarray(((grey >> 1) << 9).astype(np.uint16))


def _transparent(picture: Image.Image) -> Image.Image:
    """White made transparent, as drawing programs export it."""
    pixels = np.asarray(picture)
    alpha = np.where((pixels >= 250).all(axis=-1), 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels, alpha]))


def _saved(picture: Image.Image, name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()


def cut_in_half(data: bytes) -> bytes:
    """The first half of a file: its header is good, its end is missing."""
    return data[: len(data) // 2]


def huge_tiff(side_px: int = 20_000) -> bytes:
    """A TIFF of a few bytes whose header declares `side_px` × `side_px` pixels of 24 bits.

    Source: TIFF 6.0, section 2 (header, directory of 12-byte entries: tag, type, count, value).
    """
    short, long = 3, 4
    tail = struct.pack("<HHH", 8, 8, 8) + b"\xff" * 64
    entries = [
        (256, long, 1, side_px),
        (257, long, 1, side_px),
        (258, short, 3, 0),
        (259, short, 1, 1),
        (262, short, 1, 2),
        (273, long, 1, 0),
        (277, short, 1, 3),
        (278, long, 1, side_px),
        (279, long, 1, side_px * side_px * 3 % 2**32),
    ]
    after = 8 + 2 + 12 * len(entries) + 4
    places = {258: after, 273: after + 6}
    directory = b"".join(
        struct.pack("<HHII", tag, type_, n, places.get(tag, value)) for tag, type_, n, value in entries
    )
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + directory + b"\x00" * 4 + tail

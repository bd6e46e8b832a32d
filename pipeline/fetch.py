"""fetch: the image of each figure, its md5 verified, its original bytes kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial

from pipeline.images import ImageError, read_header
from pipeline.sources import MediaObject
from pipeline.stage import Context, Function, Outcome, Stage, Stored
from schemas.figures import Figure
from schemas.images import Image
from schemas.reject import Reason, Reject

_reject = partial(Reject, stage="fetch")

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "GIF": ".gif", "BMP": ".bmp"}


def _start(context: Context) -> Function:
    limits = context.config.fetch

    def fetch(figure: Figure, data: bytes) -> Iterator[Outcome]:
        try:
            yield _stored(figure, data, limits.max_image_bytes, limits.max_pixels)
        except ImageError as error:
            yield _reject(record_id=figure.id, reason=error.reason, detail=f"{figure.image_name}: {error.detail}")

    return fetch


def _wants(figure: Figure) -> MediaObject:
    return MediaObject(name=figure.image_name, url=figure.image_url, md5=figure.image_md5)


def _stored(figure: Figure, data: bytes, max_bytes: int, max_pixels: int) -> Stored:
    if len(data) > max_bytes:
        raise ImageError(Reason.TOO_LARGE, f"{len(data)} bytes, above {max_bytes}")
    header = read_header(data, max_pixels)
    sha256 = hashlib.sha256(data).hexdigest()
    image = Image(
        figure_id=figure.figure_id,
        article_id=figure.article_id,
        sha256=sha256,
        md5=figure.image_md5 or hashlib.md5(data, usedforsecurity=False).hexdigest(),  # the source has verified it
        format=header.format,
        width_px=header.width_px,
        height_px=header.height_px,
        mode=header.mode,
        n_bytes=len(data),
        shard=None,
        offset=None,
    )
    return Stored(image, data, SUFFIXES[header.format], content=sha256)


STAGE = Stage("fetch", (Figure,), (Image,), revision=1, start=_start, wants=_wants)

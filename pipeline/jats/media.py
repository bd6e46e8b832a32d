"""From the reference in the XML to the name of a media file, and the best of several renderings of one picture."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml.etree import _Element as Element

IMAGE_EXTENSIONS = ("jpg", "jpeg", "png", "webp", "tif", "tiff", "gif")
"""In order of preference. PMC ships figures as jpg, its gif of the same stem is a thumbnail of 100 px."""

_HREF = "{http://www.w3.org/1999/xlink}href"
_THUMBNAIL = re.compile(r"(?:^|[-_.])(?:thumb(?:nail)?s?|small|tn)(?=$|[-_.])", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://[^/]+|info:doi)/(?:[^/]*/)*([^/\\:]*[^/\\:.][^/\\:]*)", re.IGNORECASE)
_SIZED = re.compile(r"scielo-(\d+)x(\d+)")
_FORMAT_RANK = {"tif": 0, "tiff": 0, "png": 1, "jpg": 2, "jpeg": 2, "webp": 3, "": 4, "gif": 5, "bmp": 6}
_VECTOR_RANK = 9


def href_of(element: Element) -> str | None:
    """The reference of a picture, as written but for white space around it; None where there is none.

    The attribute is found by its name: in the new XML of PMC it is not the first one.
    """
    value = element.get(_HREF)
    if value is None:
        value = next((str(v) for k, v in element.attrib.items() if str(k).rpartition("}")[2] == "href"), None)
    return (value or "").strip() or None


def is_image(media: Element) -> bool:
    """True where a `<media>` says that it is an image, or states no type and is named like an image."""
    mimetype = media.get("mimetype")
    if mimetype:
        return mimetype.lower().startswith("image")
    return extension_of(href_of(media) or "") in IMAGE_EXTENSIONS


def mimetype_of(element: Element) -> str | None:
    """``image/jpeg`` or what part of it is stated."""
    parts = [p for p in (element.get("mimetype"), element.get("mime-subtype")) if p]
    return "/".join(parts) or None


def extension_of(name: str) -> str:
    """The image extension in lower case; nothing where the last dot is part of the name (`pone.0000217.g001`)."""
    extension = name.rpartition(".")[2].lower()
    return extension if "." in name and (extension in _FORMAT_RANK or extension in ("svg", "eps", "pdf")) else ""


def resolve_media(href: str, names: Sequence[str]) -> str | None:
    """The name among `names` that the reference means, or None.

    In this order: the same name; the same name in another case; the reference without its image extension plus one of
    `IMAGE_EXTENSIONS`, the first of them that is there (so a thumbnail .gif only where nothing else is); the
    same in another case. Names that look like thumbnails (`x_small.jpg`) are never taken for another name.

    Of an address (`https://x.org/a.jpg`, `info:doi/10.1371/pone.0000217.g001`) the last part counts, and only where a
    name is just that, or that and an image extension. Nothing is ever fetched from it. A reference that is a path or
    goes up means none: media lie beside the XML.
    """
    href = href.strip()
    if address := _ADDRESS.fullmatch(href):
        likely = (address[1], *(f"{address[1]}.{extension}" for extension in IMAGE_EXTENSIONS))
        return next((name for name in likely if name in names), None)
    if href in ("", ".") or href.startswith("..") or any(character in href for character in "/\\:"):
        return None
    if href in names:
        return href
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    key = href.casefold()
    if key in folded:
        return folded[key]
    extension = extension_of(key)
    stem = key[: -len(extension) - 1] if extension in IMAGE_EXTENSIONS else key
    return next((folded[f"{stem}.{e}"] for e in IMAGE_EXTENSIONS if f"{stem}.{e}" in folded), None)


def best_first(graphics: Sequence[Element]) -> list[Element]:
    """The renderings within one `<alternatives>`, the one to use first.

    One with a reference before one without; full size before thumbnails and sized previews; raster before vector;
    colour before black and white, and the web before print (publishers print the same figure without colour);
    tif, png, jpg, webp, no extension, gif; the first of equals.
    """
    return sorted(graphics, key=_rendering_rank)


def _rendering_rank(graphic: Element) -> tuple[int, ...]:
    href = href_of(graphic)
    use = f"{graphic.get('specific-use', '')} {graphic.get('content-type', '')}".lower()
    extension = extension_of(href or "") or (graphic.get("mime-subtype") or "").lower()
    is_small = "thumb" in use or bool(_SIZED.search(use)) or bool(_THUMBNAIL.search(href or ""))
    is_vector = extension in ("svg", "svg+xml", "eps", "pdf", "postscript")
    return (
        href is None,
        is_small,
        is_vector,
        "black-white" in use or "grayscale" in use,
        "print" in use,
        _VECTOR_RANK if is_vector else _FORMAT_RANK.get(extension, 4),
    )

"""Pictures for the page: small JPEGs as data URIs, with the boxes of the panels laid over them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pipeline.images import ImageError, crop_jpeg, decode
from pipeline.report.markup import Html, element, join
from pipeline.split.boxes import Box
from pipeline.tar import read_slice
from schemas.subfigures import Subfigure

N_COLOURS = 6
"""Colours that panels take in turn."""

# About 35 kB for a typical figure: a hundred of them keep the page under 5 MB.
_SHORT_SIDE, _LONG_SIDE, _QUALITY = 420, 560, 72


class Place(NamedTuple):
    """Where the bytes of an image lie."""

    path: Path
    offset: int
    n_bytes: int


class Picture(NamedTuple):
    """A small JPEG of an image."""

    jpeg: bytes
    width_px: int
    height_px: int


def small_picture(place: Place, max_pixels: int) -> Picture | None:
    """An image made small; None where it cannot be decoded.

    Raises:
        OSError: the file that held it is gone.
    """
    try:
        pixels = decode(read_slice(*place), max_pixels)
    except ImageError:
        return None
    scaled, jpeg = crop_jpeg(pixels, _SHORT_SIDE, _LONG_SIDE, _QUALITY)
    return Picture(jpeg, scaled.shape[1], scaled.shape[0])


def picture_element(picture: Picture | None, alt: str, overlay: Sequence[Html] = ()) -> Html:
    """The picture, its size known before it is drawn, and what lies over it."""
    if picture is None:
        return element("p", "This image cannot be decoded here.", class_="none")
    image = element(
        "img",
        src=f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}",
        width=picture.width_px,
        height=picture.height_px,
        alt=alt,
    )
    return element("div", element("div", image, *overlay, class_="frame"), class_="pic")


def panel_boxes(panels: Sequence[Subfigure], width_px: int, height_px: int) -> list[Html]:
    """The outline and letter of each panel, placed in per cent so that it scales with the picture.

    Args:
        panels: of one figure.
        width_px: size of the upright image that the boxes speak of.
        height_px: its height.
    """
    boxes = [Box(panel.x0_px, panel.y0_px, panel.x1_px, panel.y1_px) for panel in panels]
    letters = [element("b", panel.panel_label or "") for panel in panels]
    return [
        element("span", letter, class_=f"box c{colour(place)}", style=_place(box, width_px, height_px))
        for place, (box, letter) in enumerate(zip(boxes, letters, strict=True))
    ]


def true_boxes(boxes: Sequence[Box], width_px: int, height_px: int) -> list[Html]:
    """The outlines of a labelled set's panels, placed in the same way."""
    return [element("span", class_="box true", style=_place(box, width_px, height_px)) for box in boxes]


def _place(box: Box, width_px: int, height_px: int) -> str:
    edges = {
        "left": box.x0 / width_px,
        "top": box.y0 / height_px,
        "width": box.width / width_px,
        "height": box.height / height_px,
    }
    return ";".join(f"{name}:{share:.3%}" for name, share in edges.items())


def colour(place: int) -> int:
    """Which colour the panel at a place has, in its box and in the caption."""
    return place % N_COLOURS


def marked_caption(caption: str, panels: Sequence[Subfigure]) -> Html:
    """The caption with each panel's own words marked in the colour of its box.

    Words of one panel carry its colour, words of several a neutral one; words shared by all are underlined. Each
    mark ends with the letters, so that it can be read without colours too.
    """
    own = [(span.start, span.end, which) for which, panel in enumerate(panels) for span in panel.spans
           if span.role == "own"]  # fmt: skip
    shared = {(span.start, span.end) for panel in panels for span in panel.spans if span.role != "own"}
    cuts = {0, len(caption), *(at for start, end, _ in own for at in (start, end))}
    edges = sorted({*cuts, *(at for span in shared for at in span)})
    pieces = []
    for start, end in pairwise(edges):
        owners = [which for low, high, which in own if low <= start and end <= high]
        is_shared = any(low <= start and end <= high for low, high in shared)
        pieces.append(_piece(caption[start:end], owners, panels, is_shared=is_shared))
    return join(pieces)


def _piece(text: str, owners: list[int], panels: Sequence[Subfigure], *, is_shared: bool) -> str:
    if not owners:
        return element("u", text) if is_shared else text
    letters = ", ".join(panels[which].panel_label or "" for which in owners)
    class_ = f"c{colour(owners[0])}" if len(owners) == 1 else None
    return element("mark", text, element("sub", letters), class_=class_)

"""Subfigures: the whole figure, and its panels where the figure could be split with confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.record import Record, Struct, column


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionSpan(Struct):
    """A verbatim piece of the figure's caption."""

    start: int = column("first character, counted in code points of the caption")
    end: int = column("one past the last character")
    role: Literal["prefix", "own", "suffix"] = column("shared opening, the panel's own words, or shared closing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subfigure(Record):
    """A picture with the words that speak of it: the whole figure, or one of its panels."""

    TABLE: ClassVar[str] = "subfigures"
    KEY: ClassVar[str] = "subfigure_id"

    subfigure_id: str = column("figure_id and _s00 for the whole figure, _s01 and up for panels")
    figure_id: str = column("the figure it was cut from")
    article_id: str = column("article and version, such as PMC123_v1")
    kind: Literal["whole", "panel"] = column("the whole figure or one panel")
    panel_label: str | None = column("letter of the panel as the caption prints it")
    x0_px: int = column("left edge in the upright image", unit="px")
    y0_px: int = column("top edge", unit="px")
    x1_px: int = column("one past the right edge", unit="px")
    y1_px: int = column("one past the bottom edge", unit="px")
    score: float = column("confidence in the box, 0 to 1; 1 for the whole figure")
    spans: list[CaptionSpan] = column("pieces of the caption that speak of it, in order")
    subcaption: str = column("the words of the panel alone; the caption for the whole figure")
    common_caption: str | None = column("words of the caption that all panels share")
    match: Literal["label", "order", "single", "none"] = column(
        "how picture and words were matched; none: the figure may be compound and was left whole"
    )
    match_confidence: float = column("confidence in the match, 0 to 1")
    text_confidence: float = column("confidence in the panel's own words, 0 to 1; 1 for the whole figure")
    is_compound: bool = column("the caption names panels or panels were found")
    n_panels: int = column("panels found in the image, 1 for a single picture")
    whole_reason: str | None = column("why a compound figure was not split")
    crop_width_px: int = column("width of the stored crop", unit="px")
    crop_height_px: int = column("height of the stored crop", unit="px")
    pixel_sha256: str = column("sha256 of size and RGB pixels of the region before scaling")
    phash: bytes | None = column("perceptual hash, 32 bytes; null where the picture is too flat for one")
    luma_std: float = column("standard deviation of the crop's brightness, 0 to 127.5")
    flat_share: float = column("share of the crop's pixels that have its most frequent brightness, 0 to 1")
    shard: str | None = column("tar file of the crop, relative to the root")
    offset: int | None = column("first byte of the crop in the shard", unit="byte")
    n_bytes: int = column("size of the crop", unit="byte")

"""Pairs: a picture and its text, measured, filtered, clustered and assigned to a split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.record import Record, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Record):
    """A picture and its text with everything that was measured of them."""

    TABLE: ClassVar[str] = "candidates"
    KEY: ClassVar[str] = "pair_id"

    pair_id: str = column("id of the pair: that of its subfigure")
    subfigure_id: str = column("the picture")
    figure_id: str = column("the figure it belongs to")
    article_id: str = column("article and version, such as PMC123_v1")
    pmcid: str = column("PMC and digits")
    version: int = column("version of the article, from 1")
    kind: Literal["whole", "panel"] = column("the whole figure or one panel")
    text: str = column("the text of the pair: verbatim pieces of the caption")
    n_chars: int = column("code points in the text")
    n_words: int = column("words in the text that hold a letter or digit")
    alpha_share: float = column("share of letters among the characters that are not white space, 0 to 1")
    language: str = column("most probable language of the text, ISO 639 code")
    language_prob: float = column("probability of that language, 0 to 1")
    width_px: int = column("width of the picture at the source", unit="px")
    height_px: int = column("height of the picture at the source", unit="px")
    crop_width_px: int = column("width of the stored crop", unit="px")
    crop_height_px: int = column("height of the stored crop", unit="px")
    pixel_sha256: str = column("sha256 of size and RGB pixels before scaling")
    phash: bytes | None = column("perceptual hash, 32 bytes; null where the picture is too flat for one")
    luma_std: float = column("standard deviation of the crop's brightness, 0 to 127.5")
    flat_share: float = column("share of the crop's pixels that have its most frequent brightness, 0 to 1")
    match: str = column("how picture and words were matched: label, order, single, none")
    match_confidence: float = column("confidence in the match, 0 to 1")
    text_confidence: float = column("confidence in the panel's own words, 0 to 1; 1 for the whole figure")
    license: str | None = column("licence code of the figure; null where none is machine-readable")
    license_url: str | None = column("link to the licence's text")
    attribution: str = column("whom to name when the picture is shown")
    rights_note: str | None = column("what the figure itself says about rights")
    image_url: str = column("where the image lies at the source")
    image_md5: str | None = column("md5 of the image at the source")
    crop_shard: str = column("tar file of the crop, relative to the root")
    crop_offset: int = column("first byte of the crop in the shard", unit="byte")
    n_bytes: int = column("size of the crop", unit="byte")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Record):
    """What a pair is found by when others are compared with it: pairs that share none of these are not alike."""

    TABLE: ClassVar[str] = "signatures"
    KEY: ClassVar[str] = "pair_id"

    pair_id: str = column("the pair")
    pixel_sha256: str = column("sha256 of size and RGB pixels before scaling")
    text_key: str = column("hash of the words of the text; equal for texts that differ in case and punctuation only")
    image_bands: list[int] = column("16 band hashes of the perceptual hash; none for a flat image")
    text_bands: list[int] = column("24 band hashes of the text's MinHash; none for a short text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Record):
    """What comparing a candidate with all the others said."""

    TABLE: ClassVar[str] = "assignments"
    KEY: ClassVar[str] = "pair_id"

    pair_id: str = column("the candidate")
    image_cluster: str = column("smallest pair_id among pairs with nearly the same picture")
    text_cluster: str = column("smallest pair_id among pairs with nearly the same text")
    survivor_id: str | None = column("the pair that is kept in place of this one; null where this one is kept")
    conflict_id: str | None = column("a pair of the same cluster that is held out; null where there is none")
    split: Literal["train", "validation", "test"] = column("split of the article")
    shard: str | None = column("base name of the release shard, such as train-00000; null where it is not kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Candidate):
    """A pair of the release."""

    TABLE: ClassVar[str] = "pairs"

    image_cluster: str = column("smallest pair_id among pairs with nearly the same picture")
    text_cluster: str = column("smallest pair_id among pairs with nearly the same text")
    split: Literal["train", "validation", "test"] = column("split of the article and of every cluster it is in")
    shard: str = column("base name of the release shard, such as train-00000")
    key: str = column("base name of its members in the shard, without dots")

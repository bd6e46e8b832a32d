"""Versions: the article versions that were selected, with what the source's metadata say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from schemas.record import Record, Struct, column


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile(Struct):
    """A file that the source holds for an article version."""

    name: str = column("file name")
    url: str = column("where it lies at the source")
    md5: str | None = column("md5 stated by the source, 32 hex digits; null where it states none")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleVersion(Record):
    """One selected article version: its flags, its licence and its files."""

    TABLE: ClassVar[str] = "versions"
    KEY: ClassVar[str] = "article_id"

    article_id: str = column("article and version, such as PMC123_v1")
    pmcid: str = column("PMC and digits")
    version: int = column("version of the article, from 1")
    pmid: str | None = column("PubMed id", source="JSON pmid")
    doi: str | None = column("digital object identifier", source="JSON doi")
    title: str | None = column("title of the article", source="JSON title")
    citation: str | None = column("journal, date, volume and pages", source="JSON citation")
    license: str | None = column("licence code; null where none is machine-readable", source="JSON license_code")
    is_retracted: bool = column("the source marks it as retracted", source="JSON is_retracted")
    is_manuscript: bool = column("an author manuscript", source="JSON is_manuscript")
    source_etag: str = column("change token of the inventory entry")
    xml: MediaFile = column("the article's XML", source="JSON xml_url")
    media: list[MediaFile] = column("images, supplements and whatever else it has", source="JSON media_urls")

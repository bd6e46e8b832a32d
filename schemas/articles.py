"""Articles: what is known of each article that has figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from schemas.record import Record, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Record):
    """One row per selected article version whose XML has at least one figure."""

    TABLE: ClassVar[str] = "articles"
    KEY: ClassVar[str] = "article_id"

    article_id: str = column("article and version, such as PMC123_v1")
    pmcid: str = column("PMC and digits")
    version: int = column("version of the article, from 1")
    pmid: str | None = column("PubMed id", source="JSON pmid, else article-id in the XML")
    doi: str | None = column("digital object identifier", source="JSON doi, else article-id in the XML")
    title: str | None = column("title of the article", source="article-title, else JSON title")
    journal: str | None = column("title of the journal", source="journal-title")
    year: int | None = column("year of publication", source="pub-date")
    article_type: str | None = column("kind of article", source="article/@article-type")
    language: str | None = column("language of the article", source="article/@xml:lang")
    authors: list[str] = column("authors in order, given names first", source="contrib-group")
    license: str | None = column("licence code; null where none is machine-readable")
    license_url: str | None = column("link to the licence's text", source="license/@xlink:href, ali:license_ref")
    copyright: str | None = column("copyright statement", source="permissions/copyright-statement")
    attribution: str = column("whom to name when a figure of this article is shown")
    is_retracted: bool = column("the source marks it as retracted")
    is_manuscript: bool = column("an author manuscript")
    keywords: list[str] = column("keywords of the authors", source="kwd-group")
    subjects: list[str] = column("headings of the journal", source="subj-group")
    mesh: list[str] = column("MeSH headings where the XML has them", source="kwd-group[@kwd-group-type='MESH']")
    n_figures: int = column("<fig> elements in the XML")
    n_graphics: int = column("<graphic> elements under a <fig>: figures and rejects add up to it")
    source_etag: str = column("change token of the inventory entry")

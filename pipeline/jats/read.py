"""The entrance: bytes of one article in, what it says about itself and its figures out."""

from __future__ import annotations

import dataclasses

from pipeline.jats.article import ArticleMeta, read_metadata
from pipeline.jats.document import normalized_pmcid, read_document
from pipeline.jats.figures import read_figures
from pipeline.jats.model import ParsedArticle
from pipeline.jats.scan import scan

_METADATA = tuple(field.name for field in dataclasses.fields(ArticleMeta))


def read_article(xml: bytes, pmcid: str | None = None) -> ParsedArticle:
    """The article with its figures, captions and mentions.

    Args:
        xml: a JATS document: `<article>`, or one or more of them in a `<pmc-articleset>` or an OAI-PMH envelope.
        pmcid: picks the article, and is held against the id in the XML where that states one.

    Raises:
        JatsError: `Reason.BAD_XML` or `Reason.WRONG_ARTICLE`; nothing else, whatever the bytes are.
    """
    article = read_document(xml, pmcid)
    found = scan(article)
    metadata = read_metadata(article, normalized_pmcid(pmcid) if pmcid else None)
    figures = read_figures(found)
    fields = {name: getattr(metadata, name) for name in _METADATA}
    return ParsedArticle(**fields, figures=figures, n_graphics=sum(len(f.graphics) for f in figures))

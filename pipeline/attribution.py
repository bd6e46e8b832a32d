"""Attribution: the line that names whom to credit, as the Creative Commons licences ask for it."""

from __future__ import annotations

from pipeline.jats import ParsedArticle

_MOST_NAMES = 6


def attribution(
    article: ParsedArticle, *, pmcid: str, title: str | None, doi: str | None, license_code: str | None
) -> str:
    """Creator, title, source and licence in one line.

    Long author lists end in "et al." after six names; the article itself names them all.
    Source: the TASL rule (title, author, source, licence) of Creative Commons' recommended practices.
    """
    names = ", ".join(article.authors[:_MOST_NAMES]) + (" et al." if len(article.authors) > _MOST_NAMES else "")
    where = " ".join(str(part) for part in (article.journal, article.year) if part)
    source = f"https://doi.org/{doi}" if doi else None
    terms = " ".join(part for part in (license_code, article.license.url) if part)
    parts = [names or None, title, where or None, source, pmcid, terms or None]
    return ". ".join(part.strip().rstrip(".") for part in parts if part)

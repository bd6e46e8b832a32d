"""What an article says about itself: identity, attribution, licence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.etree import _Element as Element

from pipeline.jats.document import pmc_ids
from pipeline.jats.model import LicenseStatement
from pipeline.jats.rights import read_copyright, read_license
from pipeline.jats.text import TITLE_RULES, plain_text

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_YEAR = re.compile(r"\s*((?:1[6-9]|20)\d\d)\s*", re.ASCII)
_RELEASES = frozenset({"pmc-release", "nihms-submitted", "corrected", "retracted", "preprint"})
"""Dates that are not those of the publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleMeta:
    """The metadata of an article; the fields are those of `ParsedArticle`."""

    pmcid: str | None
    pmid: str | None
    doi: str | None
    title: str | None
    journal: str | None
    year: int | None
    article_type: str | None
    authors: tuple[str, ...]
    keywords: tuple[str, ...]
    subjects: tuple[str, ...]
    mesh: tuple[str, ...]
    language: str | None
    license: LicenseStatement
    copyright: str | None


def read_metadata(article: Element, pmcid: str | None) -> ArticleMeta:
    """The metadata of the article; what the XML does not state is None or empty.

    Args:
        article: the `<article>` in the plain form.
        pmcid: the id to use where the XML states none.
    """
    front = _first(article, "front")
    meta = _first(front, "article-meta")
    parts = _children_by_name(meta)
    ids = _article_ids(parts.get("article-id", []))
    keywords, mesh = _keywords(parts.get("kwd-group", []))
    permissions = next(iter(parts.get("permissions", [])), None)
    return ArticleMeta(
        pmcid=_own_pmcid(pmc_ids(article), pmcid),
        pmid=ids.get("pmid"),
        doi=ids.get("doi"),
        title=_title(parts),
        journal=_journal(front),
        year=_year(parts.get("pub-date", [])),
        article_type=article.get("article-type"),
        authors=tuple(name for group in parts.get("contrib-group", []) for name in _authors(group)),
        keywords=keywords,
        subjects=_subjects(parts.get("article-categories", [])),
        mesh=mesh,
        language=article.get(_XML_LANG),
        license=read_license(permissions, _pmc_license_ref(parts.get("custom-meta-group", []))),
        copyright=read_copyright(permissions) or _old_copyright(parts),
    )


def _first(element: Element | None, name: str) -> Element | None:
    """The first child of that name."""
    return None if element is None else next(element.iterchildren(name), None)


def _children_by_name(element: Element | None) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for child in () if element is None else element:
        found.setdefault(child.tag, []).append(child)
    return found


def _own_pmcid(own: set[str], asked: str | None) -> str | None:
    return asked if asked in own or not own else min(own)


def _article_ids(elements: list[Element]) -> dict[str, str]:
    """Value by type, the first of each type; PubMed's id only where it is a number."""
    ids: dict[str, str] = {}
    for element in elements:
        kind, value = element.get("pub-id-type", ""), plain_text(element)
        if value and (kind != "pmid" or (value.isdecimal() and value.strip("0"))):
            ids.setdefault(kind, value)
    return ids


def _title(parts: dict[str, list[Element]]) -> str | None:
    group = next(iter(parts.get("title-group", [])), None)
    if group is None:
        return None
    title, subtitle = (plain_text(_first(group, tag), TITLE_RULES) for tag in ("article-title", "subtitle"))
    if title and subtitle:
        return f"{title}{'' if title.endswith(('.', ':', '?', '!')) else ':'} {subtitle}"
    return title


def _journal(front: Element | None) -> str | None:
    if front is None:
        return None
    for path in ("journal-meta/journal-title-group/journal-title", "journal-meta/journal-title"):
        if title := plain_text(front.find(path)):
            return title
    return plain_text(front.find("journal-meta/journal-id"))


def _year(dates: list[Element]) -> int | None:
    """The earliest year of publication; dates of the repository count only where there are no others."""
    stated = [
        (date.get("pub-type") in _RELEASES or date.get("date-type") in _RELEASES, int(match[1]))
        for date in dates
        if (match := _YEAR.fullmatch(_stated_year(date)))
    ]
    return min(stated)[1] if stated else None


def _stated_year(date: Element) -> str:
    year = next(date.iter("year"), None)
    return (year is not None and year.text) or date.get("iso-8601-date", "")[:4]


def _authors(group: Element) -> list[str]:
    kind = (group.get("content-type") or "").lower()
    if kind == "collab-list":  # the members of a group that is an author itself
        return []
    default = "editor" if "editor" in kind else "author"
    names = [
        _author_name(contrib)
        for contrib in group.iterchildren("contrib")
        if contrib.get("contrib-type", default).lower() in ("author", "collab", "group")
    ]
    return [name for name in names if name]


def _author_name(contrib: Element) -> str | None:
    for child in contrib:
        if child.tag in ("name-alternatives", "collab-alternatives") and len(child):
            child = child[0]
        if child.tag == "name":
            parts = {part.tag: plain_text(part) for part in child}
            return " ".join(p for tag in ("given-names", "surname", "suffix") if (p := parts.get(tag))) or None
        if child.tag == "string-name":
            return plain_text(child)
        if child.tag == "collab":
            return plain_text(child, _COLLAB_RULES)
        if child.tag == "anonymous":
            return "Anonymous"
    return None


_COLLAB_RULES = TITLE_RULES | dict.fromkeys(("contrib-group", "aff", "address", "author-comment"), "left_out")


def _keywords(groups: list[Element]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Author keywords and MeSH headings, each once, in order; lists of abbreviations are neither."""
    keywords: dict[str, None] = {}
    mesh: dict[str, None] = {}
    for group in groups:
        kind = (group.get("kwd-group-type") or "").lower()
        if "abbrev" in kind or "abbrev" in (group.findtext("title") or "").lower():
            continue
        words = [text for e in group.iter("kwd", "compound-kwd") if (text := plain_text(e))]
        (mesh if "mesh" in kind else keywords).update(dict.fromkeys(words))
    return tuple(keywords), tuple(mesh)


def _subjects(categories: list[Element]) -> tuple[str, ...]:
    found = [plain_text(s) for category in categories for s in category.iter("subject", "compound-subject-part")]
    return tuple(dict.fromkeys(s for s in found if s))


def _pmc_license_ref(groups: list[Element]) -> str | None:
    for group in groups:
        for custom in group.iterchildren("custom-meta"):
            values = {child.tag: plain_text(child) for child in custom}
            if values.get("meta-name") == "pmc-license-ref":
                return values.get("meta-value")
    return None


def _old_copyright(parts: dict[str, list[Element]]) -> str | None:
    """NLM 2.x puts the statement beside the licence, not in `<permissions>`."""
    return plain_text(next(iter(parts.get("copyright-statement", [])), None))

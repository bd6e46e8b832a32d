"""The one pass over the tree: the few elements of an article that matter for its figures, in document order."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from pipeline.jats.document import JatsError
from schemas.reject import Reason

MAX_OBJECTS = 20_000
"""Figures and graphics per article; the most seen are 88 figures and 347 media files."""


@dataclass(frozen=True, slots=True)
class Found:
    """An article, and elements of it, each list in document order."""

    article: Element
    figures: list[Element] = field(default_factory=list)
    groups: list[Element] = field(default_factory=list)
    pictures: list[Element] = field(default_factory=list)
    """`<graphic>` and `<media>`, wherever they stand."""
    rights: list[Element] = field(default_factory=list)
    """`<permissions>` and `<attrib>`, wherever they stand."""
    parts: list[Element] = field(default_factory=list)
    """`<sub-article>` and `<response>`."""
    xrefs: list[Element] = field(default_factory=list)


def scan(article: Element) -> Found:
    """The figures, fig-groups, pictures, rights, sub-articles and cross-references of an article.

    Raises:
        JatsError: more than `MAX_OBJECTS` figures, groups and pictures.
    """
    found = Found(article)
    lists: dict[str, list[Element]] = {
        "fig": found.figures,
        "fig-group": found.groups,
        "graphic": found.pictures,
        "media": found.pictures,
        "permissions": found.rights,
        "attrib": found.rights,
        "sub-article": found.parts,
        "response": found.parts,
        "xref": found.xrefs,
    }
    for element in article.iter(*lists):
        lists[element.tag].append(element)
    if len(found.figures) + len(found.groups) + len(found.pictures) > MAX_OBJECTS:
        raise JatsError(Reason.BAD_XML, f"more than {MAX_OBJECTS} figures and graphics")
    return found

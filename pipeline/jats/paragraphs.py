"""The paragraphs that nothing is read from: they cite no figure, and stand in no figure, title or citing paragraph.

They are found in the bytes, and whatever is written in an unusual way stays:

* A paragraph that goes is a whole element: each `<p>` in it and before it is known to be a start tag, not an empty
  element, and it ends where as many have ended as have begun. In unusual end tags none ends.
* It holds no figure, and no `<xref>` but those whose `rid` is one plain word that is the id of no figure. Where the id
  of any figure is written in an unusual way, no paragraph goes.
* It begins outside of all figures, groups of figures and titles.
* It stands behind the last `<front>`, where the metadata are read, of an article in no namespace: then no element with
  a prefix is a figure.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from pipeline.jats.tags import FIGURE, FIGURE_OR_FRONT_END, PARAGRAPH, PARAGRAPH_END, TITLE, XREF, Tags

Cut: TypeAlias = tuple[int, int]
"""Start and end of what goes, in bytes."""

_OPENING = re.compile(
    rb"""\s*(?:<[?!][^<>]*>\s*)*(?:<pmc-articleset>\s*)?
    <article(?![^>]*\sxmlns\s*=)(?:\s[^<>]*)?>\s*(?:<\?[^<>]*>\s*)*
    (?:<processing-meta\s[^<>]*>\s*(?:<restricted-by>[^<>]*</restricted-by>\s*)*</processing-meta>\s*)?<front>""",
    re.VERBOSE,
)
_WORD = rb"([!#-%'-;=?-~]+)"
"""ASCII without white space, quotes and references."""
_ATTRIBUTE = rb'\s+[\w:.-]+="[^"<&]*"'
_PARAGRAPH = re.compile(rb"<p(?:%b)*\s*>" % _ATTRIBUTE)
_FIGURE = re.compile(rb"<fig(?:-group)?[\s/>]")
_FIGURE_WITH_ID = re.compile(rb'<fig(?:-group)?(?:\s+id="%b"|%b)*+\s*>' % (_WORD, _ATTRIBUTE))
_FIGURE_END = re.compile(rb"</fig(?:-group)?>")
_XREF = re.compile(rb'<xref(?: ref-type="[\w-]*")? rid="%b"' % _WORD)
_TAG_END: Final = ord(">")


def opening_end(xml: bytes) -> int:
    """Where the `<front>` of the first article begins to hold something; 0 where the document begins otherwise."""
    opening = _OPENING.match(xml)
    return opening.end() if opening else 0


def uncited_paragraphs(xml: bytes, tags: Tags) -> list[Cut]:
    """The paragraphs that can go.

    Args:
        xml: the document.
        tags: its tags from `opening_end` on.
    """
    figures = _figures(xml, tags)
    if figures is None:
        return []
    ids = set(figures.values())
    front_ends = (position for position in tags.of(FIGURE_OR_FRONT_END) if xml.startswith(b"</front", position))
    front_end = max(front_ends, default=len(xml))
    cuts: list[Cut] = []
    stays, start, n_open, n_figures, title_end = True, 0, 0, 0, 0
    for position, kind in zip(*tags, strict=True):
        if kind == XREF:
            if not stays:
                xref = _XREF.match(xml, position)
                stays = xref is None or xref[1] in ids
        elif kind == PARAGRAPH_END and xml[position + 3] == _TAG_END:
            n_open -= 1
            if n_open == 0 and not stays:
                cuts.append((start, position + 4))
                stays = True
        elif kind == PARAGRAPH:
            if xml[position + 2] != _TAG_END and not _PARAGRAPH.match(xml, position):
                break
            if n_open == 0:
                start, stays = position, n_figures > 0 or position < title_end or position < front_end
            n_open += 1
        elif kind == TITLE:
            is_inner = position < title_end
            title_end = xml.find(b"</title", position)
            if is_inner or title_end < 0:
                break
        elif kind == FIGURE and position in figures:
            n_figures += 1
            stays = True
        elif kind == FIGURE_OR_FRONT_END and _FIGURE_END.match(xml, position):
            n_figures -= 1
    return cuts


def _figures(xml: bytes, tags: Tags) -> dict[int, bytes | None] | None:
    """Where figures and groups of them begin, with their ids; None where one is written in an unusual way."""
    figures: dict[int, bytes | None] = {}
    for position in tags.of(FIGURE):
        if _FIGURE.match(xml, position):
            figure = _FIGURE_WITH_ID.match(xml, position)
            if figure is None:
                return None
            figures[position] = figure[1]
    return figures

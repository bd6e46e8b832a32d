"""The document without its references and the bodies of its tables: half of the bytes, two thirds of the tags.

They are cut out of the bytes before libxml2 builds a tree, because nothing in them is asked for:

* **References**, in the last `<ref-list>` from its first `<ref>` to its last `</ref>`: no figures, no paragraphs that
  cite any.
* **Tables**, in each `<table-wrap>` before that from its first `<table>` to its last `</table>`: a `<table-wrap>` is an
  object of its own, so no caption or paragraph takes in its text, and its pictures are not figures. Kept all the same
  if it may hold a figure, or paragraphs with cross-references.

What is wrong inside a cut, such as tags that do not match, goes unnoticed, and loses nothing.

Why nothing else is lost: where one of the tags that are looked for also stands in a comment, a CDATA section or a
processing instruction, nothing is cut, so each of them is a tag. If the two tags at the ends of a cut do not belong
together, what is left does not balance, and the caller then parses the whole document. For the rest to balance all the
same, the cut would have to close the element around it and open another of the same name, but it lies between the
closing tag of that element and the nearest opening tag before it.

Source: 1,200 articles: 53 of 142 MB and 3.1 of 5.5 million tags are references, 12 MB and 0.8 million tags are
tables; three articles have a second list of references.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Cut: TypeAlias = tuple[int, int]
"""Start and end of what goes, in bytes."""

_LIST, _LIST_END, _REF, _REF_END = b"<ref-list", b"</ref-list>", b"<ref", b"</ref>"
_WRAP, _WRAP_END, _TABLE, _TABLE_END = b"<table-wrap", b"</table-wrap>", b"<table", b"</table>"
_LOOKED_FOR = (_REF, _TABLE, b"</ref", b"</table")
_NOT_MARKUP = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))
_NAME_ENDS = b" >\t\r\n"


def shortened(xml: bytes) -> bytes:
    """The same document without references and tables, or the document itself where nothing is safe to cut."""
    references = _references(xml)
    cuts = list(_tables(xml, references[0] if references else len(xml)))
    if references:
        cuts.append(references)
    if not cuts or any(b"<" in text and any(map(text.__contains__, _LOOKED_FOR)) for text in _hidden(xml)):
        return xml
    kept, position = [], 0
    for start, end in cuts:
        kept.append(xml[position:start])
        position = end
    kept.append(xml[position:])
    return b"".join(kept)


def _references(xml: bytes) -> Cut | None:
    """The references of the last list: it stands at the end, so looking backwards is quick."""
    close = xml.rfind(_LIST_END)
    opening = xml.rfind(_LIST, 0, close) if close >= 0 else -1
    if opening < 0:
        return None
    first = _find_tag(xml, _REF, opening + len(_LIST), close)
    last = xml.rfind(_REF_END, opening, close)
    return (first, last + len(_REF_END)) if 0 <= first < last else None


def _tables(xml: bytes, end: int) -> Iterator[Cut]:
    """The table bodies of each `<table-wrap>` before `end`, but for those that hold something of interest."""
    position = 0
    while (close := xml.find(_WRAP_END, position, end)) >= 0:
        first = last = -1
        if (opening := _rfind_tag(xml, _WRAP, position, close)) >= 0:
            first = _find_tag(xml, _TABLE, opening, close)
            last = xml.rfind(_TABLE_END, opening, close)
        if 0 <= first < last and not _is_of_interest(xml, first, last):
            yield first, last + len(_TABLE_END)
        position = close + len(_WRAP_END)


def _find_tag(xml: bytes, name: bytes, start: int, end: int) -> int:
    """Where the next tag of just this name opens, or -1."""
    found = xml.find(name, start, end)
    while found >= 0 and xml[found + len(name) : found + len(name) + 1] not in _NAME_ENDS:
        found = xml.find(name, found + len(name), end)
    return found


def _rfind_tag(xml: bytes, name: bytes, start: int, end: int) -> int:
    """Where the last tag of just this name opens, or -1."""
    found = xml.rfind(name, start, end)
    while found >= 0 and xml[found + len(name) : found + len(name) + 1] not in _NAME_ENDS:
        found = xml.rfind(name, start, found)
    return found


def _is_of_interest(xml: bytes, start: int, end: int) -> bool:
    """True where the table may hold a figure, or a paragraph that cites one."""
    if xml.find(b"<xref", start, end) >= 0 and xml.find(b"<p", start, end) >= 0:
        return True
    return xml.find(b"<fig", start, end) >= 0


def _hidden(xml: bytes) -> Iterator[bytes]:
    """What stands in comments, CDATA sections and processing instructions, and more where they seem to be nested.

    Looks for the one rare character of their start: that is quick.
    """
    for start, stop in _NOT_MARKUP:
        mark = xml.find(start[1:2])
        while mark >= 0:
            if xml.startswith(start, mark - 1):
                end = xml.find(stop, mark - 1 + len(start))
                yield xml[mark : end if end >= 0 else len(xml)]
                mark = max(mark, end)
            mark = xml.find(start[1:2], mark + 1)

"""The document without its references: a third of the bytes, half of the parsing, and nothing that is asked for here.

References hold no figures and no paragraphs that cite any. They are cut out of the bytes before libxml2 sees them: in
each `<ref-list>`, from its first `<ref>` to its last `</ref>`; what else the list holds stays. What is wrong inside a
reference then goes unnoticed, and loses nothing. Where the tags that are looked for also stand in a comment or a CDATA
section, nothing is cut; a cut that goes wrong leaves tags unbalanced, and the caller then parses the whole.

Source: 1,200 articles: 53 of 142 MB are reference lists; without them parsing takes 45 % of the time.
"""

from __future__ import annotations

from collections.abc import Iterator

_OPEN, _CLOSE = b"<ref-list", b"</ref-list>"
_FIRST, _LAST = b"<ref", b"</ref>"
_NOT_MARKUP = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"))


def without_references(xml: bytes) -> bytes:
    """The same document without its `<ref>` elements, or the document itself where nothing is safe to cut."""
    cuts = list(_references(xml))
    if not cuts or any(b"<ref" in hidden or _LAST in hidden for hidden in _hidden(xml)):
        return xml
    kept, end = [], len(xml)
    for start, stop in cuts:  # from the last to the first: lists stand at the end, so looking backwards is quick
        kept.append(xml[stop:end])
        end = start
    return b"".join([xml[:end], *reversed(kept)])


def _references(xml: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the references of each list, the last list first."""
    end = len(xml)
    while (close := xml.rfind(_CLOSE, 0, end)) >= 0 and (opening := xml.rfind(_OPEN, 0, close)) >= 0:
        first = xml.find(_FIRST, opening + len(_OPEN), close)
        last = xml.rfind(_LAST, opening, close)
        if 0 <= first < last and not xml[first + len(_FIRST) : first + len(_FIRST) + 1].isalnum():
            yield first, last + len(_LAST)
        end = opening


def _hidden(xml: bytes) -> Iterator[bytes]:
    """What stands in comments and CDATA sections. Looks for the one rare character of their start: that is quick."""
    mark = xml.find(b"!")
    while mark >= 0:
        for start, stop in _NOT_MARKUP:
            if xml.startswith(start, mark - 1):
                end = xml.find(stop, mark)
                yield xml[mark : end if end >= 0 else len(xml)]
                mark = max(mark, end)
        mark = xml.find(b"!", mark + 1)

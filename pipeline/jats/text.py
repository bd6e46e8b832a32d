"""Plain text of an element with the places of its markup, each character of the XML once.

The policy, in one place (`RULES`):

* inline elements add nothing: ``CO<sub>2</sub>`` is ``CO2``, ``10<sup>-3</sup>`` is ``10-3``; names that are not
  listed are inline;
* blocks (titles, paragraphs, lists and their items, displayed formulas, table cells, ...) and line breaks are set off
  by a space;
* white space, of any kind that Unicode knows, becomes one space, and none at the ends;
* a formula stands once: MathML if it is there, its tokens in order without the white space between them and without
  annotations; else TeX, the part between ``\\begin{document}`` and ``\\end{document}``, without dollar signs at its
  ends; of other ``<alternatives>`` the first textual one;
* left out, with a space in their place: objects that stand in the text but are not of it (`OBJECTS`: a figure in a
  paragraph, supplementary material in a caption, with their own labels and captions), pictures in the line, and what is
  not shown (`HIDDEN`: alternative texts, identifiers, index terms, permissions).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container
from itertools import accumulate
from typing import Final, TypeAlias

from lxml.etree import _Element as Element

Span: TypeAlias = tuple[int, int, str | Element]
"""A stretch of a text, half-open, in code points: a kind of mark, or the `<xref>` that stands there."""

MATHML: Final = "{http://www.w3.org/1998/Math/MathML}"

_OBJECT_NAMES = """
    fig fig-group table-wrap table-wrap-group supplementary-material chem-struct-wrapper media graphic inline-graphic
    inline-media
"""
OBJECTS: Final = frozenset(_OBJECT_NAMES.split())
"""Things that stand in a text without being of it; their words are their own."""
HIDDEN: Final = frozenset(("alt-text", "long-desc", "object-id", "permissions", "index-term", "index-term-range-end"))
"""What no reader of the page sees in the text."""
_BLOCK_NAMES = """
    caption sec label subtitle list def-list def-item term def break hr textual-form disp-formula disp-formula-group
    disp-quote boxed-text verse-group verse-line preformat code statement speech speaker attrib fn fn-group notes ack
    address addr-line question answer explanation array table thead tbody tfoot tr td th table-wrap-foot
"""
_BLOCK, _LEFT_OUT, _XREF, _ALTERNATIVES, _MATH, _TEX = "block", "left_out", "xref", "alternatives", "math", "tex"

_INLINE = frozenset(("bold", "italic", _XREF))

RULES: Final[dict[str, str]] = {
    **dict.fromkeys(_BLOCK_NAMES.split(), _BLOCK),
    **dict.fromkeys(OBJECTS | HIDDEN, _LEFT_OUT),
    "title": "title",
    "p": "paragraph",
    "list-item": "list_item",
    "bold": "bold",
    "b": "bold",
    "italic": "italic",
    "i": "italic",
    "xref": _XREF,
    "alternatives": _ALTERNATIVES,
    "math": _MATH,
    MATHML + "math": _MATH,
    "tex-math": _TEX,
}
"""What an element does to the text, by its name; the names that are not here are inline."""
TITLE_RULES: Final = RULES | {"xref": _LEFT_OUT, "fn": _LEFT_OUT}
"""The same for the title of an article: footnotes and the marks that lead to them are not part of it."""

CAPTION_RULES: Final = {name: rule for name, rule in RULES.items() if rule != _XREF}
"""Marks, but no cross-references."""
CITING_RULES: Final = {
    name: _BLOCK if rule in ("title", "paragraph", "list_item") else rule
    for name, rule in RULES.items()
    if rule not in ("bold", "italic")
}
"""Cross-references, but no marks."""

_ALTERNATIVE_ORDER: Final = (MATHML + "math", "math", "tex-math", "textual-form")
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", re.DOTALL)
_SHORTENED = re.compile(r"\A\s+|\s{2,}")
_XML_SPACE = " \t\r\n"


def plain_text(element: Element | None, rules: dict[str, str] = RULES) -> str | None:
    """The text of an element; None where there is no element, or nothing in it."""
    if element is None:
        return None
    if len(element) == 0:
        return " ".join((element.text or "").split()) or None
    raw = _Raw(rules)
    raw.read(element)
    return single_spaced("".join(raw.parts)) or None


def marked_text(
    elements: list[Element], rules: dict[str, str], xrefs: Container[Element] = ()
) -> tuple[str, list[Span]]:
    """The texts of the elements joined by one space, and the spans in it of what the rules mark.

    Args:
        elements: whose insides make the text.
        rules: what an element does to the text, by its name.
        xrefs: the cross-references whose spans are wanted.
    """
    raw = _Raw(rules, xrefs)
    for element in elements:
        raw.gap()
        raw.read(element)
    places = [0, *accumulate(map(len, raw.parts))]
    return collapse("".join(raw.parts), [(places[start], places[end], what) for start, end, what in raw.spans])


def single_spaced(raw: str) -> str:
    """The text with each run of white space as one space, and none at the ends.

    As ``" ".join(raw.split())`` does, in a third of the time for most texts: white space other than the space is not
    printable, so a printable text without two spaces in a row is left as it is.
    """
    text = raw.replace("\xa0", " ").replace("\u2009", " ").replace("\n", " ").strip(" ")
    return text if text.isprintable() and "  " not in text else " ".join(text.split())


def collapse(raw: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """White space made single, and the spans moved along; spans are trimmed, empty marks left out.

    A cross-reference that prints nothing still points somewhere: it is kept, with no length.
    """
    text = single_spaced(raw)
    moved = spans if len(text) == len(raw.rstrip()) else _move(raw, spans)
    kept: list[Span] = []
    length = len(text)
    for start, end, what in moved:
        if end > length:
            start, end = min(start, length), length
        while start < end and text[start] == " ":
            start += 1
        while start < end and text[end - 1] == " ":
            end -= 1
        if start < end or not isinstance(what, str):
            kept.append((start, end, what))
    return text, kept


def _move(raw: str, spans: list[Span]) -> list[Span]:
    """Offsets in the raw text become offsets in the text where a run of white space is one space, none at the start."""
    starts, ends, removed = [], [], [0]
    for run in _SHORTENED.finditer(raw):
        start, end = run.span()
        starts.append(start)
        ends.append(end)
        removed.append(removed[-1] + end - start - (start > 0))

    def place(offset: int) -> int:
        i = bisect_left(ends, offset)
        if i < len(starts) and starts[i] < offset:  # in a run, or at its end: after the one space that is left of it
            return ends[i] - removed[i + 1]
        return offset - removed[i]

    return [(place(start), place(end), what) for start, end, what in spans]


class _Raw:
    """Text as it is gathered: pieces, before white space is made single, and spans that count pieces."""

    __slots__ = ("has_math", "parts", "rules", "spans", "xrefs")

    def __init__(self, rules: dict[str, str], xrefs: Container[Element] = ()) -> None:
        self.rules = rules
        self.xrefs = xrefs
        self.parts: list[str] = []
        self.spans: list[Span] = []
        self.has_math: dict[Element | None, bool] = {}

    def gap(self) -> None:
        """A space, unless there is one: most texts then need no offset moved."""
        if self.parts and not self.parts[-1][-1].isspace():
            self.parts.append(" ")

    def read(self, element: Element) -> None:
        """Adds what is inside the element. Leaves are read without a call: they are nine in ten."""
        parts, rules = self.parts, self.rules
        if text := element.text:
            parts.append(text)
        for child in element:
            rule = rules.get(child.tag)
            if rule is None or rule in _INLINE:
                start = len(parts)
                if len(child):
                    self.read(child)
                elif text := child.text:
                    parts.append(text)
                if rule == _XREF:
                    if child in self.xrefs:
                        self.spans.append((start, len(parts), child))
                elif rule:
                    self.spans.append((start, len(parts), rule))
            else:
                self._read_by(rule, child)
            if tail := child.tail:
                parts.append(tail)

    def _read_by(self, rule: str, element: Element) -> None:
        if rule == _LEFT_OUT:
            self.gap()
        elif rule == _ALTERNATIVES:
            self._read_alternatives(element)
        elif rule == _MATH:
            self._add(math_text(element))
        elif rule == _TEX:
            self._read_tex(element)
        else:
            self._read_block(rule, element)

    def _add(self, text: str) -> None:
        if text:
            self.parts.append(text)

    def _read_block(self, rule: str, element: Element) -> None:
        self.gap()
        start = len(self.parts)
        self.read(element)
        if rule != _BLOCK:
            self.spans.append((start, len(self.parts), rule))
        self.gap()

    def _read_alternatives(self, element: Element) -> None:
        found = {child.tag: child for child in reversed(element) if self.rules.get(child.tag) != _LEFT_OUT}
        tag = next((t for t in (*_ALTERNATIVE_ORDER, *reversed(found)) if t in found), None)
        if tag is None:
            self.gap()
        elif (rule := self.rules.get(tag)) is None or rule in _INLINE:
            self.read(found[tag])
        else:
            self._read_by(rule, found[tag])

    def _read_tex(self, element: Element) -> None:
        parent = element.getparent()
        if parent not in self.has_math:
            self.has_math[parent] = parent is not None and any(self.rules.get(e.tag) == _MATH for e in parent)
        if not self.has_math[parent]:
            self._add(tex_text(element))


def math_text(math: Element) -> str:
    """The characters of a MathML formula in order: ``x=5`` for ``<mi>x</mi> <mo>=</mo> <mn>5</mn>``."""
    if next(math.iter(MATHML + "annotation", MATHML + "annotation-xml", "annotation", "annotation-xml"), None) is None:
        return "".join([str(text).strip(_XML_SPACE) for text in math.itertext()])
    return "".join(_without_annotations(math))


def _without_annotations(element: Element) -> list[str]:
    parts = [(element.text or "").strip(_XML_SPACE)]
    for child in element:
        if not str(child.tag).endswith(("annotation", "annotation-xml")):
            parts += _without_annotations(child)
        parts.append((child.tail or "").strip(_XML_SPACE))
    return parts


def tex_text(element: Element) -> str:
    """The formula of a `<tex-math>` without the document that LaTeX needs around it."""
    source = "".join(str(text) for text in element.itertext())
    body = _TEX_BODY.search(source)
    return (body[1] if body else source).strip().strip("$").strip()

"""How right a reader of JATS is: what it found in an article, held against an independent walk over the same bytes.

The truth comes from another parser (expat), another tree and plain recursion; it shares no code with the reader.

* Figures: every `<fig>` of the first `<article>`, in document order.
* Caption: the text of the `<caption>` children by the policy of `pipeline.jats.text`, white space made single. A figure
  without one has no caption: whatever a reader gives for it, but for that of a figure or group around it, is borrowed.
* Images: `xlink:href` of the `<graphic>` below the figure and below no other figure, table, formula or supplement.
* Ids: pmid, doi and PMC number of the article; `fig/@id`.
* Mentions: pairs of a figure and a `<p>` with text that holds, and is the innermost around, an `<xref>` whose `rid`
  names it; not from a table or another object within the paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

_LEFT_OUT_NAMES = """
    fig fig-group table-wrap supplementary-material media graphic inline-graphic alt-text long-desc object-id
    permissions index-term annotation annotation-xml
"""
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())
_SET_OFF_NAMES = "title p list list-item label disp-formula break td tr def-list def-item def term"
_SET_OFF = frozenset(_SET_OFF_NAMES.split())
_NO_PICTURE_NAMES = """
    fig disp-formula inline-formula table-wrap table array chem-struct chem-struct-wrap supplementary-material
"""
_NO_PICTURE = frozenset(_NO_PICTURE_NAMES.split())
_TEX_FRAME = re.compile(r".*\\begin\{document\}|\\end\{document\}.*", re.DOTALL)
_HREF = "{http://www.w3.org/1999/xlink}href"
_ID_NAMES = {"pmid": "pmid", "doi": "doi", "pmc": "pmcid", "pmcid": "pmcid"}


@dataclass(frozen=True, slots=True)
class FigureFacts:
    """What is known of one figure, by the truth or by a reader."""

    xml_id: str | None
    caption: str | None
    images: tuple[str, ...]
    n_mentions: int
    """Paragraphs that cite it."""
    around: tuple[str, ...] = ()
    """Captions of figures and groups around it, which it may inherit."""


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """What is known of one article; `ids` by the names pmid, doi and pmcid (digits only)."""

    ids: dict[str, str]
    figures: tuple[FigureFacts, ...]


@dataclass(slots=True)
class Quality:
    """Counts over articles: how much there is to find, and what became of it."""

    counts: Counter[str] = field(default_factory=Counter)

    def lose(self, truth: ArticleFacts) -> None:
        """Counts an article for which the reader raised an error."""
        self._expect(truth)
        self.counts["articles lost"] += 1

    def add(self, truth: ArticleFacts, found: ArticleFacts) -> None:
        """Counts what a reader found in one article."""
        self._expect(truth)
        self.counts["wrong or missing ids"] += sum(found.ids.get(name) != value for name, value in truth.ids.items())
        for true, given in _matched(truth.figures, found.figures):
            self.counts["figures found"] += 1
            self.counts["wrong or missing ids"] += true.xml_id != given.xml_id
            self.counts["wrong image names"] += not set(given.images) <= set(true.images)
            self.counts["missing image names"] += len(set(true.images) - set(given.images))
            self.counts["mentions found"] += min(true.n_mentions, given.n_mentions)
            self.counts[f"captions: {caption_damage(true, given.caption) or 'whole'}"] += 1

    def _expect(self, truth: ArticleFacts) -> None:
        self.counts["figures"] += len(truth.figures)
        self.counts["images"] += sum(len(set(figure.images)) for figure in truth.figures)
        self.counts["mentions"] += sum(figure.n_mentions for figure in truth.figures)


def caption_damage(true: FigureFacts, given: str | None) -> str | None:
    """What is wrong with a caption, the first that applies; None where nothing is.

    ``borrowed``: there is none, and text from elsewhere stands for it; ``characters lost``; ``characters added`` (a
    formula twice, the LaTeX frame of a formula); ``words glued or split``: the same characters, other words.
    """
    expected, words = (true.caption or "").split(), (given or "").split()
    if expected == words:
        return None
    if not expected:
        return None if " ".join(words) in true.around else "borrowed"
    wanted, got = Counter("".join(expected)), Counter("".join(words))
    if wanted - got:
        return "characters lost"
    return "characters added" if got - wanted else "words glued or split"


def true_facts(xml: bytes) -> ArticleFacts | None:
    """The truth about an article; None where expat cannot read it, or it holds no article."""
    try:
        root = ET.fromstring(xml)
    except (ET.ParseError, LookupError, ValueError):
        return None
    for element in root.iter():
        element.tag = _name(element)
    article = next(root.iter("article"), None)
    if article is None:
        return None
    parents = {child: parent for parent in article.iter() for child in parent}
    mentions = _mentions(article, parents)
    figures = tuple(_figure(element, parents, mentions) for element in article.iter("fig"))
    return ArticleFacts(_ids(article), figures)


def _matched(true: Sequence[FigureFacts], given: Sequence[FigureFacts]) -> Iterator[tuple[FigureFacts, FigureFacts]]:
    """Pairs by place where a reader gives as many figures as there are, else by id."""
    if len(true) == len(given):
        return zip(true, given, strict=True)
    by_id = {figure.xml_id: figure for figure in given}
    return ((figure, by_id[figure.xml_id]) for figure in true if figure.xml_id in by_id)


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _ids(article: ET.Element) -> dict[str, str]:
    ids: dict[str, str] = {}
    for element in article.iterfind("front/article-meta/article-id"):
        name = _ID_NAMES.get(element.get("pub-id-type", ""))
        value = " ".join("".join(element.itertext()).split())
        if name == "pmcid":
            value = value.removeprefix("PMC")
        if name and value.strip("0"):
            ids.setdefault(name, value)
    return ids


def _figure(element: ET.Element, parents: dict[ET.Element, ET.Element], mentions: Counter[ET.Element]) -> FigureFacts:
    around, holder = [], parents.get(element)
    while holder is not None:
        if holder.tag in ("fig", "fig-group"):
            around.append(_caption(holder))
        holder = parents.get(holder)
    images = tuple(href.strip() for g in _graphics(element) if (href := g.get(_HREF)))
    return FigureFacts(element.get("id"), _caption(element) or None, images, mentions[element], tuple(around))


def _caption(holder: ET.Element) -> str:
    return " ".join(" ".join(_characters(child) for child in holder.iterfind("caption")).split())


def _graphics(element: ET.Element) -> Iterator[ET.Element]:
    for child in element:
        if child.tag == "graphic":
            yield child
        elif child.tag not in _NO_PICTURE:
            yield from _graphics(child)


def _mentions(article: ET.Element, parents: dict[ET.Element, ET.Element]) -> Counter[ET.Element]:
    by_id: dict[str, ET.Element] = {}
    for figure in article.iter("fig"):
        by_id.setdefault(figure.get("id", ""), figure)
    pairs = set()
    for xref in article.iter("xref"):
        paragraph, figure_around = _nearest(xref, {"p"}, parents), _nearest(xref, {"fig"}, parents)
        if paragraph is None or _nearest(xref, {"p", *_LEFT_OUT}, parents) is not paragraph:
            continue
        cited = [by_id[rid] for rid in (xref.get("rid") or "").split() if rid in by_id]
        pairs |= {(figure, paragraph) for figure in cited if figure is not figure_around}
    return Counter(figure for figure, paragraph in pairs if _characters(paragraph).strip())


def _nearest(element: ET.Element, tags: set[str], parents: dict[ET.Element, ET.Element]) -> ET.Element | None:
    holder = parents.get(element)
    while holder is not None and holder.tag not in tags:
        holder = parents.get(holder)
    return holder


def _characters(element: ET.Element) -> str:
    """What a person would copy from an element by the documented policy, white space as it comes."""
    names = {child.tag for child in element}
    if element.tag == "alternatives" and names & {"math", "tex-math"}:
        formula = "math" if "math" in names else "tex-math"
        return "".join(_formula(child) for child in element if child.tag == formula)
    out = [element.text or ""]
    for child in element:
        if not (child.tag == "tex-math" and "math" in names):
            out.append(_shown(child))
        out.append(child.tail or "")
    return "".join(out)


def _shown(element: ET.Element) -> str:
    if element.tag in _LEFT_OUT:
        return " "
    if element.tag in ("math", "tex-math"):
        return _formula(element)
    return f" {_characters(element)} " if element.tag in _SET_OFF else _characters(element)


def _formula(element: ET.Element) -> str:
    if element.tag == "tex-math":
        return _TEX_FRAME.sub("", "".join(element.itertext())).strip().strip("$").strip()
    return _tokens(element)


def _tokens(math: ET.Element) -> str:
    """The characters of MathML without the white space between its tokens."""
    inner = [_tokens(c) + (c.tail or "").strip(" \t\r\n") for c in math if c.tag not in _LEFT_OUT]
    return (math.text or "").strip(" \t\r\n") + "".join(inner)

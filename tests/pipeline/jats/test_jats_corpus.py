"""Proofs over every real article: no caption character lost nor borrowed, every graphic in the ledger, known captions.

The walk here shares nothing with the reader: another parser (expat), another tree, recursion over plain strings.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pipeline.jats import ParsedArticle, ParsedFigure, read_article
from pipeline.jats.targets import label_place

pytestmark = pytest.mark.corpus

_LEFT_OUT = """fig fig-group table-wrap supplementary-material media graphic inline-graphic alt-text long-desc object-id
permissions index-term annotation annotation-xml"""
LEFT_OUT = _LEFT_OUT.split()
_SET_OFF = "title p list list-item label disp-formula break td tr def-list def-item def term"
SET_OFF = _SET_OFF.split()
OUTSIDE_A_FIGURE = {"disp-formula", "inline-formula", "table-wrap", "table", "array", "supplementary-material"}
HREF = "{http://www.w3.org/1999/xlink}href"


def name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def characters(element: ET.Element) -> str:
    """What a person would copy from an element by the documented policy, white space as it comes."""
    out = element.text or ""
    has_math = any(name(child) == "math" for child in element)
    for child in element:
        tag = name(child)
        if tag in LEFT_OUT:
            out += " "
        elif tag == "math":
            out += tokens(child)
        elif tag == "tex-math":
            body = re.sub(r"(?s).*\\begin\{document\}|\\end\{document\}.*", "", "".join(child.itertext()))
            out += "" if has_math else body.strip().strip("$").strip()
        elif tag == "alternatives" and {name(c) for c in child} & {"math", "tex-math"}:
            out += "".join(tokens(c) for c in child if name(c) == "math") or characters(child)
        elif tag in SET_OFF:
            out += f" {characters(child)} "
        else:
            out += characters(child)
        out += child.tail or ""
    return out


def tokens(element: ET.Element) -> str:
    """The characters of MathML without the white space between its tokens."""
    inner = [tokens(c) + (c.tail or "").strip(" \t\r\n") for c in element if name(c) not in LEFT_OUT]
    return (element.text or "").strip(" \t\r\n") + "".join(inner)


def expected_words(figure: ET.Element) -> list[str]:
    return " ".join(characters(c) for c in figure if name(c) == "caption").split()


def graphics_of(figure: ET.Element) -> Iterator[ET.Element]:
    for child in figure:
        if name(child) == "graphic":
            yield child
        elif name(child) != "fig" and name(child) not in OUTSIDE_A_FIGURE:
            yield from graphics_of(child)


def articles(corpus: Path) -> Iterator[tuple[str, bytes]]:
    for folder in ("cloud", "cloud-day2"):
        for path in sorted((corpus / folder).glob("PMC*/*.xml")):
            yield path.stem.split(".")[0], path.read_bytes()
    with tarfile.open(corpus / "jats-xml.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield Path(member.name).stem, file.read()


@pytest.fixture(scope="module")
def pairs(corpus: Path) -> list[tuple[str, ParsedArticle, list[ET.Element]]]:
    """Each article as the reader sees it, and its figures as expat does."""
    found = []
    for pmcid, xml in articles(corpus):
        root = ET.fromstring(xml)
        article = next(iter(root.iter("article")))
        found.append((pmcid, read_article(xml, pmcid), list(article.iter("fig"))))
    assert len(found) > 1000
    return found


def each(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> Iterator[tuple[str, ParsedFigure, ET.Element]]:
    for pmcid, article, figures in pairs:
        assert len(article.figures) == len(figures), pmcid
        for figure, element in zip(article.figures, figures, strict=True):
            yield pmcid, figure, element


def test_no_caption_character_is_lost_or_borrowed(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> None:
    characters_read: Counter[str] = Counter()
    for pmcid, figure, element in each(pairs):
        expected = expected_words(element)
        if not expected:
            assert figure.caption is None or figure.caption_is_inherited, (pmcid, figure.xml_id)
            continue
        assert (figure.caption or "").split(" ") == expected, (pmcid, figure.xml_id)
        assert not figure.caption_is_inherited
        characters_read.update(figure.caption or "")
    assert characters_read.total() > 2_000_000


def test_labels_and_ids_are_those_of_the_figure(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> None:
    for pmcid, figure, element in each(pairs):
        assert figure.xml_id == element.get("id"), pmcid
        own = " ".join(" ".join(characters(c) for c in element if name(c) == "label").split())
        assert figure.label == (own or figure.label), (pmcid, figure.xml_id)


def test_the_ledger_of_graphics_is_conserved(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> None:
    n = 0
    for pmcid, figure, element in each(pairs):
        expected = [(g.get(HREF) or "").strip() or None for g in graphics_of(element)]
        assert [g.href for g in figure.graphics] == expected, (pmcid, figure.xml_id)
        assert sum(g.is_chosen for g in figure.graphics) >= bool(expected)
        n += len(expected)
    assert n == sum(article.n_graphics for _, article, _ in pairs)
    assert n > 5000


def test_marks_lie_on_their_words(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> None:
    for pmcid, figure, element in each(pairs):
        if figure.caption is None or figure.caption_is_inherited:
            continue
        marked = Counter(figure.caption[m.start : m.end] for m in figure.marks if m.kind == "bold")
        bold = [" ".join(characters(b).split()) for c in element if name(c) == "caption" for b in c.iter("bold")]
        hidden = {
            " ".join(characters(b).split()) for s in element.iter("supplementary-material") for b in s.iter("bold")
        }
        assert {b for b in bold if b} - hidden <= set(marked) <= set(bold), (pmcid, figure.xml_id)


def test_mentions_are_where_they_say(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> None:
    n_mentions = n_uncited = n_silent = 0
    for pmcid, figure, _ in each(pairs):
        place = label_place(figure.label)
        for mention in figure.mentions:
            assert mention.text[mention.start : mention.end] == mention.cited, pmcid
            assert len(mention.cited) < 120, (pmcid, mention.cited)
            n_silent += not mention.cited
        n_mentions += len(figure.mentions)
        n_uncited += place is not None and not figure.mentions
    assert n_mentions > 10_000
    assert n_uncited < 600
    assert n_silent < 10  # <xref rid="f1"/> prints nothing


def test_every_article_says_who_it_is(pairs: list[tuple[str, ParsedArticle, list[ET.Element]]]) -> None:
    for pmcid, article, _ in pairs:
        assert article.pmcid == pmcid
        assert article.title
        assert article.journal
        assert article.year is not None and 1900 < article.year < 2030
    assert sum(article.license.code is not None for _, article, _ in pairs) > 0.98 * len(pairs)


def test_the_captions_that_were_read_by_a_person(corpus: Path) -> None:
    rows = [json.loads(line) for line in (corpus / "captions.jsonl").read_text().splitlines()]
    found = {row["pmcid"]: [] for row in rows}
    for pmcid, xml in articles(corpus):
        if pmcid in found:
            found[pmcid] += [(figure.xml_id, figure.caption) for figure in read_article(xml, pmcid).figures]
    assert rows
    for row in rows:
        assert (row["fig_id"], row["caption"]) in found[row["pmcid"]]

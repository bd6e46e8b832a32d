"""Paragraphs go before the parse only where nothing of them is read, however they are written."""

from __future__ import annotations

import pytest

from pipeline.jats import document, read_article
from pipeline.jats.cuts import shortened

ROOT = "<article xmlns:xlink='http://www.w3.org/1999/xlink'>"
FRONT = "<front><article-meta><article-id pub-id-type='pmc'>7</article-id></article-meta></front>"
FIGURE = '<fig id="F1"><label>Figure 1</label><caption><title>T.</title><p>Cap.</p></caption></fig>'
CITING = '<p>see <xref ref-type="fig" rid="F1">Fig. 1</xref></p>'
LIST = "<ref-list><ref>a</ref></ref-list>"
FOOT = "<table-wrap-foot><table>b</table></table-wrap-foot>"
PLAIN = '<p>text <xref ref-type="bibr" rid="B1">1</xref></p>'


def article(body: str, root: str = ROOT, front: str = FRONT) -> bytes:
    return f"{root}{front}<body>{body}</body></article>".encode()


@pytest.mark.parametrize(
    "paragraph",
    [
        PLAIN,
        "<p>text</p>",
        '<p id="P1" content-type="x">text</p>',
        '<p>a <xref rid="B1" ref-type="bibr">1</xref>, <xref ref-type="table" rid="T1">Table 1</xref></p>',
        "<p>a <list><list-item><p>b</p></list-item></list> c</p>",
        "<p>a <person-group>b</person-group> c</p>",
        "<p>a <table-wrap><table><tr/></table></table-wrap> c</p>",
        "<p id='P1'>a <!-- note --> c</p>".replace("'", '"'),
    ],
)
def test_a_paragraph_that_cites_no_figure_goes(paragraph: str) -> None:
    assert shortened(article(f"<sec>{paragraph}{FIGURE}</sec>{CITING}")) == article(f"<sec>{FIGURE}</sec>{CITING}")


STAYING = {
    "cites": f"{FIGURE}{CITING}",
    "cites as literature": f'{FIGURE}<p><xref ref-type="bibr" rid="F1">Fig. 1</xref></p>',
    "cites a figure further on": f"{CITING}{FIGURE}",
    "single quotes": f"{FIGURE}<p><xref ref-type='fig' rid='F1'>Fig. 1</xref></p>",
    "several ids": f'{FIGURE}<p><xref ref-type="bibr" rid="B1 F1">Fig. 1</xref></p>',
    "several ids, tab": f'{FIGURE}<p><xref rid="B1 B2&#9;F1">Fig. 1</xref></p>',
    "several ids, unusual space": f'{FIGURE}<p><xref ref-type="bibr" rid="B1 B2\u00a0F1">Fig. 1</xref></p>',
    "character reference": f'{FIGURE}<p><xref ref-type="bibr" rid="F&#49;">Fig. 1</xref></p>',
    "another attribute first": f'{FIGURE}<p><xref alt="a" rid="F1">Fig. 1</xref></p>',
    "line break in the tag": f'{FIGURE}<p><xref\nrid="F1">Fig. 1</xref></p>',
    "group": f'<fig-group id="G1">{FIGURE}</fig-group><p><xref rid="G1">Figs</xref></p>',
    "group with a caption": f'<fig-group id="G1"><caption><p>Both.</p></caption><fig id="F2"/>{FIGURE}</fig-group>',
    "id in single quotes": "<fig id='F1'><label>Figure 1</label></fig>" + CITING.replace('"fig"', '"bibr"'),
    "id with a space": '<fig id="F 1"/>' + CITING.replace("F1", "F 1"),
    "id as a character reference": '<fig id="F&#49;"/>' + CITING,
    "figure in a paragraph": f"<p>a {FIGURE} b</p>",
    "figure in a figure": f"<fig id='F0'><caption><p>A.</p></caption>{FIGURE}<p>note</p></fig>",
    "note of a figure": '<fig id="F1"><p>note</p></fig>',
    "inner paragraph of a citing one": f"{FIGURE}<p>a <list><p>b</p></list> {CITING} <list><p>c</p></list></p>",
    "empty paragraph in a citing one": f'{FIGURE}<p>a <p id="x"/> b {CITING} <p>c</p> d</p>',
    "empty paragraph": f'{FIGURE}<p/>{CITING}<p id="x"/>{CITING}<p>c</p>',
    "end tag with a space": f"{FIGURE}<p>a <p>b</p > {CITING} </p><p>c</p>",
    "start tag with a line break": f"{FIGURE}<p>a <p\n>b</p> {CITING} <p>c</p> </p>",
    "attribute with a bracket": f'{FIGURE}<p>a <p id=">"/>{CITING}<p>c</p>{CITING}</p>',
    "other elements in p": f"{FIGURE}<p>a <person-group>b</person-group> {CITING}</p>",
    "paragraph in a title": f"<sec><title><p>Head</p></title>{FIGURE}{CITING}</sec>",
    "second paragraph in a title": f"<sec><title><p>Head</p> <p>two</p></title>{FIGURE}{CITING}</sec>",
    "title in a title": f"<sec><title>a<title>b</title><p>c</p></title>{FIGURE}{CITING}</sec>",
    "empty figure": f"<fig/><p>a</p>{FIGURE}{CITING}",
    "comment": f"{FIGURE}<p>a<!-- </p><p> -->{CITING[3:]}<p>b</p>",
    "end of a figure in a comment": f'<fig id="F1"><caption><!-- </fig> --><p>Cap.</p></caption></fig>{CITING}',
    "end of a title in a comment": f"<sec><title>a<!-- </title> --><p>b</p></title>{FIGURE}{CITING}</sec>",
    "footnote in a figure": f'<fig id="F1"><caption><p>Cap.</p></caption><fn>a</fn><p>note</p></fig>{CITING}',
    "section as text": f"{FIGURE}<p>a <![CDATA[</p><p>]]>{CITING[3:]}",
    "instruction": f"{FIGURE}<p>a <?x </p><p>?>{CITING[3:]}",
    "table in a citing paragraph": f"{FIGURE}<p>a {CITING[3:-4]} <table><td>b</td></table></p>",
    "table foot in a citing paragraph": f"{FIGURE}<p>{CITING[3:-4]}{FOOT}</p>",
    "table behind a wrap": f"{FIGURE}<table-wrap></table-wrap ><p>{CITING[3:-4]} <table><td>b</td></table></p>",
    "table with a figure": f"<table-wrap><table><td>{FIGURE}</td></table></table-wrap>{CITING}",
    "table that cites": f"{FIGURE}<table-wrap><table><td>{CITING}</td></table></table-wrap>",
    "table in a table": f"{FIGURE}<table-wrap><table><table-wrap>{CITING}<table/></table-wrap></table></table-wrap>",
    "references in a citing paragraph": f"{FIGURE}<p>a <ref-list><p>x</p><ref><p/></ref></ref-list> {CITING}</p>",
    "references open a paragraph": f'{FIGURE}<ref-list><ref/><p><ref></ref>{CITING[3:-4]}<p id=">"/></p></ref-list>',
    "two lists of references": f"{LIST}{FIGURE}{CITING}{LIST}",
    "reference behind the list": f"{LIST}{FIGURE}{CITING}<ref-list><ref>b</ref></ref-list >",
    "reference before the list": f"<x><ref>b</ref></x>{FIGURE}{CITING}{LIST}",
    "figure in the references": f"<ref-list><ref>a</ref></ref-list>{FIGURE}{CITING}<p>b</p>",
    "figure with a prefix": f"<x:fig xmlns:x='u' id='F1'><caption><p>C</p></caption></x:fig>{CITING}",
}


def uncut(monkeypatch: pytest.MonkeyPatch, xml: bytes) -> object:
    with monkeypatch.context() as patch:
        patch.setattr(document, "shortened", lambda whole: whole)
        return read_article(xml, "PMC7")


@pytest.mark.parametrize("body", STAYING.values(), ids=STAYING)
def test_an_article_is_read_as_if_nothing_were_cut(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    xml = article(f"<sec>{PLAIN}<title>Head</title>{body}{PLAIN}</sec>")
    assert read_article(xml, "PMC7") == uncut(monkeypatch, xml)


LICENSED = """<front><article-meta><article-id pub-id-type='pmc'>7</article-id>
<permissions><license><p>under CC BY</p></license></permissions></article-meta></front>"""
PREFIXED = f"<j:fig id='F1'><caption><p>C</p></caption></j:fig>{CITING}"
IN_A_PART = f"<sub-article><front-stub/><body>{FIGURE}{PLAIN}{CITING}</body></sub-article>"
DOCUMENTS = {
    "licence": article(PLAIN, front=LICENSED),
    "figure in the abstract": article(
        CITING, front=FRONT.replace("</article-meta", f"<abstract>{FIGURE}</abstract></article-meta")
    ),
    "second article": b"<pmc-articleset>%b%b</pmc-articleset>"
    % (article(PLAIN, front="<front></front>"), article(PLAIN, front=LICENSED)),
    "second article, unusual paragraph": b"<pmc-articleset>%b%b</pmc-articleset>"
    % (article(PLAIN, front="<front></front>"), article(PLAIN, front=LICENSED.replace("</p>", "</p><p id='x'/>"))),
    "sub-article": article(f"{CITING}</body>{IN_A_PART}<body>"),
    "default namespace": article(PREFIXED, "<article xmlns='u' xmlns:j='u'>"),
    "prefix of the article": b"<j:article xmlns:j='u'>%b</j:article>" % article(PREFIXED)[len(ROOT) : -10],
}


@pytest.mark.parametrize("xml", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_read_as_if_nothing_were_cut(monkeypatch: pytest.MonkeyPatch, xml: bytes) -> None:
    assert read_article(xml, "PMC7") == uncut(monkeypatch, xml)


def test_a_table_goes_and_its_foot_stays() -> None:
    wrap = "<table-wrap>{}<table-wrap-foot>a</table-wrap-foot></table-wrap>"
    assert shortened(article(wrap.format("<table><tr/></table>"))) == article(wrap.format(""))


def test_a_document_may_be_cut_off_anywhere() -> None:
    xml = article(f"<sec>{PLAIN}<title>a</title>{FIGURE}{PLAIN}{CITING}<table-wrap><table/></table-wrap></sec>{LIST}")
    assert shortened(xml) != xml
    assert all(len(shortened(xml[:end])) <= end for end in range(len(xml)))

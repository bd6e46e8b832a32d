"""Bytes of strangers: limits, encodings, references and tables that are cut."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from pipeline.jats import MAX_BYTES, JatsError, document, read_article
from pipeline.jats.cuts import shortened
from pipeline.jats.document import read_document
from schemas.reject import Reason


def turned_away(xml: bytes) -> str:
    with pytest.raises(JatsError) as caught:
        read_article(xml)
    assert caught.value.reason is Reason.BAD_XML
    return caught.value.detail


def test_more_bytes_than_the_limit_are_not_parsed() -> None:
    assert "limit" in turned_away(b"<article>" + b" " * MAX_BYTES + b"</article>")


def test_too_many_tags_are_not_parsed() -> None:
    start = time.process_time()
    assert "tags" in turned_away(b"<article>" + b"<p/>" * (document.MAX_MARKUP + 1) + b"</article>")
    assert time.process_time() - start < 5


def test_too_many_figures_are_turned_away() -> None:
    assert "figures" in turned_away(b"<article><body>" + b"<fig/>" * 20_001 + b"</body></article>")


def test_mentions_cannot_grow_with_the_square_of_the_document() -> None:
    figures = "".join(f'<fig id="F{n}"/>' for n in range(2000))
    citations = "".join(f'<xref rid="F{n}">{n}</xref> words, ' for n in range(2000))
    assert "mentions" in turned_away(f"<article><body><p>{citations}</p>{figures}</body></article>".encode())


def test_inherited_captions_cannot_grow_with_the_square_of_the_document() -> None:
    group = f"<fig-group><caption><p>{'x' * 20_000}</p></caption>{'<fig/>' * 2000}</fig-group>"
    assert "inherited" in turned_away(f"<article><body>{group}</body></article>".encode())


def test_a_doctype_behind_a_comment_is_seen() -> None:
    xml = b'<!-- <!DOCTYPE a> --><!DOCTYPE article [<!ENTITY a "x">]><!-- --><article>&a;</article>'
    assert "declares" in turned_away(xml)


def test_the_word_entity_in_the_text_is_no_declaration() -> None:
    doctype = b"<!DOCTYPE article SYSTEM 'a[b>c.dtd'>"
    xml = doctype + b"<article><body><p><![CDATA[<!ENTITY a 'b'>]]></p></body></article>"
    assert read_document(xml).tag == "article"


def test_no_file_is_opened_for_a_dtd(tmp_path: object) -> None:
    xml = f'<!DOCTYPE article SYSTEM "file://{tmp_path}/evil.dtd"><article><body/></article>'
    assert read_document(xml.encode()).tag == "article"


def references(inner: str) -> bytes:
    return f"<article><body><p>a</p></body><back><ref-list><title>R</title>{inner}</ref-list></back></article>".encode()


def test_references_are_cut_and_the_rest_of_the_list_stays() -> None:
    shorter = shortened(references('<p>note</p><ref id="a">x</ref>\n<ref>y</ref><x/>'))
    assert shorter == references("<p>note</p><x/>")


@pytest.mark.parametrize(
    "xml",
    [
        references(""),
        references("<references/>"),
        b"<article><!-- <ref-list><ref> --><fig/><!-- </ref></ref-list> --></article>",
        b"<article><![CDATA[ <ref-list><ref> ]]><fig/><![CDATA[ </ref></ref-list> ]]></article>",
        b"<article><ref-list><ref>cut off",
        b"",
    ],
)
def test_what_is_not_surely_a_list_is_not_cut(xml: bytes) -> None:
    assert shortened(xml) == xml


def tables(inner: str) -> bytes:
    return f"<article><body><table-wrap><label>T</label>{inner}<p>foot</p></table-wrap></body></article>".encode()


def test_tables_are_cut_and_what_is_around_them_stays() -> None:
    assert shortened(tables("<table><tr/></table> <table ><tr/></table>")) == tables("")


@pytest.mark.parametrize(
    "xml",
    [
        tables(""),
        tables("<table><td><fig/></td></table>"),
        tables('<table><td><p>a <xref rid="F1"/></p></td></table>'),
        tables("<table><td><table-wrap><table/></table-wrap></td></table>"),
        tables("<!-- <table> --><table></table>"),
        tables("<table></table><!-- </table> -->"),
        tables("<table></table><!--></table>-->"),
        tables("<?x <table> ?><table></table>"),
        tables("<?x <!-- ?><![CDATA[ --></table> ]]><table></table>"),
        tables("<![CDATA[<table></table>]]>"),
        tables("<table/>"),
        b"<article><table><tr/></table></article>",
        b"<article><table-wrap-group><table></table></table-wrap-group></article>",
    ],
)
def test_what_is_not_surely_a_table_without_interest_is_not_cut(xml: bytes) -> None:
    assert shortened(xml) == xml


def test_what_is_wrong_in_a_table_goes_unnoticed() -> None:
    assert read_document(tables("<table><tr></td></table>")).tag == "article"
    assert "mismatch" in turned_away(tables("<table><tr></td></table></p>"))


def test_an_end_tag_with_a_space_lets_no_cut_run_from_table_to_table() -> None:
    table = "<table-wrap><table></table></table-wrap >"
    xml = f"<article><body>{table}<sec><p>text</p></sec>{table.replace(' ', '')}</body></article>".encode()
    assert etree.tostring(read_document(xml).find("body/sec")) == b"<sec><p>text</p></sec>"


def test_lists_in_lists_are_read_whole() -> None:
    xml = references("<ref>a</ref><ref-list><ref>b</ref></ref-list><ref-list><ref>c</ref></ref-list>")
    tree = read_document(xml)
    assert [e.tag for e in tree.iter("ref-list")] == ["ref-list"] * 3
    assert etree.tostring(tree.find("body")) == b"<body><p>a</p></body>"


def test_a_cut_that_goes_wrong_leaves_the_whole_document() -> None:
    xml = references("<ref>a</ref><ref-list><ref>b</ref></ref-list><ref>c</ref>")
    assert [e.text for e in read_document(xml).iter("ref")] in (["a", "b", "c"], ["a"], [])


def test_labels_cannot_grow_with_the_square_of_the_document() -> None:
    group = f"<fig-group><label>{'9' * 20_000}</label>{'<fig/>' * 2000}</fig-group>"
    assert "labels" in turned_away(f"<article><body>{group}</body></article>".encode())


def test_rights_of_groups_cannot_grow_with_the_square_of_the_document() -> None:
    group = f"<fig-group><attrib>{'x' * 20_000}</attrib>{'<fig/>' * 2000}</fig-group>"
    assert "rights" in turned_away(f"<article><body>{group}</body></article>".encode())


@pytest.mark.parametrize(
    "inner",
    [
        "<tex-math>x</tex-math>" * 20_000,
        "&nbsp;" * 50_000,
        "<b> x  </b>" * 50_000,
        "<alternatives>" + "<graphic/>" * 15_000 + "</alternatives>",
        "permission with " * 50_000,
    ],
    ids=["tex", "entities", "marks", "alternatives", "rights"],
)
def test_time_grows_with_the_document_not_with_its_square(inner: str) -> None:
    xml = f'<!DOCTYPE article SYSTEM "x"><article><body><fig><caption><p>{inner}</p></caption></fig></body></article>'
    start = time.process_time()
    assert len(read_article(xml.encode()).figures) == 1
    assert time.process_time() - start < 10  # well under one second; the square takes minutes

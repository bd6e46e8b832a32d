"""Markup: escaping is the rule, and what is markup already is not escaped twice."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipeline.report.markup import element, escape, join, link, linked, table


@given(st.text())
def test_any_text_comes_back_as_text_and_never_as_an_element(text: str) -> None:
    node = html.fragment_fromstring(element("p", text, title=text))
    assert len(node) == 0
    expected = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", "\ufffd", text)
    expected = expected.replace("\r\n", "\n").replace("\r", "\n")  # as every HTML parser reads line ends
    assert (node.text or "").replace("\r\n", "\n").replace("\r", "\n") == expected


def test_markup_is_not_escaped_twice() -> None:
    assert escape(escape("a < b")) == "a &lt; b"
    assert element("p", element("b", "x & y"), None) == "<p><b>x &amp; y</b></p>"
    assert join(["<", element("hr")]) == "&lt;<hr>"


def test_attributes_are_named_as_in_html_and_left_out_where_there_is_none() -> None:
    assert (
        element("td", "1", class_="n", aria_label='"x"', id=None) == '<td class="n" aria-label="&quot;x&quot;">1</td>'
    )


def test_only_web_addresses_become_links() -> None:
    assert link("javascript:alert(1)", "licence") == "licence"
    assert link(None, "licence") == "licence"
    assert link("https://a.org/?x=1&y", "l") == '<a href="https://a.org/?x=1&amp;y" rel="noopener noreferrer">l</a>'


def test_addresses_in_text_end_before_the_full_stop() -> None:
    node = html.fragment_fromstring(element("p", linked("See https://doi.org/10.1/a(2). <b>")))
    assert [a.get("href") for a in node.iter("a")] == ["https://doi.org/10.1/a(2"]
    assert node.text_content() == "See https://doi.org/10.1/a(2). <b>"


def test_a_table_says_which_cells_head_what() -> None:
    node = html.fragment_fromstring(table("Caption", ("a", "b"), [["x", "1"]], numbers=("b",)))
    assert [(th.text, th.get("scope")) for th in node.iter("th")] == [("a", "col"), ("b", "col"), ("x", "row")]
    assert node.xpath(".//td/@class") == ["n"]

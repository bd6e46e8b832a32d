"""Whatever is cut out of a document, its article is read as if the whole tree had been built."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.jats.cuts import shortened
from pipeline.jats.document import read_document
from pipeline.jats.figures import read_figures
from pipeline.jats.model import ParsedFigure
from pipeline.jats.parser import strict_parser
from pipeline.jats.scan import scan

_PIECES = ("<table>", "</table>", "<ref>", "</ref>", "<table-wrap>", "</table-wrap>", "<ref-list>", "</ref-list>")
_HIDING = ("<!--{}-->", "<![CDATA[{}]]>", "<?x {}?>", "<!-- <?x {}-->", "<?x <!-- {}?>", "<![CDATA[<!--{}]]>")
_NAMES = ("table-wrap", "table", "ref-list", "ref", "sec", "p", "tr", "table-wrap-foot", "table-count", "back")


def element(name: str, inner: list[str], spaces: tuple[str, str]) -> str:
    """An element; white space in the end tag hides it from a search for the plain one."""
    return f"<{name}{spaces[0]}>{''.join(inner)}</{name}{spaces[1]}>"


def elements(names: tuple[str, ...], inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Elements of these names, most of them written without white space in the tags."""
    spaces = st.sampled_from((("", ""),) * 5 + ((" ", ""), ("", " "), ("\n", "\n")))
    return st.builds(element, st.sampled_from(names), st.lists(inner, min_size=1, max_size=4), spaces)


hidden = st.builds(
    lambda frame, pieces: frame.format("".join(pieces)),
    st.sampled_from(_HIDING),
    st.lists(st.sampled_from(_PIECES), max_size=3),
)
words = st.sampled_from(("text", "&#181;", "<italic>n</italic>", "<table-count/>", "<reference/>"))
texts = st.one_of(*[words] * 9, hidden)
cited = st.sampled_from(
    (
        '<p>As <xref rid="F1">Fig. 1</xref>.</p>',
        '<p>As <xref ref-type="bibr" rid="B1 F1">1</xref>.</p>',
        '<p>As <xref ref-type="bibr" rid="B1">1</xref>.</p>',
        "<p/>",
        "<title>Head</title>",
    )
)
references = elements(("ref-list",), elements(("ref",), texts) | texts)
rows = elements(("tr", "td"), words)
plain_tables = elements(("table-wrap",), elements(("table", "table", "table-wrap-foot"), rows))
leaves = st.one_of(texts, references, plain_tables, plain_tables, cited, st.sampled_from(("<table/>", "<fig/>")))
blocks = st.recursive(
    leaves,
    lambda inner: elements(("sec", "p", "back", "ref-list", "table-wrap", "table"), inner),
    max_leaves=10,
)
parts = st.lists(st.one_of(plain_tables, references, cited, blocks), min_size=1, max_size=6)
FIGURE = '<fig id="F1"><label>Figure 1</label><caption><p>Cap.</p></caption></fig>'


def figures(article: etree._Element) -> tuple[ParsedFigure, ...]:
    return read_figures(scan(article))


@given(parts)
@settings(max_examples=500, deadline=None)
def test_a_well_formed_document_is_read_as_if_nothing_were_cut(inner: list[str]) -> None:
    xml = f"<article><front></front><body>{FIGURE}{''.join(inner)}</body></article>".encode()
    assert figures(read_document(xml)) == figures(etree.fromstring(xml, strict_parser()))


@given(parts, st.sampled_from(_PIECES), st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_no_figure_is_cut_out_of_a_damaged_document(inner: list[str], piece: str, place: float) -> None:
    xml = f"<article><front></front><body>{FIGURE}{''.join(inner)}</body></article>".encode()
    at = round(place * len(xml))
    damaged = xml[:at] + piece.encode() + xml[at:]
    assert shortened(damaged).count(b"<fig") == damaged.count(b"<fig")

"""Plain text and marks: white space, offsets, formulas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.jats.figures import read_caption
from pipeline.jats.text import RULES, collapse, marked_text, plain_text


def caption(inner: str) -> etree._Element:
    return etree.fromstring(f'<caption xmlns:mml="http://www.w3.org/1998/Math/MathML">{inner}</caption>')


def marked(inner: str) -> list[tuple[str, str]]:
    read = read_caption([caption(inner)])
    return [(mark.kind, (read.text or "")[mark.start : mark.end]) for mark in read.marks]


def test_marks_name_the_stretches_that_are_marked_up() -> None:
    assert marked("<title>T.</title><p>(<bold>A</bold>) <italic>E. coli</italic></p>") == [
        ("title", "T."),
        ("paragraph", "(A) E. coli"),
        ("bold", "A"),
        ("italic", "E. coli"),
    ]


def test_marks_are_trimmed_and_empty_ones_left_out() -> None:
    assert marked("<p><bold> (A) </bold>x<bold> </bold><italic/></p>") == [("paragraph", "(A) x"), ("bold", "(A)")]


def test_offsets_are_right_where_white_space_is_irregular() -> None:
    inner = "\n <title>\n  A   <bold>b</bold>\u00a0 c </title>\n\n<p>  d  <italic>\n e  f </italic>  </p>  "
    assert marked(inner) == [("title", "A b c"), ("bold", "b"), ("paragraph", "d e f"), ("italic", "e f")]


def test_list_items_are_marked() -> None:
    assert marked("<list><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list>") == [
        ("list_item", "one"),
        ("paragraph", "one"),
        ("list_item", "two"),
        ("paragraph", "two"),
    ]


def test_offsets_count_code_points() -> None:
    assert marked("<p>\U0001d6fd <bold>β</bold></p>")[1] == ("bold", "β")


def test_mathml_white_space_between_tokens_is_dropped() -> None:
    assert plain_text(caption("<p><mml:math>\n <mml:mi> x </mml:mi>\n <mml:mo>=</mml:mo></mml:math></p>")) == "x="


def test_nothing_is_none() -> None:
    assert plain_text(caption(" \n ")) is None
    assert plain_text(None) is None


@given(st.lists(st.tuples(st.text(alphabet="ab \n\t\u00a0\u2003", max_size=6), st.booleans()), max_size=12))
def test_collapse_keeps_every_span_on_its_words(pieces: list[tuple[str, bool]]) -> None:
    raw, spans, words = "", [], []
    for piece, is_marked in pieces:
        if is_marked and piece.strip():
            spans.append((len(raw), len(raw) + len(piece), "bold"))
            words.append(" ".join(piece.split()))
        raw += piece
    text, moved = collapse(raw, spans)
    assert text == " ".join(raw.split())
    assert [text[start:end] for start, end, _ in moved] == words


_INLINE = st.sampled_from(["bold", "italic", "sub", "named-content", "xref"])
_TREE = st.recursive(
    st.text(alphabet="abc é", max_size=5),
    lambda inner: st.tuples(_INLINE, st.lists(inner, max_size=3)).map(lambda t: f"<{t[0]}>{''.join(t[1])}</{t[0]}>"),
    max_leaves=12,
)


@given(st.lists(_TREE, max_size=4), st.lists(_TREE, max_size=4))
def test_inline_markup_changes_no_character(title: list[str], paragraph: list[str]) -> None:
    element = caption(f"<title>{''.join(title)}</title><p>{''.join(paragraph)}</p>")
    text, spans = marked_text([element], RULES)
    flat = " ".join("".join(str(t) for t in block.itertext()) for block in element)
    assert text == " ".join(flat.split())
    assert all(0 <= start < end <= len(text) for start, end, what in spans if isinstance(what, str))
    assert all(0 <= start <= end <= len(text) for start, end, _ in spans)

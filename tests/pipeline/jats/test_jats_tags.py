"""Tags are found where they stand, by two letters of their name."""

from __future__ import annotations

from pipeline.jats.tags import FIGURE, PARAGRAPH, PARAGRAPH_END, XREF, Tags, find_tags

XML = b'<sec><p>a <xref rid="F1">1</xref></p><p\nid="x"/><pub-id/><fig id="F1"></fig></sec>'


def test_tags_are_found_in_order() -> None:
    tags = find_tags(XML, 0)
    found = [XML[position:].split(b">")[0].split()[0] for position in tags.positions]
    assert found == [b"<p", b"<xref", b"</p", b"<p", b"<fig", b"</fig"]
    assert tags.kinds[:5] == bytes((PARAGRAPH, XREF, PARAGRAPH_END, PARAGRAPH, FIGURE))


def test_only_tags_from_the_start_on_are_found() -> None:
    whole, rest = find_tags(XML, 0), find_tags(XML, XML.index(b"<xref"))
    assert rest == Tags(whole.positions[1:], whole.kinds[1:])
    assert find_tags(XML, len(XML)) == find_tags(b"", 0) == Tags([], b"")


def test_tags_of_a_kind_and_of_a_stretch() -> None:
    tags = find_tags(XML, 0)
    first, second = tags.of(PARAGRAPH)
    assert (XML[first : first + 3], XML[second : second + 3]) == (b"<p>", b"<p\n")
    assert tags.between(first, second) == bytes((PARAGRAPH, XREF, PARAGRAPH_END))

"""Citations as printed: words before, panel letters after, ranges."""

from __future__ import annotations

import pytest
from lxml import etree

from pipeline.jats import read_article
from pipeline.jats.mentions import label_number

FIGURES = "".join(f'<fig id="F{n}"><label>Figure {n}</label></fig>' for n in range(1, 8))


def cited(paragraph: str, figure: int) -> list[str]:
    xml = f"<article><front/><body><p>{paragraph}</p>{FIGURES}</body></article>"
    return [mention.cited for mention in read_article(xml.encode()).figures[figure - 1].mentions]


@pytest.mark.parametrize(
    ("paragraph", "figure", "expected"),
    [
        ('(Fig. <xref rid="F4">4</xref>c, d).', 4, ["Fig. 4c, d"]),
        ('(Figure <xref rid="F2">2</xref>A-B).', 2, ["Figure 2A-B"]),
        ('(<xref rid="F1">Figure 1</xref>a), because', 1, ["Figure 1a"]),
        ('<xref rid="F1">Figure 1</xref> A, shows', 1, ["Figure 1 A"]),
        ('<xref rid="F1">Figure 1</xref> A shows', 1, ["Figure 1"]),
        ('<xref rid="F1">Fig. 1</xref>(a–c) shows', 1, ["Fig. 1(a–c)"]),
        ('<xref rid="F1">Fig. 1</xref> (a) shows', 1, ["Fig. 1 (a)"]),
        ('<xref rid="F1">Fig. 1</xref>and', 1, ["Fig. 1"]),
        ('<xref rid="F1">Fig. 1A</xref> and B, and a cell', 1, ["Fig. 1A and B"]),
        ('<xref rid="F1">Fig. 1A</xref> and a cell', 1, ["Fig. 1A"]),
        ('(<xref rid="F1">Figs 1A</xref>, <xref rid="F1">B</xref> and <xref rid="F2">2C</xref>)', 1, ["Figs 1A, B"]),
        ('(<xref rid="F1">Figs 1A</xref>, <xref rid="F1">B</xref> and <xref rid="F2">2C</xref>)', 2, ["2C"]),
        ('Figs. <xref rid="F2">2</xref>-<xref rid="F5">5</xref>', 4, ["Figs. 2-5"]),
        ('<xref rid="F2">Figure 2</xref> to <xref rid="F4">Figure 4</xref>', 3, ["Figure 2 to Figure 4"]),
        ('<xref rid="F2">Figure 2</xref> and <xref rid="F4">Figure 4</xref>', 3, []),
        ('<xref rid="F2">Figs 2-2000000</xref>', 3, []),
        ('<xref rid="F2">Fig. 2</xref> once; <xref rid="F2">Fig. 2B</xref> twice', 2, ["Fig. 2", "Fig. 2B"]),
        ('Supplementary Figure <xref rid="F2">2</xref>', 2, ["Supplementary Figure 2"]),
        ('<xref ref-type="bibr" rid="F2">2</xref>', 2, ["2"]),
    ],
)
def test_citations(paragraph: str, figure: int, expected: list[str]) -> None:
    assert cited(paragraph, figure) == expected


def test_sections_are_a_path_from_the_outside_in() -> None:
    xml = (
        "<article><front/><body><sec><title>Results</title><sec><sec><title>Deep</title>"
        f'<p>x <xref rid="F1">1</xref></p></sec></sec></sec>{FIGURES}</body></article>'
    )
    assert read_article(xml.encode()).figures[0].mentions[0].section == "Results > Deep"


def test_a_group_is_cited_through_its_id() -> None:
    xml = (
        f'<article><front/><body><p><xref rid="G">1</xref></p><fig-group id="G">{FIGURES}</fig-group></body></article>'
    )
    assert all(len(figure.mentions) == 1 for figure in read_article(xml.encode()).figures)


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("Figure 3.", 3),
        ("Fig 12", 12),
        ("4", 4),
        ("Figure S3", None),
        ("Figure 1—figure supplement 2", None),
        (None, None),
    ],
)
def test_label_numbers(label: str | None, number: int | None) -> None:
    assert label_number(label) == number


def test_the_text_around_a_mention_is_there_once() -> None:
    xml = f'<article><front/><body><p>a <bold>b <xref rid="F1">Fig. 1</xref> c</bold> d</p>{FIGURES}</body></article>'
    assert read_article(xml.encode()).figures[0].mentions[0].text == "a b Fig. 1 c d"
    assert etree.fromstring(xml) is not None

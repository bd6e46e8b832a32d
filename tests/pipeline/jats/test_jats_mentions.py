"""Citations as printed: words before, panel letters after, ranges."""

from __future__ import annotations

import pytest
from lxml import etree

from pipeline.jats import read_article
from pipeline.jats.targets import label_place

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
    ("label", "place"),
    [
        ("Figure 3.", ("", 3)),
        ("Fig 12", ("", 12)),
        ("4", ("", 4)),
        ("Figure S3", ("s", 3)),
        ("Scheme 2", ("scheme", 2)),
        ("Extended Data Fig. 2:", ("extended data fig", 2)),
        ("Figure 1—figure supplement 2", ("1 figure supplement", 2)),
        ("Figure 3A", None),
        ("Figure 1234", None),
        ("Graphical abstract", None),
        (None, None),
    ],
)
def test_places_of_labels(label: str | None, place: tuple[str, int] | None) -> None:
    assert label_place(label) == place


def test_a_range_stays_within_its_series() -> None:
    labels = ["Figure 1", "Scheme 2", "Figure 2", "Figure 3", "Figure S1", "Figure S2", "Figure S3"]
    figures = "".join(f'<fig id="F{i}"><label>{label}</label></fig>' for i, label in enumerate(labels))
    paragraphs = (
        '<p><xref rid="F0">Figs 1</xref>–<xref rid="F3">3</xref></p><p><xref rid="F4">Figures S1–S3</xref></p>'
        '<p><xref rid="F0">Fig. 1</xref> to <xref rid="F6">Fig. S3</xref></p>'
    )
    article = read_article(f"<article><front/><body>{paragraphs}{figures}</body></article>".encode())
    assert [[m.cited for m in figure.mentions] for figure in article.figures] == [
        ["Figs 1–3", "Fig. 1 to Fig. S3"],
        [],
        ["Figs 1–3"],
        ["Figs 1–3"],
        ["Figures S1–S3"],
        ["Figures S1–S3"],
        ["Figures S1–S3", "Fig. 1 to Fig. S3"],
    ]


def test_the_text_around_a_mention_is_there_once() -> None:
    xml = f'<article><front/><body><p>a <bold>b <xref rid="F1">Fig. 1</xref> c</bold> d</p>{FIGURES}</body></article>'
    assert read_article(xml.encode()).figures[0].mentions[0].text == "a b Fig. 1 c d"
    assert etree.fromstring(xml) is not None

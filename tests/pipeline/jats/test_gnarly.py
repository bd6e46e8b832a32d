"""One tiny file per symptom in tests/gnarly, and what the reader makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.jats import JatsError, ParsedArticle, read_article
from schemas.reject import Reason

GNARLY = Path(__file__).resolve().parents[2] / "gnarly"

CAPTIONS = {
    "caption-title-and-paragraphs": "A title. First. Second.",
    "caption-glued-title": "Cells. Bar, 5 µm.",
    "caption-pretty-printed": "A title. One two.",
    "caption-inline-markup-splits-a-word": "Microscopy of E. coli.",
    "caption-subscript-superscript": "CO2 at 10-3 M, Ca2+.",
    "caption-panel-letters-in-bold": "(A) Control. (B) Treated.",
    "caption-formula-in-mathml-and-tex": "where x=5 holds.",
    "caption-formula-in-tex-only": "where \\alpha + 1 holds.",
    "caption-formula-siblings-without-alternatives": "at y.",
    "caption-formula-with-annotation": "of z only.",
    "caption-formula-as-picture": "ratio shown.",
    "caption-displayed-formula": "Fit (1) k to data.",
    "caption-inline-graphic": "Squares treated.",
    "caption-list": "Steps: 1. wash 2. stain",
    "caption-line-break": "one two",
    "caption-footnote-mark": "Mean ± SD* of 3.",
    "caption-cites-a-reference": "As in [12].",
    "caption-supplementary-material-inside": "Growth. Bar, 1 mm.",
    "caption-comment-and-processing-instruction": "microscope",
    "caption-cdata": "p < 0.05 & n > 3",
    "caption-character-references": "5 μm & 1 h, p < 0.05",
    "caption-entity-of-the-external-dtd": "5 µm &unheard; x",
    "caption-emptied": None,
    "caption-title-only": "Only a title",
    "caption-text-without-paragraph": "Bare text.",
    "caption-beside-a-paragraph-of-the-figure": "A tree.",
    "caption-alt-text-is-not-caption": "Gel.",
    "caption-index-term-is-hidden": "The liver lobe.",
    "caption-foreign-namespace": "Aus bus sp. n.",
    "caption-non-ascii-and-astral": "\U0001d6fd-actin β 東京",
    "caption-table-in-it": "Key",
    "fig-in-floats-group": "Afloat.",
    "fig-in-paragraph": "Within.",
    "fig-in-boxed-text": "Boxed.",
    "fig-in-appendix": "In the appendix.",
    "fig-in-graphical-abstract": "In short.",
    "fig-without-id-or-label": "Nameless.",
    "fig-graphic-in-caption": "Text more.",
    "dialect-default-namespace": "Named space.",
    "dialect-undeclared-prefixes": "with q",
    "dialect-oai-envelope": "Harvested.",
    "dialect-latin-1": "5 µm",
    "dialect-byte-order-mark": "BOM",
    "references-in-a-comment-hide-no-figure": "Kept.",
    "fig-in-a-table-cell": "In a cell.",
    "tables-with-mismatched-tags": "Cap 1.",
    "tables-in-a-comment-hide-no-paragraph": "Kept.",
    "tables-in-cdata-are-text": "Tag <table-wrap><table>kept</table></table-wrap> here.",
}

FACTS: dict[str, dict[str, Any]] = {
    "caption-absent": {"captions": ["First caption.", None], "inherited": [False, False]},
    "caption-title-only": {"titles": ["Only a title"]},
    "caption-beside-a-paragraph-of-the-figure": {"notes": ["WNV: West Nile virus."]},
    "fig-in-floats-group": {"containers": ["floats-group"], "cited": [["Fig. 1"]]},
    "fig-in-paragraph": {"containers": ["sec"], "mention_texts": [["Before after Figure 1."]]},
    "fig-in-boxed-text": {"containers": ["boxed-text"]},
    "fig-in-appendix": {"containers": ["app"]},
    "fig-in-graphical-abstract": {"containers": ["abstract"]},
    "fig-in-response": {"containers": ["body", "response"]},
    "fig-in-sub-article": {"containers": ["body", "sub-article"]},
    "fig-in-fig": {
        "containers": ["body", "fig"],
        "captions": ["Parent.", "Child."],
        "hrefs": [["f1.jpg"], ["f2.jpg"]],
        "labels": ["Figure 1.", "Figure 1—figure supplement 1."],
    },
    "fig-in-fig-without-own-caption": {"inherited": [False, True], "hrefs": [[], ["f2.jpg"]]},
    "fig-group-caption-is-inherited": {
        "captions": ["Shared. Text.", "Its own."],
        "inherited": [True, False],
        "labels": ["Figure 7.", "B"],
        "inherited_labels": [True, False],
        "titles": ["Shared.", None],
    },
    "fig-without-id-or-label": {"labels": [None], "ids": [None]},
    "fig-without-graphic": {"hrefs": [[]]},
    "fig-with-image-media": {"hrefs": [["m1.png"]]},
    "fig-with-several-graphics": {"hrefs": [["f1a.jpg", "f1b.jpg"]], "chosen": [["f1a.jpg", "f1b.jpg"]]},
    "fig-graphic-in-caption": {"hrefs": [["f1.jpg"]]},
    "fig-table-and-formula-images-are-not-figures": {"hrefs": [["f1.jpg"]]},
    "alternatives-web-colour-print-grey": {"chosen": [["f1_OC"]], "hrefs": [["f1_PB", "f1_OC"]]},
    "alternatives-thumbnail": {"chosen": [["f1.jpg"]]},
    "alternatives-vector-and-raster": {"chosen": [["f1.png"]]},
    "alternatives-empty-href": {"chosen": [["f1.jpg"]], "hrefs": [[None, "f1.jpg"]]},
    "graphic-href-is-not-the-first-attribute": {"hrefs": [["a_Fig1_HTML.jpg"]]},
    "graphic-without-href": {"hrefs": [[None]]},
    "dialect-undeclared-prefixes": {"hrefs": [["f1"]], "pmcid": "PMC1"},
    "dialect-old-ids-digits-only": {
        "pmcid": "PMC123",
        "pmid": "77",
        "doi": "10.1/x",
        "title": "T of E. coli",
        "journal": "Old J",
        "year": 2004,
        "copyright": "© 2004 A",
    },
    "dialect-no-ids": {"pmcid": None},
    "meta-licence-in-the-text-with-cc0-for-data": {
        "license_code": "CC BY",
        "license_url": "https://creativecommons.org/licenses/by/4.0/",
        "copyright": "© The Author(s) 2019",
    },
    "meta-licence-ref-nc-nd": {"license_code": "CC BY-NC-ND", "pmc_license_ref": "CC BY-NC-ND"},
    "meta-two-licences-the-stricter-counts": {"license_code": "CC BY-NC"},
    "meta-authors-collab-and-keywords": {
        "authors": ("Jane Q. Doe Jr", "The Group"),
        "keywords": ("liver", "E. coli"),
        "mesh": ("Humans",),
        "subjects": ("Research Article",),
    },
    "rights-reprinted-with-permission": {"reserved": [True]},
    "rights-courtesy-of": {"reserved": [True], "rights_notes": ["Image courtesy of the museum."]},
    "rights-patient-gave-permission": {"reserved": [False]},
    "rights-adapted-under-cc-by": {"reserved": [False]},
    "rights-permissions-element": {"reserved": [True], "figure_licenses": [None]},
    "rights-permissions-with-own-cc": {"reserved": [False], "figure_licenses": ["CC BY-NC"]},
    "rights-credit-line": {"reserved": [False], "rights_notes": ["WHO"]},
    "mention-panel-letters-outside": {"cited": [[], ["Fig. 2A,C"], [], []]},
    "mention-two-xref-range": {"cited": [["Figs. 1–3"], ["Figs. 1–3"], ["Figs. 1–3"], []]},
    "mention-range-in-one-xref": {"cited": [[], ["Figures 2–4"], ["Figures 2–4"], ["Figures 2–4"]]},
    "mention-panel-range-over-two-xrefs": {"cited": [["Figure 1A–H"], [], [], []]},
    "mention-several-ids-in-one-rid": {"cited": [["Figures 1 and 3"], [], ["Figures 1 and 3"], []]},
    "mention-list-of-figures": {"cited": [["Figs 1"], ["2"], ["3"], []]},
    "mention-word-after-is-no-panel": {"cited": [["Figure 1"], ["Fig. 2A"], [], []]},
    "mention-in-nested-paragraph-once": {"mention_texts": [["Inner Fig. 1 text."]]},
    "mention-dangling-rid": {"cited": [[], [], [], []]},
    "mention-of-itself-in-the-caption": {"cited": [[], ["Fig. 2"]]},
    "mention-by-an-empty-xref": {
        "cited": [[""], ["Fig. 2"], [], []],
        "mention_texts": [["Shown before (cf. Fig. 2)."], ["Shown before (cf. Fig. 2)."], [], []],
    },
    "mention-range-with-empty-xrefs": {"cited": [["Figures 1–4"]] * 4},
    "mention-range-of-supplements": {"cited": [["Figure 1—figure supplement 1–3"]] * 3},
    "meta-abbreviations-are-no-keywords": {"keywords": ("liver",), "authors": ("The Group",)},
    "mention-typed-as-a-reference": {"cited": [[], ["Fig. 2"], [], []]},
    "mention-in-a-table-cell": {"mention_texts": [[], ["Cell of Fig. 2."], [], []]},
    "mention-beside-tables-that-are-cut": {
        "mention_texts": [["As Fig. 1 shows."], ["For Fig. 2."], ["Of Fig. 3."], []]
    },
    "fig-group-in-fig-group": {
        "captions": ["Inner."],
        "labels": ["Figure 1"],
        "inherited": [True],
        "inherited_labels": [True],
        "cited": [["Fig. 1"]],
    },
    "fig-with-media-that-states-no-type": {"hrefs": [["m1.tif"]]},
    "rights-on-the-graphic": {
        "reserved": [True, True],
        "rights_notes": ["© 2010 Elsevier", "Courtesy of B. Doe"],
    },
    "rights-of-the-group": {"reserved": [True, False], "rights_notes": ["© 2010 Elsevier", None]},
    "rights-of-a-table-in-the-figure": {"reserved": [False], "rights_notes": [None]},
    "rights-no-permission-required": {"reserved": [False]},
    "rights-under-licence-from": {"reserved": [True]},
    "rights-abbreviation-ends-no-sentence": {"rights_notes": ["Adapted from Doe et al. [5]. Photograph by J. Roe."]},
    "meta-licence-words-and-code": {"license_code": "CC BY-NC"},
    "meta-licence-in-its-type": {"license_code": "CC BY-ND"},
    "meta-editors-and-collab-alternatives": {"authors": ("J Doe", "The Group")},
    "meta-year-in-iso-date": {"year": 2021},
    "tables-in-a-comment-hide-no-paragraph": {"mention_texts": [["As Fig. 1 shows."]]},
    "mention-list-in-one-xref": {
        "cited": [["Figure 1A,B, 3–4"], ["Figs. 2, 3 and 4"], *[["Figs. 2, 3 and 4", "Figure 1A,B, 3–4"]] * 2]
    },
    "mention-number-beside-a-list": {"cited": [["Fig. 1 (n = 2, 3.4 kg)"], [], [], []]},
    "mention-in-a-sub-article-of-its-own-figure": {
        "cited": [["Figure 1"], ["Figure 2", "Figure 2"], ["Author response image 1"]]
    },
    "rights-permission-to-collect": {
        "reserved": [False],
        "rights_notes": ["They were collected with permission of the national park."],
    },
    "attrib-with-a-legend": {
        "captions": ["Caption 1."],
        "notes": ["Filled symbols: leaves. Open symbols: roots."],
        "rights_notes": ["Filled symbols: leaves. Open symbols: roots."],
    },
    "graphic-href-is-an-address": {"hrefs": [["info:doi/10.1371/journal.pone.0000217.g001"]]},
    "mention-beside-references-that-are-cut": {"mention_texts": [["Known [1], Fig. 1."]]},
}


def read(symptom: str, pmcid: str | None = None) -> ParsedArticle:
    return read_article((GNARLY / f"{symptom}.xml").read_bytes(), pmcid)


def facts(article: ParsedArticle) -> dict[str, Any]:
    figures = article.figures
    return {
        "captions": [f.caption for f in figures],
        "titles": [f.caption_title for f in figures],
        "labels": [f.label for f in figures],
        "ids": [f.xml_id for f in figures],
        "inherited": [f.caption_is_inherited for f in figures],
        "inherited_labels": [f.label_is_inherited for f in figures],
        "containers": [f.container for f in figures],
        "notes": [f.notes for f in figures],
        "hrefs": [[g.href for g in f.graphics] for f in figures],
        "chosen": [[g.href for g in f.graphics if g.is_chosen] for f in figures],
        "reserved": [f.rights_reserved for f in figures],
        "rights_notes": [f.rights_note for f in figures],
        "figure_licenses": [f.license_code for f in figures],
        "cited": [[m.cited for m in f.mentions] for f in figures],
        "mention_texts": [[m.text for m in f.mentions] for f in figures],
        "license_code": article.license.code,
        "license_url": article.license.url,
        "pmc_license_ref": article.license.pmc_license_ref,
    }


@pytest.mark.parametrize("symptom", CAPTIONS)
def test_the_caption_is_read(symptom: str) -> None:
    assert read(symptom).figures[0].caption == CAPTIONS[symptom]


@pytest.mark.parametrize("symptom", FACTS)
def test_the_facts_are_read(symptom: str) -> None:
    article = read(symptom)
    found = facts(article)
    for name, value in FACTS[symptom].items():
        assert (found[name] if name in found else getattr(article, name)) == value, name


@pytest.mark.parametrize("path", sorted(GNARLY.glob("hostile-*.xml")), ids=lambda path: path.stem)
def test_hostile_files_are_turned_away_with_a_reason(path: Path) -> None:
    with pytest.raises(JatsError) as caught:
        read_article(path.read_bytes())
    assert caught.value.reason is Reason.BAD_XML
    assert caught.value.detail


@pytest.mark.parametrize("path", sorted(GNARLY.glob("[!h]*.xml")), ids=lambda path: path.stem)
def test_every_picture_is_in_the_ledger_and_every_offset_in_its_text(path: Path) -> None:
    article = read_article(path.read_bytes(), "PMC1" if path.stem == "dialect-articleset" else None)
    assert article.n_graphics == sum(len(f.graphics) for f in article.figures)
    for number, figure in enumerate(article.figures, start=1):
        assert figure.number == number
        for mark in figure.marks:
            assert 0 <= mark.start < mark.end <= len(figure.caption or "")
        for mention in figure.mentions:
            assert mention.text[mention.start : mention.end] == mention.cited


def test_an_articleset_gives_the_article_that_is_asked_for() -> None:
    assert read("dialect-articleset", "PMC2").figures[0].caption == "The second."
    with pytest.raises(JatsError) as absent:
        read("dialect-articleset", "PMC3")
    assert absent.value.reason is Reason.WRONG_ARTICLE
    with pytest.raises(JatsError) as ambiguous:
        read("dialect-articleset")
    assert ambiguous.value.reason is Reason.BAD_XML


def test_the_id_is_held_against_the_xml() -> None:
    with pytest.raises(JatsError) as caught:
        read("caption-list", "PMC999")
    assert caught.value.reason is Reason.WRONG_ARTICLE
    assert read("dialect-no-ids", "999").pmcid == "PMC999"
    assert read("dialect-old-ids-digits-only", "PMC123.2").pmcid == "PMC123"


def test_each_symptom_has_an_expectation() -> None:
    named = {*CAPTIONS, *FACTS, "dialect-articleset"}
    files = {path.stem for path in GNARLY.glob("*.xml") if not path.stem.startswith("hostile-")}
    assert files == named
    assert len(list(GNARLY.glob("*.xml"))) >= 60

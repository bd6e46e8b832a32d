from __future__ import annotations

from typing import Any

import pytest

from pipeline.jats import read_article
from pipeline.licenses import allowed_licenses
from pipeline.parse import _article_outcomes
from schemas.articles import Article
from schemas.figures import Figure
from schemas.record import Record
from schemas.reject import Reason, Reject
from schemas.versions import ArticleVersion, MediaFile

HEAD = """<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="research-article"><front><article-meta>
<article-id pub-id-type="pmcid">PMC1</article-id>{permissions}</article-meta></front><body><sec><title>Results</title>
"""
CC_BY = '<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"/></permissions>'


def article(figures: str, permissions: str = CC_BY) -> bytes:
    return (HEAD.format(permissions=permissions) + figures + "</sec></body></article>").encode()


def fig(graphics: str, caption: str = "<p>Growth of cells.</p>", number: int = 1) -> str:
    caption = f"<caption>{caption}</caption>" if caption else ""
    return f'<fig id="f{number}"><label>Figure {number}</label>{caption}{graphics}</fig>'


def graphic(href: str) -> str:
    return f'<graphic xlink:href="{href}"/>'


def outcomes(xml: bytes, names: tuple[str, ...] = ("a.jpg", "b.jpg"), **options: Any) -> list[Record]:
    version = ArticleVersion(
        article_id="PMC1_v1",
        pmcid="PMC1",
        version=1,
        pmid=None,
        doi=None,
        title="T",
        citation=None,
        license=options.get("license", "CC BY"),
        is_retracted=False,
        is_manuscript=False,
        source_etag="e",
        xml=MediaFile(name="x", url="s3://b/x", md5=None),
        media=[MediaFile(name=name, url=f"s3://b/PMC1.1/{name}", md5="0" * 32) for name in names],
    )
    classes = options.get("license_class", "commercial")
    found = _article_outcomes(
        version, read_article(xml, "PMC1"), allowed_licenses(classes), keeps_reserved=classes == "all"
    )
    return list(found)


def summary(found: list[Record]) -> dict[str, str]:
    """By id: the image of a figure, or the reason of a reject."""
    rows = [row for row in found if not isinstance(row, Article)]
    return {
        (row.record_id if isinstance(row, Reject) else row.id): (
            row.reason.value if isinstance(row, Reject) else row.image_name  # type: ignore[attr-defined]
        )
        for row in rows
    }


def test_a_figure_and_its_article() -> None:
    first, figure = outcomes(article(fig(graphic("a.jpg"))))
    assert isinstance(first, Article) and isinstance(figure, Figure)
    assert (first.n_figures, first.n_graphics, first.license) == (1, 1, "CC BY")
    assert (figure.figure_id, figure.caption, figure.image_url) == (
        "PMC1_v1_f001",
        "Growth of cells.",
        "s3://b/PMC1.1/a.jpg",
    )
    assert "CC BY https://creativecommons.org/licenses/by/4.0" in first.attribution


def test_several_graphics_have_ids_of_their_own() -> None:
    found = summary(outcomes(article(fig(graphic("a.jpg") + graphic("b")))))
    assert found == {"PMC1_v1_f001_g1": "a.jpg", "PMC1_v1_f001_g2": "b.jpg"}


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        (fig(graphic("missing.jpg")), Reason.UNRESOLVED_IMAGE),
        (fig("<graphic/>"), Reason.UNRESOLVED_IMAGE),
        (fig(graphic("a.jpg"), caption=""), Reason.NO_CAPTION),
        (fig(""), Reason.NO_GRAPHIC),
        (fig(graphic("a.jpg"), "<p>Cells. Reprinted with permission from Elsevier.</p>"), Reason.RIGHTS_RESERVED),
    ],
)
def test_a_figure_that_cannot_be_used_has_its_reason(figure: str, reason: Reason) -> None:
    assert summary(outcomes(article(figure))) == {"PMC1_v1_f001": reason.value}


def test_reserved_rights_do_not_stop_the_class_of_all() -> None:
    xml = article(fig(graphic("a.jpg"), "<p>Cells. Reprinted with permission from Elsevier.</p>"))
    assert summary(outcomes(xml, license_class="all")) == {"PMC1_v1_f001": "a.jpg"}


def test_the_same_image_twice_in_a_figure_is_taken_once() -> None:
    found = summary(outcomes(article(fig(graphic("a.jpg") + graphic("a")))))
    assert found == {"PMC1_v1_f001_g1": "a.jpg", "PMC1_v1_f001_g2": "duplicate_graphic"}


def test_of_alternatives_one_is_taken_and_the_next_where_it_is_missing() -> None:
    both = f"<alternatives>{graphic('a.tif')}{graphic('a.jpg')}</alternatives>"
    assert set(summary(outcomes(article(fig(both)), ("a.tif", "a.jpg"))).values()) == {"a.tif", "alternative"}
    assert set(summary(outcomes(article(fig(both)), ("a.jpg",))).values()) == {"a.jpg", "alternative"}


def test_an_article_without_figures_is_turned_away() -> None:
    assert summary(outcomes(article("<p>Text.</p>"))) == {"PMC1_v1": "no_figures"}


def test_licences_that_disagree_quarantine_the_article() -> None:
    found = outcomes(article(fig(graphic("a.jpg"))), license="CC0")
    assert summary(found) == {"PMC1_v1": "license_conflict"}
    assert found[0].detail == "JSON license_code says CC0, licence link says CC BY"  # type: ignore[attr-defined]


CC0_REF = (
    "<custom-meta-group><custom-meta><meta-name>pmc-license-ref</meta-name><meta-value>CC0</meta-value></custom-meta>"
    "</custom-meta-group>"
)


@pytest.mark.parametrize(
    ("code", "permissions", "detail"),
    [
        ("CC BY", CC0_REF, "JSON license_code says CC BY, pmc-license-ref says CC0"),
        (None, CC_BY + CC0_REF, "pmc-license-ref says CC0, licence link says CC BY"),
        ("CC0", CC0_REF, None),
        ("CC BY", "", None),
        (None, CC_BY, None),
    ],
)
def test_each_place_that_states_a_licence_is_heard(code: str | None, permissions: str, detail: str | None) -> None:
    found = outcomes(article(fig(graphic("a.jpg")), permissions), license=code, license_class="all")
    conflicts = [row.detail for row in found if isinstance(row, Reject)]
    assert conflicts == ([detail] if detail else [])


def test_a_figure_under_a_licence_outside_the_class_is_left_out() -> None:
    own = '<permissions><license xlink:href="https://creativecommons.org/licenses/by-nc/4.0/"/></permissions>'
    found = summary(outcomes(article(fig(graphic("a.jpg") + own))))
    assert found == {"PMC1_v1_f001": "license_class"}

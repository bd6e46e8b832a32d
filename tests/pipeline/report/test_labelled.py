"""A labelled set in the report: joined by article and file, worst first, both sets of boxes drawn."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import html

from pipeline.report.labelled import judged_figures
from pipeline.report.page import report_page
from pipeline.split.boxes import Box
from pipeline.tables import Tables

HALVES = [{"x": 0, "y": 0, "w": 200, "h": 200}, {"x": 200, "y": 0, "w": 200, "h": 200}]


def line(pmcid: str = "PMC7", file: str = "g.jpg") -> dict[str, Any]:
    return {"pmcid": pmcid, "fig_id": None, "file": file, "compound": True, "panels": HALVES}


def test_figures_are_judged_worst_first(release: Any) -> None:
    judged = judged_figures(Tables(release.root, release.manifest["tables"]), [line()])
    # The fixture's two figures share one file name: the first was cut in halves, the second stayed whole.
    assert [one.exhibit.figure.figure_id for one in judged] == ["PMC7_v1_f002", "PMC7_v1_f001"]
    assert [one.agreement for one in judged] == [pytest.approx(0.25), 1.0]
    assert judged[0].true == [Box(0, 0, 200, 200), Box(200, 0, 400, 200)]


def test_figures_that_the_release_has_not_are_left_out(release: Any) -> None:
    tables = Tables(release.root, release.manifest["tables"])
    assert judged_figures(tables, [line(pmcid="PMC8"), line(file="h.jpg")]) == []


def test_the_page_shows_them_with_their_true_panels(release: Any) -> None:
    tree = html.document_fromstring(report_page(release.root, release.manifest, [line(), line(pmcid="PMC8")]))
    (section,) = tree.xpath("//section[@aria-labelledby='labelled']")
    assert "Of the 2 figures of the labelled set this release has 2." in section.text_content()
    first = section.xpath(".//figure")[0]
    assert "agreement 0.25; left whole" in first.text_content()
    assert [box.get("style") for box in first.xpath(".//span[contains(@class, 'true')]")] == [
        "left:0.000%;top:0.000%;width:50.000%;height:100.000%",
        "left:50.000%;top:0.000%;width:50.000%;height:100.000%",
    ]
    assert tree.xpath("//nav/a[@href='#labelled']")


def test_without_a_labelled_set_there_is_no_such_section(release: Any) -> None:
    assert 'id="labelled"' not in report_page(release.root, release.manifest)

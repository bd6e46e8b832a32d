"""The page: complete in itself, safe to open whatever captions say, and equal to the tables it speaks of."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from pipeline.images import decode
from pipeline.report.page import report_page, write_report
from pipeline.root import RootError

# Attributes that make a browser fetch something.
_LOADS = ("src", "srcset", "data", "poster", "background", "action", "formaction")


@pytest.fixture(scope="module")
def page(release: Any) -> str:
    return report_page(release.root, release.manifest)


@pytest.fixture(scope="module")
def tree(page: str) -> Any:
    return html.document_fromstring(page)


def test_every_element_is_closed_where_it_should_be(page: str) -> None:
    void = r"<(meta|img)\b[^>]*>"
    body = re.sub(void, "", re.sub(r"<style>.*?</style>", "", page, flags=re.S))
    stack: list[str] = []
    for slash, name in re.findall(r"<(/?)([a-zA-Z][\w]*)[^>]*>", body):
        if slash:
            assert stack.pop() == name
        else:
            stack.append(name)
    assert not stack


def test_nothing_is_loaded_from_anywhere(page: str, tree: Any) -> None:
    for node in tree.iter():
        for name in _LOADS:
            assert node.get(name, "data:").startswith("data:"), node.attrib
    assert not tree.xpath("//script | //link | //iframe | //object | //embed")
    assert "url(" not in page and "@import" not in page


def test_links_lead_to_sections_or_to_the_web(tree: Any) -> None:
    ids = set(tree.xpath("//@id"))
    for href in tree.xpath("//a/@href"):
        assert href.removeprefix("#") in ids if href.startswith("#") else urlsplit(href).scheme in {"http", "https"}


def test_what_strangers_wrote_stays_text(page: str, tree: Any) -> None:
    assert "<script>" not in page and "onerror=&quot;" in page
    assert not [name for node in tree.iter() for name in node.attrib if name.startswith("on")]
    captions = " ".join(node.text_content() for node in tree.find_class("cap"))
    assert "<script>alert(1)</script> & a cell." in captions
    assert "javascript:alert(2)" not in " ".join(tree.xpath("//@href"))
    assert "found <u>this</u>" in tree.get_element_by_id("reasons").getparent().text_content()


def test_the_page_is_the_same_each_time(page: str, release: Any) -> None:
    assert report_page(release.root, release.manifest) == page


def test_numbers_are_those_of_the_manifests(tree: Any, release: Any) -> None:
    rows = tree.xpath("//section[@aria-labelledby='attrition']//tbody/tr")
    shown = {}
    for row in rows:
        step, n_in, _, kept, reasons = (cell.text_content() for cell in row)
        assert int(n_in) == int(kept) + sum(int(n) for n in re.findall(r"\d+", reasons))
        shown.setdefault(step, []).append((int(n_in), int(kept), reasons))
    assert shown["catalog"] == [(2, 1, "1 retracted")]
    assert shown["parse"] == [(1, 1, "none"), (3, 2, "1 unresolved_image")]
    assert shown["dedup"] == [(4, 3, "1 duplicate")]
    counts = {name: node.getnext().text for node in tree.iter("dt") for name in [node.text]}
    assert counts["pairs"] == str(release.stages["dedup"].kept["pairs"]) == "3"
    assert (counts["panels"], counts["whole figures"], counts["articles with pairs"]) == ("2", "1", "1")


def test_reject_counts_add_up_to_the_manifests(tree: Any, release: Any) -> None:
    rows = tree.xpath("//section[@aria-labelledby='reasons']//tbody/tr")
    shown = {(row[1].text_content(), row[0].text_content()): int(row[2].text_content()) for row in rows}
    assert shown == {(name, r): n for name, manifest in release.stages.items() for r, n in manifest.rejects.items()}


def test_panels_are_outlined_and_their_words_marked(tree: Any) -> None:
    [card] = [node for node in tree.find_class("card") if node.find_class("box")]
    boxes = [(node.text_content(), node.get("style")) for node in card.find_class("box")]
    assert boxes == [
        ("A", "left:0.000%;top:0.000%;width:50.000%;height:100.000%"),
        ("B", "left:50.000%;top:0.000%;width:50.000%;height:100.000%"),
    ]
    marks = [node.text_content() for node in card.iter("mark")]
    assert marks == ["<script>alert(1)</script> & a cell.A", "another one.B"]
    assert [node.text_content() for node in card.iter("u")] == ["Two views."]


def test_figures_that_stayed_whole_say_why(tree: Any) -> None:
    section = tree.get_element_by_id("whole").getparent()
    assert "left whole: the caption names <3> panels" in section.text_content()


def test_pictures_are_small_jpegs_with_alt_texts_and_credit(tree: Any) -> None:
    images = list(tree.iter("img"))
    assert len(images) == 4  # two figures at random, one that stayed whole, one duplicate
    for image in images:
        pixels = decode(base64.b64decode(image.get("src").split(",")[1]), 10**6)
        assert pixels.shape[:2] == (int(image.get("height")), int(image.get("width")))
        assert image.get("alt")
    assert all(card.find_class("credit")[0].text_content().strip() for card in tree.find_class("card"))


def test_tables_and_headings_can_be_walked(tree: Any) -> None:
    assert len(tree.xpath("//h1")) == 1
    assert not tree.xpath("//th[not(@scope)]")
    assert not tree.xpath("//svg[@role='img'][not(@aria-label)]")


def test_the_file_replaces_an_older_one_and_leaves_no_scratch(release: Any, tmp_path: Path, page: str) -> None:
    (tmp_path / "index.html").write_text("old")
    assert write_report(release.root, release.manifest, tmp_path).read_text("utf-8") == page
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_release_whose_tables_are_gone_is_an_error_that_names_the_folder(release: Any, tmp_path: Path) -> None:
    gone = {**release.manifest, "tables": {**release.manifest["tables"], "dedup": "dedup-gone"}}
    with pytest.raises(RootError, match="dedup-gone"):
        write_report(release.root, gone, tmp_path / "out")
    assert not (tmp_path / "out").exists()

"""The articles: XML, figures, licences, text; and the variety that a reader has to cope with."""

from __future__ import annotations

from collections import Counter

import pytest
from lxml import etree

from pipeline.sample import Fault

XLINK = "{http://www.w3.org/1999/xlink}href"
MML = "{http://www.w3.org/1998/Math/MathML}math"


@pytest.fixture(scope="module")
def roots(sample):
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return {p: etree.parse(sample.bucket / p / f"{p}.xml", parser).getroot() for p in sample.truth.articles}


def text_of(element):
    return " ".join("".join(element.itertext()).split())


def caption_text(figure):
    caption = figure.find("caption")
    if caption is None:
        caption = figure.getparent().find("caption")
    return " ".join(text_of(part) for part in caption)


def test_most_articles_have_three_to_six_figures(roots):
    counts = [len(root.findall(".//fig")) for root in roots.values()]
    assert min(counts) >= 3
    assert sum(3 <= n <= 6 for n in counts) >= 0.8 * len(counts)


def test_every_href_is_among_the_media_save_for_the_manuscript(sample, roots):
    for prefix, root in roots.items():
        media = {url.rpartition("/")[2].partition("?")[0] for url in sample.metadata[prefix].get("media_urls", [])}
        stems = {name.rpartition(".")[0] for name in media}
        hrefs = [graphic.get(XLINK) for graphic in root.findall(".//graphic")]
        found = [h in media or h in stems for h in hrefs]
        assert not any(found) if sample.metadata[prefix]["is_manuscript"] else all(found)


def test_truth_has_every_figure_with_its_caption_and_hrefs(sample, roots):
    in_xml = {
        (p, f.get("id")): ([g.get(XLINK) for g in f.iter("graphic")], caption_text(f))
        for p, r in roots.items()
        for f in r.iter("fig")
    }
    in_truth = {(f"{f.pmcid}.{f.version}", f.fig_id): (list(f.hrefs), f.caption) for f in sample.truth.figures}
    assert in_truth == in_xml


def test_every_citation_points_to_something(roots):
    for root in roots.values():
        ids = {element.get("id") for element in root.iter() if isinstance(element.tag, str)}
        cited = [x.get("rid") for x in root.iter("xref")]
        assert set(cited) <= ids
        in_body = {x.get("rid") for x in root.find(".//body").iter("xref") if x.get("ref-type") == "fig"}
        assert len(in_body) >= 3


def test_both_styles_of_xml_occur(roots):
    new = [r for r in roots.values() if r.find(".//processing-meta") is not None]
    old = [r for r in roots.values() if r.find('.//article-id[@pub-id-type="pmc"]') is not None]
    assert len(new) + len(old) == len(roots)
    assert 3 <= len(old) <= 6
    for root in new:
        assert root.find('.//article-id[@pub-id-type="pmcid-ver"]') is not None
        assert all(next(iter(g.attrib)) == "id" for g in root.iter("graphic"))
        assert all("." in g.get(XLINK) for g in root.iter("graphic"))


def test_every_unusual_structure_occurs(roots):
    everything = list(roots.values())
    for path in (
        ".//fig-group/fig",
        ".//alternatives/graphic",
        ".//abstract[@abstract-type='graphical']//fig",
        ".//app//fig",
        ".//floats-group/fig",
        ".//list/list-item",
        ".//caption/title",
        ".//sup",
        ".//sub",
        ".//italic",
        f".//{MML}",
    ):
        assert any(r.find(path) is not None for r in everything), path
    assert any(len(f.findall("graphic")) > 1 for r in everything for f in r.iter("fig"))
    assert any(r.tag == "pmc-articleset" for r in everything)
    assert all(f.find("caption") is None for r in everything for f in r.findall(".//fig-group/fig"))


def test_licences_are_mostly_cc_by_and_agree_but_once(sample, roots):
    codes = Counter(fields["license_code"] for fields in sample.metadata.values())
    assert codes["CC BY"] > len(sample.metadata) / 2
    assert {c: codes[c] for c in ("CC0", "CC BY-SA", "CC BY-NC", "CC BY-NC-ND", "TDM", None)} == dict.fromkeys(
        ("CC0", "CC BY-SA", "CC BY-NC", "CC BY-NC-ND", "TDM", None), 1
    )
    stated = {p: r.xpath("string(.//custom-meta[meta-name='pmc-license-ref']/meta-value)") for p, r in roots.items()}
    conflicts = [p for p, code in stated.items() if code and code != sample.metadata[p]["license_code"]]
    planted = sample.fault(Fault.LICENSE_CONFLICT)
    assert conflicts == [f"{planted.pmcid}.{planted.version}"]


def test_text_is_varied(roots):
    paragraphs = Counter(
        text_of(p) for r in roots.values() for p in r.find(".//body").iter("p") if len(text_of(p)) > 80
    )
    assert max(paragraphs.values()) <= 2  # two versions of one article share theirs
    titles = Counter(r.xpath("string(.//article-title)") for r in roots.values())
    assert max(titles.values()) == 2


def test_no_template_sign_is_left(sample, roots):
    for prefix, root in roots.items():
        for element in root.iter("p", "title", "article-title", "kwd"):
            text = "".join(element.itertext())
            assert not set("{}|#") & set(text), (prefix, text)


def test_plain_text_is_the_article_as_lines(sample, roots):
    for prefix, root in roots.items():
        lines = (sample.bucket / prefix / f"{prefix}.txt").read_text(encoding="utf-8").splitlines()
        assert lines[0] == text_of(root.find(".//article-title"))
        assert len(lines) > 15
        assert not any("<" in line and ">" in line.partition("<")[2] for line in lines)

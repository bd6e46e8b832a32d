"""The report itself: all sections in one HTML file, written whole or not at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.report import sections
from pipeline.report.attrition import Rejects, passages, read_rejects
from pipeline.report.cards import cards, figure_card, rejected_card
from pipeline.report.facts import read_facts
from pipeline.report.gallery import Exhibit, Rejected, draw_figures, exhibits, rejected_pictures
from pipeline.report.labelled import Line, judged_figures
from pipeline.report.markup import Html, element, join
from pipeline.report.style import STYLE
from pipeline.root import Root, RootError
from pipeline.tables import Tables

_PARTS = {
    "attrition": "From article versions to pairs",
    "reasons": "What was turned away, and why",
    "plots": "Distributions",
    "breakdowns": "Licences, splits, languages, formats",
    "figures": "Figures, at random",
    "whole": "Compound figures that stayed whole",
    "rejected": "Pictures that were turned away",
    "labelled": "Farthest from the labelled set",
    "settings": "Settings",
}

_N_WORST = 50


def write_report(root: Root, release: dict[str, Any], out: Path, truth: Sequence[Line] = ()) -> Path:
    """Writes the report of a release.

    Args:
        root: the root.
        release: the release's manifest.
        out: folder of the report; made where there is none.
        truth: figures whose panels are known; those that agree least get a gallery.

    Returns:
        The file, ``index.html``; the same bytes for the same release.

    Raises:
        RootError: tables of the release are gone, or `out` is not a folder.
        OSError: an image is gone, or `out` cannot be written.
    """
    page = report_page(root, release, truth)
    if out.exists() and not out.is_dir():
        raise RootError(f"{out}: not a folder; name one for the report")
    out.mkdir(parents=True, exist_ok=True)
    scratch, final = out / f".index.html.{uuid.uuid4().hex}", out / "index.html"
    try:
        scratch.write_text(page, encoding="utf-8")
        scratch.replace(final)
    finally:
        scratch.unlink(missing_ok=True)
    return final


def report_page(root: Root, release: dict[str, Any], truth: Sequence[Line] = ()) -> Html:
    """The page; see `write_report`."""
    tables = Tables(root, release["tables"])
    facts, rejects = read_facts(tables), read_rejects(tables)
    chosen, stayed_whole = draw_figures(tables)
    max_pixels = int(release["config"]["fetch"]["max_pixels"])
    shown = [name for name in _PARTS if truth or name != "labelled"]
    content = (
        _header(release, tables, shown),
        sections.key_figures(facts, sum(shard["n_bytes"] for shard in release["shards"])),
        _counted(tables, rejects),
        sections.section("plots", _PARTS["plots"], sections.plots(facts)),
        sections.section("breakdowns", _PARTS["breakdowns"], sections.breakdowns(facts)),
        _figures(exhibits(tables, chosen), max_pixels),
        _stayed_whole(exhibits(tables, stayed_whole), max_pixels),
        _rejected(rejected_pictures(tables, rejects.examples), max_pixels),
        _labelled(tables, truth, max_pixels) if truth else None,
        _settings(release),
    )
    return document(f"pmc15m release {release['release']}", join(content))


def document(title: str, content: Html) -> Html:
    """A page in the look of the report, complete in itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", STYLE),
    )
    body = element("body", element("main", content))
    return join((Html("<!DOCTYPE html>\n"), element("html", head, Html("\n"), body, lang="en"), Html("\n")))


def framed(title: str, content: Html, height_px: int) -> Html:
    """Content in the look of the report, in a frame that keeps its style to itself: for notebooks."""
    frame = element("iframe", title=title, srcdoc=document(title, content), width="100%", height=height_px)
    return element("div", frame)


def _header(release: dict[str, Any], tables: Tables, shown: Sequence[str]) -> Html:
    inventory = release["inventory"][:10]
    made = f"Made by pmc15m {tables.manifest('pack').code_version}."
    reflects = (
        f"Figure-caption pairs from the open articles of PubMed Central, as its inventory of {inventory} lists them. "
        "They may not reflect the most current data available from NLM."
    )
    links = join(element("a", _PARTS[name], href=f"#{name}") for name in shown)
    return element(
        "header",
        element("h1", "PMC-15M, release ", element("span", release["release"], class_="id")),
        element("p", f"{reflects} {made}", class_="lead"),
        element("nav", links, aria_label="Sections"),
    )


def _counted(tables: Tables, rejects: Rejects) -> Html:
    explained = (
        "Every row that a step reads is kept or turned away with a reason. An article has several graphics and a "
        "graphic gives one picture and its panels, so each unit has bars of its own scale."
    )
    return join(
        (
            sections.section(
                "attrition",
                _PARTS["attrition"],
                sections.note(explained),
                sections.attrition(passages(tables, rejects)),
            ),
            sections.section("reasons", _PARTS["reasons"], sections.reasons(rejects)),
        )
    )


def _figures(shown: list[Exhibit], max_pixels: int) -> Html:
    explained = (
        "Drawn by the hash of their id from all figures that could be decoded. The words of a panel alone carry the "
        "colour of its box and end with its letter; words shared by all panels are underlined with dots."
    )
    drawn = cards(figure_card(exhibit, max_pixels) for exhibit in shown)
    return sections.section("figures", _PARTS["figures"], sections.note(explained), drawn)


def _stayed_whole(shown: list[Exhibit], max_pixels: int) -> Html:
    explained = (
        "Their captions name panels, or panels were found, but words and boxes could not be matched with confidence, "
        "no panel has words of its own that are sure, or the figure may not be cut; the whole figure goes on with its "
        "whole caption instead."
    )
    drawn = cards(figure_card(exhibit, max_pixels) for exhibit in shown) if shown else sections.note("None.")
    return sections.section("whole", _PARTS["whole"], sections.note(explained), drawn)


def _rejected(shown: dict[tuple[str, str], list[Rejected]], max_pixels: int) -> Html:
    explained = "Up to three of each reason, of what was turned away after it had become a picture with a text."
    drawn = cards(rejected_card(one, *key, max_pixels) for key, found in shown.items() for one in found)
    return sections.section("rejected", _PARTS["rejected"], sections.note(explained), drawn)


def _labelled(tables: Tables, truth: Sequence[Line], max_pixels: int) -> Html:
    judged = judged_figures(tables, truth)
    explained = (
        f"Of the {len(truth)} figures of the labelled set this release has {len(judged)}. Its panels have dashed edges;"
        " the number is the overlap with the panels given out, or with the whole figure where it was not split."
    )
    drawn = cards(
        figure_card(one.exhibit, max_pixels, one.true, f"agreement {one.agreement:.2f}") for one in judged[:_N_WORST]
    )
    return sections.section("labelled", _PARTS["labelled"], sections.note(explained), drawn)


def _settings(release: dict[str, Any]) -> Html:
    text = json.dumps(release["config"], indent=1, ensure_ascii=False, sort_keys=True)
    details = element("details", element("summary", "All that was set for this release"), element("pre", text))
    return sections.section("settings", _PARTS["settings"], details)

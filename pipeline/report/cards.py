"""Cards: one figure with its panels, caption and credit; or one picture that was turned away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.report.gallery import Exhibit, Rejected
from pipeline.report.markup import Html, element, join, link, linked
from pipeline.report.pictures import marked_caption, panel_boxes, picture_element, small_picture, true_boxes
from pipeline.split.boxes import Box


def figure_card(exhibit: Exhibit, max_pixels: int, true: Sequence[Box] = (), remark: str | None = None) -> Html:
    """A figure with the boxes of its panels, its caption with their own words marked, and its credit.

    Args:
        exhibit: the figure.
        max_pixels: most pixels that are decoded.
        true: the panels that a labelled set has, drawn with dashes.
        remark: goes before what is said of the panels.
    """
    figure, whole, panels = exhibit.figure, exhibit.whole, exhibit.panels
    picture = small_picture(exhibit.place, max_pixels)
    size = whole.x1_px - whole.x0_px, whole.y1_px - whole.y0_px
    boxes = [*panel_boxes(panels, *size), *true_boxes(true, *size)]
    letters = ", ".join(panel.panel_label or "?" for panel in panels)
    name = f"{figure.label or 'Figure'} of {figure.pmcid}"
    alt = f"{name}, with {len(panels)} panels outlined: {letters}" if panels else f"{name}, not split"
    caption = marked_caption(figure.caption, panels)
    label = element("b", figure.label) if figure.label else None
    return element(
        "figure",
        picture_element(picture, alt, boxes),
        element(
            "figcaption",
            element(
                "p",
                element("code", figure.figure_id),
                " ",
                f"{remark}; " if remark else None,
                _verdict(exhibit),
                class_="what",
            ),
            _caption(join((label, " " if label else None, caption)), name),
            _credit(exhibit.article.attribution, figure.license, exhibit.article.license_url, figure.rights_note),
        ),
        class_="card",
    )


def _verdict(exhibit: Exhibit) -> str:
    whole, panels = exhibit.whole, exhibit.panels
    if panels:
        how = f"matched by {whole.match}, confidence {whole.match_confidence:.2f}"
        return f"{len(panels)} of {whole.n_panels} {'panel' if whole.n_panels == 1 else 'panels'}, {how}"
    if whole.whole_reason:
        return f"left whole: {whole.whole_reason}"
    return "a single picture"


def _caption(caption: Html, of: str) -> Html:
    """Long captions scroll inside their card, by keyboard too."""
    return element("div", caption, class_="cap", dir="auto", tabindex=0, role="group", aria_label=f"Caption: {of}")


def _credit(attribution: str, license: str | None, license_url: str | None, note: str | None) -> Html:
    """Whom to name and the licence, said once where the attribution ends with it."""
    code = license or "licence not machine-readable"
    is_said = attribution.endswith((code, f"{code} {license_url}"))
    terms = None if is_said else join((" — ", link(license_url, code)))
    rights = element("span", "Rights: ", note, class_="rights") if note else None
    return element("p", linked(attribution), terms, rights, class_="credit", dir="auto")


def rejected_card(rejected: Rejected, stage: str, reason: str, max_pixels: int) -> Html:
    """A picture and the text it had, with why it was turned away."""
    pair = rejected.pair
    name = f"picture {pair.pair_id}"
    alt = f"{name}, turned away: {reason}"
    return element(
        "figure",
        picture_element(small_picture(rejected.place, max_pixels), alt),
        element(
            "figcaption",
            element("p", element("b", reason), f" at {stage}: {rejected.detail}"),
            element("p", element("code", pair.pair_id), class_="what"),
            _caption(join((pair.text or "(no text)",)), name),
            _credit(pair.attribution, pair.license, pair.license_url, pair.rights_note),
        ),
        class_="card",
    )


def cards(of: Iterable[Html]) -> Html:
    """Cards side by side, as many as fit."""
    return element("div", join(of), class_="cards")

"""The figures of an article: each with what is its own, nothing that is another's.

A figure owns what lies under it with no other figure between. Its label, caption, permissions and credit line are its
children. A figure without a caption of its own inherits that of the nearest fig-group or fig around it, and says so;
likewise its label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, cast

from lxml.etree import _Element as Element

from pipeline.jats.document import JatsError, local_name
from pipeline.jats.media import best_first, href_of, is_image, mimetype_of
from pipeline.jats.mentions import MAX_TEXT, MENTION_COST, find_mentions
from pipeline.jats.model import ParsedFigure, ParsedGraphic
from pipeline.jats.rights import FigureRights, read_figure_rights
from pipeline.jats.scan import Found
from pipeline.jats.targets import Targets, label_place
from pipeline.jats.text import CAPTION_RULES, marked_text, plain_text
from schemas.figures import Mark, Mention
from schemas.reject import Reason

_NOT_FIGURE_NAMES = """
    disp-formula inline-formula table-wrap table array chem-struct chem-struct-wrap
    supplementary-material inline-supplementary-material
"""
NOT_FIGURE = frozenset(_NOT_FIGURE_NAMES.split())
"""A graphic in one of these, within a figure, is an equation, a table, a formula, a supplement: not its picture."""
_STRONG_NAMES = "floats-group floats-wrap abstract trans-abstract app boxed-text fig-group fig ack back"
_STRONG = frozenset(_STRONG_NAMES.split())
_WEAK = frozenset(("sec", "body", "treatment-sec"))
_TAGGED = frozenset(("sub-article", "response"))
_PARTS = frozenset(("alternatives", "caption", "graphic", "media", "p", "title"))
_NOTES = frozenset(("p", "list", "def-list", "disp-quote", "fn-group", "disp-formula", "notes", "attrib"))


class Caption(NamedTuple):
    """What one `<caption>` says; `text` is None where it says nothing."""

    text: str | None
    title: str | None
    marks: tuple[Mark, ...]


Kind: TypeAlias = Literal["title", "paragraph", "bold", "italic", "list_item"]
_NO_CAPTION = Caption(None, None, ())


@dataclass(slots=True)
class _Held:
    """What figures and the groups around them hold, by the element that holds it; labels and captions once read."""

    pictures: dict[Element, list[Element]]
    rights: dict[Element, list[Element]]
    labels: dict[Element, str | None] = field(default_factory=dict)
    captions: dict[Element, Caption] = field(default_factory=dict)
    group_rights: dict[Element, FigureRights] = field(default_factory=dict)
    n_shared: int = 0
    """Characters of group rights that were given to figures."""


def read_figures(found: Found) -> tuple[ParsedFigure, ...]:
    """The figures of an article in document order, wherever they stand.

    Raises:
        JatsError: mentions or inherited captions hold more than `MAX_TEXT` characters.
    """
    held = _Held(_by_holder(found.pictures, is_picture_of), _by_holder(found.rights, _speaks_of))
    labels = [_label(figure, held.labels) for figure in found.figures]
    if sum(len(label or "") for label in labels) > MAX_TEXT:
        raise JatsError(Reason.BAD_XML, f"the inherited labels hold more than {MAX_TEXT} characters")
    mentions = find_mentions(found.xrefs, _targets(found, labels))
    figures = tuple(
        _figure(number, element, label, held, cited)
        for number, (element, label, cited) in enumerate(zip(found.figures, labels, mentions, strict=True), start=1)
    )
    if sum(len(figure.caption or "") for figure in figures if figure.caption_is_inherited) > MAX_TEXT:
        raise JatsError(Reason.BAD_XML, f"the inherited captions hold more than {MAX_TEXT} characters")
    return figures


def _by_holder(elements: list[Element], holder_of: Callable[[Element], Element | None]) -> dict[Element, list[Element]]:
    found: dict[Element, list[Element]] = {}
    for element in elements:
        if (holder := holder_of(element)) is not None:
            found.setdefault(holder, []).append(element)
    return found


def is_picture_of(element: Element) -> Element | None:
    """The figure whose picture this is, or None.

    A picture is a `<graphic>`, or a `<media>` that says it is an image (or says nothing, and is named like one), whose
    nearest `<fig>` is reached without passing through an equation, a table, a chemical formula or supplementary
    material (`NOT_FIGURE`). An `<inline-graphic>` never is one. Every picture of an article becomes one
    `ParsedGraphic`: that is the ledger.
    """
    if element.tag == "media" and not is_image(element):
        return None
    parent = element.getparent()
    while parent is not None and parent.tag != "fig":
        if parent.tag in NOT_FIGURE:
            return None
        parent = parent.getparent()
    return parent


def _speaks_of(rights: Element) -> Element | None:
    """The figure or fig-group that a `<permissions>` or `<attrib>` is of: its child, or its caption's or graphic's."""
    parent = rights.getparent()
    while parent is not None and parent.tag in _PARTS:
        parent = parent.getparent()
    return parent if parent is not None and parent.tag in ("fig", "fig-group") else None


def _targets(found: Found, labels: list[str | None]) -> Targets:
    index = {figure: i for i, figure in enumerate(found.figures)}
    named: list[tuple[Element, tuple[int, ...]]] = [(figure, (i,)) for figure, i in index.items()]
    named += [(group, tuple(index[figure] for figure in group.iter("fig"))) for group in found.groups]
    within: dict[Element, dict[str, tuple[int, ...]]] = {}
    for element, indices in named if found.parts else ():
        if (part := next(element.iterancestors("sub-article", "response"), None)) is not None:
            within.setdefault(part, {}).setdefault(element.get("id", ""), indices)
    return Targets(found.figures, _by_id(named), [label_place(label) for label in labels], within)


def _by_id(named: list[tuple[Element, tuple[int, ...]]]) -> dict[str, tuple[int, ...]]:
    """Ids are unique in an article; where they are not, the first one counts, and figures go before groups."""
    by_id: dict[str, tuple[int, ...]] = {}
    for element, indices in named:
        if xml_id := element.get("id"):
            by_id.setdefault(xml_id, indices)
    return by_id


def _figure(number: int, element: Element, label: str | None, held: _Held, mentions: list[Mention]) -> ParsedFigure:
    own = _caption(element, held.captions)
    caption = own if own.text is not None else _inherited_caption(element, held.captions)
    rights = _rights(element, held, caption.text)
    return ParsedFigure(
        number=number,
        xml_id=element.get("id"),
        label=label,
        label_is_inherited=label is not None and not held.labels[element],
        caption_title=caption.title,
        caption=caption.text,
        caption_is_inherited=own.text is None and caption.text is not None,
        marks=caption.marks,
        notes=_notes(element),
        container=container_of(element),
        figure_type=element.get("fig-type"),
        rights_note=rights.note,
        rights_reserved=rights.is_reserved,
        license_code=rights.license_code,
        mentions=tuple(mentions),
        graphics=_graphics(held.pictures.get(element, [])),
    )


def _rights(element: Element, held: _Held, caption: str | None) -> FigureRights:
    """The rights of a figure; what the groups around it say of rights goes for it too.

    Raises:
        JatsError: what is said of groups, once per figure, holds more than `MAX_TEXT` characters.
    """
    rights = read_figure_rights(*_stated(held.rights.get(element, ())), caption)
    for group in element.iterancestors("fig-group") if held.rights else ():
        if group in held.rights:
            if group not in held.group_rights:
                held.group_rights[group] = read_figure_rights(*_stated(held.rights[group]), None)
            shared = held.group_rights[group]
            held.n_shared += len(shared.note or "") + MENTION_COST
            if held.n_shared > MAX_TEXT:
                raise JatsError(Reason.BAD_XML, f"the rights of fig-groups hold more than {MAX_TEXT} characters")
            rights = rights.within(shared)
    return rights


def _stated(elements: Iterable[Element]) -> tuple[list[Element], list[str]]:
    """The `<permissions>`, and the texts of the `<attrib>`."""
    permissions, credits = [], []
    for element in elements:
        if element.tag == "permissions":
            permissions.append(element)
        elif text := plain_text(element):
            credits.append(text)
    return permissions, credits


def _label(element: Element, own: dict[Element, str | None]) -> str | None:
    """The figure's own label; that of the nearest fig-group or fig around it where it has none.

    Args:
        element: the figure.
        own: labels that were read before, by the element that holds them.
    """
    holder: Element | None = element
    while holder is not None:
        if holder not in own:
            own[holder] = " ".join(text for e in holder.iterchildren("label") if (text := plain_text(e))) or None
        if own[holder]:
            return own[holder]
        holder = next(holder.iterancestors("fig", "fig-group"), None)
    return None


def _inherited_caption(element: Element, captions: dict[Element, Caption]) -> Caption:
    for holder in element.iterancestors("fig", "fig-group"):
        caption = _caption(holder, captions)
        if caption.text is not None:
            return caption
    return _NO_CAPTION


def _caption(holder: Element, captions: dict[Element, Caption]) -> Caption:
    """What the captions that are children of the element say, read once."""
    if holder not in captions:
        elements = list(holder.iterchildren("caption"))
        captions[holder] = read_caption(elements) if elements else _NO_CAPTION
    return captions[holder]


def read_caption(captions: list[Element]) -> Caption:
    """Text, title and marks of one `<caption>` (or of several, one after the other)."""
    text, spans = marked_text(captions, CAPTION_RULES)
    if not text:
        return _NO_CAPTION
    marks = [Mark(start=start, end=end, kind=cast(Kind, what)) for start, end, what in reversed(spans)]
    marks.sort(key=lambda mark: (mark.start, -mark.end))
    return Caption(text, plain_text(next(captions[0].iterchildren("title"), None)), tuple(marks))


def _notes(element: Element) -> str | None:
    texts = [text for child in element if child.tag in _NOTES and (text := plain_text(child))]
    return " ".join(texts) or None


def container_of(element: Element) -> str:
    """What holds the figure, by local name.

    `sub-article` and `response` win, however deep in them it lies; then the nearest of abstract, app, boxed-text, fig,
    fig-group, floats-group, ...; then sec or body; then the parent.
    """
    nearest: str | None = None
    weak: str | None = None
    for ancestor in element.iterancestors():
        name = ancestor.tag if ancestor.tag[0] != "{" else local_name(ancestor)
        if name in _TAGGED:
            return name
        if nearest is None and name in _STRONG:
            nearest = name
        if weak is None and name in _WEAK:
            weak = name
    parent = element.getparent()
    return nearest or weak or (local_name(parent) if parent is not None else "article")


def _graphics(pictures: list[Element]) -> tuple[ParsedGraphic, ...]:
    """The pictures of one figure; in each `<alternatives>` one is chosen, outside of them all are."""
    others = _other_renderings(pictures) if len(pictures) > 1 else {}
    dropped = {picture for rest in others.values() for picture in rest}
    return tuple(
        ParsedGraphic(
            number=n,
            href=href_of(p),
            other_hrefs=tuple([href for other in others.get(p, ()) if (href := href_of(other))]),
            is_chosen=p not in dropped,
            mimetype=mimetype_of(p),
        )
        for n, p in enumerate(pictures, start=1)
    )


def _other_renderings(pictures: list[Element]) -> dict[Element, list[Element]]:
    """The chosen picture of each `<alternatives>`, and the others of that set, best first."""
    sets: dict[Element, list[Element]] = {}
    for picture in pictures:
        holder = picture.getparent()
        if holder is not None and holder.tag == "alternatives":
            sets.setdefault(holder, []).append(picture)
    return {best: rest for best, *rest in map(best_first, sets.values())}

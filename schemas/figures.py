"""Figures: what the XML of an article says about each of its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.record import Record, Struct, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Struct):
    """A stretch of the caption that the XML marks up: evidence for the caption splitter."""

    start: int = column("first character, counted in code points of the caption")
    end: int = column("one past the last character")
    kind: Literal["title", "paragraph", "bold", "italic", "list_item"] = column("what the markup says")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention(Struct):
    """A paragraph that cites the figure."""

    section: str | None = column("titles of the enclosing sections, outermost first, joined by ' > '")
    text: str = column("the paragraph as plain text")
    start: int = column("first character of the citation in the text")
    end: int = column("one past the last character of the citation")
    cited: str = column("the citation as printed, panel letters included, such as 'Fig. 2A,C'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Record):
    """One row per `<graphic>` of a `<fig>` whose image is among the article's media."""

    TABLE: ClassVar[str] = "figures"
    KEY: ClassVar[str] = "figure_id"

    figure_id: str = column("stable id: article, version, figure, and graphic where there are several")
    article_id: str = column("article and version, such as PMC123_v1")
    pmcid: str = column("PMC and digits")
    version: int = column("version of the article, from 1")
    fig_xml_id: str | None = column("id of the figure in the XML", source="fig/@id")
    number: int = column("place of the figure among the figures of the article, in document order, from 1")
    graphic_number: int = column("place of the graphic in its figure, from 1")
    n_graphics: int = column("graphics in the figure")
    label: str | None = column("label as printed, such as 'Figure 2.'", source="fig/label")
    caption_title: str | None = column("title of the caption", source="fig/caption/title")
    caption: str = column("the whole caption, title first, as plain text", source="fig/caption")
    caption_is_inherited: bool = column("the caption was taken from the enclosing fig-group or fig")
    label_is_inherited: bool = column("the label was taken from the enclosing fig-group or fig", default=False)
    marks: list[Mark] = column("bold, italic, title and paragraph stretches of the caption")
    graphic_href: str = column("the reference as written", source="graphic/@xlink:href")
    image_name: str = column("name of the image file at the source")
    image_url: str = column("where the image lies at the source")
    image_md5: str | None = column("md5 stated by the source, 32 hex digits; null where it states none")
    license: str | None = column(
        "licence code of the figure: its own where stated, else the article's; null where neither has one"
    )
    rights_note: str | None = column(
        "what the figure itself says about rights", source="fig/permissions, fig/attrib, caption"
    )
    mentions: list[Mention] = column("paragraphs that cite the figure")
    container: str = column("the element that holds the figure: sec, floats-group, abstract, ...")
    figure_type: str | None = column("fig/@fig-type as written")

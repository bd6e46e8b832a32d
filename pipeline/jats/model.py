"""What the reader gives back: an article, its figures, their graphics."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.figures import Mark, Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseStatement:
    """What the article says about its licence, and where it says so."""

    code: str | None
    """Code as PMC writes it, such as ``CC BY-NC``; None where no Creative Commons licence is recognised."""
    url: str | None
    """The address of the licence, with its version."""
    text: str | None
    """The licence paragraph as plain text."""
    found_in: str | None
    """Where the code was read: ``license/@href``, ``license_ref``, ``license text``, ``license/@license-type`` or
    ``custom-meta``."""
    pmc_license_ref: str | None
    """The custom-meta ``pmc-license-ref`` as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedGraphic:
    """One picture that a figure names."""

    number: int
    """Place in the figure, from 1, in document order."""
    href: str | None
    """The reference as written; None where there is none."""
    other_hrefs: tuple[str, ...]
    """References of other renderings of the same picture, best first: for a source that does not hold this one."""
    is_chosen: bool
    """False where another rendering of the same picture, within ``<alternatives>``, was chosen."""
    mimetype: str | None
    """``mimetype``, with ``/mime-subtype`` where stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFigure:
    """One ``<fig>``: its own label, caption, rights and pictures, and the paragraphs that cite it."""

    number: int
    """Place among all figures of the article, from 1, in document order."""
    xml_id: str | None
    label: str | None
    label_is_inherited: bool
    """The label is that of the enclosing fig-group or fig, because this one has none."""
    caption_title: str | None
    caption: str | None
    """Title and paragraphs as plain text, joined by one space; None where there is no caption text."""
    caption_is_inherited: bool
    """The caption is that of the enclosing fig-group or fig, because this one has none."""
    marks: tuple[Mark, ...]
    """Stretches of `caption`, in code points, sorted by start, longer first."""
    notes: str | None
    """Text of the figure outside its caption, which is not part of `caption`: a paragraph below the picture, or an
    ``<attrib>``. Some publishers put the legend in that; it is for credit lines, and therefore in `rights_note` too."""
    container: str
    """What holds the figure: ``sec``, ``floats-group``, ``abstract``, ``app``, ``sub-article``, ..."""
    figure_type: str | None
    """``fig/@fig-type`` as written."""
    rights_note: str | None
    """What the figure itself says about rights: permissions, credit line, sentences of the caption."""
    rights_reserved: bool
    """It names a right of a third party that the licence of the article does not cover."""
    license_code: str | None
    """The figure's own licence where it states one."""
    mentions: tuple[Mention, ...]
    graphics: tuple[ParsedGraphic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedArticle:
    """An article: what identifies and attributes it, and its figures."""

    pmcid: str | None
    """``PMC`` and digits, from the XML; where it has none, the one that was asked for."""
    pmid: str | None
    doi: str | None
    title: str | None
    journal: str | None
    year: int | None
    """Year of first publication."""
    article_type: str | None
    authors: tuple[str, ...]
    """``Given Surname``, in order; groups by their name."""
    keywords: tuple[str, ...]
    subjects: tuple[str, ...]
    mesh: tuple[str, ...]
    language: str | None
    license: LicenseStatement
    copyright: str | None
    figures: tuple[ParsedFigure, ...]
    n_graphics: int
    """Pictures under a figure, see `pipeline.jats.figures.is_picture_of`; the graphics of all `figures` together."""

"""What was turned away: one row for every record that did not get through, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from schemas.record import Record, column


class Reason(StrEnum):
    """Why a record was turned away. Values are on disk: add, never rename."""

    # catalog
    BAD_METADATA = "bad_metadata"
    """The JSON of an article version is missing, unreadable or lacks a field."""
    NOT_OPEN_ACCESS = "not_open_access"
    """The article is in the bucket but not in the open access subset."""
    RETRACTED = "retracted"
    """The article was retracted."""
    MANUSCRIPT = "manuscript"
    """An author manuscript: no media are distributed with it."""
    HISTORICAL_OCR = "historical_ocr"
    """A scanned page with recognised text: no figures as images."""
    SUPERSEDED = "superseded"
    """Another version of the same article was chosen."""
    LICENSE_CLASS = "license_class"
    """The licence is outside the class that was asked for."""
    LICENSE_CONFLICT = "license_conflict"
    """The places that state the licence disagree: quarantined."""
    # parse
    BAD_XML = "bad_xml"
    """The article's XML is missing, malformed, hostile or too large."""
    WRONG_ARTICLE = "wrong_article"
    """The XML says it is another article than the metadata say."""
    NO_FIGURES = "no_figures"
    """The article has no figure."""
    NO_GRAPHIC = "no_graphic"
    """A figure names no image."""
    ALTERNATIVE = "alternative"
    """Another rendering of the same picture was chosen."""
    UNRESOLVED_IMAGE = "unresolved_image"
    """The image that the figure names is not among the article's media."""
    DUPLICATE_GRAPHIC = "duplicate_graphic"
    """Another graphic of the same figure names the same image."""
    NO_CAPTION = "no_caption"
    """The figure has neither caption nor title."""
    RIGHTS_RESERVED = "rights_reserved"
    """The figure states rights of a third party that its article's licence does not cover."""
    # fetch
    MISSING_OBJECT = "missing_object"
    """The source does not have the object, or refuses it for good (403, 404, another 4xx, or no such file)."""
    MD5_MISMATCH = "md5_mismatch"
    """The bytes do not have the md5 that the source states."""
    TRUNCATED = "truncated"
    """The body ended before its stated length."""
    FETCH_FAILED = "fetch_failed"
    """The source did not deliver the object; a later run may."""
    TOO_LARGE = "too_large"
    """More bytes than the limit."""
    UNSAFE_MEMBER = "unsafe_member"
    """A member of an archive with a dangerous name or type."""
    BAD_ARCHIVE = "bad_archive"
    """An archive that cannot be read to its end."""
    # split
    NOT_AN_IMAGE = "not_an_image"
    """The bytes are of no image format that is read here."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """The header states more pixels than the limit; nothing was decoded."""
    DECODE_ERROR = "decode_error"
    """The image is damaged: it cannot be decoded to its last row."""
    NO_PANEL_TEXT = "no_panel_text"
    """The caption names the panel and says nothing of it alone."""
    PANEL_TEXT_IN_DOUBT = "panel_text_in_doubt"
    """Which words of the caption are about the panel is less sure than the limit."""
    # filter
    IMAGE_TOO_SMALL = "image_too_small"
    """The shorter side is under the limit."""
    ASPECT_RATIO = "aspect_ratio"
    """Longer side over shorter side is above the limit."""
    BLANK_IMAGE = "blank_image"
    """Nearly all pixels have one colour."""
    TEXT_TOO_SHORT = "text_too_short"
    """Fewer words than the limit."""
    PLACEHOLDER_TEXT = "placeholder_text"
    """The text says nothing but that there is a figure."""
    NOT_ENGLISH = "not_english"
    """The text is surely in another language."""
    # dedup
    DUPLICATE = "duplicate"
    """The same image with the same text is kept under another id."""
    SPLIT_CONFLICT = "split_conflict"
    """A duplicate of its image or text is held out in another split."""
    # any stage
    INTERNAL_ERROR = "internal_error"
    """A bug: the record raised an error that no rule foresaw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Record):
    """A record that did not get through, and why. It carries no payload: its id is enough to replay it."""

    TABLE: ClassVar[str] = "rejects"
    KEY: ClassVar[str] = "record_id"

    stage: str = column("the stage that turned it away")
    record_id: str = column("the id it had, or would have had, in the stage's output")
    reason: Reason = column("one of the reasons listed in schemas/reject.py")
    detail: str = column("what was found, for a human")

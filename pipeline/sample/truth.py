"""What was made: the ground truth that is written beside the bucket."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum

from pipeline.sample.compound import Box


class Fault(StrEnum):
    """What was planted, each once."""

    WRONG_MD5 = "wrong_md5"
    RETRACTED = "retracted"
    MANUSCRIPT = "manuscript"
    TRUNCATED_IMAGE = "truncated_image"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    TWO_VERSIONS = "two_versions"
    BLANK_IMAGE = "blank_image"
    TINY_IMAGE = "tiny_image"
    MISSING_MEDIA = "missing_media"
    NON_IMAGE_SUPPLEMENT = "non_image_supplement"
    HUGE_TIFF = "huge_tiff"
    GERMAN_CAPTION = "german_caption"
    PLACEHOLDER_CAPTION = "placeholder_caption"
    LICENSE_CONFLICT = "license_conflict"
    NO_DERIVATIVES = "no_derivatives"
    NO_LICENSE_CODE = "no_license_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFault:
    """One fault and where it lies."""

    fault: Fault
    pmcid: str
    version: int
    fig_id: str | None
    file: str | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTruth:
    """One panel: where it lies and what the caption says of it."""

    file: str
    kind: str
    label: str | None
    """The letter as printed in the picture, brackets included; None where none is printed."""
    caption_label: str | None
    """The letter that the caption uses, without brackets; None where the caption names no panels."""
    box: Box
    """Drawing and letter, `(x0, y0, x1, y1)` half-open, px; a letter below the drawing is outside."""
    drawing_box: Box
    label_box: Box | None
    subcaption: str | None
    """An exact piece of the caption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTruth:
    """One `<fig>` (or one member of a group of them)."""

    pmcid: str
    version: int
    fig_id: str
    files: tuple[str, ...]
    hrefs: tuple[str, ...]
    license: str | None
    caption: str
    is_compound: bool
    panels: tuple[PanelTruth, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTruth:
    """Everything that a reader of the sample should find."""

    seed: int
    n_articles: int
    articles: tuple[str, ...]
    """Prefixes in the bucket, such as `PMC90000001.1`."""
    figures: tuple[FigureTruth, ...]
    faults: tuple[PlantedFault, ...]

    def to_json(self) -> str:
        """The truth as JSON text, the same bytes for the same sample."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False) + "\n"

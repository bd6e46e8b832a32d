"""Which article carries what: licences, unusual XML, file formats and planted faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.sample.encode import Format
from pipeline.sample.truth import Fault

MIN_ARTICLES = 24
FIRST_ID = 90_000_001
"""PMC ids reached about 13 million in 2026; no real article has one of these."""

Shape = Literal[
    "plain", "graphical_abstract", "fig_group", "alternatives", "several_graphics", "appendix", "floats_group"
]

_FAULTS: Mapping[int, Fault] = {
    1: Fault.WRONG_MD5,
    2: Fault.RETRACTED,
    3: Fault.MANUSCRIPT,
    4: Fault.TRUNCATED_IMAGE,
    6: Fault.EXACT_DUPLICATE,
    8: Fault.NEAR_DUPLICATE,
    9: Fault.TWO_VERSIONS,
    10: Fault.BLANK_IMAGE,
    11: Fault.TINY_IMAGE,
    12: Fault.MISSING_MEDIA,
    13: Fault.NON_IMAGE_SUPPLEMENT,
    14: Fault.HUGE_TIFF,
    15: Fault.GERMAN_CAPTION,
    16: Fault.PLACEHOLDER_CAPTION,
    17: Fault.LICENSE_CONFLICT,
    18: Fault.NO_LICENSE_CODE,
    19: Fault.NO_DERIVATIVES,
}
_LICENSES: Mapping[int, str | None] = {3: "TDM", 18: None, 19: "CC BY-NC-ND", 20: "CC BY-NC", 21: "CC BY-SA", 22: "CC0"}
_SHAPES: Mapping[int, Shape] = {
    0: "graphical_abstract",
    5: "fig_group",
    7: "several_graphics",
    20: "alternatives",
    21: "appendix",
    23: "floats_group",
}
_FORMATS: Mapping[int, Format] = {
    0: "rgba",
    5: "palette",
    9: "webp",
    13: "cmyk",
    16: "webp",
    21: "gif",
    22: "tif16",
    1: "tif16",
}
_OLD_STYLE = frozenset({4, 12, 16, 21})
_WRAPPED = 22
DONORS: Mapping[int, int] = {6: 5, 8: 7}
"""Articles whose last figure is a figure of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePlan:
    """What is special about one article."""

    index: int
    fault: Fault | None
    license: str | None
    xml_license: str | None
    shape: Shape
    format: Format | None
    """Format of the first figure that suits it."""
    is_old_style: bool
    is_wrapped: bool
    states_license: bool
    """The XML has the custom-meta `pmc-license-ref`."""

    @property
    def pmcid(self) -> str:
        """The id of the article."""
        return f"PMC{FIRST_ID + self.index}"

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions in the bucket."""
        return (1, 2) if self.fault is Fault.TWO_VERSIONS else (1,)

    @property
    def is_manuscript(self) -> bool:
        """Whether it is an author manuscript, of which no media are distributed."""
        return self.fault is Fault.MANUSCRIPT


def plan_article(index: int) -> ArticlePlan:
    """The plan of the article with this number, from 0."""
    fault = _FAULTS.get(index)
    license_ = _LICENSES.get(index, "CC BY")
    is_old = index in _OLD_STYLE
    return ArticlePlan(
        index=index,
        fault=fault,
        license=license_,
        xml_license="CC BY-NC" if fault is Fault.LICENSE_CONFLICT else license_,
        shape=_SHAPES.get(index, "plain"),
        format=_FORMATS.get(index),
        is_old_style=is_old,
        is_wrapped=index == _WRAPPED,
        states_license=not is_old
        and (index % 5 in (0, 2, 4) or fault is Fault.LICENSE_CONFLICT)
        and license_ is not None,
    )

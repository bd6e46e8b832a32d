"""What the invented articles are about: one family of studies per module."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.sample.content import cells, clinic, cohort, microbes, nerves, sections, substances
from pipeline.sample.content.family import Family

FAMILIES: Sequence[Family] = (
    cells.FAMILY,
    clinic.FAMILY,
    cohort.FAMILY,
    microbes.FAMILY,
    nerves.FAMILY,
    sections.FAMILY,
    substances.FAMILY,
)

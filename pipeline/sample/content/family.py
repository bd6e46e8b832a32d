"""The parts of a family of studies: its words, its figures and its sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PanelPlan:
    """A panel as a template; every string is expanded with the words of the article."""

    kind: str
    text: str
    x: str = ""
    y: str = ""
    groups: str | None = None
    """Names parted by ``;``; None takes the groups of the study."""
    variant: int = 0
    heading: str | None = None
    field: int | None = None
    """Panels of one figure with the same number show the same field of view."""


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """A figure as a template: a title, the panels it may have, and what follows them."""

    title: str
    panels: Sequence[PanelPlan]
    tail: str = ""
    is_statement: bool = False
    """The title is a whole sentence, not the name of a thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of study that articles are made of."""

    titles: Sequence[str]
    keywords: Sequence[str]
    slots: Mapping[str, Sequence[str]]
    groups: Sequence[str]
    """Possible sets of groups, names parted by ``;``."""
    figures: Sequence[FigurePlan]
    background: Sequence[str]
    methods: Sequence[str]
    discussion: Sequence[str]
    article_type: str = "research-article"
    extra: Mapping[str, str] = field(default_factory=dict)

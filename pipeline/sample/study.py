"""An invented study: its words, groups and colours, and the figures it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.sample.canvas import Color, Rng
from pipeline.sample.content import FAMILIES
from pipeline.sample.content.family import Family, FigurePlan, PanelPlan
from pipeline.sample.grammar import expand, plain
from pipeline.sample.scene import Scene

_PALETTES: tuple[tuple[Color, ...], ...] = (
    ((31, 90, 150), (205, 85, 55), (70, 150, 90), (130, 90, 160)),
    ((70, 70, 70), (200, 60, 70), (60, 120, 190), (230, 160, 50)),
    ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167)),
    ((120, 150, 175), (222, 145, 110), (150, 180, 120), (190, 150, 190)),
    ((38, 70, 83), (231, 111, 81), (42, 157, 143), (233, 180, 90)),
    ((90, 60, 130), (230, 140, 40), (40, 140, 160), (160, 40, 90)),
)


@dataclass(frozen=True, slots=True)
class Study:
    """What one article is about."""

    seed: int
    index: int
    family: Family
    slots: Mapping[str, str]
    groups: tuple[str, ...]
    palette: tuple[Color, ...]
    title: str
    """An XML fragment."""
    figures: tuple[FigurePlan, ...]

    def stream(self, *path: int) -> Rng:
        """A generator of its own for one part of the article."""
        return np.random.default_rng([self.seed, self.index, *path])


@dataclass(frozen=True, slots=True)
class Draft:
    """A figure before it is drawn: expanded titles and scenes."""

    title: str
    scenes: tuple[Scene, ...]
    fields: tuple[int | None, ...]
    tail: str
    is_statement: bool


def make_study(seed: int, index: int) -> Study:
    """The study behind the article with this number."""
    rng = np.random.default_rng([seed, index])
    family = FAMILIES[index % len(FAMILIES)]
    # Neighbours of one family take different words, so that no two articles are about the same thing.
    turn = index // len(FAMILIES)
    offset = int(np.random.default_rng([seed, 10_000 + index % len(FAMILIES)]).integers(100))
    slots = {name: words[(turn + offset) % len(words)] for name, words in family.slots.items()} | dict(family.extra)
    title = expand(family.titles[(turn + offset) % len(family.titles)], slots, rng)
    groups = family.groups[(turn + offset) % len(family.groups)]
    n = int(rng.integers(3, min(6, len(family.figures)) + 1))
    chosen = sorted(rng.permutation(len(family.figures))[:n].tolist())
    return Study(
        seed,
        index,
        family,
        slots,
        _names(groups, slots, rng),
        _PALETTES[int(rng.integers(len(_PALETTES)))],
        title,
        tuple(family.figures[i] for i in chosen),
    )


def draft_figure(study: Study, number: int) -> Draft:
    """The figure with this number, from 0, in words."""
    rng = study.stream(number)
    plan = study.figures[number]
    panels = _some_panels(plan, rng)
    scenes = [_scene(study, panel, rng) for panel in panels]
    return Draft(
        expand(plan.title, study.slots, rng),
        tuple(scenes),
        tuple(p.field for p in panels),
        expand(plan.tail, study.slots, rng),
        plan.is_statement,
    )


def _some_panels(plan: FigurePlan, rng: Rng) -> list[PanelPlan]:
    """A leading run of the panels: all of them in most figures, fewer in the others."""
    n = len(plan.panels)
    return list(plan.panels[: n if rng.random() < 0.62 else int(rng.integers(max(1, n - 2), n + 1))])


def _scene(study: Study, panel: PanelPlan, rng: Rng) -> Scene:
    def words(template: str) -> str:
        return plain(expand(template, study.slots, rng))

    groups = study.groups if panel.groups is None else _names(panel.groups, study.slots, rng)
    turned = panel.variant if panel.kind != "heatmap" else study.index
    return Scene(
        kind=panel.kind,
        text=expand(panel.text, study.slots, rng),
        x=words(panel.x),
        y=words(panel.y),
        heading=words(panel.heading) if panel.heading else None,
        groups=groups,
        palette=study.palette,
        variant=turned,
    )


def _names(groups: str, slots: Mapping[str, str], rng: Rng) -> tuple[str, ...]:
    return tuple(plain(expand(name, slots, rng)) for name in groups.replace("&lt;", "<").split(";"))

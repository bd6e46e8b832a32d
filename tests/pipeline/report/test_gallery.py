"""Draws: the same figures each time, and those that belong in each gallery."""

from __future__ import annotations

from typing import Any

from pipeline.report.attrition import ARTICLE, GRAPHIC, PICTURE, draw, unit_of
from pipeline.report.gallery import draw_figures, exhibits
from pipeline.tables import Tables


def test_figures_are_drawn_in_the_order_of_their_hashes(release: Any) -> None:
    tables = Tables(release.root, release.manifest["tables"])
    anything, stayed_whole = draw_figures(tables)
    names = ["PMC7_v1_f001", "PMC7_v1_f002"]
    assert [one.figure_id for one in anything] == sorted(names, key=draw)
    assert [one.figure_id for one in stayed_whole] == ["PMC7_v1_f002"]
    shown = exhibits(tables, reversed(anything))
    assert [exhibit.figure.figure_id for exhibit in shown] == sorted(names, key=draw, reverse=True)
    assert {exhibit.figure.figure_id: len(exhibit.panels) for exhibit in shown} == {names[0]: 2, names[1]: 0}


def test_the_draw_is_spread_evenly() -> None:
    hashes = [int(draw(f"PMC{n}_v1_f001"), 16) / 2**64 for n in range(4000)]
    assert all(350 < sum(low / 10 <= h < (low + 1) / 10 for h in hashes) < 450 for low in range(10))


def test_ids_say_what_they_stand_for() -> None:
    units = {name: unit_of(name) for name in ("PMC1_v1", "PMC1_v1_f001", "PMC1_v1_f001_g2", "PMC1_v1_f001_s00")}
    assert list(units.values()) == [ARTICLE, GRAPHIC, GRAPHIC, PICTURE]

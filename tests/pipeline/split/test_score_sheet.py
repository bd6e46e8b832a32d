from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.split.score_sheet import agreement, contact_sheet, worst


def line(*boxes: tuple[int, int, int, int]) -> dict[str, Any]:
    return {"file": "f.png", "panels": [dict(zip("xywh", box, strict=True)) for box in boxes]}


TWO, LEFT, WHOLE = line((0, 0, 10, 10), (10, 0, 10, 10)), line((0, 0, 10, 10)), line((0, 0, 20, 10))


def test_agreement_is_shared_out_over_the_larger_number_of_panels() -> None:
    assert agreement(TWO["panels"], TWO["panels"]) == 1.0
    assert agreement(TWO["panels"], LEFT["panels"]) == agreement(LEFT["panels"], TWO["panels"]) == 0.5
    assert agreement(TWO["panels"], WHOLE["panels"]) == pytest.approx(0.25)
    assert agreement(TWO["panels"], []) == 0.0


def test_the_worst_come_first_and_the_right_not_at_all() -> None:
    assert worst([TWO] * 4, [LEFT, TWO, WHOLE, LEFT]) == [2, 0, 3]
    assert worst([TWO] * 4, [LEFT, TWO, WHOLE, LEFT], n=1) == [2]


def test_a_sheet_shows_true_panels_in_green_and_found_ones_in_red() -> None:
    sheet = contact_sheet([TWO] * 6, [WHOLE] * 6, [np.full((10, 20, 3), 255, np.uint8)] * 6)
    assert sheet.size == (1500, 2 * 268)
    colors = {color for _, color in sheet.crop((0, 0, 300, 250)).getcolors(1000)}
    assert {(0, 150, 40), (220, 30, 30)} < colors


def test_a_sheet_of_nothing_is_empty() -> None:
    assert contact_sheet([], [], []).height == 1

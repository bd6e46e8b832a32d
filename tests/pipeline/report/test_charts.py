"""Charts: bars in proportion, and every bar named."""

from __future__ import annotations

import pytest
from lxml import html

from pipeline.report.charts import histogram, nice_ceiling, share_bar
from pipeline.report.tally import Bins


@pytest.mark.parametrize(
    ("value", "ceiling"),
    [(0, 2), (2, 2), (3, 4), (10, 10), (11, 20), (99, 100), (2001, 4000), (15_000_000, 20_000_000)],
)
def test_axes_end_at_round_numbers(value: int, ceiling: int) -> None:
    assert nice_ceiling(value) == ceiling


def test_stacked_bars_are_in_proportion_and_named() -> None:
    chart = histogram("words", "pairs", Bins((0, 10, 20)), {"whole": [4, 0, 1], "panel": [6, 2, 0]}, "")
    node = html.fragment_fromstring(chart)
    assert [title.text for title in node.iter("title")] == [
        "0 to 9: whole 4; panel 6",
        "10 to 19: whole 0; panel 2",
        "20 or more: whole 1; panel 0",
    ]
    heights = [float(rect.get("height")) for rect in node.iter("rect")]
    assert [round(height / heights[0] * 4, 1) for height in heights] == [4, 6, 2, 1]
    tops = [float(rect.get("y")) for rect in node.iter("rect")]
    assert tops[1] + heights[1] == pytest.approx(tops[0], abs=0.02)


def test_a_loss_of_one_in_millions_is_drawn() -> None:
    node = html.fragment_fromstring(share_bar(14_999_999, 1, 15_000_000))
    kept, lost = (float(rect.get("width")) for rect in node.iter("rect"))
    assert kept == pytest.approx(100, abs=0.01) and lost > 0
    assert "lost" not in share_bar(5, 0, 10)

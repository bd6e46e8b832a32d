from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import SplitConfig
from pipeline.split.cut import cut_picture


def sheet(n: int, side: int = 200) -> np.ndarray:
    """A row of textured pictures."""
    pixels = np.full((side + 20, n * (side + 20) + 20, 3), 255, np.uint8)
    for k in range(n):
        noise = np.random.default_rng(k).integers(60, 190, (side, side, 1), dtype=np.uint8)
        pixels[10 : 10 + side, 20 + k * (side + 20) : 20 + k * (side + 20) + side] = noise
    return pixels


def test_panels_that_agree_with_the_caption_are_given_out() -> None:
    cut = cut_picture(sheet(2), "ab", SplitConfig())
    assert [label for _, label in cut.pairs] == ["a", "b"]
    assert (cut.method, cut.whole_reason) == ("order", None)


@pytest.mark.parametrize(
    ("labels", "settings", "reason"),
    [
        ("ba", {}, "do not run in order"),
        ("abc", {}, "named by the caption: 3"),
        ("ab", {"min_confidence": 1.0}, "confidence"),
        ("ab", {"min_panel_px": 250}, "is under 250 px"),
    ],
)
def test_a_figure_in_doubt_stays_whole_and_says_why(labels: str, settings: dict, reason: str) -> None:
    cut = cut_picture(sheet(2), labels, SplitConfig(**settings))
    assert (cut.pairs, cut.method) == ((), "none")
    assert cut.whole_reason is not None and reason in cut.whole_reason


@pytest.mark.parametrize("letters", [True, False])
@pytest.mark.parametrize("detector", [True, False])
def test_a_single_picture_is_single_with_or_without_networks(letters: bool, detector: bool) -> None:
    cut = cut_picture(sheet(1), (), SplitConfig(letters=letters, detector=detector))
    assert (cut.pairs, cut.method, cut.whole_reason) == ((), "single", None)

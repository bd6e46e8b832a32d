from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipeline.config import SplitConfig
from pipeline.split.boxes import Box
from pipeline.split.cut import cut_picture
from pipeline.split.letters import Reading, ReadLetter


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


def test_letters_on_one_panel_are_no_reason_to_give_two(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = tuple(ReadLetter(label, Box(30 + 30 * n, 20, 45 + 30 * n, 40), 0.9) for n, label in enumerate("ab"))
    monkeypatch.setattr("pipeline.split.cut.read_letters", lambda pixels, labels: Reading(letters))
    cut = cut_picture(sheet(2), "ab", SplitConfig())
    assert (cut.pairs, len(cut.panels)) == ((), 2)
    assert cut.whole_reason == "letters that were read: 2, that stand on a panel of their own: 1"


def lettered(*letters: tuple[str, int, int]) -> np.ndarray:
    """A picture left, and two right of it, one above the other; letters printed where they are said to be."""
    pixels = np.full((520, 660, 3), 255, np.uint8)
    for k, (x, y, height) in enumerate([(20, 50, 450), (350, 50, 200), (350, 300, 200)]):
        pixels[y : y + height, x : x + 290] = np.random.default_rng(k).integers(60, 190, (height, 290, 1), np.uint8)
    image = Image.fromarray(pixels)
    for letter, x, y in letters:
        ImageDraw.Draw(image).text((x, y), letter, fill="black", font=ImageFont.load_default(30))
    return np.asarray(image)


def test_a_letter_that_the_caption_does_not_name_leaves_the_figure_whole() -> None:
    a, b, c = ("A", 20, 10), ("B", 350, 10), ("C", 350, 258)
    assert [label for _, label in cut_picture(lettered(a, b), "AB", SplitConfig()).pairs] == ["A", "B"]
    cut = cut_picture(lettered(a, b, c), "AB", SplitConfig())
    assert cut.pairs == ()
    assert cut.whole_reason == "the letter C, which the caption does not name, is printed on the figure"
    assert len(cut_picture(lettered(a, b, c), "ABC", SplitConfig()).pairs) == 3


def test_a_letter_far_from_where_letters_stand_makes_a_panel_less_sure() -> None:
    near, far = (
        cut_picture(lettered(("A", 20, 10), ("B", *place)), "AB", SplitConfig()) for place in ((350, 10), (470, 258))
    )
    assert [panel.letter is not None for cut in (near, far) for panel in cut.panels] == [True] * 4
    assert far.confidence < near.confidence

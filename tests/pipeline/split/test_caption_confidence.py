"""How sure the words of a label are, by the way they were found."""

from __future__ import annotations

import pytest

from pipeline.split.captions import split_caption
from schemas.figures import Mark


def confidence(caption: str) -> dict[str, float]:
    split = split_caption(caption)
    assert split.labels
    return dict(zip(split.labels, split.confidence, strict=True))


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Salt. (A) Length of the roots. (B) Growth of shoots.", {"A": 0.96, "B": 0.96}),
        ("Salt. (A, B) Length of the roots. (C) Growth of shoots.", {"A": 0.96, "B": 0.96, "C": 0.96}),
        ("Salt. (A, B) Roots and shoots, respectively. (C) Growth.", {"A": 0.63, "B": 0.63, "C": 0.96}),
        ("Salt. (A) Roots and (B) shoots. (C) Growth of both.", {"A": 0.72, "B": 0.72, "C": 0.89}),
        ("Salt. (A) Roots, (B) stems and (C) shoots.", {"A": 0.92, "B": 0.92, "C": 0.72}),
        ("Salt. Length of (A) roots and (B) shoots.", {"A": 0.92, "B": 0.72}),
        ("Salt. Roots (A) and shoots (B) of wheat.", {"A": 0.72, "B": 0.65}),
        ("Salt. Roots (A, B) and shoots (C).", {"A": 0.68, "B": 0.68, "C": 0.72}),
        ("Salt. (A) Length. (B) Growth. Data are means of six plants.", {"A": 0.96, "B": 0.65}),
    ],
)
def test_the_way_the_words_were_found_tells(caption: str, expected: dict[str, float]) -> None:
    assert confidence(caption) == expected


@pytest.mark.parametrize(("sign", "sure"), [("=", 0.89), (":", 0.96)])
def test_letters_with_an_equals_sign_may_be_a_key_to_the_picture(sign: str, sure: float) -> None:
    caption = f"Campus: A{sign} laboratory; B{sign} offices."
    bold = [Mark(start=at, end=at + 1, kind="bold") for at in (caption.index("A"), caption.index("B"))]
    assert split_caption(caption, bold).confidence == (sure, sure)


def test_numbers_in_brackets_are_steps_and_never_right() -> None:
    steps = confidence("Preparation of samples. (1) Washing in water. (2) Drying in air. (3) Weighing on a balance.")
    assert set(steps.values()) == {0.0}


def test_a_label_without_words_is_never_told() -> None:
    split = split_caption("Cells. (a) Control. (b)")
    assert [split.confidence_of(label) for label in ("a", "b")] == [0.92, 0.0]
    assert [split.is_told(label, 0.0) for label in ("a", "b")] == [True, False]

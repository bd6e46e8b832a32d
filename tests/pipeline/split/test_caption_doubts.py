"""Which labels keep their words and give no pair."""

from __future__ import annotations

import pytest

from pipeline.split.captions import split_caption


def told(caption: str) -> list[str]:
    split = split_caption(caption)
    assert split.labels
    return [label for label in split.labels if split.is_told(label)]


@pytest.mark.parametrize(
    ("end", "labels"),
    [
        ("Growth of shoots.", ["A", "B"]),
        ("Growth of shoots. Scale bar, 5 mm.", ["A", "B"]),
        ("Growth of shoots. Scale bars, 5 mm. Seedlings were kept in the dark for two days.", ["A", "B"]),
        ("Growth of shoots. Seedlings were kept in the dark for two days before the roots were cut.", ["A"]),
        ("Growth of shoots that were kept in the dark for two days before all roots were cut. As above.", ["A", "B"]),
    ],
)
def test_the_last_label_is_in_doubt_where_its_words_may_go_on(end: str, labels: list[str]) -> None:
    assert told(f"Effects of salt. (A) Length of the roots. (B) {end}") == labels


def test_labels_whose_words_name_another_panel_are_in_doubt() -> None:
    caption = "(A) Root of the mutant. (B) Shoot of the plant whose root is in (A). (C) Leaf of the wild type."
    assert told(caption) == ["A", "C"]


def test_numbers_in_brackets_are_steps_and_give_no_pair() -> None:
    assert told("Preparation of samples. (1) Washing in water. (2) Drying in air. (3) Weighing on a balance.") == []

"""Printed labels, lists and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.split.caption_labels import Family, is_readable, read_list


def texts(printed: str, family: Family) -> list[str] | None:
    labels = read_list(printed, family)
    return None if labels is None else [label.text for label in labels]


@pytest.mark.parametrize(
    ("printed", "family", "expected"),
    [
        ("A", Family.UPPER, ["A"]),
        ("A, C–E", Family.UPPER, ["A", "C", "D", "E"]),
        ("a and b", Family.LOWER, ["a", "b"]),
        ("A to D", Family.UPPER, ["A", "B", "C", "D"]),
        ("a through c", Family.LOWER, ["a", "b", "c"]),
        ("A−C", Family.UPPER, ["A", "B", "C"]),
        ("A&B", Family.UPPER, ["A", "B"]),
        ("A/B", Family.UPPER, ["A", "B"]),
        ("a, b, and c", Family.LOWER, ["a", "b", "c"]),
        ("A1–A3", Family.UPPER, ["A1", "A2", "A3"]),
        ("A1–3", Family.UPPER, ["A1", "A2", "A3"]),
        ("A, A′", Family.UPPER, ["A", "A′"]),
        ("i–iv", Family.ROMAN_LOWER, ["i", "ii", "iii", "iv"]),
        ("I, II", Family.ROMAN_UPPER, ["I", "II"]),
        ("1-3", Family.DIGIT, ["1", "2", "3"]),
        ("2A", Family.UPPER, ["2A"]),
        ("h, i", Family.LOWER, ["h", "i"]),
    ],
)
def test_reads_lists_and_ranges(printed: str, family: Family, expected: list[str]) -> None:
    assert texts(printed, family) == expected


@pytest.mark.parametrize("printed", ["D–A", "A–A", "A–c", "A–3", "A, b", "A0", "40x", "H&E, 40x"])
def test_refuses_what_is_no_list_of_one_alphabet(printed: str) -> None:
    assert not is_readable(printed)


def test_a_letter_between_words_is_not_taken_from_them() -> None:
    assert texts("a and c", Family.LOWER) == ["a", "c"], "the d of 'and' is no label"


@given(st.text(alphabet="AaBbCi vx12-–,&′ to", max_size=40), st.sampled_from(Family))
def test_never_raises_and_names_each_label_once(printed: str, family: Family) -> None:
    labels = read_list(printed, family)
    assert labels is None or len(set(labels)) == len(labels) > 0

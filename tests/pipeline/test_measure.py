from __future__ import annotations

import pytest

from pipeline.measure import count_words


@pytest.mark.parametrize(("text", "n"), [("", 0), ("– , .", 0), ("Growth of α-actin (n = 3).", 5), ("图1", 1)])
def test_words_hold_a_letter_or_digit(text: str, n: int) -> None:
    assert count_words(text) == n

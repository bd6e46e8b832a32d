from __future__ import annotations

import pytest

from pipeline.measure import count_words, render_text
from schemas.subfigures import CaptionSpan, Subfigure

CAPTION = "Liver. (A) Normal. (B) Steatotic. Bar: 50 µm."
SPANS = [(0, 6, "prefix"), (11, 18, "own"), (34, 45, "suffix")]


@pytest.fixture
def panel() -> Subfigure:
    from schemas.record import arrow_schema

    some = {"string": "x", "int64": 1, "double": 0.5, "bool": True}
    values = {field.name: some.get(str(field.type)) for field in arrow_schema(Subfigure)}
    spans = [CaptionSpan(start=start, end=end, role=role) for start, end, role in SPANS]
    return Subfigure(**{**values, "spans": spans})


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("own", "Normal."),
        ("prefix+own", "Liver. Normal."),
        ("prefix+own+suffix", "Liver. Normal. Bar: 50 µm."),
        ("full", CAPTION),
    ],
)
def test_text_is_made_of_verbatim_pieces(panel: Subfigure, policy: str, text: str) -> None:
    assert render_text(panel, CAPTION, policy) == text


@pytest.mark.parametrize(("text", "n"), [("", 0), ("– , .", 0), ("Growth of α-actin (n = 3).", 5), ("图1", 1)])
def test_words_hold_a_letter_or_digit(text: str, n: int) -> None:
    assert count_words(text) == n

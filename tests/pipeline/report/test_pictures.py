"""Captions with marks: every character stays, once and in order, whatever the spans are."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipeline.report.markup import Html, element
from pipeline.report.pictures import marked_caption
from schemas.subfigures import CaptionSpan


def panel(label: str, *spans: tuple[int, int, str]) -> Any:
    return SimpleNamespace(
        panel_label=label,
        spans=[CaptionSpan(start=start, end=end, role=role) for start, end, role in spans],  # type: ignore[arg-type]
    )


def plain(caption: str, panels: list[Any]) -> str:
    """The text of a marked caption without the letters that were added."""
    marked = re.sub("<sub>[^<]*</sub>", "", marked_caption(caption, panels))
    return str(html.fragment_fromstring(element("p", Html(marked))).text_content())


SPAN = st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from(["prefix", "own", "suffix"]))


@given(st.text("ab<&>é\U0001f52c ", min_size=30, max_size=30), st.lists(st.lists(SPAN, max_size=3), max_size=3))
def test_no_character_is_lost_or_doubled(caption: str, spans: list[list[tuple[int, int, str]]]) -> None:
    panels = [
        panel(letter, *((min(s), max(s), role) for *s, role in own)) for letter, own in zip("ABC", spans, strict=False)
    ]
    assert plain(caption, panels) == caption


def test_words_of_several_panels_name_them_all_and_take_no_colour() -> None:
    marked = marked_caption("both A only", [panel("A", (0, 4, "own"), (5, 6, "own")), panel("B", (0, 4, "own"))])
    assert marked == '<mark>both<sub>A, B</sub></mark> <mark class="c0">A<sub>A</sub></mark> only'

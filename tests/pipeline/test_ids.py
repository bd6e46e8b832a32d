from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ids

numbers = st.integers(1, 2000)


@given(st.integers(1, 10**8), st.integers(1, 9), numbers, numbers, numbers, st.integers(0, 200))
def test_an_id_leads_back_to_what_it_was_made_from(
    pmc: int, version: int, figure: int, graphic: int, n: int, sub: int
) -> None:
    article = ids.article_id(f"PMC{pmc}", version)
    figure_id = ids.figure_id(article, figure, graphic, n)
    subfigure = ids.subfigure_id(figure_id, sub)
    assert ids.figure_of(subfigure) == figure_id
    assert ids.article_of(subfigure) == ids.article_of(figure_id) == article
    assert "." not in subfigure


def test_the_forms_are_those_of_the_contract() -> None:
    assert ids.figure_id("PMC123_v1", 2, 1, 1) == "PMC123_v1_f002"
    assert ids.figure_id("PMC123_v1", 2, 1, 3) == "PMC123_v1_f002_g1"
    assert ids.subfigure_id("PMC123_v1_f002", 0) == "PMC123_v1_f002_s00"


@pytest.mark.parametrize("text", ["", "PMC", "PMC1", "figure 1", "PMC_v1"])
def test_a_stranger_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        ids.article_of(text)


def test_ids_sort_by_number() -> None:
    assert sorted(["PMC10_v1", "PMC9_v1", "PMC9_v2"], key=ids.sort_key) == ["PMC9_v1", "PMC9_v2", "PMC10_v1"]

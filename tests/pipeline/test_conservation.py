from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.conservation import _same, accounted
from pipeline.ids import article_of

A, B = "PMC1_v1", "PMC2_v1"


def problems(read: list[str], kept: list[str], rejected: list[str]) -> list[str]:
    return list(accounted("parse", read, kept, rejected, article_of))


def test_made_turned_away_or_both_for_different_children() -> None:
    assert problems([A, B], [f"{A}_f001"], [f"{A}_f002", B]) == []


def test_no_outcome() -> None:
    assert problems([A, B], [f"{A}_f001"], []) == [f"parse: {B} came in and has no outcome"]


def test_two_outcomes_for_one_record() -> None:
    assert problems([A], [f"{A}_f001"], [f"{A}_f001"]) == [f"parse: {A}_f001 has 2 outcomes"]
    assert problems([A], [], [A, A]) == [f"parse: {A} has 2 outcomes"]


def test_turned_away_and_yet_used() -> None:
    assert problems([A], [f"{A}_f001"], [A]) == [f"parse: {A} is turned away, yet records were made from it"]


def test_an_outcome_from_nowhere() -> None:
    assert problems([A], [f"{A}_f001", f"{B}_f001"], []) == [f"parse: {B} has an outcome and did not come in"]


@given(st.lists(st.integers(0, 50), unique=True), st.data())
def test_any_division_into_kept_and_rejected_is_accounted_for(numbers: list[int], data: st.DataObject) -> None:
    ids = [str(number) for number in numbers]
    kept = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    rejected = set(ids) - kept
    assert list(accounted("s", ids, sorted(kept), sorted(rejected), _same)) == []
    for lost in ids:
        left = [record_id for record_id in kept if record_id != lost]
        still = [record_id for record_id in rejected if record_id != lost]
        assert len(list(accounted("s", ids, left, still, _same))) == 1

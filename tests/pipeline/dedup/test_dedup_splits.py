"""Splits of articles, and when a pair must go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.splits import article_split, conflict

PMCIDS = st.integers(1, 10**8).map("PMC{}".format)
TOPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", "c"])), max_size=2)


def test_shares_are_those_of_the_recipe() -> None:
    splits = [article_split(f"PMC{k}", validation=0.1, test=0.2, seed=0) for k in range(20_000)]
    assert abs(splits.count("test") / 20_000 - 0.2) < 0.01
    assert abs(splits.count("validation") / 20_000 - 0.1) < 0.01


@given(PMCIDS, st.integers(0, 2**63 - 1))
def test_nothing_is_held_out_where_no_share_is(pmcid: str, seed: int) -> None:
    assert article_split(pmcid, validation=0, test=0, seed=seed) == "train"
    assert article_split(pmcid, validation=0, test=1, seed=seed) == "test"


@given(PMCIDS, st.integers(0, 2**63 - 1))
def test_a_larger_test_share_keeps_what_was_in_the_test(pmcid: str, seed: int) -> None:
    if article_split(pmcid, validation=0.1, test=0.2, seed=seed) == "test":
        assert article_split(pmcid, validation=0.1, test=0.3, seed=seed) == "test"


def test_another_seed_holds_out_other_articles() -> None:
    first, second = (
        {k for k in range(2_000) if article_split(f"PMC{k}", validation=0, test=0.1, seed=seed) == "test"}
        for seed in (0, 1)
    )
    assert len(first & second) < 60, "independent draws of 10 % share 1 %"


def test_the_split_of_an_article_is_fixed() -> None:
    found = "".join(article_split(f"PMC{k}", validation=0.2, test=0.3, seed=0)[:2] for k in range(1, 13))
    assert found == "trtrtrvatrtetetrvatetrtr"


@given(st.integers(0, 2), TOPS)
def test_a_pair_goes_exactly_where_a_cluster_has_a_more_held_out_member(rank: int, tops: list[tuple[int, str]]) -> None:
    found = conflict(rank, tops)
    assert (found is not None) == any(top > rank for top, _ in tops)
    if found is not None:
        assert (max(top for top, _ in tops), found) in tops, "the most held-out member is named"

"""The rules of deduplication, on cases small enough to read and on random ones."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.facts import DedupError
from pipeline.dedup.oracle import assign
from pipeline.dedup.outcomes import Outcome
from pipeline.dedup.settings import DedupSettings
from pipeline.dedup.splits import SPLITS, article_split

SETTINGS = DedupSettings(validation=0.25, test=0.25)
LONG = "micrographs of mouse liver stained with haematoxylin and eosin after six weeks of treatment at low dose"
OTHER = "survival of patients with tumours of the lung by stage and age over ten years of follow up in clinics"
SHORT = "Study flowchart"


def article_in(split: str, nth: int = 0) -> str:
    """The nth article that the settings put in a split."""
    shares = {"validation": SETTINGS.validation, "test": SETTINGS.test, "seed": SETTINGS.seed}
    found = [f"PMC{k}" for k in range(1, 200) if article_split(f"PMC{k}", **shares) == split]
    return found[nth]


def row(pair_id: str, pmcid: str = article_in("train"), **changes: Any) -> dict[str, Any]:
    base = {"pmcid": pmcid, "version": 1, "text": LONG, "pixel_sha256": "same", "phash": None}
    return {"pair_id": pair_id, **base, "width_px": 100, "height_px": 100, "license": "CC BY", **changes}


def outcomes(*rows: dict[str, Any]) -> dict[str, Outcome]:
    return {outcome.pair_id: outcome for outcome in assign(rows, SETTINGS)}


def fate(outcome: Outcome) -> tuple[str | None, str | None]:
    return outcome.survivor_id, outcome.conflict_id


def test_same_image_and_text_is_kept_once_in_its_best_copy() -> None:
    found = outcomes(row("a"), row("b", width_px=101), row("c", text=LONG.upper()))
    assert {key: fate(o) for key, o in found.items()} == {"a": ("b", None), "b": (None, None), "c": ("b", None)}
    assert {(o.image_cluster, o.text_cluster) for o in found.values()} == {("a", "a")}


@pytest.mark.parametrize("change", [{"text": OTHER}, {"pixel_sha256": "other"}])
def test_same_image_or_same_text_alone_is_kept_and_shares_a_cluster(change: dict[str, Any]) -> None:
    found = outcomes(row("a"), row("b", **change))
    assert fate(found["a"]) == fate(found["b"]) == (None, None)
    assert (found["b"].image_cluster == "a") == ("text" in change)
    assert (found["b"].text_cluster == "a") == ("text" not in change)


@pytest.mark.parametrize("text", ["", "Figure 1.", SHORT, "Scheme 2"])
def test_short_texts_on_different_images_are_all_kept_in_all_splits(text: str) -> None:
    rows = [row(f"{s}{k}", article_in(s, k), text=text, pixel_sha256=f"{s}{k}") for s in SPLITS for k in range(3)]
    found = outcomes(*rows)
    assert all(fate(outcome) == (None, None) for outcome in found.values())
    assert {outcome.text_cluster for outcome in found.values()} == {"test0"}


def test_an_image_in_two_splits_stays_in_the_more_held_out_one() -> None:
    found = outcomes(
        row("a"), row("b", article_in("validation"), text=OTHER), row("c", article_in("test"), text="third text")
    )
    assert {key: fate(o) for key, o in found.items()} == {"a": (None, "c"), "b": (None, "c"), "c": (None, None)}


def test_a_long_text_in_two_splits_stays_in_the_more_held_out_one() -> None:
    found = outcomes(row("a"), row("b", article_in("validation"), pixel_sha256="other"))
    assert fate(found["a"]) == (None, "b") and fate(found["b"]) == (None, None)


def test_a_copy_in_a_less_held_out_split_names_the_copy_that_is_kept() -> None:
    found = outcomes(row("a", width_px=900), row("b", article_in("test")))
    assert fate(found["a"]) == ("b", None) and fate(found["b"]) == (None, None)


def test_copies_that_all_leak_name_what_is_held_out_and_no_survivor() -> None:
    held_out = row("c", article_in("test"), text=OTHER)
    found = outcomes(row("a"), row("b"), held_out)
    assert fate(found["a"]) == fate(found["b"]) == (None, "c")


def test_versions_of_an_article_are_in_one_split() -> None:
    found = outcomes(row("PMC7_v1", "PMC7", version=1), row("PMC7_v2", "PMC7", version=2))
    assert fate(found["PMC7_v1"]) == ("PMC7_v2", None)
    assert len({outcome.split for outcome in found.values()}) == 1


def test_a_repeated_pair_id_is_refused() -> None:
    with pytest.raises(DedupError, match="same pair_id"):
        assign([row("a"), row("a")], SETTINGS)


TEXTS = st.sampled_from([LONG, LONG + " again", LONG.upper(), OTHER, "in short " + OTHER, SHORT, ""])
PHASHES = st.none() | st.integers(0, 2**20 - 1).map(lambda bits: bits.to_bytes(32, "big"))
PAIRS = st.lists(
    st.fixed_dictionaries(
        {
            "pmcid": st.integers(1, 12).map("PMC{}".format),
            "version": st.integers(1, 2),
            "text": TEXTS,
            "pixel_sha256": st.sampled_from("abcdefgh"),
            "phash": PHASHES,
            "width_px": st.integers(1, 3),
            "height_px": st.just(1),
            "license": st.sampled_from(["CC0", "CC BY", None]),
        }
    ),
    max_size=20,
).map(lambda rows: [{"pair_id": f"p{k:02d}", **row} for k, row in enumerate(rows)])


@given(PAIRS)
def test_no_cluster_is_in_two_splits_and_what_is_dropped_names_what_is_kept(rows: list[dict[str, Any]]) -> None:
    found = assign(rows, SETTINGS)
    kept = [o for o in found if o.survivor_id is None and o.conflict_id is None]
    texts = {r["pair_id"]: r["text"] for r in rows}
    splits = defaultdict(set)
    for outcome in kept:
        splits["image", outcome.image_cluster].add(outcome.split)
        if len(texts[outcome.pair_id].split()) >= SETTINGS.min_words:
            splits["text", outcome.text_cluster].add(outcome.split)
    assert all(len(of_cluster) == 1 for of_cluster in splits.values())
    assert len({(o.image_cluster, o.text_cluster) for o in kept}) == len(kept), "one survivor of each group"
    by_id = {o.pair_id: o for o in found}
    for outcome in found:
        assert outcome.survivor_id is None or outcome.conflict_id is None
        if outcome.survivor_id:
            survivor = by_id[outcome.survivor_id]
            assert survivor in kept
            assert (survivor.image_cluster, survivor.text_cluster) == (outcome.image_cluster, outcome.text_cluster)
        if outcome.conflict_id:
            other = by_id[outcome.conflict_id]
            assert SPLITS.index(other.split) > SPLITS.index(outcome.split)
            assert other.image_cluster == outcome.image_cluster or other.text_cluster == outcome.text_cluster


@given(PAIRS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], rng: Any) -> None:
    expected = assign(rows, SETTINGS)
    rng.shuffle(rows)
    assert assign(rows, SETTINGS) == expected
    assert [o.pair_id for o in expected] == sorted(r["pair_id"] for r in rows)


@given(PAIRS.filter(lambda rows: len(rows) > 1))
def test_a_new_pair_changes_no_split_and_brings_nothing_back_that_was_held_against(rows: list[dict[str, Any]]) -> None:
    before = {o.pair_id: o for o in assign(rows[:-1], SETTINGS)}
    after = {o.pair_id: o for o in assign(rows, SETTINGS)}
    for pair_id, old in before.items():
        assert after[pair_id].split == old.split
        if old.conflict_id:
            new = after[pair_id]
            assert new.conflict_id or new.survivor_id, "a pair that leaked does so still"

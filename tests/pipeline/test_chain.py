from __future__ import annotations

import dataclasses

from pipeline.chain import CHAIN, folder_names, next_state, producers, state_of
from pipeline.config import Config, FilterConfig, PackConfig, RunConfig
from pipeline.dedup import dedup
from pipeline.root import Chain
from schemas.tables import TABLES


def changed(old: Config, new: Config) -> list[str]:
    before, after = folder_names(old, "inventory"), folder_names(new, "inventory")
    return [step.name for step in CHAIN if before[step.name] != after[step.name]]


def test_every_input_is_made_by_an_earlier_step() -> None:
    for number, step in enumerate(CHAIN):
        assert all(CHAIN.index(producer) < number for producer in producers(step))
    assert [p.name for p in producers(dedup.STAGE)] == ["filter", "cluster"]


def test_every_table_is_made_by_a_step() -> None:
    made = {cls for step in CHAIN for cls in step.outputs}
    assert {cls.TABLE for cls in TABLES} - {cls.TABLE for cls in made} == {"rejects"}


def test_another_state_of_the_inventory_has_folders_of_its_own_where_all_articles_are_looked_at() -> None:
    before, after = folder_names(Config(), "a"), folder_names(Config(), "b")
    assert [name for name in before if before[name] != after[name]] == ["inventory", "cluster", "dedup", "pack"]
    assert state_of(before) == "a"


def chain(state: str, listing: str, lineage: list[str]) -> Chain:
    return Chain("s3://bucket", "2026-11-20T01-00Z", {}, folder_names(Config(), state), listing, lineage)


def never(state: str) -> bool:
    return False


def test_the_same_listing_is_another_state_where_objects_are_due() -> None:
    before = chain("a", "monday", ["z"])
    state, lineage = next_state(before, "monday", lambda state: True, lambda state: state == "a")
    assert lineage == ["a", "z"] and state != "a"


def test_the_same_listing_is_the_same_state() -> None:
    assert next_state(chain("a", "monday", ["z"]), "monday", lambda state: True, never) == ("a", ["z"])


def test_a_first_state_follows_from_its_listing_alone() -> None:
    assert next_state(None, "monday", lambda state: False, never) == next_state(
        None, "monday", lambda state: True, never
    )
    assert next_state(None, "monday", lambda state: True, never)[1] == []


def test_a_newer_listing_builds_on_the_last_inventory_that_was_read_to_its_end() -> None:
    before = chain("b", "tuesday", ["a"])
    state, lineage = next_state(before, "wednesday", lambda state: True, never)
    assert lineage == ["b", "a"]
    other, skipping = next_state(before, "wednesday", lambda state: state == "a", never)
    assert skipping == ["a"]
    assert len({"a", "b", state, other}) == 4


def test_a_threshold_makes_stale_what_follows_and_nothing_before() -> None:
    new = dataclasses.replace(Config(), filter=FilterConfig(min_words=9))
    assert changed(Config(), new) == ["filter", "sign", "cluster", "dedup", "pack"]


def test_shards_of_another_size_are_planned_anew() -> None:
    new = dataclasses.replace(Config(), pack=PackConfig(samples_per_shard=9))
    assert changed(Config(), new) == ["cluster", "dedup", "pack"]


def test_where_it_runs_changes_nothing() -> None:
    new = dataclasses.replace(Config(), run=RunConfig(master="local[7]", requests_per_second=1.0))
    assert changed(Config(), new) == []

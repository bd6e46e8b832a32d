from __future__ import annotations

import dataclasses

from pipeline.chain import CHAIN, folder_names, producers
from pipeline.config import Config, FilterConfig, PackConfig, RunConfig
from pipeline.dedup import dedup
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


def test_another_inventory_makes_everything_stale() -> None:
    before, after = folder_names(Config(), "a"), folder_names(Config(), "b")
    assert all(before[name] != after[name] for name in before)


def test_a_threshold_makes_stale_what_follows_and_nothing_before() -> None:
    new = dataclasses.replace(Config(), filter=FilterConfig(min_words=9))
    assert changed(Config(), new) == ["filter", "cluster", "dedup", "pack"]


def test_shards_of_another_size_are_planned_anew() -> None:
    new = dataclasses.replace(Config(), pack=PackConfig(samples_per_shard=9))
    assert changed(Config(), new) == ["cluster", "dedup", "pack"]


def test_where_it_runs_changes_nothing() -> None:
    new = dataclasses.replace(Config(), run=RunConfig(master="local[7]", requests_per_second=1.0))
    assert changed(Config(), new) == []

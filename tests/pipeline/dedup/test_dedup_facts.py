"""What is kept of a pair for comparing it, and the settings it depends on."""

from __future__ import annotations

import dataclasses
from typing import Any

import pyarrow as pa
import pytest

from pipeline.dedup.facts import FACTS, REQUIRED, DedupError, PairFacts, facts_batch, facts_of
from pipeline.dedup.settings import DedupSettings, SettingsError

ROW: dict[str, Any] = {
    "pair_id": "PMC1_v2_f001_s00",
    "pmcid": "PMC1",
    "version": 2,
    "text": "Figure 1. One two three four five six seven eight",
    "pixel_sha256": "ab",
    "phash": bytes(32),
    "width_px": 30,
    "height_px": 20,
    "license": "CC BY",
}


def test_facts_of_a_row() -> None:
    facts = facts_of(ROW, DedupSettings(test=1, validation=0))
    assert facts.is_long and facts.split == "test"
    assert facts.order == (-2, -600, 1, -2, "PMC1_v2_f001_s00")
    assert not facts_of({**ROW, "text": "Figure 1. One two three four five six seven"}, DedupSettings()).is_long


def test_a_batch_has_a_row_of_facts_for_each_row() -> None:
    rows = [ROW, {**ROW, "pair_id": "b", "phash": None, "license": None, "text": ""}]
    batch = facts_batch(pa.RecordBatch.from_pylist(rows), DedupSettings())
    assert batch.schema.equals(FACTS)
    assert [f.name for f in dataclasses.fields(PairFacts)] == FACTS.names
    assert batch.to_pylist() == [dataclasses.asdict(facts_of(row, DedupSettings())) for row in rows]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_null_is_refused_by_name(name: str) -> None:
    with pytest.raises(DedupError, match=f"column {name} is null"):
        facts_of({**ROW, name: None}, DedupSettings())


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(DedupError, match="phash has 8 bytes, not 32"):
        facts_of({**ROW, "phash": bytes(8)}, DedupSettings())


@pytest.mark.parametrize(
    "wrong",
    [
        {"phash_distance": 16},
        {"phash_distance": -1},
        {"text_jaccard": 0.0},
        {"text_jaccard": 1.1},
        {"min_words": 2},
        {"hot_image_bucket": 1},
        {"hot_text_bucket": 0},
        {"validation": 0.6, "test": 0.5},
        {"test": -0.1},
        {"seed": -1},
    ],
)
def test_settings_that_would_give_a_wrong_result_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="allowed is"):
        DedupSettings(**wrong)


def test_every_setting_says_what_it_does() -> None:
    assert all(len(field.metadata["doc"]) > 20 for field in dataclasses.fields(DedupSettings))

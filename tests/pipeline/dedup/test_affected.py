"""Comparing only the affected pairs again ends where comparing all of them ends."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from pipeline.dedup.affected import affected
from pipeline.dedup.local import assign_local
from pipeline.dedup.settings import DedupSettings
from pipeline.dedup.signature import signature_of
from schemas.pairs import Signature
from schemas.record import to_table

MakeRows = Callable[[int, int], list[dict[str, Any]]]
Rows = list[dict[str, Any]]

COLD = DedupSettings(validation=0.2, test=0.3)
HOT = DedupSettings(validation=0.2, test=0.3, hot_image_bucket=6, hot_text_bucket=5)


def signatures(rows: Rows, settings: DedupSettings) -> Callable[[], list[pa.Table]]:
    made = [signature_of(SimpleNamespace(**row), settings) for row in rows]  # type: ignore[arg-type]
    return lambda: [to_table(made[start : start + 7], Signature) for start in range(0, len(made), 7)]


def assigned(rows: Rows, settings: DedupSettings) -> dict[str, Any]:
    return {outcome.pair_id: outcome for outcome in assign_local(pa.Table.from_pylist(rows), settings)}


def search(came: Rows, went: Rows, stayed: Rows, settings: DedupSettings) -> tuple[set[str] | None, dict[str, Any]]:
    before = assigned(stayed + went, settings)
    table = pa.Table.from_pylist([asdict(outcome) for outcome in before.values()])
    parts = (signatures(rows, settings) for rows in (came, went, stayed))
    return affected(*parts, table, settings), before


@pytest.mark.parametrize("n_changed", [1, 3, 10])
@pytest.mark.parametrize("seed", range(8))
def test_all_others_keep_what_they_have(dedup_rows: MakeRows, seed: int, n_changed: int) -> None:
    rows = dedup_rows(400, seed)
    random.Random(seed).shuffle(rows)
    came, went, stayed = rows[:n_changed], rows[n_changed : 2 * n_changed], rows[2 * n_changed :]
    again, before = search(came, went, stayed, COLD)
    assert again is not None
    now = assigned(stayed + came, COLD)
    mixed = {pair_id: outcome for pair_id, outcome in before.items() if pair_id in now and pair_id not in again}
    mixed |= assigned([row for row in stayed + came if row["pair_id"] in again], COLD)
    assert mixed == now


def test_a_pair_that_is_like_no_other_is_compared_alone(dedup_rows: MakeRows) -> None:
    rows = dedup_rows(30, 1)
    lone = {**rows[0], "pair_id": "PMC9_v1_f001_s00", "pixel_sha256": "f" * 64, "phash": bytes(range(32))}
    lone["text"] = "quite other words about fossils found near a river in the north of the country last spring"
    assert search([lone], [], rows, COLD)[0] == {"PMC9_v1_f001_s00"}


def test_nothing_changed_nothing_compared(dedup_rows: MakeRows) -> None:
    assert search([], [], dedup_rows(30, 1), COLD)[0] == set()


def test_where_a_bucket_is_hot_all_are_compared(dedup_rows: MakeRows) -> None:
    rows = dedup_rows(200, 3)
    assert search(rows[:5], rows[5:8], rows[8:], HOT)[0] is None

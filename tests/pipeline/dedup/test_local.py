"""The kernels in one process say what the oracle says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from pipeline.dedup.facts import COLUMNS, DedupError
from pipeline.dedup.local import assign_local
from pipeline.dedup.oracle import assign
from pipeline.dedup.settings import DedupSettings

HOT = DedupSettings(validation=0.2, test=0.3, hot_image_bucket=6, hot_text_bucket=5)
COLD = DedupSettings(validation=0.2, test=0.3)
MakeRows = Callable[[int, int], list[dict[str, Any]]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("settings", [HOT, COLD], ids=["hot", "cold"])
def test_it_says_what_the_oracle_says(dedup_rows: MakeRows, seed: int, settings: DedupSettings) -> None:
    rows = dedup_rows(120, seed)
    found = assign_local(pa.Table.from_pylist(rows), settings)
    assert found == assign(rows, settings)
    assert any(o.survivor_id for o in found) and any(o.conflict_id for o in found)


def test_no_pairs_have_no_outcomes(dedup_rows: MakeRows) -> None:
    none = pa.Table.from_pylist(dedup_rows(1, 0)).slice(1)
    assert none.schema.get_field_index("phash") >= 0 and set(COLUMNS) <= set(none.schema.names)
    assert assign_local(none, HOT) == []


def test_a_repeated_pair_id_is_named(dedup_rows: MakeRows) -> None:
    rows = dedup_rows(5, 7)
    with pytest.raises(DedupError, match=rows[0]["pair_id"]):
        assign_local(pa.Table.from_pylist([*rows, rows[0]]), HOT)

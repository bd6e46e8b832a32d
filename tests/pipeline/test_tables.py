"""Which rows of a part count."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.catalog import INVENTORY, STAGE
from pipeline.part import PartWriter
from pipeline.root import Root, RootError, StageManifest, create_root, save_manifest
from pipeline.stage import Step
from pipeline.tables import Tables
from schemas.inventory import InventoryEntry, Tombstone
from schemas.record import Record
from schemas.reject import Reason, Reject

FOLDERS = {"inventory": "inventory-7", "catalog": "catalog-1"}


def entry(pmcid: str) -> InventoryEntry:
    return InventoryEntry(article_id=f"{pmcid}_v1", pmcid=pmcid, version=1, change_token="t", modified="m")


def reject(pmcid: str, reason: Reason = Reason.RETRACTED) -> Reject:
    return Reject(stage="catalog", record_id=f"{pmcid}_v1", reason=reason, detail="")


def write(root: Root, step: Step, part: int, *rows: Record) -> None:
    with PartWriter(root.stage(FOLDERS[step.name]), part, step, root.path) as writer:
        for row in rows:
            writer.put(row)
        writer.commit()


def complete(root: Root, step: Step, n_parts: int) -> None:
    manifest = StageManifest(step.name, n_parts, 0, {}, {}, 0, 0.0, 0.0, "", {}, "")
    save_manifest(root.stage(FOLDERS[step.name]), "7", manifest)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Two parts; PMC1 was changed: its row in the first part is dead, that in the second counts."""
    root = create_root(tmp_path / "root")
    write(root, INVENTORY, 0, entry("PMC2"), entry("PMC3"), Tombstone(pmcid="PMC1", why="changed"))
    write(root, INVENTORY, 1, entry("PMC1"))
    complete(root, INVENTORY, 2)
    write(root, STAGE, 0, reject("PMC1"), reject("PMC2"), reject("PMC3", Reason.SUPERSEDED))
    write(root, STAGE, 1, reject("PMC1", Reason.MANUSCRIPT))
    complete(root, STAGE, 2)
    return Tables(root, FOLDERS)


def test_rows_of_dead_articles_are_left_out(tables: Tables) -> None:
    batches = tables.batches("catalog", Reject, ["reason"])
    assert [row for batch in batches for row in batch["reason"].to_pylist()] == [
        "retracted",
        "superseded",
        "manuscript",
    ]
    parts = [rows.to_pydict() for _, rows in tables.columns("catalog", Reject, ["reason", "record_id"])]
    assert [part["record_id"] for part in parts] == [["PMC2_v1", "PMC3_v1"], ["PMC1_v1"]]
    assert [row.id for row in tables.part_rows("catalog", Reject, 0)] == ["PMC2_v1", "PMC3_v1"]


def test_they_are_not_counted(tables: Tables) -> None:
    assert [tables.n_living("catalog", Reject, part) for part in (0, 1)] == [2, 1]
    assert tables.living_reasons("catalog", 0) == {"retracted": 1, "superseded": 1}


def test_the_inventory_lists_who_lives(tables: Tables) -> None:
    rows = [row for batch in tables.batches("inventory", InventoryEntry) for row in batch["pmcid"].to_pylist()]
    assert rows == ["PMC2", "PMC3", "PMC1"]


def test_a_step_without_a_manifest_of_the_state_is_not_complete(tables: Tables) -> None:
    other = Tables(tables.root, {**FOLDERS, "inventory": "inventory-8"})
    assert tables.is_complete("catalog") and not other.is_complete("catalog")
    with pytest.raises(RootError, match="catalog-1: not complete"):
        list(other.files("catalog", Reject))

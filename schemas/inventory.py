"""The inventory: every article version that the source lists, and those that it no longer lists so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from schemas.record import Record, column


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryEntry(Record):
    """One article version as the source's newest complete inventory lists it."""

    TABLE: ClassVar[str] = "inventory"
    KEY: ClassVar[str] = "article_id"

    article_id: str = column("article and version, such as PMC123_v1")
    pmcid: str = column("PMC and digits")
    version: int = column("version of the article, from 1")
    change_token: str = column("changes when anything of the version changes", source="ETag in the inventory")
    modified: str = column("when the source last changed it, as the source writes it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone(Record):
    """An article whose rows in this part no longer count: it was removed, or changed and stands in a later part."""

    TABLE: ClassVar[str] = "tombstones"
    KEY: ClassVar[str] = "pmcid"

    pmcid: str = column("PMC and digits")
    why: Literal["changed", "removed"] = column("what a newer inventory said of it")

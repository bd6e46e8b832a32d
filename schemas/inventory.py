"""The inventory: every article version that the source lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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

"""All tables, in the order in which the pipeline makes them."""

from __future__ import annotations

from schemas.articles import Article
from schemas.figures import Figure
from schemas.images import Image
from schemas.inventory import InventoryEntry, Tombstone
from schemas.pairs import Assignment, Candidate, Pair, Signature
from schemas.record import Record
from schemas.reject import Reject
from schemas.shards import Shard
from schemas.subfigures import Subfigure
from schemas.versions import ArticleVersion

TABLES: tuple[type[Record], ...] = (
    InventoryEntry,
    Tombstone,
    ArticleVersion,
    Article,
    Figure,
    Image,
    Subfigure,
    Candidate,
    Signature,
    Assignment,
    Pair,
    Shard,
    Reject,
)

"""catalog: which version of which article is used.

The rule for versions (NLM says which exist, not which to take): open access and no scanned page before the others,
a published version before an author manuscript, then the highest number. The version so chosen is used if it is not
retracted and its licence is in the class asked for; no older one takes its place, for it would say less than PMC does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pipeline.config import ConfigError, InventoryConfig
from pipeline.ids import article_id, sort_key
from pipeline.licenses import allowed_licenses
from pipeline.sources import ArticleMetadata, Entry, MediaObject
from pipeline.stage import Context, Function, Outcome, Stage, Step
from schemas.inventory import InventoryEntry, Tombstone
from schemas.reject import Reason, Reject
from schemas.versions import ArticleVersion, MediaFile

_reject = partial(Reject, stage="catalog")

_PMCID = re.compile(r"PMC\d+")

_SMALLEST_PART, _LARGEST_PART, _PARTS = 8, 2000, 64

INVENTORY = Step("inventory", (), (InventoryEntry, Tombstone), revision=2, relational=True)
"""Lists the article versions of the source's newest inventory, divided into parts. Joined in `jobs`."""


def articles_per_part(n_articles: int, config: InventoryConfig) -> int:
    """How many article versions make a part: it follows from their number alone, never from the machine.

    About 64 parts for a laptop's run; never above 2,000 articles, whose images fill a tar file of about 1 GB.
    """
    if config.articles_per_part:
        return config.articles_per_part
    return min(_LARGEST_PART, max(_SMALLEST_PART, -(-n_articles // _PARTS)))


def part_of(pmcid: str, n_parts: int) -> int:
    """The part an article belongs to; all its versions are in one part."""
    return int(hashlib.md5(pmcid.encode(), usedforsecurity=False).hexdigest()[:8], 16) % n_parts


def read_ids(path: Path) -> list[str]:
    """The articles that a file names, a pmcid a line, each once and in order; what follows a # is a remark.

    Raises:
        ConfigError: the file cannot be read, names none, or a line is no pmcid.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    found = set()
    for number, line in enumerate(lines, start=1):
        if name := line.partition("#")[0].strip():
            if not _PMCID.fullmatch(name):
                raise ConfigError(f"{path}, line {number}: '{name[:40]}' is no pmcid such as PMC3178181")
            found.add(name)
    if not found:
        raise ConfigError(f"{path}: names no article; write a pmcid such as PMC3178181 on each line")
    return sorted(found, key=sort_key)


def inventory_entry(entry: Entry) -> InventoryEntry:
    """A line of the source's inventory as a row of ours."""
    return InventoryEntry(
        article_id=article_id(entry.pmcid, entry.version),
        pmcid=entry.pmcid,
        version=entry.version,
        change_token=entry.change_token,
        modified=entry.modified,
    )


def _start(context: Context) -> Function:
    licenses = allowed_licenses(context.config.catalog.license)

    def catalog(entries: list[InventoryEntry], metadata: list[ArticleMetadata]) -> Iterator[Outcome]:
        return _choose(list(zip(entries, metadata, strict=True)), licenses)

    return catalog


def _wants(entry: InventoryEntry) -> tuple[str, int]:
    return entry.pmcid, entry.version


def _choose(
    versions: Sequence[tuple[InventoryEntry, ArticleMetadata]], licenses: frozenset[str | None]
) -> Iterator[Outcome]:
    """One version of an article, or none, and a reason for each of the others."""
    ranked = sorted(versions, key=lambda version: _rank(version[1]), reverse=True)
    for place, (entry, metadata) in enumerate(ranked):
        refusal = _refusal(metadata, licenses)
        if place > 0:
            refusal = refusal or (Reason.SUPERSEDED, f"version {ranked[0][0].version} is used")
        if refusal:
            yield _reject(record_id=entry.id, reason=refusal[0], detail=refusal[1])
        else:
            yield _version(entry, metadata)


def _rank(metadata: ArticleMetadata) -> tuple[bool, bool, int]:
    is_usable = metadata.is_pmc_openaccess and not metadata.is_historical_ocr
    return is_usable, not metadata.is_manuscript, metadata.version


def _refusal(metadata: ArticleMetadata, licenses: frozenset[str | None]) -> tuple[Reason, str] | None:
    """Why a version is not used even where it is the best one, or None."""
    if metadata.is_retracted:
        return Reason.RETRACTED, "the source marks it as retracted"
    if metadata.is_historical_ocr:
        return Reason.HISTORICAL_OCR, "a scanned page with recognised text"
    if metadata.is_manuscript and not metadata.media:
        return Reason.MANUSCRIPT, f"author manuscript {metadata.mid}, without media"
    if not metadata.is_pmc_openaccess:
        return Reason.NOT_OPEN_ACCESS, "in the bucket but not in the open access subset"
    if metadata.license_code not in licenses:
        return Reason.LICENSE_CLASS, f"licence {metadata.license_code or 'without a code'}"
    return None


def _version(entry: InventoryEntry, metadata: ArticleMetadata) -> ArticleVersion:
    return ArticleVersion(
        article_id=entry.article_id,
        pmcid=entry.pmcid,
        version=entry.version,
        pmid=metadata.pmid,
        doi=metadata.doi,
        title=metadata.title,
        citation=metadata.citation,
        license=metadata.license_code,
        is_retracted=metadata.is_retracted,
        is_manuscript=metadata.is_manuscript,
        source_etag=entry.change_token,
        xml=_media_file(metadata.xml),
        media=[_media_file(media) for media in metadata.media],
    )


def _media_file(media: MediaObject) -> MediaFile:
    return MediaFile(name=media.name, url=media.url, md5=media.md5)


STAGE = Stage("catalog", (InventoryEntry,), (ArticleVersion,), revision=1, start=_start, by="pmcid", wants=_wants)

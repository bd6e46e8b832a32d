"""Where articles come from: PubMed Central's bucket over HTTP, a local copy of it, or a mirror of legacy packages.

`open_source` looks at a location and opens what is there; all of them offer the same `Source`.
"""

from pipeline.sources.ahead import Want, read_ahead, read_wanted
from pipeline.sources.metadata import normalise_license
from pipeline.sources.opening import open_source
from pipeline.sources.options import HttpOptions
from pipeline.sources.source import (
    ArticleMetadata,
    Entry,
    ListingFile,
    MediaObject,
    Snapshot,
    Source,
    SourceError,
)
from pipeline.sources.store import Limits

__all__ = [
    "ArticleMetadata",
    "Entry",
    "HttpOptions",
    "Limits",
    "ListingFile",
    "MediaObject",
    "Snapshot",
    "Source",
    "SourceError",
    "Want",
    "normalise_license",
    "open_source",
    "read_ahead",
    "read_wanted",
]

"""Looking at a location and opening the source that is there."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.sources.cloud import INVENTORIES, CloudSource
from pipeline.sources.directory import DirectoryStore
from pipeline.sources.http import HttpStore
from pipeline.sources.options import HttpOptions
from pipeline.sources.packages import PackageSource, find_file_list
from pipeline.sources.source import Source, SourceError
from schemas.reject import Reason

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LOOK_TRIES = 5
"""Whoever mistyped an address should know within seconds."""
_CHILDREN = 1000
"""Of a directory that is no source, looked at for a hint."""
_KNOWN = "the PMC bucket layout (metadata/, inventory-reports/) or legacy packages (oa_package/ with oa_file_list.csv)"


def open_source(location: str, *, options: HttpOptions | None = None, look: bool = True) -> Source:
    """The source at a location, which tells by its looks what it is.

    Args:
        location: ``s3://BUCKET``, an ``http(s)://`` root that serves the bucket's keys, or a local directory.
        options: limits of time, rate and size.
        look: whether a server is asked, in one or two requests, if it has what we need. A worker of a run whose
            driver has looked need not ask again.

    Raises:
        SourceError: nothing is there, or nothing that is known; the detail says what to do.
    """
    options = options or HttpOptions()
    scheme = location.partition("://")[0] if "://" in location else ""
    if scheme in ("http", "https", "s3"):
        base, prefix = _bucket_url(location) if scheme == "s3" else (_root_url(location), "")
        return _open_server(location, base, prefix, options, look=look)
    if scheme:
        raise _missing(f"{location}: {scheme}:// is not read; name s3://BUCKET, an http(s):// root or a directory")
    return _open_directory(location, options)


def _bucket_url(location: str) -> tuple[str, str]:
    """The bucket's URL and the prefix in it. A bucket with dots in its name has no certificate as a host name."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise _missing(f"{location}: {bucket!r} is no name of a bucket; write s3://BUCKET")
    base = f"https://s3.amazonaws.com/{bucket}/" if "." in bucket else f"https://{bucket}.s3.amazonaws.com/"
    return base, f"{prefix.strip('/')}/" if prefix.strip("/") else ""


def _root_url(location: str) -> str:
    parts = urlsplit(location)
    if not parts.hostname or parts.query or parts.fragment:
        raise _missing(f"{location}: write a host and a path, such as https://host/bucket")
    return location.rstrip("/") + "/"


def _open_server(location: str, base: str, prefix: str, options: HttpOptions, *, look: bool) -> Source:
    if look:
        hasty = HttpStore(
            base, replace(options, n_tries=min(options.n_tries, _LOOK_TRIES), patience_s=0.0), prefix=prefix
        )
        try:
            names = hasty.names(INVENTORIES)
        except SourceError as error:
            what = f"{location}: cannot be read ({error}); check the address and that the server is up"
            raise SourceError(error.reason, what, error.is_transient) from error
        finally:
            hasty.close()
        if not names:
            raise _missing(f"{location}: nothing under {INVENTORIES}; name the root of the bucket or of a copy")
    return CloudSource(HttpStore(base, options, prefix=prefix), location, options.limits)


def _open_directory(location: str, options: HttpOptions) -> Source:
    root = Path(location).expanduser().absolute()
    if _is_cloud(root):
        return CloudSource(DirectoryStore(root), location, options.limits)
    if _is_mirror(root):
        return PackageSource(root, find_file_list(root), location, options.limits)
    try:
        children = sorted(itertools.islice(root.iterdir(), _CHILDREN))
    except OSError as error:
        raise _missing(f"{location}: {error.strerror}; name a directory with {_KNOWN}") from error
    found = f"it has {', '.join(child.name for child in children[:5])}" if children else "it is empty"
    inner = [child for child in children if _is_cloud(child) or _is_mirror(child)]
    hint = f"did you mean {Path(location) / inner[0].name}?" if inner else f"name a directory with {_KNOWN}"
    raise _missing(f"{location}: no source of articles, {found}; {hint}")


def _is_cloud(root: Path) -> bool:
    return (root / "inventory-reports").is_dir() or (root / "metadata").is_dir()


def _is_mirror(root: Path) -> bool:
    return (root / "oa_package").is_dir()


def _missing(detail: str) -> SourceError:
    return SourceError(Reason.MISSING_OBJECT, detail)

"""What an answer over HTTP means: the object, another try, or an end.

A status, a header or a broken connection becomes a `TryAgainError` where the fault may pass, else a `SourceError`.
"""

from __future__ import annotations

import errno
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

import requests
import urllib3

from pipeline.sources.listing import is_busy_error
from pipeline.sources.retry import TryAgainError
from pipeline.sources.source import SourceError
from pipeline.sources.store import md5_mismatch, too_large
from schemas.reject import Reason

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_BUSY = {429, 503}
"""Of these, the ones that ask for fewer requests. S3 answers 503 with the code SlowDown."""
_PROXY_WANTS_PASSWORD = 407
_OUR_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
"""Errors of the temporary file, which no other try will mend."""
_MENDABLE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_CUT = (http.client.IncompleteRead, urllib3.exceptions.InvalidChunkLength)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a body must be."""

    max_bytes: int
    md5: str | None = None
    is_json: bool = False
    is_page: bool = False
    """A listing, for which HTML will do."""


def raise_refusal(url: str, status: int, body: bytes, retry_after_s: float | None) -> NoReturn:
    """Raises what a status other than 200 means."""
    what = f"{url}: HTTP {status}"
    says_busy = is_busy_error(body)
    if status in _PASSING or says_busy:
        is_busy = status in _BUSY or says_busy
        raise TryAgainError(Reason.FETCH_FAILED, what, is_busy=is_busy, retry_after_s=retry_after_s)
    is_refused = 400 <= status < 500 and status != _PROXY_WANTS_PASSWORD
    raise SourceError(Reason.MISSING_OBJECT if is_refused else Reason.FETCH_FAILED, what)


def check_head(url: str, response: requests.Response, wanted: Wanted) -> None:
    """Refuses what the headers already tell."""
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:20]) > wanted.max_bytes:
        raise too_large(url, wanted.max_bytes)
    if not wanted.is_page and response.headers.get("Content-Type", "").lower().startswith("text/html"):
        what = f"{url}: a page of HTML in place of the object"
        raise TryAgainError(Reason.FETCH_FAILED, what, is_spoiled=True)


def check_body(url: str, found: str, sink: BinaryIO, wanted: Wanted) -> None:
    """Refuses a body that is whole but not what it should be."""
    if wanted.md5 is not None and found != wanted.md5:
        detail = md5_mismatch(url, found, wanted.md5).detail
        raise TryAgainError(Reason.MD5_MISMATCH, detail, is_spoiled=True, is_transient=False)
    sink.seek(0)
    if wanted.is_json and not _is_json(sink.read()):
        raise TryAgainError(Reason.BAD_METADATA, f"{url}: no JSON", is_spoiled=True, is_transient=False)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def raise_failure(url: str, error: Exception) -> NoReturn:
    """Raises what a broken connection means: another try, or none where the request itself is wrong."""
    what = f"{url}: {_cause(error)}"
    if isinstance(error, OSError) and error.errno in _OUR_DISK:
        raise error
    if _has_cause(error, _CUT):
        raise TryAgainError(Reason.FETCH_FAILED, f"{url}: the body ended early") from error
    if isinstance(error, requests.RequestException) and not isinstance(error, _MENDABLE):
        raise SourceError(Reason.FETCH_FAILED, what) from error
    is_unknown_host = _has_cause(error, urllib3.exceptions.NameResolutionError)
    raise TryAgainError(Reason.FETCH_FAILED, what, is_spoiled=is_unknown_host) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, outermost first; urllib3 puts that into the arguments or into `reason`."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None), one.__cause__]
        todo.extend(each for each in inner if isinstance(each, BaseException))


def _has_cause(error: BaseException, kind: type[BaseException] | tuple[type[BaseException], ...]) -> bool:
    return any(isinstance(one, kind) for one in _chain(error))


def _cause(error: BaseException) -> str:
    """The innermost cause in a few words."""
    *_, last = _chain(error)
    return f"{type(last).__name__} {last}"[:200].splitlines()[0]

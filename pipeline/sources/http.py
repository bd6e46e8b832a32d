"""Objects over HTTP: an S3 endpoint read anonymously, or any server that has the same keys under one root.

A body counts only when it is whole: its length is what the header says and its md5 what the source states. What is
read is what is stored: nothing is decoded on the way. Each try is bounded in time and size, so that neither a silent
nor a trickling nor an endless body holds a worker.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pipeline.sources.answers import Wanted, check_body, check_head, raise_failure, raise_refusal
from pipeline.sources.clock import Clock, SystemClock
from pipeline.sources.listing import parse_index_page, parse_list_page
from pipeline.sources.options import HttpOptions
from pipeline.sources.pace import Pace, RateLimiter, SharedPace
from pipeline.sources.retry import TryAgainError, parse_retry_after, with_retries
from pipeline.sources.source import SourceError
from pipeline.sources.store import too_large
from pipeline.sources.traffic import Traffic
from schemas.reject import Reason

_CHUNK = 1 << 18
_ERROR_BYTES = 4096
"""Longest body of an error that is looked into for S3's code."""
_LIST_BYTES = 10_000_000
"""Longest page of a listing; a key has at most 1,024 bytes."""
_KEYS = 1000
"""Keys on a page of a listing; S3 gives no more."""
_MAX_PAGES = 100_000
_MAX_HOPS = 4
"""A bucket of another region takes one."""


class _Session(requests.Session):
    """A session that leaves redirects to us: `requests` reads the body of each, however long it is."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: go nowhere."""


class HttpStore:
    """The objects under a URL. Its connections are kept open; threads may share it."""

    def __init__(self, base: str, options: HttpOptions, *, prefix: str = "", clock: Clock | None = None) -> None:
        """Opens no connection yet.

        Args:
            base: the URL before the keys, ending in a slash; for S3, that of the bucket.
            options: limits and politeness.
            prefix: put before every key; empty or ending in a slash.
            clock: time and chance.
        """
        self.base = base
        self.prefix = prefix
        self.options = options
        self._clock = clock or SystemClock()
        self.traffic = Traffic()
        self._pace = _pace(options, self._clock)
        self._turns = threading.BoundedSemaphore(options.n_connections)
        self._session = _session(base, options)

    def __reduce__(self) -> tuple[Callable[..., HttpStore], tuple[Any, ...]]:
        return _reopened, (self.base, self.options, self.prefix, self._clock)

    @property
    def location(self) -> str:
        """The URL before the keys."""
        return self.base + self.prefix

    @property
    def is_remote(self) -> bool:
        """Each object is a request."""
        return True

    def read(self, key: str, *, max_bytes: int, md5: str | None = None, is_json: bool = False) -> bytes:
        """The object's bytes; see `ObjectStore`."""
        return self._read(self.url(key), Wanted(max_bytes, md5, is_json=is_json))

    def open(self, key: str, *, max_bytes: int, md5: str | None = None) -> BinaryIO:
        """The object, from a temporary file without a name; see `ObjectStore`."""
        sink = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
        try:
            self._get(self.url(key), sink, Wanted(max_bytes, md5))
        except BaseException:
            sink.close()
            raise
        sink.seek(0)
        return sink

    def names(self, prefix: str) -> list[str]:
        """Names directly under a prefix; see `ObjectStore`. A server that is no S3 is asked for its index page."""
        try:
            return sorted(self._listed(self.prefix + prefix))
        except SourceError as error:
            if error.is_transient:
                raise
            return self._indexed(prefix, error)

    def close(self) -> None:
        """Closes the connections; they are opened again when needed."""
        self._session.close()

    def url(self, key: str) -> str:
        """Where an object lies; its odd characters are quoted."""
        return self.base + quote(self.prefix + key)

    def _listed(self, prefix: str) -> Iterator[str]:
        query = {"list-type": "2", "prefix": prefix, "delimiter": "/", "encoding-type": "url", "max-keys": f"{_KEYS}"}
        for _ in range(_MAX_PAGES):
            url = f"{self.base}?{urlencode(query, safe='/')}"
            page = parse_list_page(url, self._page(url))
            yield from (name.removeprefix(prefix) for name in page.names if name != prefix)
            if page.next_token is None:
                return
            query["continuation-token"] = page.next_token
        raise SourceError(Reason.BAD_METADATA, f"{self.base}: a listing without end under {prefix}")

    def _indexed(self, prefix: str, listing_error: SourceError) -> list[str]:
        url = self.url(prefix)
        try:
            return parse_index_page(url, self._page(url))
        except SourceError as error:
            if error.is_transient:
                raise
            what = f"{url}: the server lists nothing, neither as S3 ({listing_error}) nor as an index page ({error})"
            raise SourceError(Reason.MISSING_OBJECT, what) from error

    def _page(self, url: str) -> bytes:
        return self._read(url, Wanted(_LIST_BYTES, is_page=True))

    def _read(self, url: str, wanted: Wanted) -> bytes:
        sink = io.BytesIO()
        self._get(url, sink, wanted)
        return sink.getvalue()

    def _get(self, url: str, sink: BinaryIO, wanted: Wanted) -> None:
        """Writes the body into an empty sink, with as many tries as it takes.

        Whoever waits to try again leaves its connection, and the memory of half a body, to the others.
        """

        def attempt() -> None:
            try:
                check_body(url, self._in_turn(url, sink, wanted), sink, wanted)
            except TryAgainError as failure:
                sink.seek(0)
                sink.truncate()
                if failure.is_busy:
                    self._pace.slow_down()
                raise

        with_retries(attempt, self.options, self._clock)

    def _in_turn(self, url: str, sink: BinaryIO, wanted: Wanted) -> str:
        """Tries once, when a connection is free and the pace allows."""
        with self._turns:
            self._pace.wait()
            try:
                return self._try(url, sink, wanted)
            finally:
                self.traffic.add(sink.tell())

    def _try(self, url: str, sink: BinaryIO, wanted: Wanted) -> str:
        """Writes the body of one answer into the sink; returns its md5."""
        end = self._clock.monotonic() + self.options.total_s
        timeout = (self.options.connect_s, min(self.options.read_s, self.options.total_s))
        try:
            with self._answer(url, timeout) as response:
                if response.status_code != 200:
                    body = self._error_body(url, response, end)  # or the connection could not be kept
                    wish = parse_retry_after(response.headers.get("Retry-After"), self._clock)
                    raise_refusal(url, response.status_code, body, wish)
                check_head(url, response, wanted)
                return self._copy(url, response.raw, sink, wanted.max_bytes, end)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise_failure(url, error)

    def _answer(self, url: str, timeout: tuple[float, float]) -> requests.Response:
        """The answer after redirects."""
        target = url
        for _ in range(_MAX_HOPS):
            response = self._session.get(target, stream=True, timeout=timeout)
            if not response.is_redirect:
                return response
            response.close()
            target = urljoin(target, response.headers["Location"])
            if url.startswith("https://") and not target.startswith("https://"):
                raise SourceError(Reason.FETCH_FAILED, f"{url}: redirected to {target[:200]}, which is not HTTPS")
        raise SourceError(Reason.FETCH_FAILED, f"{url}: redirected more than {_MAX_HOPS} times")

    def _error_body(self, url: str, response: requests.Response, end: float) -> bytes:
        """The body of an error; what is longer than S3's error documents is none."""
        sink = io.BytesIO()
        try:
            self._copy(url, response.raw, sink, _ERROR_BYTES, end)
        except SourceError:
            return b""
        return sink.getvalue()

    def _copy(self, url: str, raw: urllib3.HTTPResponse, sink: BinaryIO, max_bytes: int, end: float) -> str:
        """Copies the body as it is on the wire; returns its md5."""
        digest = hashlib.md5(usedforsecurity=False)
        n_bytes = 0
        while chunk := raw.read1(_CHUNK, decode_content=False):  # what is there: `read` would wait for all of it
            n_bytes += len(chunk)
            if n_bytes > max_bytes:
                raise too_large(url, max_bytes)
            if self._clock.monotonic() > end:
                what = f"{url}: not delivered within {self.options.total_s:g} s"
                raise TryAgainError(Reason.FETCH_FAILED, what, is_spoiled=True)
            digest.update(chunk)
            sink.write(chunk)
        return digest.hexdigest()


def _reopened(base: str, options: HttpOptions, prefix: str, clock: Clock) -> HttpStore:
    return HttpStore(base, options, prefix=prefix, clock=clock)


def _pace(options: HttpOptions, clock: Clock) -> Pace:
    return SharedPace(options.pace, clock) if options.pace else RateLimiter(options.requests_per_second, clock)


def _session(base: str, options: HttpOptions) -> requests.Session:
    session = _Session()
    # Asked once and not for each request, where it takes a third of the time; and what a .netrc has is never sent.
    environment = session.merge_environment_settings(base, {}, None, None, None)
    session.proxies, session.verify = environment["proxies"], environment["verify"]
    session.trust_env = False
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=options.n_connections, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.headers.update({"User-Agent": options.user_agent, "Accept": "*/*", "Accept-Encoding": "identity"})
    return session

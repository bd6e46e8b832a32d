"""What a server lists: a page of S3's ``list-type=2``, or the index page of a plain web server."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from lxml import etree

from pipeline.sources.source import SourceError
from schemas.reject import Reason

_BUSY = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "ThrottlingException"}


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing."""

    names: tuple[str, ...]
    """Keys and common prefixes, whole."""
    next_token: str | None
    """Continues the listing; None on the last page."""


def parse_list_page(where: str, data: bytes) -> ListPage:
    """The page that the XML holds.

    Raises:
        SourceError: BAD_METADATA: it is no page of a listing.
    """
    root = _parsed(data)
    if root is None or etree.QName(root).localname != "ListBucketResult":
        raise SourceError(Reason.BAD_METADATA, f"{where}: no listing of a bucket")
    is_encoded = root.findtext("{*}EncodingType") == "url"
    found = [*root.iterfind("{*}CommonPrefixes/{*}Prefix"), *root.iterfind("{*}Contents/{*}Key")]
    names = [element.text or "" for element in found]
    is_truncated = root.findtext("{*}IsTruncated") == "true"
    token = root.findtext("{*}NextContinuationToken") if is_truncated else None
    if is_truncated and not token:
        raise SourceError(Reason.BAD_METADATA, f"{where}: a listing that goes on, but does not say how")
    return ListPage(tuple(unquote(name) for name in names) if is_encoded else tuple(names), token)


def is_busy_error(data: bytes) -> bool:
    """Whether an S3 error document says that the service is busy, whatever the status code says."""
    root = _parsed(data)
    return root is not None and etree.QName(root).localname == "Error" and root.findtext("{*}Code") in _BUSY


def parse_index_page(url: str, data: bytes) -> list[str]:
    """Names directly under a URL that its index page links to; folders end in a slash."""
    links = _Links()
    links.feed(data.decode("utf-8", "replace"))
    base = urlsplit(url)
    names = set()
    for link in links.found:
        target = _resolved(url, link)
        rest = unquote(target.path.removeprefix(base.path)) if target and target.path.startswith(base.path) else ""
        if target and target.netloc == base.netloc and rest and "/" not in rest.removesuffix("/"):
            names.add(rest)
    return sorted(names)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(value for name, value in attrs if tag == "a" and name == "href" and value)


def _resolved(url: str, link: str) -> SplitResult | None:
    try:
        return urlsplit(urljoin(url, link))
    except ValueError:  # such as a bracket that is not closed
        return None


def _parsed(data: bytes) -> etree._Element | None:
    """The root of a small XML document; entities stay unresolved and nothing is fetched. None where it is no XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None

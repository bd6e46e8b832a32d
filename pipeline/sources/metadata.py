"""The metadata JSON of an article version, read as what it is: a file from a stranger.

A field of the wrong type, a file name that would leave its folder, or a URL that points into another article
refuses the whole article: its licence flags come from the same file and would be as doubtful.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from pipeline.sources.source import ArticleMetadata, MediaObject, SourceError
from schemas.reject import Reason

_LICENSE = re.compile(r"CC[ -]?(0|BY(?:[ -](?:NC|SA|ND)){0,2})(?:[ -]\d\.\d)?(?:[ -](?:IGO|[A-Z]{2}))?")
_CODES = ("CC0", "CC BY", "CC BY-SA", "CC BY-ND", "CC BY-NC", "CC BY-NC-SA", "CC BY-NC-ND", "TDM")
_MAX_CODE = 100
"""Longer texts are no code, and are not worth keeping in mind."""
_URL = re.compile(r"s3://[^/?#]+/(?P<prefix>PMC\d+\.\d+)/(?P<name>.+?)(?:\?md5=(?P<md5>[0-9a-fA-F]{32}))?", re.DOTALL)
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")


def normalise_license(code: str | None) -> str | None:
    """A licence code in one notation, ``CC BY-NC``; None for none, ``NO-CC CODE``, ``Other`` and whatever is unknown.

    The number of the licence's version is dropped: the source's codes have none.
    """
    return _normalised(code) if code and len(code) <= _MAX_CODE else None


@lru_cache(maxsize=256)
def _normalised(code: str) -> str | None:
    text = " ".join(code.upper().split())
    if text == "TDM":
        return text
    found = _LICENSE.fullmatch(text)
    if not found:
        return None
    terms = found.group(1).replace("-", " ").split()
    plain = "CC0" if terms == ["0"] else "CC " + "-".join(terms)
    return plain if plain in _CODES else None


def is_safe_name(name: str) -> bool:
    """Whether a name is one plain file name: it neither leaves its folder nor confuses a file system."""
    is_plain = name not in ("", ".", "..") and not _UNSAFE.search(name)
    try:
        return is_plain and len(name.encode()) <= 255
    except UnicodeEncodeError:
        return False


def parse_metadata(data: bytes, pmcid: str, version: int) -> ArticleMetadata:
    """What the JSON says of the article version it was read for.

    Raises:
        SourceError: BAD_METADATA; the detail names the field.
    """
    where = f"metadata of {pmcid}.{version}"
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _bad(where, f"no JSON ({_first_line(error)})") from error
    if not isinstance(fields, dict):
        raise _bad(where, "not a JSON object")
    return _article(_Fields(where, fields), pmcid, version)


def parse_url(where: str, url: object, prefix: str) -> MediaObject:
    """The file of an article that a URL of its JSON names.

    Raises:
        SourceError: BAD_METADATA: no URL of the article's own prefix, such as ``PMC1.1``.
    """
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    if not found:
        raise _bad(where, f"{str(url)[:200]!r} is no URL of an object")
    name = found["name"]
    if found["prefix"] != prefix or not is_safe_name(name) or not is_safe_name(unquote(name)):
        raise _bad(where, f"{str(url)[:200]!r} is no file of this article")
    md5 = found["md5"].lower() if found["md5"] else None
    return MediaObject(name=name, url=str(url).removesuffix(f"?md5={found['md5']}"), md5=md5)


class _Fields:
    """The JSON's fields, each checked for its type."""

    def __init__(self, where: str, fields: dict[str, Any]) -> None:
        self.where = where
        self._fields = fields

    def flag(self, name: str) -> bool:
        value = self._fields.get(name)
        if not isinstance(value, bool):
            raise _bad(self.where, f"{name} is {_shown(value)}, not true or false")
        return value

    def text(self, name: str) -> str | None:
        value = self._fields.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise _bad(self.where, f"{name} is {_shown(value)}, not text")
        return str(value).encode(errors="replace").decode()

    def is_equal(self, name: str, expected: str | int) -> None:
        value = self._fields.get(name)
        if value != expected or isinstance(value, bool):
            raise _bad(self.where, f"{name} is {_shown(value)}, not {expected!r}")

    def urls(self, name: str) -> list[object]:
        value = self._fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _bad(self.where, f"{name} is {_shown(value)}, not a list")
        return value

    def url(self, name: str) -> object:
        return self._fields.get(name)


def _article(fields: _Fields, pmcid: str, version: int) -> ArticleMetadata:
    fields.is_equal("pmcid", pmcid)
    fields.is_equal("version", version)
    prefix = f"{pmcid}.{version}"
    return ArticleMetadata(
        pmcid=pmcid,
        version=version,
        pmid=fields.text("pmid"),
        doi=fields.text("doi"),
        mid=fields.text("mid"),
        title=fields.text("title"),
        citation=fields.text("citation"),
        is_pmc_openaccess=fields.flag("is_pmc_openaccess"),
        is_manuscript=fields.flag("is_manuscript"),
        is_historical_ocr=fields.flag("is_historical_ocr"),
        is_retracted=fields.flag("is_retracted"),
        license_code=normalise_license(fields.text("license_code")),
        xml=parse_url(f"{fields.where}, xml_url", fields.url("xml_url"), prefix),
        media=_media(fields, prefix),
    )


def _media(fields: _Fields, prefix: str) -> tuple[MediaObject, ...]:
    """The media, each once, in the order of the JSON."""
    by_name: dict[str, MediaObject] = {}
    for url in fields.urls("media_urls"):
        obj = parse_url(f"{fields.where}, media_urls", url, prefix)
        if by_name.setdefault(obj.name, obj) != obj:
            raise _bad(fields.where, f"media_urls states two md5 for {obj.name!r}")
    return tuple(by_name.values())


def _bad(where: str, what: str) -> SourceError:
    return SourceError(Reason.BAD_METADATA, f"{where}: {what}")


def _shown(value: object) -> str:
    return "missing" if value is None else repr(value)[:80]


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]

"""Bytes of a stranger become one `<article>` element in a plain form, or an error with a reason.

The parser never opens a file or a socket, loads no DTD and expands no entity. Turned away before libxml2 sees it:
more than `MAX_BYTES`, NUL bytes, encodings other than those in `ENCODINGS`, declarations of entities or attributes.
libxml2 itself refuses more than 256 levels of nesting, and anything that is not well-formed.

The plain form: no comments, no processing instructions, JATS elements without a namespace, every prefix declared.

Source: facts measured on 4,402 articles: largest 3.3 MB, no internal entity, UTF-8 declared or nothing declared.
"""

from __future__ import annotations

import contextlib
import html.entities
import re
from collections.abc import Iterable
from typing import Any, cast

from lxml import etree
from lxml.etree import _Element as Element

from pipeline.jats.cuts import shortened
from pipeline.jats.parser import NAMESPACES, strict_parser
from schemas.reject import Reason

MAX_BYTES = 20_000_000
"""Six times the largest article seen (3.3 MB)."""
MAX_MARKUP = 2_000_000
"""Tags, comments and the like. A node costs about 120 bytes of memory, so 20 MB of empty tags would be gigabytes."""
ENCODINGS = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso-8859-15", b"windows-1252"})
"""Supersets of ASCII: the checks on bytes below see what the parser sees."""

_STARTS_WITH_TAG = re.compile(rb"\s*+<")
_DECLARATION = re.compile(rb"""\s*+<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["']""")
_PROLOG = re.compile(
    rb"""(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\[>"']++|"[^"]*"|'[^']*')*+>)*+<[^\s/>!?]++""", re.DOTALL
)
"""What may stand before the root, and the root's name. Fails at a document type that declares something itself.

The loop is possessive: no comment can be stretched over a document type by backtracking.
"""
_REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*);")
_PMCID = re.compile(r"\s*(?:PMC)?0*(\d{1,12})(?:\.\d+)?\s*", re.IGNORECASE | re.ASCII)
_UNDECLARED = re.compile(r"Namespace prefix (\S+) ")

_MAX_UNDECLARED = 16


class JatsError(Exception):
    """The XML cannot be read as the article that was asked for."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def read_document(xml: bytes, pmcid: str | None = None) -> Element:
    """The `<article>` in the plain form; `pmcid` picks it where the document holds several.

    Raises:
        JatsError: `Reason.BAD_XML`, or `Reason.WRONG_ARTICLE` where the ids in the XML contradict `pmcid`.
    """
    _check_bytes(xml)
    root = _parse_shortened(xml)
    article = _pick([root] if local_name(root) == "article" else list(root.iter("{*}article")), root, pmcid)
    _drop_namespace(article)
    return article


def pmc_ids(article: Element) -> set[str]:
    """The ids of the article at PubMed Central, as ``PMC`` and digits; empty where the XML states none."""
    return {
        f"PMC{match[1]}"
        for front in article.iterchildren("{*}front")
        for meta in front.iterchildren("{*}article-meta")
        for element in meta.iterchildren("{*}article-id")
        if element.get("pub-id-type") in ("pmc", "pmcid", "pmcid-ver")
        and (match := _PMCID.fullmatch(element.text or ""))
    }


def normalized_pmcid(pmcid: str) -> str:
    """``PMC`` and digits, from ``PMC123``, ``pmc123``, ``123`` or ``PMC123.1``."""
    match = _PMCID.fullmatch(pmcid)
    return f"PMC{match[1]}" if match else pmcid


def _bad(detail: str) -> JatsError:
    return JatsError(Reason.BAD_XML, detail)


def _check_bytes(xml: bytes) -> None:
    if len(xml) > MAX_BYTES:
        raise _bad(f"{len(xml)} bytes, more than the limit of {MAX_BYTES}")
    if len(xml) > MAX_MARKUP and xml.count(b"<") > MAX_MARKUP:
        raise _bad(f"more than {MAX_MARKUP} tags")
    if b"\0" in xml:
        raise _bad("NUL bytes: not XML, or an encoding that is not accepted")
    start = xml.removeprefix(b"\xef\xbb\xbf")
    if not _STARTS_WITH_TAG.match(start):
        raise _bad("does not start with '<'" if start.strip() else "empty")
    declared = _DECLARATION.match(start)
    if declared and declared[1].lower() not in ENCODINGS:
        raise _bad(f"encoding {declared[1][:40]!r} is not accepted")
    if not _PROLOG.match(start) and (b"<!ENTITY" in xml or b"<!ATTLIST" in xml):
        raise _bad("declares entities or attributes in its document type")


def _parse_shortened(xml: bytes) -> Element:
    shorter = shortened(xml)
    if shorter is not xml:
        with contextlib.suppress(JatsError):  # the cut was wrong, or the document is: the whole of it tells which
            return _parse_with_characters(shorter)
    return _parse_with_characters(xml)


def _parse_with_characters(xml: bytes) -> Element:
    """The tree without entity nodes: ``&nbsp;`` and the like, which only an external DTD declares, are characters.

    Names that HTML does not know stay as they are written.
    """
    root = _parse(xml)
    return root if next(root.iter(etree.Entity), None) is None else _parse(_REFERENCE.sub(_character, xml))


def _character(reference: re.Match[bytes]) -> bytes:
    characters = html.entities.html5.get(reference[1].decode("ascii") + ";")
    if characters is None:
        return b"&amp;" + reference[0][1:]
    return "".join(f"&#{ord(character)};" for character in characters).encode("ascii")


def _parse(xml: bytes) -> Element:
    for _ in range(_MAX_UNDECLARED):
        parser = strict_parser()
        try:
            return etree.fromstring(xml, parser)
        except etree.XMLSyntaxError as error:
            prefixes = _undeclared_prefixes(parser)
            if not prefixes:
                raise _bad(str(error)[:200]) from error
            xml = _declare(xml, prefixes)
        except (etree.LxmlError, ValueError, LookupError) as error:
            raise _bad(str(error)[:200]) from error
    raise _bad("too many undeclared prefixes")


def _undeclared_prefixes(parser: etree.XMLParser) -> set[str]:
    """Prefixes used without declaration, where that is all that is wrong so far."""
    entries = [e for e in cast(Iterable[Any], parser.error_log) if e.level_name != "WARNING"]
    if any(e.type_name != "NS_ERR_UNDEFINED_NAMESPACE" for e in entries):
        return set()
    return {match[1] for e in entries if (match := _UNDECLARED.match(e.message))}


def _declare(xml: bytes, prefixes: set[str]) -> bytes:
    """The document with the prefixes declared on its root: then the strict parser can read it."""
    bom = b"\xef\xbb\xbf" if xml.startswith(b"\xef\xbb\xbf") else b""
    root = _PROLOG.match(xml, len(bom))
    if root is None:
        raise _bad(f"undeclared prefixes {', '.join(sorted(prefixes))[:100]}")
    names = "".join(f' xmlns:{p}="{NAMESPACES.get(p, "urn:undeclared:" + p)}"' for p in sorted(prefixes))
    return xml[: root.end()] + names.encode() + xml[root.end() :]


def _pick(articles: list[Element], root: Element, pmcid: str | None) -> Element:
    if not articles:
        raise _bad(f"no article: the root is <{local_name(root)[:60]}>")
    if pmcid is None:
        if len(articles) > 1:
            raise _bad(f"{len(articles)} articles, and no id to choose by")
        return articles[0]
    wanted = normalized_pmcid(pmcid)
    ids = [pmc_ids(article) for article in articles]
    for article, own in zip(articles, ids, strict=True):
        if wanted in own:
            return article
    nameless = [article for article, own in zip(articles, ids, strict=True) if not own]
    if len(articles) == 1 and nameless:
        return nameless[0]
    stated = sorted(set().union(*ids))
    raise JatsError(Reason.WRONG_ARTICLE, f"asked for {wanted}, the XML is {', '.join(stated)[:200] or 'without ids'}")


def _drop_namespace(article: Element) -> None:
    """JATS may come in a default namespace (OAI-PMH does); everything after this goes by plain names."""
    namespace, _, _ = str(article.tag).rpartition("}")
    if namespace:
        for element in list(article.iter(namespace + "}*")):
            element.tag = local_name(element)

"""libxml2, set so that it opens no file and no socket, loads no DTD, expands no entity, and forgives nothing."""

from __future__ import annotations

from lxml import etree

NAMESPACES = {
    "mml": "http://www.w3.org/1998/Math/MathML",
    "xlink": "http://www.w3.org/1999/xlink",
    "ali": "http://www.niso.org/schemas/ali/1.0/",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
"""Prefixes that articles use, some of them without declaring them."""


def strict_parser() -> etree.XMLParser:
    """A parser for the bytes of a stranger."""
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )

"""HTML as values: text is escaped unless it is markup already, so a caption can never become a script.

A string that came from a stranger is a `str`; only `element`, `join` and constants of this package make `Html`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# Not allowed in HTML even as character references: controls, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

# What ends a sentence does not belong to the address before it.
_ADDRESS = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:)])")

_VOID = frozenset({"meta", "img", "link", "br", "hr"})


class Html(str):
    """Markup that is safe to put into a page as it is."""

    __slots__ = ()


def escape(text: str) -> Html:
    """Text as markup: special characters escaped, characters that HTML forbids replaced by U+FFFD."""
    return text if isinstance(text, Html) else Html(html.escape(_FORBIDDEN.sub("\ufffd", text)))


def join(parts: Iterable[str | None]) -> Html:
    """Pieces one after the other; plain strings are escaped, None is left out."""
    return Html("".join(escape(part) for part in parts if part is not None))


def element(name: str, /, *children: str | None, **attributes: str | float | None) -> Html:
    """One element.

    Args:
        name: of the element.
        *children: markup, or text that gets escaped; None is left out.
        **attributes: None leaves one out. A trailing ``_`` is dropped and any other becomes ``-``:
            ``class_`` is ``class``, ``aria_label`` is ``aria-label``.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def _attribute(key: str, value: str | float) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {key.removesuffix("_").replace("_", "-")}="{escape(text)}"'


def link(url: str | None, text: str) -> Html:
    """A link where the address is one of the web, else only the text: `javascript:` and its like lead nowhere."""
    if url is None or not url.startswith(("https://", "http://")):
        return escape(text)
    return element("a", text, href=url, rel="noopener noreferrer")


def linked(text: str) -> Html:
    """Text in which web addresses are links."""
    pieces = _ADDRESS.split(text)
    return join(link(piece, piece) if place % 2 else piece for place, piece in enumerate(pieces))


def table(
    caption: str | None, names: Iterable[str], rows: Iterable[Iterable[str]], numbers: Iterable[str] = ()
) -> Html:
    """A table with a header row; the first cell of each row heads that row.

    Args:
        caption: what the table shows, or None where the heading above it says so.
        names: of the columns.
        rows: their cells.
        numbers: columns that are aligned to the right.
    """
    names, right = list(names), set(numbers)
    classes = ["n" if name in right else None for name in names]
    head = join(element("th", name, scope="col", class_=cls) for name, cls in zip(names, classes, strict=True))
    body = (_row(list(row), classes) for row in rows)
    grid = element(
        "table",
        element("caption", caption) if caption else None,
        element("thead", element("tr", head)),
        element("tbody", join(body)),
    )
    return element("div", grid, class_="wide")


def _row(cells: list[str], classes: list[str | None]) -> Html:
    first = element("th", cells[0], scope="row", class_=classes[0])
    rest = (element("td", cell, class_=cls) for cell, cls in zip(cells[1:], classes[1:], strict=True))
    return element("tr", first, *rest)


def number(n: int) -> str:
    """A count with its thousands set apart."""
    return f"{n:,}"

"""Identity: stable, dot-free ids from an article down to a panel.

``PMC123_v1`` article version, ``PMC123_v1_f002`` figure, ``PMC123_v1_f002_g1`` graphic of a figure that has
several, ``PMC123_v1_f002_s00`` the whole figure, ``PMC123_v1_f002_s03`` its third panel.
"""

from __future__ import annotations

import re

_ARTICLE = re.compile(r"PMC\d+_v\d+")
_FIGURE = re.compile(r"PMC\d+_v\d+_f\d{3,}(_g\d+)?")


def article_id(pmcid: str, version: int) -> str:
    """Id of an article version."""
    return f"{pmcid}_v{version}"


def figure_id(article: str, number: int, graphic_number: int, n_graphics: int) -> str:
    """Id of a figure, or of one of its graphics where it has several.

    Args:
        article: id of the article version.
        number: place of the figure in the article, from 1.
        graphic_number: place of the graphic in the figure, from 1.
        n_graphics: graphics in the figure.
    """
    graphic = f"_g{graphic_number}" if n_graphics > 1 else ""
    return f"{article}_f{number:03d}{graphic}"


def subfigure_id(figure: str, number: int) -> str:
    """Id of a panel, from 1, or of the whole figure, 0."""
    return f"{figure}_s{number:02d}"


def pmcid_of(record_id: str) -> str:
    """The article, in any of its versions, that a record belongs to; a pmcid is its own."""
    return record_id.partition("_")[0]


def article_of(record_id: str) -> str:
    """The article version that a record belongs to.

    Raises:
        ValueError: the id is not one of this project's.
    """
    return _prefix(_ARTICLE, record_id)


def figure_of(record_id: str) -> str:
    """The figure that a subfigure or pair belongs to."""
    return _prefix(_FIGURE, record_id)


def _prefix(pattern: re.Pattern[str], record_id: str) -> str:
    found = pattern.match(record_id)
    if not found:
        raise ValueError(f"{record_id!r} is not an id of this project")
    return found.group()


def sort_key(record_id: str) -> tuple[int, str]:
    """Orders ids by the number in the pmcid, then by text."""
    digits = re.match(r"PMC(\d+)", record_id)
    return (int(digits.group(1)) if digits else 0, record_id)

"""Full stops that end no sentence: abbreviations and initials of the life sciences."""

from __future__ import annotations

import re

_ABBREVIATION = re.compile(
    r"\b(?:[Ff]igs?|e\.g|i\.e|vs|cf|ca|al|spp?|n|nov|var|subsp|cv|approx|[Nn]os?|Drs?|Mrs?|St|[Mm]agn|[Oo]rig|resp|[Rr]efs?|[Ee]qs?"
    r"|[a-z]\.\s?[a-z])\.\s{1,4}$"
)
_AUTHORITY = re.compile(r"\(\w{1,12}\.\)\s{1,4}$")
_INITIAL = re.compile(r"(?:^|[\s(])[A-Z]\.\s{1,4}$")
_LOOK_BACK = 16


def is_abbreviation(caption: str, end: int) -> bool:
    """Is the stop before `end` (spaces between them allowed) part of an abbreviation or an initial?

    `S. Typhimurium` is a name; `… of experiment A. (B) …` is not: an initial counts only before a capital.
    """
    before = caption[max(0, end - _LOOK_BACK) : end]
    if _ABBREVIATION.search(before) or _AUTHORITY.search(before):
        return True
    return caption[end : end + 1].isupper() and _INITIAL.search(before) is not None

"""Clauses: one label in each, in the middle, as in `the left kidney (a) is large; the right one (b) is small`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.split.caption_runs import Placed

_VERB = re.compile(
    r"\s(?:also\s)?(?:is|are|was|were|has|have|had|can|could|did|does|do|shows?|showed|shown|represents?|represented"
    r"|indicates?|indicated|demonstrates?|demonstrated|depicts?|reveals?|revealed|displays?|displayed|illustrates?"
    r"|describes?|compares?|corresponds?|contains?|refers?|denotes?|gives?|presents?|exhibits?|exhibited)\s"
)
_CLAUSE_END = re.compile(r"(?:,|;|,?\s(?:and|while|whereas|but))\s")


def clauses(caption: str, start: int, end: int, markers: Sequence[Placed]) -> list[tuple[int, int, Placed]] | None:
    """One clause per label, where a label stands in the middle of its clause.

    Clauses end at semicolons; or at the last conjunction before the next subject, where a verb follows every label.
    """
    cuts = [start + match.end() for match in re.finditer(r";\s", caption[start:end])]
    if len(cuts) != len(markers) - 1 and all(_has_verb(caption, marker) for marker in markers):
        gaps = [list(_CLAUSE_END.finditer(caption, one.end, other.start)) for one, other in pairwise(markers)]
        cuts = [gap[-1].start() for gap in gaps if gap]
    if len(cuts) != len(markers) - 1:
        return None
    clauses = list(zip([start, *cuts], [*cuts, end], markers, strict=True))
    if not all(left <= marker.start < right for left, right, marker in clauses):
        return None
    has_words = [
        any(c.isalnum() for c in caption[left : marker.start]) and any(c.isalnum() for c in caption[marker.end : right])
        for left, right, marker in clauses
    ]
    return clauses if all(has_words) else None


def _has_verb(caption: str, marker: Placed) -> bool:
    """Is the label, or what stands before it, the subject of the verb after it?"""
    is_relative = caption[max(0, marker.start - 7) : marker.start].rstrip().endswith(("that", "which"))
    return not is_relative and _VERB.match(caption, marker.end) is not None

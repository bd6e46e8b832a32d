"""What a citation can mean: figures by the ids that name them, and by the places that their labels state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from lxml.etree import _Element as Element

_MAX_RANGE = 50
_MAX_LABEL = 100
"""Longer ones are no plain `Figure 3`."""
_LABEL = re.compile(r"(.*?)(\d{1,3})\W*")
_FIGURE_WORD = re.compile(r"^fig(?:ure)?s? ?")


class LabelPlace(NamedTuple):
    """Where a label stands among those that are counted together: ``("s", 3)`` for ``Figure S3``."""

    series: str
    number: int


@dataclass(frozen=True)
class Targets:
    """What can be cited: figures by the ids that name them, and by the places that their labels state."""

    figures: list[Element]
    by_id: dict[str, tuple[int, ...]]
    places: list[LabelPlace | None]
    within: dict[Element, dict[str, tuple[int, ...]]]
    """The same as `by_id` for each sub-article and response that holds figures: ids may come again there."""

    def named(self, xref: Element) -> tuple[int, ...]:
        """The figures that the ids of a cross-reference name, those of its own sub-article first."""
        rid = xref.get("rid")
        if rid is None:
            return ()
        if self.within:
            for part in xref.iterancestors("sub-article", "response"):
                if cited := _of_ids(rid, self.within.get(part, {})):
                    return cited
        return _of_ids(rid, self.by_id)

    @cached_property
    def _by_place(self) -> dict[LabelPlace, list[int]]:
        found: dict[LabelPlace, list[int]] = {}
        for i, place in enumerate(self.places):
            if place is not None:
                found.setdefault(place, []).append(i)
        return found

    def between(self, series: str, first: int, last: int) -> tuple[int, ...]:
        """Figures of a series strictly between two numbers; nothing where the range is not believable."""
        if not first < last <= first + _MAX_RANGE:
            return ()
        places = (LabelPlace(series, number) for number in range(first + 1, last))
        return tuple(i for place in places for i in self._by_place.get(place, ()))


def label_place(label: str | None) -> LabelPlace | None:
    """``("", 3)`` for ``Figure 3.`` and ``Fig. 3``, ``("s", 3)`` for ``Figure S3``, ``("scheme", 3)`` for ``Scheme 3``.

    None where the label does not end in a number.
    """
    return _label_place(label) if label and len(label) <= _MAX_LABEL else None


@lru_cache(maxsize=1024)
def _label_place(label: str) -> LabelPlace | None:
    match = _LABEL.fullmatch(label)
    if match is None or match[1][-1:].isdecimal():
        return None
    words = " ".join(re.split(r"[\W_]+", match[1].lower())).strip()
    return LabelPlace(_FIGURE_WORD.sub("", words), int(match[2]))


def _of_ids(rid: str, by_id: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The figures that one id or several name."""
    if rid in by_id or " " not in rid:
        return by_id.get(rid, ())
    return tuple(dict.fromkeys(i for one in dict.fromkeys(rid.split()) for i in by_id.get(one, ())))

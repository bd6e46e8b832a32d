"""Where the tags that decide about cuts stand in a document, found by a few operations on arrays instead of a search
for each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import compress
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

PARAGRAPH, PARAGRAPH_END, FIGURE, FIGURE_OR_FRONT_END, XREF, TITLE, TABLE = range(1, 8)
"""Kinds of tags."""

NAME_ENDS: Final = b" >\t\r\n/"
"""What may follow the name in a start tag."""

_SHORTEST: Final = len("</p>")
"""No document ends with less: so many bytes may be read from where a tag begins."""

_STARTS: Final[dict[bytes, int]] = {
    b"p": PARAGRAPH,
    b"/p": PARAGRAPH_END,
    b"fi": FIGURE,
    b"/f": FIGURE_OR_FRONT_END,
    b"xr": XREF,
    b"ti": TITLE,
    b"ta": TABLE,
}


def _kinds() -> npt.NDArray[np.uint8]:
    """The kind of a tag, or 0, by the two bytes after its `<`: (65536,) uint8."""
    kinds = np.zeros(1 << 16, np.uint8)
    for start, kind in _STARTS.items():
        for end in NAME_ENDS if len(start) == 1 else (None,):
            two = start if end is None else start + bytes((end,))
            kinds[int.from_bytes(two, "little")] = kind
    return kinds


_KINDS: Final = _kinds()


class Tags(NamedTuple):
    """Tags in the order of the document: where each begins, and its kind."""

    positions: list[int]
    kinds: bytes

    def of(self, kind: int) -> Iterator[int]:
        """Where the tags of a kind begin."""
        return compress(self.positions, map(kind.__eq__, self.kinds))

    def between(self, start: int, end: int) -> bytes:
        """The kinds of the tags in a stretch of the document."""
        return self.kinds[bisect_left(self.positions, start) : bisect_left(self.positions, end)]


def find_tags(xml: bytes, start: int) -> Tags:
    """The tags from `start` on that may be of a kind above.

    Two letters decide: of all kinds but `PARAGRAPH` there are some that only begin alike.
    """
    size = len(xml) - start - _SHORTEST + 1
    if size <= 0:
        return Tags([], b"")
    tags = (np.frombuffer(xml, np.uint8, size, start) == ord("<")).nonzero()[0]
    kinds = _KINDS[np.ndarray((size,), "<u2", xml, start + 1, (1,))[tags]]
    known = kinds.nonzero()[0]
    return Tags((tags[known] + start).tolist(), kinds[known].tobytes())

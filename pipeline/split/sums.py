"""Running sums of a plane, from which the sum over any box, or over every line of it, is a few subtractions.

The working sizes of the splitter keep all sums under 2 ** 31.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.bool_]


def sums_above(plane: Plane) -> NDArray[np.int32]:
    """(H + 1, W) sums over the rows above each row of a plane (H, W)."""
    found = np.zeros((plane.shape[0] + 1, plane.shape[1]), np.int32)
    found[1:] = plane
    _add_rows(found)
    return found


def sums_before(plane: Plane) -> NDArray[np.int32]:
    """(H, W + 1) sums over the columns left of each column of a plane (H, W)."""
    found = np.zeros((plane.shape[0], plane.shape[1] + 1), np.int32)
    np.cumsum(plane, axis=1, dtype=np.int32, out=found[:, 1:])
    return found


def sums_both(plane: Plane) -> NDArray[np.int32]:
    """(H + 1, W + 1) sums over all above and to the left of each corner of a plane (H, W)."""
    found = np.zeros((plane.shape[0] + 1, plane.shape[1] + 1), np.int32)
    np.cumsum(plane, axis=1, dtype=np.int32, out=found[1:, 1:])
    _add_rows(found)
    return found


def _add_rows(found: NDArray[np.int32]) -> None:
    """Adds to each row those above it, in place: three times as fast as a cumulation along this axis."""
    for above, row in itertools.pairwise(found):
        row += above

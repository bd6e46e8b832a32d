"""Seams: straight lines along which two pictures touch without a gutter.

Along a seam the brightness jumps over nearly the whole length, while inside a picture jumps come and go. So a seam is a
peak in the mean jump across a line, far above the lines beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.split.sums import sums_above, sums_before

_MOST_JUMP = 48
"""Larger jumps count no more than this, or one bright edge in a dark picture would look like a seam."""

_LEAST_JUMP = 9.0
"""Mean jump across a seam; under this the two pictures cannot be told apart."""

_LEAST_STRENGTH = 1.7
"""Mean jump across a seam over that across the lines beside it."""

_NEAR_PX, _FAR_PX = 3, 9
"""Where the lines beside it lie."""

_MOST_SEAMS = 6


def jumps(grey: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sums of the jumps across vertical and across horizontal lines, so that the profile of a box is one subtraction.

    Returns:
        (H + 1, W) sums over the rows above of the jumps from left to right, and (H, W + 1) sums over the columns to the
        left of the jumps from top to bottom.
    """
    signed = grey.astype(np.int16)
    across, down = np.zeros(grey.shape, np.int16), np.zeros(grey.shape, np.int16)
    across[:, 1:-1] = np.minimum(np.abs(signed[:, 2:] - signed[:, :-2]), _MOST_JUMP)
    down[1:-1] = np.minimum(np.abs(signed[2:] - signed[:-2]), _MOST_JUMP)
    return sums_above(across), sums_before(down)


def find_seams(profile: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Places and strengths of the seams in a profile of mean jumps, strongest first.

    Args:
        profile: (N,) mean jump across each line of a piece.
    """
    if len(profile) <= 2 * _FAR_PX:
        return []
    sums = np.concatenate([[0.0], np.cumsum(profile)])
    at = np.arange(_FAR_PX, len(profile) - _FAR_PX)
    before = (sums[at - _NEAR_PX + 1] - sums[at - _FAR_PX]) / (_FAR_PX - _NEAR_PX + 1)
    after = (sums[at + _FAR_PX + 1] - sums[at + _NEAR_PX]) / (_FAR_PX - _NEAR_PX + 1)
    strength = profile[at] / (np.maximum(before, after) + 2.0)
    around = np.lib.stride_tricks.sliding_window_view(profile, 2 * _NEAR_PX + 1)
    is_peak = (profile[at] >= around[at - _NEAR_PX].max(axis=1)) & (profile[at] > profile[at - 1])
    found = at[is_peak & (profile[at] >= _LEAST_JUMP) & (strength >= _LEAST_STRENGTH)]
    ranked = sorted(((int(place), float(strength[place - _FAR_PX])) for place in found), key=lambda seam: -seam[1])
    return ranked[:_MOST_SEAMS]

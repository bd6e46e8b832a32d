from __future__ import annotations

import numpy as np
import pytest

from pipeline.split.sums import sums_above, sums_before, sums_both


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (40, 30)])
def test_sums_over_any_box(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    above, before, both = sums_above(plane), sums_before(plane), sums_both(plane)
    y, x = shape[0] // 2, shape[1] // 2
    assert above[y].tolist() == plane[:y].sum(axis=0).tolist()
    assert before[:, x].tolist() == plane[:, :x].sum(axis=1).tolist()
    assert both[-1, -1] - both[y, -1] - both[-1, x] + both[y, x] == plane[y:, x:].sum()

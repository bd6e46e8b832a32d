from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.split.boxes import Box
from pipeline.split.canvas import read_canvas
from pipeline.split.panels import find_panels
from pipeline.split.seams import find_seams, jumps


def pictures(*levels: int, width: int = 150, height: int = 200) -> np.ndarray:
    """Textured pictures that touch, side by side."""
    rng = np.random.default_rng(3)
    parts = [np.clip(rng.normal(level, 8, (height, width, 1)), 0, 235) for level in levels]
    return np.repeat(np.concatenate(parts, axis=1), 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("is_vertical", [True, False])
def test_a_seam_is_where_two_pictures_touch(is_vertical: bool) -> None:
    pixels = pictures(60, 160)
    canvas = read_canvas(pixels if is_vertical else pixels.transpose(1, 0, 2))
    (seam, *others) = find_seams(canvas.jumps(canvas.box, is_vertical=is_vertical))
    assert abs(seam[0] - 150) <= 1 and seam[1] > 3 and not others


def test_texture_has_no_seams() -> None:
    canvas = read_canvas(pictures(120, width=300))
    assert find_seams(canvas.jumps(canvas.box, is_vertical=True)) == []


def test_touching_pictures_are_parted_where_the_caption_names_them() -> None:
    left, right = find_panels(pictures(60, 160), 2)
    assert left.box.iou(Box(0, 0, 150, 200)) > 0.97 and right.box.iou(Box(150, 0, 300, 200)) > 0.97
    assert len(find_panels(pictures(60, 160))) == 1


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_sums_of_jumps_have_the_shape_of_their_picture(grey: np.ndarray) -> None:
    across, down = jumps(grey)
    assert across.shape == (grey.shape[0] + 1, grey.shape[1]) and down.shape == (grey.shape[0], grey.shape[1] + 1)
    assert (np.diff(across, axis=0) >= 0).all() and (np.diff(down, axis=1) >= 0).all()

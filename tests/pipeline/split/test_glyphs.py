from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from pipeline.split.boxes import Box
from pipeline.split.glyphs import PATCH_PX, blobs, find_glyphs


def printed(text: str, ink: int, ground: int, size: int = 24, width: int = 400) -> tuple[np.ndarray, Box]:
    """A picture with a text, and the box of its ink."""
    image = Image.new("L", (width, 300), ground)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text((50, 60), text, fill=ink, font=font)
    x0, y0, x1, y1 = (int(v) for v in ImageDraw.Draw(image).textbbox((50, 60), text, font=font))
    return np.asarray(image.convert("RGB")), Box(x0, y0, x1, y1)


def boxes(pixels: np.ndarray) -> list[Box]:
    glyphs = find_glyphs(pixels)
    return [Box(*(round(float(v) * glyphs.scale) for v in corners)) for corners in glyphs.boxes]


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0), (0, 180), (255, 120)])
@pytest.mark.parametrize("size", [12, 24, 36])
def test_a_letter_alone_is_found_dark_or_bright(ink: int, ground: int, size: int) -> None:
    pixels, letter = printed("E", ink, ground, size)
    assert max(box.iou(letter) for box in boxes(pixels)) > 0.6


def test_letters_inside_a_word_are_not_alone() -> None:
    pixels, word = printed("THERMOMETER", 0, 255)
    inner = Box(word.x0 + 40, word.y0, word.x1 - 40, word.y1)
    assert not [box for box in boxes(pixels) if box.intersection(inner) == box.area]


def test_a_bracketed_letter_is_found_close_to_a_dark_edge() -> None:
    pixels = np.full((300, 400, 3), 255, np.uint8)
    letter = Box(100, 100, 122, 130)
    for x, width in ((letter.x0, 22), (letter.x0 - 9, 4), (letter.x1 + 5, 4), (0, 75)):  # a letter, brackets, the edge
        pixels[letter.y0 : letter.y1, x : x + width] = 0
    pixels[106:124, 106:116] = 255  # letters have holes
    assert letter in boxes(pixels)


def test_a_bracketed_letter_is_found() -> None:
    pixels, mark = printed("(B)", 0, 255)
    middle = (mark.x0 + mark.x1) / 2
    assert any(box.x0 < middle < box.x1 and box.width < mark.width / 1.5 for box in boxes(pixels))


def test_boxes_are_in_pixels_of_the_working_size() -> None:
    pixels, letter = printed("E", 0, 255, size=60, width=2400)
    assert find_glyphs(pixels).scale == 2.5
    assert max(box.iou(letter) for box in boxes(pixels)) > 0.6


def test_a_patch_shows_the_glyph_bright_in_its_middle() -> None:
    for ink, ground in ((0, 255), (255, 0)):
        (patch, *_) = find_glyphs(printed("I", ink, ground, 30)[0]).patches
        assert patch[PATCH_PX // 2, PATCH_PX // 2] == 1.0 and patch[:4].max() == patch[-4:].max() == 0.0


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3))))
def test_any_picture_gives_boxes_inside_it_and_patches_of_zero_to_one(pixels: np.ndarray) -> None:
    glyphs = find_glyphs(pixels)
    assert glyphs.patches.shape == (len(glyphs.boxes), PATCH_PX, PATCH_PX)
    if len(glyphs.boxes):
        assert (glyphs.boxes[:, :2] >= 0).all() and (glyphs.boxes[:, 2:] <= pixels.shape[1::-1]).all()
        assert glyphs.patches.min() >= 0 and glyphs.patches.max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (60, 41)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_blobs_are_those_of_scipy(shape: tuple[int, int], share: float) -> None:
    mask = np.random.default_rng(1).random(shape) < share
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    expected = [[x.start, y.start, x.stop, y.stop] for y, x in ndimage.find_objects(labels)]
    assert blobs(mask).tolist() == expected

"""Crops against torchvision's rule, the evaluation transform against open_clip's, and odd files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.train.order import uniforms
from pipeline.train.pictures import (
    N_DRAWS,
    Cropper,
    PictureError,
    evaluation_square,
    random_crop,
    square_of_image,
)


def picture(width: int, height: int, mode: str = "RGB", form: str = "JPEG") -> bytes:
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, form)
    return out.getvalue()


def training_square(data: bytes, size: int, draws: np.ndarray, min_area: float) -> np.ndarray:
    out = np.empty((size, size, 3), np.uint8)
    Cropper(size, min_area).square(data, draws, out)
    return out


def test_a_crop_does_not_depend_on_the_picture_before() -> None:
    draws, cropper = uniforms(0, np.arange(1), N_DRAWS)[0], Cropper(32, 0.9)
    out = np.empty((32, 32, 3), np.uint8)
    for data in (picture(300, 200), picture(80, 60), picture(64, 100)):
        cropper.square(data, draws, out)
        assert np.array_equal(out, training_square(data, 32, draws, 0.9))


def test_crops_keep_the_area_and_the_shape() -> None:
    draws = uniforms(0, np.arange(500), N_DRAWS)
    for row in draws:
        crop = random_crop(300, 280, row, 0.9)
        assert 0.89 <= crop.width * crop.height / (300 * 280) <= 1
        assert 0.74 < crop.width / crop.height < 1.35
        assert crop.left >= 0 and crop.left + crop.width <= 300
        assert crop.top >= 0 and crop.top + crop.height <= 280


def test_where_no_crop_fits_the_middle_is_taken() -> None:
    crop = random_crop(1000, 100, uniforms(0, np.arange(1), N_DRAWS)[0], 0.9)
    assert crop == ((1000 - 133) // 2, 0, 133, 100)


def test_crops_are_spread_as_torchvisions() -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    image = Image.new("RGB", (260, 240))
    theirs = [transforms.RandomResizedCrop.get_params(image, [0.5, 1.0], [3 / 4, 4 / 3]) for _ in range(2000)]
    ours = [random_crop(260, 240, row, 0.5) for row in uniforms(0, np.arange(2000), N_DRAWS)]
    found = np.array([(c.top, c.left, c.height, c.width) for c in ours]).mean(0)
    assert np.abs(found - np.array(theirs).mean(0)).max() < 3


def test_a_large_picture_is_decoded_smaller_and_shows_the_same() -> None:
    draws = uniforms(0, np.arange(1), N_DRAWS)[0]
    small, large = (training_square(picture(side, side), 64, draws, 0.9).astype(int) for side in (256, 2048))
    assert np.abs(small[..., :2] - large[..., :2]).mean() < 3


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_any_jpeg_gives_three_colours(mode: str) -> None:
    draws = uniforms(0, np.arange(1), N_DRAWS)[0]
    assert training_square(picture(80, 60, mode), 32, draws, 0.9).shape == (32, 32, 3)
    assert evaluation_square(picture(80, 60, mode), 32).shape == (32, 32, 3)


def test_a_png_is_read_too() -> None:
    draws = uniforms(0, np.arange(1), N_DRAWS)[0]
    assert training_square(picture(80, 60, form="PNG"), 32, draws, 0.9).shape == (32, 32, 3)


@pytest.mark.parametrize("data", [b"", b"no picture", picture(80, 60)[:500], b"\xff\xd8\xff" + bytes(200)])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    draws = uniforms(0, np.arange(1), N_DRAWS)[0]
    with pytest.raises(PictureError):
        training_square(data, 32, draws, 0.9)
    with pytest.raises(PictureError):
        evaluation_square(data, 32)


@pytest.mark.parametrize(("width", "height"), [(80, 60), (60, 81), (224, 224), (333, 500)])
def test_the_evaluation_transform_is_open_clips(width: int, height: int) -> None:
    open_clip = pytest.importorskip("open_clip")
    image = Image.open(io.BytesIO(picture(width, height)))
    theirs = open_clip.image_transform(56, is_train=False, mean=(0, 0, 0), std=(1, 1, 1))(image)
    ours = square_of_image(image, 56)
    assert np.array_equal(np.round(theirs.permute(1, 2, 0).numpy() * 255).astype(np.uint8), ours)

"""A JPEG becomes a square of pixels: a random crop for training, the middle for evaluation; bytes in, bytes out."""

from __future__ import annotations

import io
import math
from typing import NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

Pixels = NDArray[np.uint8]
"""(H, W, 3) uint8, red first."""

_TRIES = 10
_RATIO = (3 / 4, 4 / 3)
_LOW, _HIGH = (math.log(ratio) for ratio in _RATIO)
_FAR = 1.5
"""Shrunk by more, a picture needs the mean of each area, or fine lines alias; by less, a cubic curve does as well and
is five times as fast."""

N_DRAWS = 4 * _TRIES
"""Random numbers that a crop may use."""


class PictureError(ValueError):
    """Bytes that are no picture."""


class Crop(NamedTuple):
    """A part of a picture in px."""

    left: int
    top: int
    width: int
    height: int


def random_crop(width: int, height: int, draws: NDArray[np.float64], min_area: float) -> Crop:
    """A part of at least `min_area` of the picture, with sides between 3:4 and 4:3; the middle where none fits.

    Args:
        width: of the picture in px.
        height: of the picture in px.
        draws: (N_DRAWS,) random numbers in [0, 1).
        min_area: least share of the area.

    Source: `RandomResizedCrop` of torchvision, which open_clip trains with at a least area of 0.9.
    """
    for tried in draws.reshape(_TRIES, 4):
        area, shape, x, y = tried.tolist()
        target = width * height * (min_area + (1 - min_area) * area)
        ratio = math.exp(_LOW + (_HIGH - _LOW) * shape)
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            return Crop(int(x * (width - w + 1)), int(y * (height - h + 1)), w, h)
    ratio = min(max(width / height, _RATIO[0]), _RATIO[1])
    w, h = min(width, round(height * ratio)), min(height, round(width / ratio))
    return Crop((width - w) // 2, (height - h) // 2, w, h)


class Cropper:
    """Makes training squares; keeps the memory that decoding needs, for asking for it anew takes a tenth of the time.

    Args:
        size: side of the squares in px.
        min_area: least share of the picture's area that a crop keeps.
    """

    def __init__(self, size: int, min_area: float) -> None:
        self._size, self._min_area = size, min_area
        self._scratch = np.empty(0, np.uint8)

    def square(self, data: bytes, draws: NDArray[np.float64], out: Pixels) -> None:
        """Writes a random part of a picture to `out` (size, size, 3).

        Raises:
            PictureError: the bytes are no picture.
        """
        try:
            height, width, _, _ = simplejpeg.decode_jpeg_header(data)
            crop = random_crop(width, height, draws, self._min_area)
            pixels = self._decoded(data, width, height, min(1.0, self._size / min(crop.width, crop.height)))
        except ValueError:  # no JPEG, or one of four inks
            pixels = decode(data)
            height, width = pixels.shape[:2]
            crop = random_crop(width, height, draws, self._min_area)
        _resize(_cut(pixels, crop, width, height), out)

    def _decoded(self, data: bytes, width: int, height: int, scale: float) -> Pixels:
        """A picture at `scale` of its size or more: half of it takes less work than all, but 7/8 take more.

        The fast transform decodes 15 % more of real pictures in the same time; each pixel is 0.6 of 255 off.
        """
        n_bytes = width * height * 3
        if len(self._scratch) < n_bytes:
            self._scratch = np.empty(n_bytes, np.uint8)
        least = {"min_height": math.ceil(height * scale), "min_width": math.ceil(width * scale), "min_factor": 2}
        pixels = simplejpeg.decode_jpeg(data, "RGB", fastdct=True, buffer=self._scratch, **least)
        return np.asarray(pixels, np.uint8)


def _cut(pixels: Pixels, crop: Crop, width: int, height: int) -> Pixels:
    """A crop of a picture that was decoded at a smaller size than `width` x `height`."""
    x, y = pixels.shape[1] / width, pixels.shape[0] / height
    left, top = int(crop.left * x), int(crop.top * y)
    right, bottom = math.ceil((crop.left + crop.width) * x), math.ceil((crop.top + crop.height) * y)
    return pixels[top:bottom, left:right]


def _resize(pixels: Pixels, out: Pixels) -> None:
    shrink = min(pixels.shape[:2]) / len(out)
    smooth = cv2.INTER_AREA if shrink > _FAR else cv2.INTER_CUBIC
    cv2.resize(pixels, (len(out), len(out)), dst=out, interpolation=smooth)


def evaluation_square(data: bytes, size: int) -> Pixels:
    """The middle of a picture as (size, size, 3) uint8: pixel for pixel what open_clip evaluates.

    Raises:
        PictureError: the bytes are no picture.
    """
    return square_of_image(_opened(data), size)


def square_of_image(image: Image.Image, size: int) -> Pixels:
    """The middle of an image as (size, size, 3) uint8: shorter side to `size`, bicubic, then the middle."""
    short, long = sorted(image.size)
    other = int(size * long / short)
    width, height = (size, other) if image.width <= image.height else (other, size)
    image = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return np.asarray(image.crop((left, top, left + size, top + size)))


def decode(data: bytes) -> Pixels:
    """A picture whole.

    Raises:
        PictureError: the bytes are no picture.
    """
    return np.asarray(_opened(data))


def _opened(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(str(error)) from error

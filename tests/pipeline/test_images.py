from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.images import ImageError, crop_jpeg, decode, read_header
from schemas.reject import Reason

LIMIT = 1_000_000


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    x = np.linspace(0, 255, width)[None, :].repeat(height, 0)
    y = np.linspace(0, 255, height)[:, None].repeat(width, 1)
    return Image.fromarray(np.stack([x, y, 255 - x], axis=2).astype(np.uint8))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_every_format_is_read_by_its_bytes(form: str) -> None:
    data = encoded(gradient(), form)
    header = read_header(data, LIMIT)
    assert (header.format, header.width_px, header.height_px) == (form, 64, 48)
    pixels = decode(data, LIMIT)
    assert pixels.shape == (48, 64, 3) and pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - np.asarray(gradient()).astype(int)).mean() < 12


def test_sixteen_bit_grey_keeps_its_levels() -> None:
    """Pillow's own conversion clips it: two levels are left."""
    values = np.linspace(1000, 5000, 64 * 48).reshape(48, 64).astype(np.uint16)
    pixels = decode(encoded(Image.fromarray(values), "TIFF"), LIMIT)
    assert len(np.unique(pixels)) > 200
    assert pixels[0, 0, 0] == 0 and pixels[-1, -1, 0] == 255


def test_transparent_is_white() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert decode(encoded(clear, "PNG"), LIMIT).min() == 255
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0] * 256)
    assert decode(encoded(palette, "PNG", transparency=0), LIMIT).min() == 255


def test_cmyk_has_its_colours() -> None:
    red = Image.new("RGB", (16, 16), (255, 0, 0)).convert("CMYK")
    pixels = decode(encoded(red, "JPEG", quality=95), LIMIT)
    assert pixels[8, 8, 0] > 200 and pixels[8, 8, 1:].max() < 60


def test_exif_turns_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encoded(gradient(), "JPEG", exif=exif.tobytes()), LIMIT).shape == (64, 48, 3)


def test_of_an_animation_the_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data, LIMIT)[0, 0].tolist() == [255, 0, 0]


def test_a_cut_file_is_an_error_not_half_a_picture() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    for form in ("JPEG", "PNG", "WEBP"):
        data = encoded(noise, form)
        with pytest.raises(ImageError) as caught:
            decode(data[: len(data) // 2], LIMIT)
        assert caught.value.reason in (Reason.DECODE_ERROR, Reason.NOT_AN_IMAGE)


def huge_png(side: int) -> bytes:
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0), b"IDAT" + zlib.compress(b"")]
    framed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def huge_tiff(side: int) -> bytes:
    tags = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    tags += [(277, 3, 1, 1), (278, 4, 1, side), (279, 4, 1, 1)]
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + body + bytes(4)


@pytest.mark.parametrize("data", [huge_tiff(20_000), huge_png(20_000)], ids=["tiff", "png"])
def test_a_huge_image_is_refused_from_its_header(data: bytes) -> None:
    for read in (read_header, decode):
        with pytest.raises(ImageError) as caught:
            read(data, 100_000_000)
        assert caught.value.reason is Reason.TOO_MANY_PIXELS
        assert "20000 x 20000" in caught.value.detail


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"%PDF-1.7", b"%!PS-Adobe", b"\0" * 100])
def test_what_is_no_image(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        read_header(data, LIMIT)
    assert caught.value.reason is Reason.NOT_AN_IMAGE


SEEDS = [encoded(gradient(), form) for form in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")]


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.floats(0, 1))
def test_damaged_files_raise_image_error_or_decode(seed: bytes, edits: list[tuple[float, int]], cut: float) -> None:
    data = bytearray(seed)
    for place, value in edits:
        data[int(place * (len(data) - 1))] = value
    try:
        pixels = decode(bytes(data[: max(1, int(cut * len(data)))]), LIMIT)
    except ImageError:
        return
    assert pixels.ndim == 3 and pixels.shape[2] == 3


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((800, 400), (512, 256)),
        ((100, 50), (100, 50)),
        ((9000, 300), (2560, 85)),
        ((1, 1), (1, 1)),
        ((256, 256), (256, 256)),
    ],
)
def test_crops_are_scaled_down_and_never_up(size: tuple[int, int], expected: tuple[int, int]) -> None:
    pixels = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    scaled, jpeg = crop_jpeg(pixels, 256, 2560, 90)
    assert scaled.shape == (expected[1], expected[0], 3)
    assert Image.open(io.BytesIO(jpeg)).size == expected

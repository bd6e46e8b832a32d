"""Hashes of images: what they ignore, what they refuse, and that their parts agree with plain arithmetic."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from pipeline.dedup import hashes
from pipeline.dedup.hashes import bands, edge_energy, hamming, luma_grid, pack, perceptual_hash, pixel_sha256

PHASHES = st.binary(min_size=32, max_size=32)


def drawing(text: str, size: int) -> np.ndarray:
    image = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(image).text((60, 20), text, fill="black", font=ImageFont.load_default(size))
    return np.asarray(image)


def picture(seed: int, size: tuple[int, int] = (300, 400)) -> Image.Image:
    """A smooth random picture: 12 x 16 random colours, enlarged."""
    colours = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((size[1], size[0]), Image.Resampling.BICUBIC)


def test_pixel_hash_is_of_size_and_pixels() -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    assert pixel_sha256(pixels) == hashlib.sha256(b"3x2:" + bytes(range(18))).hexdigest()
    assert pixel_sha256(pixels) != pixel_sha256(pixels.reshape(3, 2, 3))
    assert pixel_sha256(pixels[:, ::-1]) == pixel_sha256(pixels[:, ::-1].copy())


@settings(max_examples=40)
@given(arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 20), st.just(3))))
def test_grid_is_the_mean_of_each_cell(pixels: np.ndarray) -> None:
    luma = pixels.astype(float) @ [299, 587, 114]
    height, width = luma.shape
    fine = np.kron(luma, np.ones((64, 64)))
    expected = fine.reshape(64, height, 64, width).mean(axis=(1, 3))
    assert np.array_equal(luma_grid(pixels), np.floor(expected + 1e-6))


def test_hash_takes_the_signs_of_the_lowest_frequencies_of_a_cosine_transform() -> None:
    grid = luma_grid(np.asarray(picture(0))).astype(float)
    cosines = np.cos(np.pi * np.arange(64)[:, None] * (2 * np.arange(64)[None, :] + 1) / 128)
    row, column = hashes._low_frequencies()
    coefficients = (cosines @ grid @ cosines.T)[row, column]
    bits = np.unpackbits(np.frombuffer(perceptual_hash(np.asarray(picture(0))), dtype=np.uint8))
    assert np.count_nonzero(bits != (coefficients > np.median(coefficients))) <= 2, "rounding moves bits at the median"
    assert bits.sum() == 128
    assert len({*zip(row.tolist(), column.tolist(), strict=True)}) == 256 and (row + column).max() == 22


def test_hash_is_the_same_on_every_machine() -> None:
    y, x = np.mgrid[:97, :131]
    pixels = np.stack([(x * y) % 256, (x * 7 + y) % 256, (y * y // 9) % 256], axis=-1).astype(np.uint8)
    assert perceptual_hash(pixels).hex() == EXPECTED_HEX


EXPECTED_HEX = "0ff20bfa0ffa66f22fff3c740431043700b714f914d202e9338b26ce23fc07f5"


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("white", np.full((256, 256, 3), 255, np.uint8)),
        ("one pixel", np.zeros((1, 1, 3), np.uint8)),
        ("small letter", drawing("A", 20)),
        ("letter", drawing("A", 60)),
        ("ramp", np.repeat(np.tile(np.arange(256, dtype=np.uint8), (256, 1))[..., None], 3, axis=2)),
        ("weak noise", (128 + np.random.default_rng(0).normal(0, 3, (256, 256, 3))).astype(np.uint8)),
    ],
)
def test_flat_images_have_no_perceptual_hash(name: str, pixels: np.ndarray) -> None:
    assert edge_energy(luma_grid(pixels)) < hashes.MIN_EDGES
    assert perceptual_hash(pixels) is None


def test_copies_are_close_and_other_pictures_far() -> None:
    first = perceptual_hash(np.asarray(picture(1)))
    copy = perceptual_hash(np.asarray(picture(1).resize((200, 150))))
    other = perceptual_hash(np.asarray(picture(2)))
    close, far = hamming(pack([copy, other]), pack([first]))
    assert close <= 10 and far > 80


@given(PHASHES, PHASHES)
def test_hamming_counts_the_bits_that_differ(left: bytes, right: bytes) -> None:
    expected = (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count()
    assert hamming(pack([left]), pack([right])).tolist() == [expected]


@given(PHASHES, st.sets(st.integers(0, 255), max_size=15))
def test_hashes_at_most_15_bits_apart_share_a_band(phash: bytes, flipped: set[int]) -> None:
    other = int.from_bytes(phash, "big")
    for bit in flipped:
        other ^= 1 << bit
    left, right = bands(pack([phash, other.to_bytes(32, "big")]))
    assert len(left) == 16 and (left == right).sum() >= 1
    assert (left // 65536).tolist() == list(range(16)), "bands do not meet in each other's buckets"

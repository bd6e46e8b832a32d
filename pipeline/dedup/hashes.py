"""What identifies an image: an exact hash of its pixels, and a perceptual hash that survives resizing and JPEG.

The perceptual hash keeps the signs, against their median, of the 256 lowest frequencies of the luma on a grid
of 64 x 64. All arithmetic is on integers, so every machine gives the same bits; with floats a coefficient near
the median would fall on either side, depending on the processor.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

GRID = 64
"""Side of the grid that an image is averaged to before its frequencies are taken."""
N_BITS = 256
N_BANDS = 16
"""Bands of 16 bits: two hashes at most 15 bits apart agree in at least one of them (pigeonhole)."""
MIN_EDGES = 2.5
"""Smallest mean step of luma (0 to 255) between neighbours on the grid. Below it the signs are those of noise or
of one small mark, and unrelated images would meet; such images are compared by their pixels only.
Source: measured. A letter of 60 px on 256 px white 1.6, a ramp from black to white 2.0, weak noise 0.6; of 787
figures and panels of real articles two are below 2.5 (1.5 and 2.5), the first percentile is 3.0."""
_COS_SCALE = 1 << 12
_LUMA = np.array([299, 587, 114], dtype=np.int64)
"""Rec. 601 weights, in thousandths."""

Pixels = NDArray[np.uint8]
Ints = NDArray[np.int64]


def pixel_sha256(pixels: Pixels) -> str:
    """Hex sha256 of decoded pixels and their size: equal for files that differ only in container or metadata.

    Args:
        pixels: (H, W, 3) uint8.
    """
    height, width, _ = pixels.shape
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def perceptual_hash(pixels: Pixels) -> bytes | None:
    """32 bytes that differ in few bits between copies of an image; None where it is too flat to have any.

    Args:
        pixels: (H, W, 3) uint8, at least 1 x 1.
    """
    grid = luma_grid(pixels)
    if edge_energy(grid) < MIN_EDGES:
        return None
    basis = _basis()
    coefficients = (basis @ grid @ basis.T)[_low_frequencies()]
    lower_median = np.partition(coefficients, N_BITS // 2 - 1)[N_BITS // 2 - 1]
    return np.packbits(coefficients > lower_median).tobytes()


def luma_grid(pixels: Pixels) -> Ints:
    """(64, 64) int64 mean luma of each cell, in thousandths of 0 to 255; cells may cut pixels in parts."""
    luma: Ints = pixels.astype(np.int64) @ _LUMA
    means: Ints = _cell_sums(_cell_sums(luma).T).T // luma.size
    return means


def _cell_sums(values: Ints) -> Ints:
    """(64, W) from (H, W): sums over 64 equal cells of the rows, a row's weight being 64."""
    n_rows = len(values)
    before = np.zeros((n_rows + 1, values.shape[1]), dtype=np.int64)
    np.cumsum(values, axis=0, out=before[1:])
    row, part = np.divmod(np.arange(GRID + 1) * n_rows, GRID)
    partial = values[np.minimum(row, n_rows - 1)] * part[:, None]
    sums: Ints = np.diff(before[row] * GRID + partial, axis=0)
    return sums


def edge_energy(grid: Ints) -> float:
    """Mean absolute step of luma (0 to 255) between horizontal and vertical neighbours of a grid."""
    steps = np.abs(np.diff(grid, axis=0)).sum() + np.abs(np.diff(grid, axis=1)).sum()
    return float(steps) / (2 * GRID * (GRID - 1)) / 1000


@cache
def _basis() -> Ints:
    """(F, 64) cosines of the discrete cosine transform (type II), rounded to 1/4096."""
    frequency = np.arange(np.max(_low_frequencies()) + 1)[:, None]
    position = np.arange(GRID)[None, :]
    cosines = np.cos(np.pi * frequency * (2 * position + 1) / (2 * GRID))
    rounded: Ints = np.rint(_COS_SCALE * cosines).astype(np.int64)
    return rounded


@cache
def _low_frequencies() -> tuple[Ints, Ints]:
    """Row and column of the 256 lowest frequencies, the mean left out, dealt out to the bands like cards.

    Neighbouring frequencies go to different bands. With the 16 lowest in one band, the chance that two different
    figures share it is twice that of any band here (2.4e-4 against 1.1e-4, measured on 770 figures and panels),
    and the largest bucket sets the work.
    """
    row: Ints
    column: Ints
    row, column = np.divmod(np.arange(GRID * GRID, dtype=np.int64), GRID)
    order = np.lexsort((row, row + column))[1 : N_BITS + 1]
    dealt = order.reshape(-1, N_BANDS).T.ravel()
    return row[dealt], column[dealt]


def pack(hashes: list[bytes]) -> NDArray[np.uint64]:
    """(N, 4) uint64 from N hashes of 32 bytes."""
    return np.frombuffer(b"".join(hashes), dtype="<u8").reshape(-1, 4)


def bands(packed: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(N, 16) bucket numbers, band * 65536 + its 16 bits: hashes of one bucket are compared."""
    values = packed.view("<u2").astype(np.int64)
    numbers: Ints = values + np.arange(N_BANDS, dtype=np.int64) * 65536
    return numbers


def hamming(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Bits that differ, with broadcasting over all axes but the last, of hashes packed as (…, 4) uint64."""
    # Word by word: a sum over a last axis of four is seven times slower.
    counts = [np.bitwise_count(left[..., k] ^ right[..., k]) for k in range(left.shape[-1])]
    total: NDArray[np.uint16] = counts[0].astype(np.uint16)
    for count in counts[1:]:
        total += count
    return total

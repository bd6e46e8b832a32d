"""Glyphs: the blobs of a figure that may be letters standing alone, and a small picture of each.

A panel letter is a blob of one brightness with nothing close to its left and right but a bracket or a stop. Such
blobs are looked for at several brightnesses, dark and bright, because letters also stand on photographs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pipeline.split.boxes import Box
from pipeline.split.sums import sums_both

LONG_SIDE_PX = 960
"""Size at which glyphs are looked for. Half of all letters are 20 px high in figures 650 px wide, so they keep 9 px
even in figures of three times that size."""

_DARK_BELOW = (70, 140)
_BRIGHT_ABOVE = (195, 240)

_LEAST_PX, _MOST_SHARE = 7, 0.085
"""Height of a glyph: at least so many px, at most this share of the longer side. Source: of 21,776 panel letters 98 %
lie between."""

_NEAR = 0.25
"""Distance, in heights, up to which a letter of the same word stands."""

_BESIDE_BRACKET = ((0.4, 0.6), (0.5, 0.7), (0.6, 0.8))
"""Where, in heights, something empty may end a bracket or a stop; in a word the next letter stands there.

Source: on 120 synthetic figures 468 of 519 letters are read, none wrongly; 393 if all from 0.4 to 1.0 has to be empty.
"""

_BRACKET_INK = 0.35
"""Share of ink, up to there, that a bracket has at most."""

_MOST_GLYPHS = 500
"""Kept per figure, largest first: a bound on time."""

PATCH_PX = 32
_PATCH_SHARE = 2.0
"""Side of a patch, in heights of the glyph."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Glyphs of a figure."""

    boxes: NDArray[np.int32]
    """(N, 4) x0, y0, x1, y1 at the working size, half-open."""
    patches: NDArray[np.float32]
    """(N, 32, 32) 0 to 1: the glyph bright in the middle, with what surrounds it."""
    scale: float
    """Pixels of the figure per pixel at the working size, at least 1."""

    def box(self, number: int) -> Box:
        """The box of a glyph in px of the figure."""
        x0, y0, x1, y1 = (int(v) for v in self.boxes[number])
        return Box(x0, y0, x1, y1).scaled(self.scale)


def find_glyphs(pixels: NDArray[np.uint8], long_side_px: int = LONG_SIDE_PX) -> Glyphs:
    """The glyphs of a figure.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        long_side_px: the working size; larger figures are scaled down to it.
    """
    image = Image.fromarray(pixels).convert("L")
    scale = max(1.0, max(image.size) / long_side_px)
    if scale > 1.0:
        size = max(1, round(image.width / scale)), max(1, round(image.height / scale))
        image = image.resize(size, Image.Resampling.BOX)
    grey = np.asarray(image)
    masks = [grey < level for level in _DARK_BELOW] + [grey > level for level in _BRIGHT_ABOVE]
    found = [_alone(mask) for mask in masks]
    is_dark = np.repeat([True] * len(_DARK_BELOW) + [False] * len(_BRIGHT_ABOVE), [len(boxes) for boxes in found])
    boxes = np.concatenate(found)
    order = np.argsort(boxes[:, 1] - boxes[:, 3], kind="stable")[:_MOST_GLYPHS]
    return Glyphs(boxes[order], _patches(grey, boxes[order], is_dark[order]), scale)


def _alone(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Boxes (N, 4) of the blobs of a mask that have the size of letters and stand alone."""
    boxes = blobs(mask)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    most = max(_LEAST_PX + 1, _MOST_SHARE * max(mask.shape))
    fits = (height >= _LEAST_PX) & (height <= most) & (width <= 1.7 * height) & (width >= 0.1 * height) & (width >= 2)
    boxes = boxes[fits]
    ink = sums_both(mask)
    share = _count(ink, boxes) / ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    is_bar = boxes[:, 2] - boxes[:, 0] < 0.4 * (boxes[:, 3] - boxes[:, 1])  # an I may be nothing but a bar
    alone: NDArray[np.int32] = boxes[(share > 0.12) & ((share < 0.97) | is_bar) & _is_alone(ink, boxes)]
    return alone


def blobs(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Boxes (N, 4) of the blobs of a mask; pixels that touch at a corner belong together.

    They are read off the ends of the rows of ink: a third of the time that `ndimage.find_objects` takes.
    """
    labels, n_blobs = ndimage.label(mask, structure=np.ones((3, 3), np.int8))
    stride = mask.shape[1] + 1
    flat = np.pad(mask, ((0, 0), (0, 1))).ravel()  # an empty column ends every row
    ends = np.flatnonzero(np.diff(flat, prepend=False))
    rows, starts = np.divmod(ends[::2], stride)
    stops = ends[1::2] - rows * stride
    owners = labels[rows, starts] - 1
    x0, y0, x1, y1 = np.full(n_blobs, stride), np.empty(n_blobs, int), np.zeros(n_blobs, int), np.empty(n_blobs, int)
    np.minimum.at(x0, owners, starts)
    np.maximum.at(x1, owners, stops)
    y0[owners[::-1]] = rows[::-1]  # the last one written, the topmost, stays
    y1[owners] = rows + 1
    return np.stack([x0, y0, x1, y1], axis=1).astype(np.int32)


def _is_alone(ink: NDArray[np.int32], boxes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether nothing, or one narrow sign, stands on either side of each box."""
    height = boxes[:, 3] - boxes[:, 1]
    x0, y0, x1, y1 = boxes.T
    near = np.maximum(2, _NEAR * height).astype(np.int32)
    left, right = _holds(ink, 0.0, x0 - near, y0, x0, y1), _holds(ink, 0.0, x1, y0, x1 + near, y1)
    for share_low, share_high in _BESIDE_BRACKET:
        low, high = np.maximum(3, share_low * height), np.maximum(4, share_high * height)
        low, high = low.astype(np.int32), high.astype(np.int32)
        left |= _holds(ink, 0.0, x0 - high, y0, x0 - low, y1) & _holds(ink, _BRACKET_INK, x0 - low, y0, x0, y1)
        right |= _holds(ink, 0.0, x1 + low, y0, x1 + high, y1) & _holds(ink, _BRACKET_INK, x1, y0, x1 + low, y1)
    return left & right


def _holds(
    ink: NDArray[np.int32],
    most: float,
    x0: NDArray[np.int32],
    y0: NDArray[np.int32],
    x1: NDArray[np.int32],
    y1: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Whether each stretch holds ink in at most this share of its pixels."""
    few: NDArray[np.bool_] = _count(ink, np.stack([x0, y0, x1, y1], axis=1)) <= most * (x1 - x0) * (y1 - y0)
    return few


def _count(sums: NDArray[np.int32], boxes: NDArray[np.int32]) -> NDArray[np.int32]:
    """The sum inside each box (N, 4), cut to the picture; `sums` is (H + 1, W + 1), cumulated along both axes."""
    height, width = sums.shape
    x0, x1 = np.clip(boxes[:, 0], 0, width - 1), np.clip(boxes[:, 2], 0, width - 1)
    y0, y1 = np.clip(boxes[:, 1], 0, height - 1), np.clip(boxes[:, 3], 0, height - 1)
    found: NDArray[np.int32] = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    return found


def _patches(grey: NDArray[np.uint8], boxes: NDArray[np.int32], is_dark: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The surroundings of each box, averaged down to 32 px, bright where the glyph is, stretched to 0 to 1."""
    if not len(boxes):
        return np.zeros((0, PATCH_PX, PATCH_PX), np.float32)
    pad = int(_PATCH_SHARE * np.maximum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]).max()) + 2
    sums = sums_both(np.pad(grey, pad, mode="edge"))
    (x0, x1), (y0, y1) = (_edges(boxes[:, axis] + boxes[:, axis + 2], boxes, pad) for axis in (0, 1))
    x0, x1, y0, y1 = x0[:, None, :], x1[:, None, :], y0[:, :, None], y1[:, :, None]
    total = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
    mean = (total / ((y1 - y0) * (x1 - x0))).astype(np.float32)
    mean[is_dark] = 255 - mean[is_dark]
    ranked = np.sort(mean.reshape(len(mean), -1), axis=1)  # a third of the time that two quantiles take
    low, high = (_quantile(ranked, share)[:, None, None] for share in (0.05, 0.98))
    stretched: NDArray[np.float32] = np.clip((mean - low) / np.maximum(high - low, 1), 0, 1).astype(np.float32)
    return stretched


def _quantile(ranked: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """(N,) the value that a share of each sorted row (N, K) is under, between its two neighbours."""
    place = share * (ranked.shape[1] - 1)
    below, part = int(place), np.float32(place - int(place))
    found: NDArray[np.float32] = ranked[:, below] + part * (ranked[:, below + 1] - ranked[:, below])
    return found


def _edges(
    twice_middle: NDArray[np.int32], boxes: NDArray[np.int32], pad: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the pixels of each patch begin and end along one axis of the padded picture; each is 1 px or more."""
    side = _PATCH_SHARE * np.maximum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0])
    first = twice_middle / 2 - side / 2 + pad
    at = np.rint(first[:, None] + side[:, None] * np.arange(PATCH_PX + 1) / PATCH_PX).astype(np.int64)
    return at[:, :-1], np.maximum(at[:, 1:], at[:, :-1] + 1)

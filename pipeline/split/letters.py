"""Letters: where the panel letters that a caption names are printed.

A small network says of each glyph which letter it is, if any. One glyph alone proves little: an A may be a unit or a
gene. But the letters of one figure are all set alike, so the set of glyphs is taken that has one size and shows the
caption's letters best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from pipeline.split.boxes import Box
from pipeline.split.glyphs import LONG_SIDE_PX, Glyphs, find_glyphs
from pipeline.split.networks import Network, load_network

ALPHABET = ascii_uppercase + ascii_lowercase
"""Letters that the reader knows, in the order of its outputs."""

_LEAST_PROBABILITY = 0.5
"""A letter less sure than this is not read."""

_SURE, _LONGEST_RUN = 0.9, 12
"""What each letter must reach, and how many are looked for, where no caption says that there are any."""

_CLOSER, _CLOSE_SIDE_PX = 1.15, 1600
"""If letters are missing, a figure that was scaled down by more than the first is read again at the second size."""

_FLOOR = 0.02
"""What a letter that is not found counts in the choice between sets."""

_SAME_SIZE = 0.17
"""Difference of the logarithms of two heights up to which they count as one size: rounding at 9 px."""

_SEEDS = 40
"""Glyphs whose size is tried, surest first."""

_SAME_IN_BOTH_CASES = frozenset("cosuvwxzkp")
"""Letters whose two cases look alike but for their size."""

_LOW_HEIGHT = 0.74
"""Height of a lower-case letter without ascender or descender, as a share of one that has either."""

_LOW_LETTERS = frozenset("aceimnorsuvwxz")


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """A letter found on the figure."""

    label: str
    """As the caption prints it."""
    box: Box
    """In px of the figure."""
    probability: float
    """0.5 to 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The letters of a figure."""

    letters: tuple[ReadLetter, ...] = ()
    """Those of the caption's labels that were found, in the caption's order."""
    following: ReadLetter | None = None
    """The letter after the caption's last, if it is surely printed like the others: the caption then names not all."""


def read_letters(pixels: NDArray[np.uint8], labels: Sequence[str]) -> Reading:
    """The caption's labels as far as they are printed on the figure.

    Where the caption names no panels, the letters A, B, C … are looked for as far as they run, if all are sure.
    Labels that are no single letters are not looked for, and nothing is read where ONNX Runtime is missing.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        labels: as the caption prints them.
    """
    if not all(label in ALPHABET and len(label) == 1 for label in labels):
        return Reading()
    network = load_network("letters")
    if network is None:
        return Reading()
    if len(labels) < 2:
        return Reading(_sure_run(_read_at(pixels, ascii_uppercase[:_LONGEST_RUN], network, LONG_SIDE_PX).letters))
    found = _read_at(pixels, labels, network, LONG_SIDE_PX)
    if len(found.letters) < len(labels) and max(pixels.shape) > _CLOSER * LONG_SIDE_PX:
        closer = _read_at(pixels, labels, network, _CLOSE_SIDE_PX)
        return max(found, closer, key=lambda reading: len(reading.letters))
    return found


def _sure_run(letters: Sequence[ReadLetter]) -> tuple[ReadLetter, ...]:
    """The letters from the first on, as far as they run without a gap and all are sure; none where it is but one."""
    run: list[ReadLetter] = []
    for letter, wanted in zip(letters, ascii_uppercase, strict=False):
        if letter.label != wanted or letter.probability < _SURE:
            break
        run.append(letter)
    return tuple(run) if len(run) > 1 else ()


def _read_at(pixels: NDArray[np.uint8], labels: Sequence[str], network: Network, long_side_px: int) -> Reading:
    glyphs = find_glyphs(pixels, long_side_px)
    if not len(glyphs.boxes):
        return Reading()
    (probabilities,) = network.run(None, {"patches": glyphs.patches[:, None]})
    letters = choose_letters(glyphs, probabilities, labels)
    return Reading(letters, next_letter(glyphs, probabilities, labels, letters) if letters else None)


def next_letter(
    glyphs: Glyphs, probabilities: NDArray[np.float32], labels: Sequence[str], letters: Sequence[ReadLetter]
) -> ReadLetter | None:
    """The letter after the last label, in the one set of glyphs that shows both it and the letters that were chosen.

    Args:
        glyphs: of the figure, N of them.
        probabilities: (N, 53), as `choose_letters` takes them.
        labels: single letters.
        letters: what it chose. The next one may be a glyph of some other text, to which they do not belong.
    """
    last = max(labels, key=str.casefold)
    if last in "zZ":
        return None
    following = ALPHABET[ALPHABET.index(last) + 1]
    again = {one.label: one for one in choose_letters(glyphs, probabilities, [*labels, following])}
    found = again.pop(following, None)
    is_same_set = tuple(again.values()) == tuple(letters)
    return found if found and is_same_set and found.probability >= _SURE else None


def choose_letters(glyphs: Glyphs, probabilities: NDArray[np.float32], labels: Sequence[str]) -> tuple[ReadLetter, ...]:
    """The set of glyphs of one size that shows most of the labels, without those that are unsure.

    Args:
        glyphs: of the figure, N of them.
        probabilities: (N, 53), the letters in the order of `ALPHABET`, then none.
        labels: single letters.
    """
    best: tuple[float, NDArray[np.intp], NDArray[np.float32]] | None = None
    for scores, sizes in _styles(glyphs, probabilities, labels):
        for seed in np.argsort(-scores.max(axis=1), kind="stable")[:_SEEDS]:
            is_alike = np.abs(np.log(sizes / sizes[seed, scores[seed].argmax()])) <= _SAME_SIZE
            alike = np.where(is_alike, scores, 0.0)
            chosen, found = alike.argmax(axis=0), alike.max(axis=0)
            total = float(np.log(np.maximum(found, _FLOOR)).sum())
            if best is None or total > best[0]:
                best = total, chosen, found
    if best is None:
        return ()
    return tuple(_read(glyphs, best[1], best[2], labels))


def _styles(
    glyphs: Glyphs, probabilities: NDArray[np.float32], labels: Sequence[str]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """For letters printed in capitals, and in lower case: scores (N, K) and the sizes that the font would have."""
    heights = (glyphs.boxes[:, 3] - glyphs.boxes[:, 1]).astype(np.float64)
    upper = [ALPHABET.index(label.upper()) for label in labels]
    lower = [ALPHABET.index(label.lower()) for label in labels]
    both = np.array([label.lower() in _SAME_IN_BOTH_CASES for label in labels])
    shares = np.array([_LOW_HEIGHT if label.lower() in _LOW_LETTERS else 1.0 for label in labels])
    for own, other, share in ((upper, lower, np.ones(len(labels))), (lower, upper, shares)):
        scores: NDArray[np.float32] = probabilities[:, own] + np.where(both, probabilities[:, other], 0)
        yield scores, heights[:, None] / share


def _read(
    glyphs: Glyphs, chosen: NDArray[np.intp], found: NDArray[np.float32], labels: Sequence[str]
) -> Iterator[ReadLetter]:
    for label, number, probability in zip(labels, chosen, found, strict=True):
        if probability >= _LEAST_PROBABILITY:
            yield ReadLetter(label, glyphs.box(int(number)), round(min(1.0, float(probability)), 4))

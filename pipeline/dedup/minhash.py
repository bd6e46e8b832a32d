"""Which texts are nearly the same: shingles, MinHash bands that propose pairs, and the exact Jaccard that decides.

Every hash is written out here (blake2b, and the finaliser of SplitMix64): the same text gives the same numbers
on every machine and with every version of numpy.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

N_BANDS = 24
N_ROWS = 6
"""24 bands of 6: a pair with Jaccard j is proposed with probability 1 - (1 - j^6)^24: 0.999 at 0.8, 0.32 at 0.5."""
SHINGLE = 3
_BLOCK = 4096
"""Shingles hashed at once: bounds memory to 5 MB whatever the length of a text."""
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1

_FIGURE = re.compile(
    r"\b(?:(?:supplementary|supplemental|extended data|online)\s+)?"
    r"(?:fig(?:ure)?s?\b\.?|scheme|chart|plate)\s*s?\d{1,3}[a-z]?\b"
)
_PANEL = re.compile(r"\(\s*(?:[a-z]|[ivx]{1,4})(?:\s*[-–,&]\s*(?:[a-z]|[ivx]{1,4}))*\s*\)")
_WORD = re.compile(r"\w+")

Words = NDArray[np.uint64]


def words(text: str) -> list[str]:
    """The words that two copies of a text share: NFKC, no case, no punctuation, no figure number or panel letter."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _WORD.findall(_PANEL.sub(" ", _FIGURE.sub(" ", folded)))


def text_key(tokens: list[str]) -> str:
    """32 hex digits that are equal for texts with the same words. Texts without words share one key."""
    joined = " ".join(tokens).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=16).hexdigest()


def shingles(tokens: list[str]) -> Words:
    """(S,) uint64 sorted, distinct: one number for each run of three words; empty for fewer than three."""
    if len(tokens) < SHINGLE:
        return np.empty(0, dtype=np.uint64)
    ids = np.array([_word_id(token) for token in tokens], dtype=np.uint64)
    runs = _mix(ids[:-2])
    runs = _mix(runs ^ ids[1:-1])
    return np.unique(_mix(runs ^ ids[2:]))


@lru_cache(maxsize=1 << 16)
def _word_id(word: str) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _mix(values: Words) -> Words:
    """SplitMix64: a bijection of 64-bit numbers whose every output bit depends on every input bit."""
    values = values + np.uint64(_GOLDEN)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def jaccard(left: Words, right: Words) -> float:
    """Shared over all shingles, 0 to 1; 0 where neither has any. Both sorted and distinct."""
    shared = np.intersect1d(left, right, assume_unique=True).size
    union = left.size + right.size - shared
    return shared / union if union else 0.0


@lru_cache(maxsize=8)
def _functions(seed: int) -> Words:
    """(144, 1) uint64: one number that makes SplitMix64 another hash function."""
    steps = [(seed + (i + 1) * _GOLDEN) & _MASK for i in range(N_BANDS * N_ROWS)]
    return _mix(_mix(np.array(steps, dtype=np.uint64)))[:, None]


def signature(shingled: Words, seed: int) -> Words:
    """(144,) uint64 MinHash of at least one shingle: the smallest value of each hash function.

    Raises:
        ValueError: there is no shingle; such texts are compared by `text_key` only.
    """
    if not shingled.size:
        raise ValueError("a text without shingles has no MinHash: compare it by its key")
    functions = _functions(seed)
    smallest = np.full(len(functions), _MASK, dtype=np.uint64)
    for start in range(0, shingled.size, _BLOCK):
        block = _mix(shingled[start : start + _BLOCK][None, :] ^ functions)
        np.minimum(smallest, block.min(axis=1), out=smallest)
    return smallest


def bands(shingled: Words, seed: int) -> NDArray[np.int64]:
    """(24,) int64 bucket numbers of a text with at least one shingle: texts that share one are compared."""
    rows = signature(shingled, seed).reshape(N_BANDS, N_ROWS)
    bucket = _mix(np.arange(N_BANDS, dtype=np.uint64))
    for k in range(N_ROWS):
        bucket = _mix(bucket ^ rows[:, k])
    return bucket.view(np.int64)

"""Panel labels as captions print them: `A`, `b`, `A1`, `A′`, `iv`, `3`, and lists and ranges of them.

A printed letter alone does not say what alphabet it belongs to (`i` is a letter after `h` and a number before `ii`), so
a list is read once per `Family` and the scheme of the whole caption decides which reading holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PRIMES = "'′’″"
_ITEM = (
    rf"(?<!\w)(?>(?:[A-Za-z](?:\d{{1,2}}|-[ivx]{{1,4}}|[ivx]{{1,4}})?"
    rf"|[ivx]{{1,5}}|[IVX]{{1,5}}|\d{{1,2}}[A-Za-z]?)(?!\w)[{PRIMES}]{{0,2}})(?!\w)"
)
_DASH = r"[-‐‑‒–—−~]"
_WORD_SEPARATOR = r"\s{1,2}(?:and|or|to|through)\s{1,2}"
_SEPARATOR = rf"(?:\s?(?:,\s{{0,2}}(?:and|&)|[,&/+]|{_DASH})\s{{0,2}}|{_WORD_SEPARATOR})"
_BRACKET_SEPARATOR = rf"(?:\s?(?:[,;]\s{{0,2}}(?:and|&)|[,;&/+]|{_DASH})\s{{0,2}}|{_WORD_SEPARATOR})"
LIST_PATTERN = rf"{_ITEM}(?:{_SEPARATOR}{_ITEM}){{0,30}}+"
"""A list of labels. Items are atomic and the repetition gives nothing back: a search costs linear time."""
BRACKET_LIST_PATTERN = rf"{_ITEM}(?:{_BRACKET_SEPARATOR}{_ITEM}){{0,30}}+"
"""A list of labels inside brackets, where a semicolon may part them."""

_PIECES = re.compile(rf"(?P<item>{_ITEM})|(?P<range>{_DASH}|\bto\b|\bthrough\b)|(?P<other>[^\s])|\s+")
_RANGE_LIMIT = 26
_ROW_LIMIT = 20
_ROMAN = {"i": 1, "v": 5, "x": 10}
_ROMAN_WORDS = [
    *("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii"),
    *("xviii", "xix", "xx", "xxi", "xxii", "xxiii", "xxiv", "xxv", "xxvi"),
]


class Family(StrEnum):
    """The alphabets that number panels."""

    UPPER = "upper"
    LOWER = "lower"
    ROMAN_UPPER = "roman_upper"
    ROMAN_LOWER = "roman_lower"
    DIGIT = "digit"


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """One panel label: its place in the alphabet, and what is printed.

    `major` counts from 1 (`C` and `iii` and `3` are 3); `minor` is the number of `A2` or `A-ii`, else 0; `primes`
    counts the strokes of `A′`; `row` is the number of `2A`, else 0.
    """

    major: int
    minor: int
    primes: int
    row: int
    text: str


@lru_cache(maxsize=4096)
def read_list(printed: str, family: Family) -> tuple[Label, ...] | None:
    """The labels a printed list names in one alphabet, ranges expanded; None where it cannot be read so.

    Reversed and mixed ranges (`D–A`, `A–3`) and ranges of more than 26 labels are refused.
    """
    labels: list[Label] = []
    in_range = False
    for piece in _PIECES.finditer(printed):
        if piece.lastgroup == "range":
            in_range = bool(labels)
        elif piece.lastgroup == "item":
            label = _read_item(piece.group(), family)
            if label is None and in_range and labels[-1].minor and piece.group().isdigit():
                label = _read_item(labels[-1].text[0] + piece.group(), family)
            if label is None:
                return None
            steps = _steps(labels[-1], label, family) if in_range else (label,)
            if steps is None:
                return None
            labels.extend(steps)
            in_range = False
    return tuple(dict.fromkeys(labels)) or None


def is_readable(printed: str) -> bool:
    """Can the list be read in some alphabet?"""
    return any(read_list(printed, family) for family in Family)


def _read_item(printed: str, family: Family) -> Label | None:
    bare = printed.rstrip(PRIMES)
    primes = sum(2 if mark == "″" else 1 for mark in printed[len(bare) :])
    if family is Family.DIGIT:
        is_number = bare.isascii() and bare.isdigit() and int(bare) > 0
        return Label(int(bare), 0, primes, 0, printed) if is_number else None
    if family in (Family.ROMAN_LOWER, Family.ROMAN_UPPER):
        wanted = bare.lower() if family is Family.ROMAN_UPPER and bare.isupper() else bare
        is_cased = bare.isupper() if family is Family.ROMAN_UPPER else bare.islower()
        if not is_cased or wanted not in _ROMAN_WORDS:
            return None
        return Label(_ROMAN_WORDS.index(wanted) + 1, 0, primes, 0, printed)
    return _read_letter(bare, primes, printed, family)


def _read_letter(bare: str, primes: int, printed: str, family: Family) -> Label | None:
    if bare[0].isdigit():
        return _read_rowed(bare, printed, family)
    letter, rest = bare[0], bare[1:].lstrip("-")
    if letter.isupper() != (family is Family.UPPER) or (rest in _ROMAN and family is Family.LOWER):
        return None
    if rest and rest not in _ROMAN_WORDS and not (rest.isdigit() and int(rest) > 0):
        return None
    minor = 0 if not rest else int(rest) if rest.isdigit() else _ROMAN_WORDS.index(rest) + 1
    return Label(ord(letter.upper()) - 64, minor, primes, 0, printed)


def _read_rowed(bare: str, printed: str, family: Family) -> Label | None:
    letter = bare[-1]
    if not letter.isalpha() or letter.isupper() != (family is Family.UPPER) or not 0 < int(bare[:-1]) <= _ROW_LIMIT:
        return None
    return Label(ord(letter.upper()) - 64, 0, 0, int(bare[:-1]), printed)


def _steps(first: Label, last: Label, family: Family) -> tuple[Label, ...] | None:
    """What follows `first` up to `last`, both plain or both numbered under one letter."""
    if first.primes or last.primes or first.row != last.row:
        return None
    if first.minor or last.minor:
        if first.major != last.major or not first.minor < last.minor <= first.minor + _RANGE_LIMIT:
            return None
        numbers = range(first.minor + 1, last.minor + 1)
        return tuple(Label(first.major, n, 0, 0, f"{first.text[0]}{n}") for n in numbers)
    if not first.major < last.major <= first.major + _RANGE_LIMIT:
        return None
    return tuple(_plain(n, first.row, family) for n in range(first.major + 1, last.major + 1))


def _plain(major: int, row: int, family: Family) -> Label:
    if family is Family.DIGIT:
        return Label(major, 0, 0, 0, str(major))
    if family in (Family.ROMAN_LOWER, Family.ROMAN_UPPER):
        word = _ROMAN_WORDS[min(major, len(_ROMAN_WORDS)) - 1]
        return Label(major, 0, 0, 0, word.upper() if family is Family.ROMAN_UPPER else word)
    letter = chr(64 + major)
    letter = letter if family is Family.UPPER else letter.lower()
    return Label(major, 0, 0, row, f"{row}{letter}" if row else letter)

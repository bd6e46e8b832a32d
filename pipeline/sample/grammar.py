"""Sentences from templates: choices, slots and numbers, drawn from a seeded generator.

A template holds ``[one|another|]`` for a choice (choices may nest), ``{name}`` for a word of the article and
``#10-60#`` or ``#0.20-0.95#`` for a number with as many decimals as written. Templates are XML fragments, so that
a gene can be italic and an exponent raised.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from pipeline.sample.canvas import Rng

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"#([0-9.]+)-([0-9.]+)#")
_TAG = re.compile(r"<[^>]*>")


def expand(template: str, slots: Mapping[str, str], rng: Rng) -> str:
    """The template with everything filled in.

    Raises:
        KeyError: a slot of the template is not among `slots`.
    """
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda m: pick(rng, m.group(1).split("|")), template)
    filled = _SLOT.sub(lambda m: slots[m.group(1)], template)
    return _NUMBER.sub(lambda m: _number(m.group(1), m.group(2), rng), filled)


def pick(rng: Rng, options: Sequence[str]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def plain(fragment: str) -> str:
    """The text of an XML fragment, with single blanks."""
    return " ".join(html.unescape(_TAG.sub("", fragment)).split())


def sentence(fragment: str) -> str:
    """The fragment with a capital first letter and a full stop."""
    return fragment if fragment.endswith((".", "?")) else capitalized(fragment) + "."


def capitalized(fragment: str) -> str:
    """The fragment with its first letter, after any tags, in upper case; names such as p53 stay as they are."""
    found = re.match(r"((?:<[^>]*>)*)([a-z])(?=[a-z -])", fragment)
    return found.group(1) + found.group(2).upper() + fragment[found.end() :] if found else fragment


def _number(low: str, high: str, rng: Rng) -> str:
    decimals = len(low.partition(".")[2])
    return f"{rng.uniform(float(low), float(high)):.{decimals}f}"

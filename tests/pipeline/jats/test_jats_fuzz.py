"""No bytes raise anything but JatsError, and no caption holds what is not in the document."""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.jats import JatsError, ParsedArticle, cuts, read_article

GNARLY = Path(__file__).resolve().parents[2] / "gnarly"
SEEDS = sorted(GNARLY.glob("*.xml"))
_TAG = re.compile(rb"<[^>]*>")


def attempt(xml: bytes) -> ParsedArticle | None:
    try:
        return read_article(xml)
    except JatsError as error:
        assert error.detail
        return None


def check(article: ParsedArticle | None) -> None:
    for figure in article.figures if article else ():
        assert figure.caption != ""
        assert all(0 <= m.start < m.end <= len(figure.caption or "") for m in figure.marks)
        assert all(m.text[m.start : m.end] == m.cited for m in figure.mentions)


@given(st.binary(max_size=400))
def test_random_bytes(xml: bytes) -> None:
    check(attempt(xml))


def mutated(xml: bytes, chance: random.Random) -> bytes:
    """The document with a few bytes or tags changed, dropped, doubled or swapped."""
    for _ in range(chance.randint(1, 4)):
        tags = list(_TAG.finditer(xml))
        kind = chance.randrange(6)
        if kind < 4 and tags:
            one, other = chance.choice(tags), chance.choice(tags)
            start, end = one.span()
            new = (b"", one[0] * 2, other[0], one[0] + xml[other.start() : other.start() + 200])[kind]
        else:
            start = chance.randrange(len(xml) + 1)
            end = min(len(xml), start + (chance.randrange(9) if kind == 4 else 0))
            new = bytes(chance.choices(b"<>&;!?/\"' =\0\xffaP1[]-", k=chance.randrange(4)))
        xml = xml[:start] + new + xml[end:]
    return xml


@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_mutated_files(path: Path, seed: int) -> None:
    check(attempt(mutated(path.read_bytes(), random.Random(seed))))


@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_mutated_files_are_read_as_with_all_their_paragraphs(path: Path, seed: int) -> None:
    xml = mutated(path.read_bytes(), random.Random(seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "uncited_paragraphs", lambda xml, tags: [])
        whole = attempt(xml)
    assert whole is None or attempt(xml) in (whole, None)


@pytest.mark.long
@pytest.mark.corpus
def test_mutated_articles_for_minutes(corpus: Path) -> None:
    """Runs for $PMC15M_FUZZ_SECONDS (300)."""
    seeds = [path.read_bytes() for path in sorted(corpus.glob("cloud/PMC*/*.xml"))] + [p.read_bytes() for p in SEEDS]
    chance = random.Random(time.time_ns())
    end = time.monotonic() + float(os.environ.get("PMC15M_FUZZ_SECONDS", "300"))
    n = 0
    while time.monotonic() < end:
        check(attempt(mutated(chance.choice(seeds), chance)))
        n += 1
    assert n > 0

"""Texts: what makes two of them the same, and that banding proposes the pairs that are nearly the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup import minhash
from pipeline.dedup.minhash import bands, jaccard, shingles, signature, text_key, words

TOKENS = st.lists(st.sampled_from(["cell", "dye", "red", "of", "the", "5", "µm"]), max_size=30)
CAPTION = "Micrographs of mouse liver stained with haematoxylin and eosin after six weeks of treatment"


@pytest.mark.parametrize(
    "copy",
    [
        "Figure 1. " + CAPTION,
        "FIG. 12B: " + CAPTION.upper() + ".",
        "Supplementary Figure S3 | " + CAPTION,
        "(A) " + CAPTION,
        "(a–c) " + CAPTION.replace(" ", "\n\t "),
        CAPTION.replace("liver", "liver (iv)"),
        CAPTION.replace("fi", "ﬁ").replace("six", "ＳＩＸ"),
    ],
)
def test_copies_have_the_same_words(copy: str) -> None:
    assert words(copy) == CAPTION.casefold().split()


@pytest.mark.parametrize("text", ["", "  \n", "Figure 2.", "Fig. S1A", "(a)", "—"])
def test_texts_that_say_nothing_have_no_words(text: str) -> None:
    assert words(text) == []


@pytest.mark.parametrize(
    "text", ["figurine 3 stands", "5 µm", "patient (12) smiled", "the chart shows 3 lines", "図 細胞"]
)
def test_what_is_no_label_stays(text: str) -> None:
    assert len(words(text)) >= len(text.replace("(", "").split())


def test_numbers_that_are_data_tell_texts_apart() -> None:
    assert text_key(words("dose of 5 mg")) != text_key(words("dose of 50 mg"))


def test_keys_and_buckets_are_the_same_on_every_machine() -> None:
    assert text_key(words(CAPTION)) == "d73b630cc9a112d0df63d9dcc284d7ae"
    assert bands(shingles(words(CAPTION)), seed=0)[:2].tolist() == [-4314789066667687459, -2625981514767327619]


@given(TOKENS)
def test_shingles_stand_for_the_distinct_runs_of_three_words(tokens: list[str]) -> None:
    runs = {*zip(tokens, tokens[1:], tokens[2:], strict=False)}
    found = shingles(tokens)
    assert found.size == len(runs) and np.all(found[1:] > found[:-1])


@given(TOKENS, TOKENS)
def test_jaccard_is_that_of_the_sets_of_runs(left: list[str], right: list[str]) -> None:
    a, b = ({*zip(t, t[1:], t[2:], strict=False)} for t in (left, right))
    expected = len(a & b) / len(a | b) if a | b else 0.0
    assert jaccard(shingles(left), shingles(right)) == expected


@given(TOKENS.filter(lambda tokens: len(tokens) > 2), st.integers(0, 2**63 - 1))
def test_signature_does_not_depend_on_blocks(tokens: list[str], seed: int) -> None:
    whole = signature(shingles(tokens), seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minhash, "_BLOCK", 2)
        assert np.array_equal(signature(shingles(tokens), seed), whole)


def test_a_text_without_shingles_has_no_minhash() -> None:
    with pytest.raises(ValueError, match="compare it by its key"):
        bands(shingles(["two", "words"]), seed=0)


def _pair_with_jaccard(rng: random.Random, shared: int, own: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = [rng.getrandbits(64) for _ in range(shared + 2 * own)]
    left, right = numbers[: shared + own], numbers[:shared] + numbers[shared + own :]
    return tuple(np.sort(np.array(side, dtype=np.uint64)) for side in (left, right))


@pytest.mark.parametrize(
    ("shared", "own", "lowest", "highest"), [(80, 10, 0.99, 1.0), (50, 25, 0.2, 0.45), (10, 45, 0.0, 0.01)]
)
def test_banding_proposes_as_often_as_the_formula_says(shared: int, own: int, lowest: float, highest: float) -> None:
    rng = random.Random(0)
    pairs = [_pair_with_jaccard(rng, shared, own) for _ in range(300)]
    proposed = [np.any(bands(left, 0) == bands(right, 0)) for left, right in pairs]
    assert lowest <= np.mean(proposed) <= highest

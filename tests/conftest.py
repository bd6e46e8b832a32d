"""What all tests share: where the corpus is, and pairs that are alike in every way that deduplication knows."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


def corpus_root() -> Path:
    """The folder of real articles: $PMC15M_CORPUS, else `shared/corpus` beside the checkout."""
    return Path(os.environ.get("PMC15M_CORPUS", HERE.parent.parent / "shared" / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus root; the test is skipped, saying so, where there is none."""
    root = corpus_root()
    if not root.is_dir():
        pytest.skip(f"no test corpus at {root}; set PMC15M_CORPUS to its folder to run this test")
    return root


WORDS = (
    "the",
    "cells",
    "of",
    "mice",
    "were",
    "stained",
    "with",
    "red",
    "dye",
    "after",
    "two",
    "days",
    "at",
    "low",
    "heat",
)


def _texts(rng: random.Random) -> list[str]:
    long = [" ".join(rng.choices(WORDS, k=rng.randint(8, 30))) for _ in range(6)]
    near = [text + " again" for text in long] + [f"Figure {n}. (A) {text.upper()}!" for n, text in enumerate(long)]
    # Many near copies of one text: a hot bucket.
    crowd = [" ".join([*WORDS, *WORDS[::-1], f"sample{n}"]) for n in range(12)]
    return [
        *long,
        *near,
        *crowd,
        "",
        "   ",
        "Figure 1.",
        "Study flowchart",
        "STUDY  flowchart.",
        "ROC curves",
        "图 1 细胞",
    ]


def _flip(phash: bytes, bits: list[int]) -> bytes:
    number = int.from_bytes(phash, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def _phashes(rng: random.Random) -> list[bytes | None]:
    seeds = [rng.randbytes(32) for _ in range(5)]
    near = [_flip(seed, rng.sample(range(256), rng.randint(1, 14))) for seed in seeds for _ in range(3)]
    # One band in common and nothing else: a hot bucket of different images.
    crowd = [seeds[0][:2] + rng.randbytes(30) for _ in range(10)]
    return [*seeds, *near, *crowd, None]


def make_rows(n: int, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    texts, phashes = _texts(rng), _phashes(rng)
    rows = []
    for k in range(n):
        article, version = rng.randint(1, n), rng.randint(1, 2)
        rows.append(
            {
                "pair_id": f"PMC{article}_v{version}_f{k:03d}_s00",
                "article_id": f"PMC{article}_v{version}",
                "pmcid": f"PMC{article}",
                "version": version,
                "text": rng.choice(texts),
                "pixel_sha256": f"{rng.randint(1, n):064x}",
                "phash": rng.choice(phashes),
                "width_px": rng.choice([300, 600]),
                "height_px": rng.choice([300, 400]),
                "license": rng.choice(["CC0", "CC BY", "CC BY-NC-ND", "other", None]),
                "n_bytes": 1,
            }
        )
    return rows


@pytest.fixture(scope="session")
def dedup_rows() -> Callable[[int, int], list[dict[str, Any]]]:
    """Makes so many pairs from a seed: copies, near copies, hot buckets, short and empty texts, flat images."""
    return make_rows

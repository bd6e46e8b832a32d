"""What all tests share: where the corpus is."""

from __future__ import annotations

import os
from pathlib import Path

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

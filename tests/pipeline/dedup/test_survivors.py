"""Which copy is kept."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.dedup.survivors import license_rank, preference

BASE: dict[str, Any] = {"rank": 1, "width_px": 400, "height_px": 300, "license": "CC BY", "version": 1}


@pytest.mark.parametrize(
    "better",
    [
        {"rank": 2, "width_px": 10},
        {"width_px": 401, "license": "CC BY-NC"},
        {"license": "CC0"},
        {"version": 2},
    ],
)
def test_the_better_copy_sorts_first(better: dict[str, Any]) -> None:
    assert preference(**{**BASE, **better}) < preference(**BASE)


def test_licences_are_ranked_from_the_freest_and_unknown_ones_last() -> None:
    codes = ["CC0", "CC BY", "CC BY-SA", "CC BY-NC", "CC BY-NC-SA", "CC BY-ND", "CC BY-NC-ND"]
    ranks = [license_rank(code) for code in codes]
    assert ranks == sorted(set(ranks))
    assert license_rank(None) == license_rank("TDM") == license_rank("") > max(ranks)

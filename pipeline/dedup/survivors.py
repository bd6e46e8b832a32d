"""Which of several pairs with the same image and the same text is kept."""

from __future__ import annotations

from pipeline.licenses import CODES


def license_rank(code: str | None) -> int:
    """Place of a licence from the freest, 0; unknown ones and none come last."""
    return CODES.index(code) if code in CODES else len(CODES)


def preference(
    *, rank: int, width_px: int, height_px: int, license: str | None, version: int
) -> tuple[int, int, int, int]:
    """A key that sorts the pair to keep first among duplicates; equal keys are decided by the smaller pair_id.

    The most held-out split comes first, so that the survivor is one that no split conflict takes away; then more
    pixels, the freer licence, the later version.

    Args:
        rank: of the pair's split, 0 (train) to 2 (test).
    """
    return (-rank, -width_px * height_px, license_rank(license), -version)

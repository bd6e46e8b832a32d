from __future__ import annotations

import dataclasses

import pytest

from pipeline.config import FilterConfig
from pipeline.filter import RULES
from schemas.pairs import Candidate
from schemas.reject import Reason

GOOD = Candidate(
    pair_id="PMC1_v1_f001_s00",
    subfigure_id="PMC1_v1_f001_s00",
    figure_id="PMC1_v1_f001",
    article_id="PMC1_v1",
    pmcid="PMC1",
    version=1,
    kind="whole",
    text="Growth of the treated cells over nine days.",
    n_chars=43,
    n_words=8,
    alpha_share=0.97,
    language="en",
    language_prob=0.9,
    width_px=600,
    height_px=400,
    crop_width_px=384,
    crop_height_px=256,
    pixel_sha256="0" * 64,
    phash=None,
    luma_std=40.0,
    flat_share=0.6,
    match="single",
    match_confidence=1.0,
    text_confidence=1.0,
    license="CC BY",
    license_url=None,
    attribution="A",
    rights_note=None,
    image_url="s3://b/PMC1.1/a.jpg",
    image_md5=None,
    crop_shard="s",
    crop_offset=0,
    n_bytes=1,
)


def verdict(**changes: object) -> Reason | None:
    pair = dataclasses.replace(GOOD, **changes)
    return next((rule.reason for rule in RULES if rule.test(pair, FilterConfig())), None)


def test_a_good_pair_passes() -> None:
    assert verdict() is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"height_px": 63}, Reason.IMAGE_TOO_SMALL),
        ({"height_px": 64}, None),
        ({"width_px": 4001}, Reason.ASPECT_RATIO),
        ({"width_px": 4000}, None),
        ({"luma_std": 1.9}, Reason.BLANK_IMAGE),
        ({"flat_share": 0.996}, Reason.BLANK_IMAGE),
        ({"n_words": 2, "text": "Study flowchart"}, Reason.TEXT_TOO_SHORT),
        ({"n_words": 3, "text": "Study flow chart"}, None),
        ({"language": "de", "language_prob": 0.99}, Reason.NOT_ENGLISH),
        ({"language": "de", "language_prob": 0.7}, None),
        ({"language": "la", "language_prob": 0.99, "n_words": 4}, None),
    ],
)
def test_each_rule_at_its_threshold(changes: dict[str, object], reason: Reason | None) -> None:
    assert verdict(**changes) is reason


@pytest.mark.parametrize(
    "text", ["See text.", "Figure 1.", "Fig. 2a", "Supplementary Figure S3", "Graphical abstract", "N/A"]
)
def test_placeholders(text: str) -> None:
    assert verdict(text=text, n_words=5) is Reason.PLACEHOLDER_TEXT


@pytest.mark.parametrize(
    "text", ["Figure 1. Growth of cells.", "See text for the model of growth", "Scheme of the trial"]
)
def test_no_placeholders(text: str) -> None:
    assert verdict(text=text, n_words=5) is None


def test_the_first_rule_that_speaks_names_the_reject() -> None:
    assert verdict(height_px=10, luma_std=0.0, n_words=0) is Reason.IMAGE_TOO_SMALL

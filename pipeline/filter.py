"""filter: a table of named rules over what was measured. The first rule that speaks names the reject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.config import FilterConfig
from pipeline.stage import Context, Function, Outcome, Stage
from schemas.pairs import Candidate
from schemas.reject import Reason, Reject

_PLACEHOLDER = re.compile(
    r"(see (the )?(main )?(text|legend|caption|below|above)( for (details|explanation|legend))?"
    r"|(supplementary|supplemental|additional|extended data)? ?(figure|fig|image|scheme|plate|photo|chart|graph)s?"
    r"\.? ?[a-z]?\d*[a-z]?|no (caption|legend)( available| found)?|graphical abstract|untitled|n/?a|image)[.:]?",
    re.IGNORECASE,
)
"""Whole texts that say nothing but that there is a figure."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason, and the test that tells what was found, or None where the pair passes."""

    reason: Reason
    test: Callable[[Candidate, FilterConfig], str | None]


def _too_small(pair: Candidate, config: FilterConfig) -> str | None:
    side = min(pair.width_px, pair.height_px)
    return f"shorter side {side} px, under {config.min_side_px}" if side < config.min_side_px else None


def _too_long(pair: Candidate, config: FilterConfig) -> str | None:
    aspect = max(pair.width_px, pair.height_px) / min(pair.width_px, pair.height_px)
    return f"aspect {aspect:.1f}, above {config.max_aspect}" if aspect > config.max_aspect else None


def _blank(pair: Candidate, config: FilterConfig) -> str | None:
    if pair.luma_std < config.min_luma_std:
        return f"brightness spreads by {pair.luma_std}, under {config.min_luma_std}"
    if pair.flat_share > config.max_flat_share:
        return f"{pair.flat_share:.2%} of the pixels are equally bright, above {config.max_flat_share:.2%}"
    return None


def _placeholder(pair: Candidate, config: FilterConfig) -> str | None:
    return f"says only: {pair.text}" if _PLACEHOLDER.fullmatch(pair.text.strip()) else None


def _too_short(pair: Candidate, config: FilterConfig) -> str | None:
    return f"{pair.n_words} words: {pair.text}" if pair.n_words < config.min_words else None


def _other_language(pair: Candidate, config: FilterConfig) -> str | None:
    kept = [code.strip() for code in config.languages.split(",") if code.strip()]
    is_sure = pair.n_words >= config.min_language_words and pair.language_prob >= config.min_other_language_prob
    if not kept or pair.language in kept or not is_sure:
        return None
    return f"{pair.language}, {pair.language_prob:.2f}"


RULES = (
    Rule(Reason.IMAGE_TOO_SMALL, _too_small),
    Rule(Reason.ASPECT_RATIO, _too_long),
    Rule(Reason.BLANK_IMAGE, _blank),
    Rule(Reason.PLACEHOLDER_TEXT, _placeholder),
    Rule(Reason.TEXT_TOO_SHORT, _too_short),
    Rule(Reason.NOT_ENGLISH, _other_language),
)


def _start(context: Context) -> Function:
    config = context.config.filter

    def filter_pair(pair: Candidate) -> Iterator[Outcome]:
        for rule in RULES:
            if detail := rule.test(pair, config):
                yield Reject(stage="filter", record_id=pair.id, reason=rule.reason, detail=detail)
                return
        yield pair

    return filter_pair


STAGE = Stage("filter", (Candidate,), (Candidate,), revision=1, start=_start)

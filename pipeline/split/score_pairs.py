"""How right the panel pairs are that the splitter gives out, end to end: box, letter and words together.

A pair is right where a true panel of its letter overlaps its box (IoU of 0.5 or more) and its words are those of that
panel (distinct-token F1 of 0.8 or more). Where nobody has split the caption, only box and letter can be judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.split.score_captions import RIGHT_WORDS, distinct_token_f1
from pipeline.split.score_panels import box_of

_LEAST_IOU = 0.5

FigureKey = tuple[str, str | None]
"""Article and `<fig>` that a line of a labelled set speaks of."""


@dataclass(frozen=True, slots=True)
class PairScores:
    """The measures over one labelled set; ratios are 0 where nothing was to be counted.

    `placed` counts pairs whose box and letter are right, over all figures; `right` those whose words are too, over the
    figures with a true split of their caption (`n_judged`, `n_judged_true`). `n_from_singles` are pairs given out of
    single figures; they count as wrong.
    """

    n_figures: int
    n_split: int
    n_emitted: int
    n_true: int
    n_placed: int
    placed_precision: float
    placed_found: float
    n_judged: int
    n_judged_true: int
    n_right: int
    right_precision: float
    right_found: float
    n_from_singles: int


@dataclass(slots=True)
class _Counts:
    emitted: int = 0
    true: int = 0
    good: int = 0


def score_pairs(
    truth: Iterable[Mapping[str, Any]],
    subcaptions: Mapping[FigureKey, Mapping[str, str]],
    predictions: Iterable[Mapping[str, Any]],
) -> PairScores:
    """The scores of the pairs that were given out.

    Args:
        truth: per figure `pmcid`, `fig_id`, `compound` and `panels` with `x, y, w, h, label`.
        subcaptions: text by label, for the figures whose caption was split by a reader.
        predictions: per figure, in the same order, `pairs` with `x, y, w, h, label, text`.

    Raises:
        ValueError: there are more figures on one side than on the other.
    """
    placed, right = _Counts(), _Counts()
    n_figures = n_split = n_singles = 0
    for figure, found in zip(truth, predictions, strict=True):
        pairs = found["pairs"]
        n_figures, n_split = n_figures + 1, n_split + bool(pairs)
        n_singles += 0 if figure["compound"] else len(pairs)
        places = [_is_placed(pair, figure) for pair in pairs]
        n_true = sum(panel["label"] is not None for panel in figure["panels"]) if figure["compound"] else 0
        _add(placed, places, n_true)
        if (texts := subcaptions.get((figure["pmcid"], figure["fig_id"]))) and figure["compound"]:
            _add(right, [a and b for a, b in zip(places, _are_worded(pairs, texts), strict=True)], n_true)
    return PairScores(
        n_figures=n_figures,
        n_split=n_split,
        n_emitted=placed.emitted,
        n_true=placed.true,
        n_placed=placed.good,
        placed_precision=_ratio(placed.good, placed.emitted),
        placed_found=_ratio(placed.good, placed.true),
        n_judged=right.emitted,
        n_judged_true=right.true,
        n_right=right.good,
        right_precision=_ratio(right.good, right.emitted),
        right_found=_ratio(right.good, right.true),
        n_from_singles=n_singles,
    )


def _add(counts: _Counts, good: list[bool], n_true: int) -> None:
    counts.emitted += len(good)
    counts.true += n_true
    counts.good += sum(good)


def _is_placed(pair: Mapping[str, Any], figure: Mapping[str, Any]) -> bool:
    """Whether a true panel of the pair's letter, in either case, lies where the pair's box is."""
    if not figure["compound"]:
        return False
    label, box = _folded(pair["label"]), box_of(pair)
    return any(_folded(panel["label"]) == label and box_of(panel).iou(box) >= _LEAST_IOU for panel in figure["panels"])


def _are_worded(pairs: list[Mapping[str, Any]], texts: Mapping[str, str]) -> list[bool]:
    """Per pair, whether its words are those of the panel with its letter."""
    wanted = {_folded(label): text for label, text in texts.items()}
    found = {_folded(pair["label"]): str(pair["text"]) for pair in pairs}
    scores = dict(zip(wanted, distinct_token_f1(wanted, found), strict=True))
    return [scores.get(_folded(pair["label"]), 0.0) >= RIGHT_WORDS for pair in pairs]


def _folded(label: object) -> str:
    return str(label or "").casefold()


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

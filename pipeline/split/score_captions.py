"""How well captions are split: label sets, and the words given to each panel.

Source: the distinct-token F1 is the measure of MedICaT (Subramanian et al., 2020) with the panels given: words that all
subcaptions of a figure share say nothing about the cut, so they are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.split.captions import CaptionSplit, common_text, panel_spans, render

RIGHT_WORDS = 0.8
"""Distinct-token F1 from which the words of a panel count as right."""

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CaptionScores:
    """The measures over one labelled set; ratios are 0 where nothing was to be counted.

    Labels are compared without case and counted over all figures; `exact_label_sets` is the share of figures whose set
    is right; `distinct_token_f1` is the mean over all true panels, 0 for those whose label was not found; `abstentions`
    counts by reason. `n_told` are the labels given out, which may become pairs: those with words of their own whose
    confidence is not under the limit. `words_right` is the share of them that letter a true panel and have its words
    (distinct-token F1 of `RIGHT_WORDS` or more), `told_right` the number of these by the number of true panels.
    `right_by_confidence` has, for each confidence that was stated, how many labels with words have it, and how many of
    these are right.
    """

    n_figures: int
    n_panels: int
    label_precision: float
    label_recall: float
    label_f1: float
    exact_label_sets: float
    distinct_token_f1: float
    n_told: int
    words_right: float
    told_right: float
    right_by_confidence: tuple[tuple[float, int, int], ...]
    n_abstained: int
    abstentions: tuple[tuple[str, int], ...]


def prediction(figure: Mapping[str, Any], split: CaptionSplit) -> dict[str, Any]:
    """A split as one line of the benchmark: `pmcid, fig_id, subcaptions, common, spans, confidence, abstained`."""
    caption = str(figure["caption"])
    spans = {
        label: [[span.start, span.end] for span in own] for label, own in zip(split.labels, split.own, strict=True)
    }
    return {
        "pmcid": figure.get("pmcid"),
        "fig_id": figure.get("fig_id"),
        "subcaptions": {label: render(caption, panel_spans(split, label), "own") for label in split.labels},
        "common": common_text(caption, split),
        "spans": spans,
        "confidence": dict(zip(split.labels, split.confidence, strict=True)),
        "abstained": split.abstained,
    }


def score_captions(
    truth: Iterable[dict[str, Any]],
    predict: Callable[[dict[str, Any]], CaptionSplit | Mapping[str, Any]],
    least: float = 0.0,
) -> CaptionScores:
    """The scores of a splitter.

    Args:
        truth: figures with `caption` and `subcaptions {label: text}`.
        predict: the split of a figure.
        least: words of a lower confidence are not given out.
    """
    n_true = n_found = n_right = n_exact = n_figures = 0
    token_f1: list[float] = []
    reasons: Counter[str] = Counter()
    worded: list[tuple[float, bool]] = []
    for figure in truth:
        answer = predict(figure)
        line = prediction(figure, answer) if isinstance(answer, CaptionSplit) else answer
        wanted, found = _folded(figure["subcaptions"]), _folded(line["subcaptions"])
        n_figures += 1
        n_true, n_found = n_true + len(wanted), n_found + len(found)
        n_right += len(wanted.keys() & found.keys())
        n_exact += wanted.keys() == found.keys()
        figure_f1 = dict(zip(wanted, distinct_token_f1(wanted, found), strict=True))
        token_f1 += figure_f1.values()
        worded += [(sure, figure_f1.get(label, 0.0) >= RIGHT_WORDS) for label, sure in _confidences(line).items()]
        if not found:
            reasons[str(line.get("abstained") or "no_labels")] += 1
    told = [is_right for confidence, is_right in worded if confidence >= least]
    precision, recall = _ratio(n_right, n_found), _ratio(n_right, n_true)
    return CaptionScores(
        n_figures=n_figures,
        n_panels=n_true,
        label_precision=precision,
        label_recall=recall,
        label_f1=_ratio(2 * precision * recall, precision + recall),
        exact_label_sets=_ratio(n_exact, n_figures),
        distinct_token_f1=_ratio(sum(token_f1), len(token_f1)),
        n_told=len(told),
        words_right=_ratio(sum(told), len(told)),
        told_right=_ratio(sum(told), n_true),
        right_by_confidence=_by_confidence(worded),
        n_abstained=sum(reasons.values()),
        abstentions=tuple(sorted(reasons.items())),
    )


def distinct_token_f1(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[float]:
    """One F1 per true panel, in order, over the tokens (with their counts) that not all true subcaptions share."""
    tokens = {label: Counter(_tokens(text)) for label, text in wanted.items()}
    shared = set.intersection(*(set(counts) for counts in tokens.values())) if len(tokens) > 1 else set()
    scores = []
    for label, counts in tokens.items():
        if label not in found:
            scores.append(0.0)
            continue
        scores.append(_bag_f1(_without(counts, shared), _without(Counter(_tokens(found[label])), shared)))
    return scores


def _confidences(line: Mapping[str, Any]) -> dict[str, float]:
    """How sure the words of the labels are that have some; 1 where a prediction does not say."""
    stated = {label.lower(): float(confidence) for label, confidence in line.get("confidence", {}).items()}
    return {label: stated.get(label, 1.0) for label, text in _folded(line["subcaptions"]).items() if text}


def _by_confidence(worded: Iterable[tuple[float, bool]]) -> tuple[tuple[float, int, int], ...]:
    counts = Counter(worded)
    stated = sorted({confidence for confidence, _ in counts})
    return tuple((sure, counts[sure, True] + counts[sure, False], counts[sure, True]) for sure in stated)


def _bag_f1(wanted: Counter[str], found: Counter[str]) -> float:
    if not wanted and not found:
        return 1.0
    return _ratio(2 * (wanted & found).total(), wanted.total() + found.total())


def _without(counts: Counter[str], shared: set[str]) -> Counter[str]:
    return Counter({token: n for token, n in counts.items() if token not in shared})


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def _folded(subcaptions: Mapping[str, str]) -> dict[str, str]:
    return {label.lower(): text for label, text in subcaptions.items()}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

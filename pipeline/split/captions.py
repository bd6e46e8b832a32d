"""The caption of a compound figure, cut into what it says of each panel and what it says of all.

Everything is kept as offsets into the caption, so nothing is rewritten and every choice of text can be made later
(`render`). Where no complete run of labels is found the caption stays whole, with a reason: a wrong cut is worse than
none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.split.caption_markers import find_markers, is_bracketed_lead
from pipeline.split.caption_positions import choose_positions
from pipeline.split.caption_scheme import Abstention, choose_scheme
from pipeline.split.caption_segments import divide, is_abbreviations
from pipeline.split.caption_sentences import sentences
from schemas.figures import Mark

__all__ = ["Abstention", "CaptionSplit", "Policy", "Span", "common_text", "render", "split_caption"]

Policy = Literal["own", "prefix+own", "full"]

MAX_CAPTION = 20_000
"""Longer texts are no captions: the longest of 5,590 real ones has 4,764 characters."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `[start, end)` of the caption, in code points; never empty."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CaptionSplit:
    """A caption by panel.

    `own[i]` are the words about `labels[i]` alone (or about a few panels with it), without the label; it is empty where
    the caption says nothing of that panel alone. `prefix` and `suffix` are the words about all panels, before and after
    the first own words. The spans of each tuple are sorted and do not overlap.
    """

    labels: tuple[str, ...]
    own: tuple[tuple[Span, ...], ...]
    prefix: tuple[Span, ...]
    suffix: tuple[Span, ...]
    abstained: Abstention | None


def split_caption(caption: str, marks: Sequence[Mark] = ()) -> CaptionSplit:
    """The split of a caption; `marks` are the stretches its XML sets in bold or as title, paragraph or list item."""
    if len(caption) > MAX_CAPTION:
        return _whole(Abstention.TOO_LONG)
    markers = find_markers(caption, marks)
    scheme = choose_scheme(caption, markers)
    if scheme in (Abstention.NO_LABELS, Abstention.INCOMPLETE_RUN) and not any(is_bracketed_lead(m) for m in markers):
        scheme = choose_positions(caption, marks) or scheme
    if isinstance(scheme, Abstention):
        return _whole(scheme)
    parts = divide(caption, scheme, sentences(caption, marks, scheme.placed))
    labels = tuple(dict.fromkeys(label.text for label in scheme.labels))
    own = tuple(_merged(parts.own[label]) for label in labels)
    if not any(own) or (scheme.family is None and not all(own)):
        return _whole(Abstention.NO_OWN_WORDS)
    shared = _merged(parts.shared)
    first = min(spans[0].start for spans in own if spans)
    prefix = tuple(span for span in shared if span.start < first)
    return CaptionSplit(labels, own, prefix, shared[len(prefix) :], None)


def render(caption: str, split: CaptionSplit, label: str, policy: Policy = "prefix+own") -> str:
    """The text of one panel: verbatim pieces of the caption in its order, joined by one space.

    `own`: the panel's words. `prefix+own`: with the shared words before them and the shared notes that spell out
    abbreviations. `full`: with all shared words.

    Raises:
        KeyError: the caption has no such label.
    """
    if label not in split.labels:
        raise KeyError(label)
    spans = list(split.own[split.labels.index(label)])
    if policy != "own":
        spans += split.prefix
        spans += [s for s in split.suffix if policy == "full" or is_abbreviations(caption[s.start : s.end])]
    return _text(caption, spans)


def common_text(caption: str, split: CaptionSplit) -> str:
    """What the caption says of all panels; the whole caption where it was not split."""
    return _text(caption, [*split.prefix, *split.suffix]) if split.labels else caption


def _whole(reason: Abstention) -> CaptionSplit:
    return CaptionSplit((), (), (), (), reason)


def _text(caption: str, spans: Iterable[Span]) -> str:
    return " ".join(caption[span.start : span.end] for span in sorted(spans))


def _merged(pieces: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(pieces):
        if merged and start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Span(start, end))
    return tuple(merged)

"""The caption of a compound figure, cut into what it says of each panel and what it says of all.

Everything is kept as offsets into the caption, so nothing is rewritten and every choice of text can be made later
(`render`). Where no complete run of labels is found the caption stays whole, with a reason: a wrong cut is worse than
none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.split.caption_confidence import text_confidence
from pipeline.split.caption_markers import find_markers, is_bracketed_lead
from pipeline.split.caption_notes import is_abbreviations
from pipeline.split.caption_positions import choose_positions
from pipeline.split.caption_scheme import Abstention, choose_scheme
from pipeline.split.caption_segments import divide
from pipeline.split.caption_sentences import sentences
from schemas.figures import Mark
from schemas.subfigures import CaptionSpan

__all__ = ["Abstention", "CaptionSplit", "Span", "common_text", "panel_spans", "render", "split_caption"]

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
    the first own words. The spans of each tuple are sorted and do not overlap. `confidence[i]` is how likely `own[i]`
    are the right words, 0 to 1; 0 where it is empty.
    """

    labels: tuple[str, ...]
    own: tuple[tuple[Span, ...], ...]
    prefix: tuple[Span, ...]
    suffix: tuple[Span, ...]
    abstained: Abstention | None
    confidence: tuple[float, ...] = ()

    def own_of(self, label: str) -> tuple[Span, ...]:
        """The words about one label."""
        return self.own[self.labels.index(label)]

    def confidence_of(self, label: str) -> float:
        """How likely they are the right ones, 0 to 1."""
        return self.confidence[self.labels.index(label)]

    def is_told(self, label: str, least: float) -> bool:
        """Does the caption say something of this panel alone that is right with this confidence at least?"""
        return bool(self.own_of(label)) and self.confidence_of(label) >= least


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
    found = sentences(caption, marks, scheme.placed)
    parts = divide(caption, scheme, found)
    labels = tuple(dict.fromkeys(label.text for label in scheme.labels))
    own = tuple(_merged(parts.own[label]) for label in labels)
    if not any(own) or (scheme.family is None and not all(own)):
        return _whole(Abstention.NO_OWN_WORDS)
    shared = _merged(parts.shared)
    first = min(spans[0].start for spans in own if spans)
    prefix = tuple(span for span in shared if span.start < first)
    suffix = shared[len(prefix) :]
    stretches = {label: [(span.start, span.end) for span in spans] for label, spans in zip(labels, own, strict=True)}
    sure = text_confidence(caption, scheme, found, stretches, has_suffix=bool(suffix))
    return CaptionSplit(labels, own, prefix, suffix, None, tuple(sure[label] for label in labels))


def panel_spans(split: CaptionSplit, label: str) -> list[CaptionSpan]:
    """The pieces of the caption that speak of one panel, in the caption's order.

    Raises:
        KeyError: the caption has no such label.
    """
    if label not in split.labels:
        raise KeyError(label)
    spans = [_span(piece, "prefix") for piece in split.prefix]
    spans += [_span(piece, "own") for piece in split.own_of(label)]
    spans += [_span(piece, "suffix") for piece in split.suffix]
    return sorted(spans, key=lambda span: (span.start, span.end))


def render(caption: str, spans: Iterable[CaptionSpan], policy: str) -> str:
    """The text of a picture: verbatim pieces of the caption in their order, joined by one space.

    Args:
        caption: the caption that the spans point into.
        spans: the pieces that speak of the picture.
        policy: the roles to take, joined by ``+``; ``abbreviations`` are the shared notes at the end that spell them
            out; or ``full`` for the whole caption.
    """
    if policy == "full":
        return caption
    roles = policy.split("+")
    pieces = ((span.role, caption[span.start : span.end]) for span in spans)
    return " ".join(
        text
        for role, text in pieces
        if role in roles or (role == "suffix" and "abbreviations" in roles and is_abbreviations(text))
    )


def common_text(caption: str, split: CaptionSplit) -> str:
    """What the caption says of all panels; the whole caption where it was not split."""
    return _text(caption, [*split.prefix, *split.suffix]) if split.labels else caption


def _span(piece: Span, role: Literal["prefix", "own", "suffix"]) -> CaptionSpan:
    return CaptionSpan(start=piece.start, end=piece.end, role=role)


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

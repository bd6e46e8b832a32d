"""The perceptual hash on the figures of real articles: no two different ones meet, and copies are found."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.dedup.hashes import hamming, pack, perceptual_hash
from pipeline.dedup.settings import DedupSettings

pytestmark = pytest.mark.corpus
DISTANCE = DedupSettings().phash_distance
Box = tuple[int, int, int, int]


def load(path: Path) -> Image.Image | None:
    """The picture on white, or None where the file is one of the corpus's damaged ones."""
    image = Image.open(path)
    try:
        image = image.convert("RGBA" if "A" in image.getbands() or image.mode == "P" else "RGB")
    except OSError:
        return None
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image if image.mode == "RGBA" else None)
    return white


def hash_of(image: Image.Image) -> bytes | None:
    """Of the picture as it is stored: at most 256 px."""
    small = image.copy()
    small.thumbnail((256, 256), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return perceptual_hash(np.asarray(small.convert("RGB")))


def files(corpus: Path) -> list[Path]:
    suffixes = {".jpg", ".png", ".tif", ".webp"}
    return sorted(path for path in (corpus / "cloud").rglob("*") if path.suffix in suffixes)


def panel_boxes(corpus: Path) -> dict[tuple[str, str], list[Box]]:
    rows = map(json.loads, (corpus / "panels.jsonl").read_text(encoding="utf-8").splitlines())
    return {
        (row["pmcid"], row["file"]): [(p["x"], p["y"], p["x"] + p["w"], p["y"] + p["h"]) for p in row["panels"]]
        for row in rows
        if row["compound"]
    }


@pytest.fixture(scope="module")
def pictures(corpus: Path) -> list[tuple[str, Image.Image]]:
    """All figures of the first day, at most 800 px, and their panels."""
    return list(_pictures(corpus))


def _pictures(corpus: Path) -> Iterator[tuple[str, Image.Image]]:
    boxes = panel_boxes(corpus)
    for path in files(corpus):
        image = load(path)
        if image is None:
            continue
        article = path.parent.name.partition(".")[0]
        for number, box in enumerate([(0, 0, *image.size), *boxes.get((article, path.name), [])]):
            crop = image.crop(box)
            crop.thumbnail((800, 800), Image.Resampling.BICUBIC, reducing_gap=2.0)
            yield f"{article} {path.name} {number}", crop


def test_no_two_different_pictures_are_taken_for_copies(pictures: list[tuple[str, Image.Image]]) -> None:
    hashed = [(name, phash) for name, image in pictures if (phash := hash_of(image)) is not None]
    assert len(hashed) > 0.98 * len(pictures) > 500
    packed = pack([phash for _, phash in hashed])
    close = np.triu(hamming(packed[:, None], packed[None]) <= DISTANCE, 1)
    met = [(hashed[a][0], hashed[b][0]) for a, b in np.argwhere(close)]
    assert met == [], "looked at: the corpus of one day holds no picture twice"


def _jpeg(image: Image.Image, quality: int, kind: str = "JPEG") -> Image.Image:
    file = io.BytesIO()
    image.save(file, kind, quality=quality)
    return Image.open(file).convert("RGB")


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "60 % of the size": lambda image: _scaled(image, 0.6),
    "twice the size": lambda image: _scaled(image, 2),
    "JPEG 60": lambda image: _jpeg(image, 60),
    "JPEG 30": lambda image: _jpeg(image, 30),
    "WebP 50": lambda image: _jpeg(image, 50, "WEBP"),
    "half the size and JPEG 50": lambda image: _jpeg(_scaled(image, 0.5), 50),
    "64 colours": lambda image: image.quantize(64).convert("RGB"),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_of_real_figures_are_found(pictures: list[tuple[str, Image.Image]], name: str) -> None:
    pairs = [(hash_of(image), hash_of(COPIES[name](image))) for _, image in pictures[::7]]
    both = [(left, right) for left, right in pairs if left and right]
    close = hamming(pack([left for left, _ in both]), pack([right for _, right in both])) <= DISTANCE
    assert np.sum(close) >= 0.95 * len(pairs), f"{np.sum(close)} of {len(pairs)}"

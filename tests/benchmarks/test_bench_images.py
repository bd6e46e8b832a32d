"""What an image costs: seconds against the floor (decoding alone), and the most memory that one may take."""

from __future__ import annotations

import io
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image

from pipeline.config import SplitConfig
from pipeline.images import decode
from pipeline.jats import read_article
from pipeline.split.figure import _subfigures
from schemas.figures import Figure

pytestmark = pytest.mark.bench

LIMIT = 100_000_000
MOST_MB = 1200


def figures(corpus: Path) -> list[tuple[Figure, bytes]]:
    """Real figures with their captions and files."""
    found = []
    for folder in sorted((corpus / "cloud").glob("PMC*.1")):
        for parsed in read_article(next(folder.glob("*.xml")).read_bytes()).figures:
            for graphic in parsed.graphics:
                path = next(iter(folder.glob(f"{graphic.href}*")), None)
                # One file of the corpus is cut in half on purpose.
                if (
                    path
                    and path.suffix in (".jpg", ".png", ".tif")
                    and parsed.caption
                    and folder.name != "PMC4745280.1"
                ):
                    found.append((figure(parsed, path.name), path.read_bytes()))
    return found


def figure(parsed, name: str) -> Figure:
    kept = {
        field: getattr(parsed, field) for field in ("label", "caption_title", "caption", "container", "rights_note")
    }
    return Figure(
        **kept,
        figure_id="PMC1_v1_f001",
        article_id="PMC1_v1",
        pmcid="PMC1",
        version=1,
        fig_xml_id=parsed.xml_id,
        number=1,
        graphic_number=1,
        n_graphics=1,
        caption_is_inherited=False,
        marks=list(parsed.marks),
        graphic_href=name,
        image_name=name,
        image_url="",
        image_md5=None,
        license="CC BY",
        mentions=[],
        figure_type=None,
    )


def pillow_only(figure: Figure, data: bytes) -> None:
    """What img2dataset does with Pillow instead of OpenCV: decode, scale, encode."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    scale = min(1.0, 256 / min(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image.resize(size, Image.Resampling.BICUBIC).save(io.BytesIO(), "JPEG", quality=92)


def seconds(work: Callable[[Figure, bytes], object], rows: list[tuple[Figure, bytes]]) -> float:
    began = time.process_time()
    for row in rows:
        work(*row)
    return time.process_time() - began


def test_split_against_decoding_alone(corpus: Path) -> None:
    rows = figures(corpus)[:200]
    config = SplitConfig()
    work = {
        "decode (the floor)": lambda figure, data: decode(data, LIMIT),
        "decode, scale, encode with Pillow": pillow_only,
        "split: decode, cut, crops, hashes": lambda figure, data: list(
            _subfigures(decode(data, LIMIT), figure, config)
        ),
    }
    taken = {name: min(seconds(run, rows) for _ in range(2)) for name, run in work.items()}
    floor = taken["decode (the floor)"]
    pixels = sum(np.prod(Image.open(io.BytesIO(data)).size) for _, data in rows) / len(rows) / 1e6
    print(f"\n{platform.machine()}, Python {platform.python_version()}, Pillow {PIL.__version__}, one core")
    print(f"{len(rows)} real figures, {pixels:.2f} megapixels on average")
    for name, value in taken.items():
        print(f"{name:36} {len(rows) / value:7.0f} figures/s   {value / floor:5.2f} x floor")


MEMORY = """
import resource, sys
from pathlib import Path
from pipeline.images import crop_jpeg, decode
from pipeline.dedup.hashes import perceptual_hash, pixel_sha256
from pipeline.split.panels import find_panels
pixels = decode(Path(sys.argv[1]).read_bytes(), 100_000_000)
find_panels(pixels, 4)
crop, _ = crop_jpeg(pixels, 256, 2560, 92)
pixel_sha256(pixels), perceptual_hash(crop)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""


@pytest.mark.parametrize("mode", ["RGB.png", "RGBA.png", "RGB.jpg", "CMYK.jpg", "I;16.tif", "P.png"])
def test_the_largest_image_fits_the_stated_memory(mode: str, tmp_path: Path) -> None:
    kind, suffix = mode.rsplit(".", 1)
    plane = np.tile((np.arange(10_000) % 251).astype(np.uint8), (9_990, 1))
    if kind == "I;16":
        image = Image.fromarray(plane.astype(np.uint16) * 200)
    elif kind == "P":
        image = Image.fromarray(plane).convert("P")
    else:
        image = Image.merge(kind, [Image.fromarray(plane)] * len(Image.new(kind, (1, 1)).getbands()))
    path = tmp_path / f"large.{suffix}"
    image.save(path)
    run = [sys.executable, "-c", MEMORY, str(path)]
    peak = int(subprocess.run(run, capture_output=True, text=True, check=True, env=os.environ).stdout)
    print(f"\n{mode:9} of 10,000 x 9,990 px: {peak} MB at the peak")
    assert peak < MOST_MB

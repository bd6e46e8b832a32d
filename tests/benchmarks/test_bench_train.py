"""The loader beside webdataset's and open_clip's, exact ranks beside a full sort, and memory over many epochs."""

from __future__ import annotations

import io
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.tar import TarWriter

torch = pytest.importorskip("torch", reason="the training extra is not installed")

import torch.nn.functional as F  # noqa: E402, N812

from pipeline.train.data import CHUNK, ShardDataset, Span, load  # noqa: E402
from pipeline.train.evaluate.retrieval import ranks  # noqa: E402
from pipeline.train.order import Order  # noqa: E402
from pipeline.train.prepare import SampleTable, prepare  # noqa: E402
from pipeline.train.shards import find_shards  # noqa: E402
from pipeline.train.tokens import train_tokenizer  # noqa: E402

pytestmark = pytest.mark.bench

N, SIZE, CONTEXT = 2048, 224, 256
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth pictures with noise, 256 x 256 px at quality 90 (about 20 kB), and captions of 100 words."""
    folder, rng = tmp_path_factory.mktemp("shards"), np.random.default_rng(0)
    words = [f"word{i}" for i in range(1000)]
    with TarWriter(folder / "train-00000.tar") as tar:
        for i in range(N):
            small = Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8))
            out = io.BytesIO()
            small.resize((256, 256), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
            tar.add(f"k{i:06d}.jpg", out.getvalue())
            tar.add(f"k{i:06d}.txt", " ".join(rng.choice(words, 100)).encode())
    return folder


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer([f"word{i}" for i in range(1000)] * 2, 2000, CONTEXT).save(folder)
    return folder


def ours(shards: Path, tokenizer_folder: Path) -> ShardDataset:
    from pipeline.train.tokens import load_tokenizer

    tables = prepare(
        find_shards(shards, "train"), load_tokenizer(str(tokenizer_folder), CONTEXT), shards / "tables"
    ).tables
    return ShardDataset(tables, SIZE, Order([len(SampleTable(*t)) for t in tables]), min_area=0.9)


def our_epoch(dataset: ShardDataset) -> Iterator[int]:
    spans = [Span(i, CHUNK) for i in range(0, N, CHUNK)]
    return (len(chunk.images) for chunk in load(dataset, spans, 0))


def webdataset_epoch(shards: Path) -> Iterator[int]:
    """webdataset with Pillow, uint8 pictures and no tokens: the least that it can do."""
    wds = pytest.importorskip("webdataset")
    transforms = pytest.importorskip("torchvision.transforms")
    crop = transforms.RandomResizedCrop(SIZE, (0.9, 1.0), interpolation=transforms.InterpolationMode.BICUBIC)
    data = wds.WebDataset(str(shards / "train-00000.tar"), shardshuffle=False).shuffle(500).decode("pil")
    pairs = data.to_tuple("jpg", "txt").map_tuple(lambda image: np.asarray(crop(image)), str)
    return (1 for _ in pairs)


def open_clip_epoch(shards: Path, tokenizer_folder: Path) -> Iterator[int]:
    """The steps of open_clip's `get_wds_dataset`, with its transform and tokenizer, batched, in this process.

    The function itself fails with webdataset 1.0: open_clip 3.3.0 wants 0.2.86 or older.
    """
    open_clip = pytest.importorskip("open_clip")
    wds = pytest.importorskip("webdataset")
    transform = open_clip.image_transform(SIZE, is_train=True)
    tokenizer = open_clip.tokenizer.HFTokenizer(str(tokenizer_folder), context_length=CONTEXT)
    data = wds.WebDataset(str(shards / "train-00000.tar"), shardshuffle=False).shuffle(500).decode("pilrgb")
    data = data.rename(image="jpg;png;jpeg;webp", text="txt")
    data = data.map_dict(image=transform, text=lambda text: tokenizer(text)[0]).to_tuple("image", "text")
    return (len(images) for images, _ in data.batched(CHUNK, partial=False))


def rate(epoch: Callable[[], Iterator[int]]) -> float:
    """Samples per second of CPU time of this process: other work on the machine counts for little."""
    best = 0.0
    for _ in range(2):
        began = time.process_time()
        n = sum(epoch())
        best = max(best, n / (time.process_time() - began))
    return best


def test_the_loader_beside_others(shards: Path, tokenizer_folder: Path) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    dataset = ours(shards, tokenizer_folder)
    rates = {"ours": rate(lambda: our_epoch(dataset))}
    rates["webdataset 1.0, Pillow, no tokens"] = rate(lambda: webdataset_epoch(shards))
    rates["open_clip 3.3.0's steps"] = rate(lambda: open_clip_epoch(shards, tokenizer_folder))
    print(f"\n{platform.machine()}, Python {platform.python_version()}, one core; 256 px at quality 90 to {SIZE} px")
    for name, found in rates.items():
        print(f"{name:36} {found:7.0f} samples/s of CPU   ours / this {rates['ours'] / found:5.2f}")


@pytest.mark.parametrize("n", [2_000, 8_000, 20_000])
def test_exact_ranks_beside_a_full_sort(n: int) -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    x, noise = (torch.randn(n, 512, generator=generator) for _ in range(2))
    images, texts = F.normalize(x, dim=-1), F.normalize(x + 4 * noise, dim=-1)
    began = time.process_time()
    found = ranks(images, texts)
    tiled = time.process_time() - began
    print(f"\n{n} x {n}: {tiled:.1f} s tiled, both ways, exact", end="")
    if n <= 8_000:
        began = time.process_time()
        similarity = images @ texts.T
        sorted_rows = similarity.argsort(dim=1, descending=True, stable=True)
        sorted_columns = similarity.argsort(dim=0, descending=True, stable=True)
        print(f"; {time.process_time() - began:.1f} s by sorting the whole matrix", end="")
        own = torch.arange(n)
        assert torch.equal((sorted_rows == own[:, None]).nonzero()[:, 1], found.image_to_text)
        assert torch.equal((own[:, None] == sorted_columns.T).nonzero()[:, 1], found.text_to_image)
    print()


MEMORY = """
import sys, resource
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import psutil
from pipeline.train.data import CHUNK, ShardDataset, Span, load
from pipeline.train.order import Order
from pipeline.train.prepare import SampleTable
table = tuple(Path(place) for place in sys.argv[2:4])
n = len(SampleTable(*table))
data = ShardDataset([table], 224, Order([n]), min_area=0.9)
me = psutil.Process()
def used():
    return sum(p.memory_info().rss - p.memory_info().shared for p in [me, *me.children(recursive=True)])
spans = [Span(i, CHUNK) for i in range(0, 20 * n, CHUNK)]
marks = {len(spans) * share // 20: share for share in (2, 20)}
for i, chunk in enumerate(load(data, spans, 1), start=1):
    if i in marks or i == len(spans) - 1:
        print(used())
"""


def test_memory_does_not_grow_over_twenty_epochs(shards: Path, tokenizer_folder: Path) -> None:
    pytest.importorskip("psutil")
    shard, table = next(iter(ours(shards, tokenizer_folder)._tables)), next((shards / "tables").glob("*.arrow"))
    run = [sys.executable, "-c", MEMORY, str(PROJECT), str(shard.shard), str(table)]
    said = subprocess.run(run, check=True, capture_output=True, text=True, env=dict(os.environ)).stdout.split()
    after_two, after_all = int(said[0]) / 1e6, int(said[1]) / 1e6
    print(f"\nprivate memory of trainer and worker: {after_two:.0f} MB after 2 epochs, {after_all:.0f} MB after 20")
    assert after_all < 1.1 * after_two + 20

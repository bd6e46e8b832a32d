"""What the tests of training share: tiny towers, the same ones in open_clip, and shards of coloured squares."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.tar import TarWriter

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from pipeline.train.model import Clip, init_weights  # noqa: E402
from pipeline.train.names import to_open_clip  # noqa: E402
from pipeline.train.presets import ModelConfig, TextConfig, VisionConfig  # noqa: E402

TINY_VISION = VisionConfig("test_vit", image_size=160, width=64, layers=6, heads=2, mlp_ratio=3)
TINY_BERT = TextConfig(context=32, vocab_size=200, width=64, layers=3, heads=4, max_positions=48, hub=None)
TINY_GPT = TextConfig("gpt", context=32, vocab_size=200, width=64, layers=3, heads=4, max_positions=32, hub=None)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny matrices are slower on several threads, and sums then depend on how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Batch:
    images: Any
    """(B, S, S, 3) uint8."""
    texts: list[Any]
    """Of different lengths."""


def batch(n: int, config: ModelConfig, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    size = config.vision.image_size
    images = torch.randint(0, 256, (n, size, size, 3), dtype=torch.uint8, generator=generator)
    lengths = torch.randint(3, config.text.context + 1, (n,), generator=generator)
    texts = [torch.randint(1, config.text.vocab_size - 1, (int(length),), generator=generator) for length in lengths]
    for text in texts:
        text[-1] = config.text.vocab_size - 1  # open_clip pools GPT's text at the largest token
    return Batch(images, texts)


@pytest.fixture(scope="session", params=["bert", "gpt"])
def tiny(request: pytest.FixtureRequest) -> ModelConfig:
    return ModelConfig(TINY_VISION, TINY_BERT if request.param == "bert" else TINY_GPT, embed_dim=48)


@pytest.fixture(scope="session")
def make_batch() -> Callable[..., Batch]:
    return batch


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Clip]:
    """Makes a model with weights large enough that all of them matter."""

    def make(config: ModelConfig, seed: int = 1, **options: Any) -> Clip:
        model = Clip(config, **options)
        init_weights(model, torch.Generator().manual_seed(seed))
        with torch.no_grad():
            generator = torch.Generator().manual_seed(seed + 1)
            for weight in model.parameters():
                weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.05)
        return model.eval()

    return make


@pytest.fixture(scope="session")
def open_clip_twin(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], Any]:
    """Makes open_clip's model with the weights of ours."""
    open_clip = pytest.importorskip("open_clip")

    def twin(model: Clip) -> Any:
        config = model.config
        vision = {
            "timm_model_name": config.vision.timm_name,
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": config.vision.image_size,
        }
        text = _gpt(config.text) if config.text.kind == "gpt" else _bert(config.text, tmp_path_factory.mktemp("bert"))
        made = open_clip.CustomTextCLIP(config.embed_dim, vision, text)
        made.load_state_dict(to_open_clip(model.state_dict(), config), strict=True)
        return made.eval()

    return twin


def _gpt(config: TextConfig) -> dict[str, Any]:
    sizes = {"context_length": config.context, "vocab_size": config.vocab_size}
    return {**sizes, "width": config.width, "heads": config.heads, "layers": config.layers}


def _bert(config: TextConfig, folder: Path) -> dict[str, Any]:
    sizes = {"hidden_size": config.width, "num_hidden_layers": config.layers, "num_attention_heads": config.heads}
    rows = {"vocab_size": config.vocab_size, "max_position_embeddings": config.n_positions}
    other = {"model_type": "bert", "intermediate_size": 4 * config.width}
    (folder / "config.json").write_text(json.dumps({**sizes, **rows, **other}))
    return {
        "hf_model_name": str(folder),
        "hf_model_pretrained": False,
        "hf_proj_type": "mlp",
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "context_length": config.context,
    }


COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200), "grey": (128, 128, 128)}


def jpeg(colour: str, number: int, side: int = 64) -> bytes:
    """A square of a colour with noise of its own."""
    rng = np.random.default_rng(number)
    pixels = np.clip(np.array(COLOURS[colour]) + rng.integers(-20, 20, (side, side, 3)), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95)
    return out.getvalue()


def write_shard(path: Path, first: int, n: int) -> None:
    """Samples of coloured squares with captions that name the colour."""
    names = list(COLOURS)
    with TarWriter(path) as tar:
        for i in range(first, first + n):
            colour, key = names[i % len(names)], f"PMC{i:04d}_v1_f001_s00"
            text = f"Panel {i} shows a {colour} square" + " of even colour" * (i % 3)
            about = {"pmcid": f"PMC{i}", "image_cluster": key, "text_cluster": key, "text": text}
            tar.add(f"{key}.jpg", jpeg(colour, i))
            tar.add(f"{key}.json", json.dumps(about).encode())
            tar.add(f"{key}.txt", text.encode())


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of three training shards and one for validation: 50 and 8 samples."""
    folder = tmp_path_factory.mktemp("shards")
    sizes = {"train-00000": 20, "train-00001": 17, "train-00002": 13, "validation-00000": 8}
    listed, first = [], 0
    for name, n in sizes.items():
        path = folder / f"{name}.tar"
        write_shard(path, first, n)
        first += n
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        listed.append({"file": path.name, "split": name.split("-")[0], "n_samples": n, "sha256": digest})
    (folder / "manifest.json").write_text(json.dumps({"shards": listed}))
    return folder

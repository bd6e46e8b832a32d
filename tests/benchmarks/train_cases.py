"""What `train_gpu.py` times: our step and open_clip's, and the data that both are fed."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from pipeline.tar import TarWriter, read_slice
from pipeline.train.compiled import compile_blocks
from pipeline.train.data import Batch
from pipeline.train.export import bert_config, open_clip_config
from pipeline.train.group import ALONE
from pipeline.train.model import new_model, normalised
from pipeline.train.names import to_open_clip
from pipeline.train.optim import gradient_norm, limit_scale, new_optimizer
from pipeline.train.presets import Recipe
from pipeline.train.shards import Sample
from pipeline.train.step import Stepper
from pipeline.train.tokens import CaptionTokenizer, train_tokenizer

MEDIAN_TOKENS, SPREAD = 80, 0.8
"""Lengths of captions, log-normal: mean 104 after the cut at 256 tokens, as PMC's."""

WORDS = [f"word{i}" for i in range(2000)]


class Trainer(Protocol):
    """A model that is trained a step at a time."""

    def ready(self, batch: Batch) -> Any:
        """A batch in the form that `step` takes, on the device."""

    def step(self, ready: Any) -> float:
        """Changes the weights; returns the loss."""


class Ours:
    """This project's training step."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self.model = new_model(recipe).to(device).train()
        if recipe.compile:
            compile_blocks(self.model, backend_for(device))
        self._optimizer = new_optimizer(self.model, recipe, device)
        self._stepper = Stepper(self.model, recipe, ALONE, device)

    def ready(self, batch: Batch) -> Batch:
        return batch

    def step(self, ready: Batch) -> float:
        self._optimizer.zero_grad()
        loss = self._stepper.gradients(ready, 0)
        gradient_norm(self.model.parameters(), None)
        self._optimizer.step()
        limit_scale(self.model)
        return float(loss)


class OpenClip:
    """open_clip's model and loss in the loop of its `train.py`, at `--precision amp_bf16`.

    Args:
        recipe: towers and optimizer.
        device: where it trains.
        folder: for the text tower's configuration.
        accumulate: `--accum-freq`.
        compiled: `--torchcompile`.
        checkpointing: `--grad-checkpointing`.
    """

    def __init__(
        self,
        recipe: Recipe,
        device: torch.device,
        folder: Path,
        *,
        accumulate: int = 1,
        compiled: bool = False,
        checkpointing: bool = False,
    ) -> None:
        import open_clip

        self._context, self._device, self._accumulate = recipe.model.text.context, device, accumulate
        self._model = open_clip_model(recipe, folder).to(device).train()
        if checkpointing:
            self._model.set_grad_checkpointing()
        self._optimizer = new_optimizer(self._model, recipe, torch.device("cpu"))  # 3.3.0 has no fused AdamW
        self._forward = torch.compile(self._model, backend=backend_for(device)) if compiled else self._model
        self._loss = open_clip.ClipLoss()
        torch.backends.cuda.matmul.allow_tf32 = True  # as its `main.py` does

    def ready(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised and padded: its loader does so before the step."""
        ids = torch.zeros(len(batch.texts), self._context, dtype=torch.int64)
        for row, text in zip(ids, batch.texts, strict=True):
            row[: len(text)] = text
        return normalised(batch.images).contiguous(), ids.to(self._device)

    def step(self, ready: tuple[torch.Tensor, torch.Tensor]) -> float:
        self._optimizer.zero_grad()
        loss = self._whole(*ready) if self._accumulate == 1 else self._in_parts(*ready)
        self._optimizer.step()
        with torch.no_grad():
            self._model.logit_scale.clamp_(0, float(np.log(100)))
        return loss

    def _whole(self, images: torch.Tensor, ids: torch.Tensor) -> float:
        with self._cast():
            loss = self._loss(**self._features(images, ids))
        loss.backward()
        return loss.item()

    def _in_parts(self, images: torch.Tensor, ids: torch.Tensor) -> float:
        parts = list(zip(images.chunk(self._accumulate), ids.chunk(self._accumulate), strict=True))
        with torch.no_grad(), self._cast():
            cached = [self._features(x, y) for x, y in parts]
        for i, (x, y) in enumerate(parts):
            with self._cast():
                out = self._features(x, y)
                joined = {
                    key: torch.cat([(out if j == i else cached[j])[key] for j in range(self._accumulate)])
                    for key in ("image_features", "text_features")
                }
                loss = self._loss(**joined, logit_scale=out["logit_scale"])
            loss.backward()
        return loss.item()

    def _features(self, images: torch.Tensor, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        out = self._forward(images, ids)
        return {key: out[key] for key in ("image_features", "text_features", "logit_scale")}

    def _cast(self) -> Any:
        return torch.autocast(self._device.type, torch.bfloat16)


def backend_for(device: torch.device) -> str:
    """Making code for a CPU takes minutes and says nothing of a GPU."""
    return "inductor" if device.type == "cuda" else "aot_eager"


def open_clip_model(recipe: Recipe, folder: Path) -> Any:
    """open_clip's model with our first weights and without dropout."""
    import open_clip

    config = recipe.model
    text = {**bert_config(config.text), "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(text))
    made = open_clip_config(config, str(folder))["model_cfg"]
    made["text_cfg"]["hf_model_pretrained"] = False
    model = open_clip.CustomTextCLIP(made["embed_dim"], made["vision_cfg"], made["text_cfg"], output_dict=True)
    model.load_state_dict(to_open_clip(new_model(recipe).state_dict(), config))
    return model


def lengths(n: int, context: int, rng: np.random.Generator) -> np.ndarray:
    """Tokens of n captions (n,)."""
    return np.clip(np.exp(rng.normal(np.log(MEDIAN_TOKENS), SPREAD, n)), 8, context).astype(int)


def synthetic(recipe: Recipe, n: int, device: torch.device, seed: int = 0) -> Batch:
    """A batch of noise with captions of PMC's lengths."""
    rng = np.random.default_rng(seed)
    size, text = recipe.model.vision.image_size, recipe.model.text
    images = torch.randint(0, 256, (n, size, size, 3), dtype=torch.uint8, device=device)
    texts = [torch.from_numpy(rng.integers(5, text.vocab_size, k)).int() for k in lengths(n, text.context, rng)]
    return Batch(images, texts, [])


def levers(base: Recipe) -> dict[str, Recipe]:
    """Ours at open_clip's mathematics and padding, then with one lever more each time."""
    found = {"ours, padded": dataclasses.replace(base, text_layout="padded", pooled_last_block=False, loss_tile=None)}

    def add(name: str, **changes: Any) -> None:
        found[name] = dataclasses.replace(list(found.values())[-1], **changes)

    add("+ last block pooled", pooled_last_block=True)
    add("+ text sorted", text_layout="sorted")
    add("+ text packed instead", text_layout="packed")
    add("+ compiled blocks", compile=True)
    return found


def write_shards(folder: Path, n: int) -> None:
    """Pictures of 256 px, quality 90, and captions of words."""
    rng = np.random.default_rng(0)
    with TarWriter(folder / "train-00000.tar") as tar:
        for i in range(n):
            small = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
            out = io.BytesIO()
            small.resize((256, 256), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
            tar.add(f"k{i:06d}.jpg", out.getvalue())
            tar.add(f"k{i:06d}.txt", " ".join(rng.choice(WORDS, int(lengths(1, 250, rng)[0]))).encode())


def tokenizer_of(recipe: Recipe) -> CaptionTokenizer:
    """A vocabulary of the words that the captions have."""
    return train_tokenizer(WORDS * 2, recipe.model.text.vocab_size, recipe.model.text.context)


class OpenClipSamples(torch.utils.data.Dataset[Any]):
    """What open_clip's loader does with each sample: Pillow, its transform, its tokenizer.

    Args:
        shard: a tar file.
        samples: in it.
        transform: of pictures.
        tokenize: of captions.
    """

    def __init__(
        self, shard: Path, samples: list[Sample], transform: Callable[[Any], Any], tokenize: Callable[[str], Any]
    ) -> None:
        self._shard, self._samples, self._transform, self._tokenize = shard, samples, transform, tokenize

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        sample = self._samples[i]
        picture = Image.open(io.BytesIO(read_slice(self._shard, sample.offset, sample.n_bytes))).convert("RGB")
        return self._transform(picture), self._tokenize(sample.text)[0]


def open_clip_batches(
    shard: Path, samples: list[Sample], size: int, tokenizer: Path, context: int, batch: int, n_workers: int
) -> Iterator[Any]:
    """Batches without end through a DataLoader of that."""
    import open_clip

    tokenize = open_clip.tokenizer.HFTokenizer(str(tokenizer), context_length=context)
    data = OpenClipSamples(shard, samples, open_clip.image_transform(size, is_train=True), tokenize)
    loader = torch.utils.data.DataLoader(
        data, batch, shuffle=True, num_workers=n_workers, drop_last=True, persistent_workers=n_workers > 0
    )
    while True:
        yield from loader

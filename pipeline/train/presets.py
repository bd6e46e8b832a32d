"""The recipes: the paper's final model, its ablations, and a tiny one that trains on a CPU in a minute.

Source: Zhang et al. 2023, arXiv 2303.00915v3, and the supplementary table 9 of its journal version (AIoa2400640).
"""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.config import ConfigError, converted

IMAGENET = "timm/vit_{size}_patch16_{px}.augreg_in21k_ft_in1k"
BIOMEDBERT = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
OPENAI_CLIP = "openai/clip-vit-base-patch16"

LAYOUTS = ("padded", "sorted", "packed")


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """A vision transformer as timm defines it: class token, learnt positions, norm before each block."""

    timm_name: str | None
    """None where timm has no model of this size; an export then names the sizes and open_clip's own tower."""
    image_size: int = 224
    patch_size: int = 16
    width: int = 768
    layers: int = 12
    heads: int = 12
    mlp_ratio: int = 4
    hub: str | None = None
    """Repository of the initial weights."""

    @property
    def n_tokens(self) -> int:
        """Patches and the class token."""
        side = self.image_size // self.patch_size
        return side * side + 1


@dataclass(frozen=True, slots=True)
class TextConfig:
    """A text tower: `bert` (norm after each block, pooled at the first token) or `gpt` (causal, pooled at the last)."""

    kind: str = "bert"
    context: int = 256
    vocab_size: int = 30_522
    width: int = 768
    layers: int = 12
    heads: int = 12
    max_positions: int = 512
    hub: str | None = BIOMEDBERT
    """Repository of the initial weights and of the vocabulary."""

    @property
    def n_positions(self) -> int:
        """Rows of the position table: BERT's is as long as it was trained, GPT's as long as the context."""
        return self.max_positions if self.kind == "bert" else self.context


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Two towers into one space."""

    vision: VisionConfig
    text: TextConfig = TextConfig()
    embed_dim: int = 512


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a run computes. A key's doc says what changes when it is changed."""

    model: ModelConfig = field(metadata={"doc": "the towers; chosen by the preset"})
    batch_size: int = _option(4096, "pairs in a step over all devices; each pair's negatives are the others")
    epochs: int = _option(32, "passes over the training split")
    max_steps: int | None = _option(None, "stop after so many steps; the schedule still spans the epochs")
    lr: float = _option(5e-4, "peak learning rate")
    warmup_steps: int = _option(2000, "steps of linear warm-up")
    weight_decay: float = _option(0.2, "of matrices and embeddings; vectors and scalars have none")
    beta1: float = _option(0.9, "of AdamW")
    beta2: float = _option(0.98, "of AdamW")
    eps: float = _option(1e-6, "of AdamW")
    clip_norm: float | None = _option(None, "largest norm of the gradient; the paper does not clip")
    loss: str = _option("clip", "clip (softmax over the batch) or siglip (a sigmoid for each pair)")
    text_dropout: float = _option(0.1, "in the text tower; 0.1 as in BERT's own configuration, 0 is faster")
    patch_dropout: float = _option(0.0, "share of image patches left out in training; the paper states no rate")
    min_crop: float = _option(0.9, "least share of the picture's area that a random crop keeps")
    ema: float | None = _option(
        None, "decay of a moving average of the weights, which is then validated and exported; 0.9999"
    )
    seed: int = _option(0, "of weights, order, crops and dropout")
    precision: str = _option("bf16", "bf16 (autocast over float32 weights) or fp32")
    text_layout: str = _option(
        "sorted",
        "padded (each text to the context), sorted (the batch by length, each micro-batch to its longest; exact),"
        " packed (no padding at all; needs text_dropout=0)",
    )
    micro_batch: int = _option(
        256,
        "pairs whose activations are made at once on a device; for ViT-B/16 and 256 tokens 150 MB each, by count",
    )
    live_micro_batches: int = _option(1, "micro-batches whose activations are kept; the others are computed twice")
    pooled_last_block: bool = _option(True, "compute the last block for the pooled token only; exact")
    recompute_blocks: bool = _option(False, "keep no activations inside blocks: a third slower, least memory")
    compile: bool = _option(False, "fuse the blocks with torch.compile; a minute at the start")
    loss_tile: int | None = _option(4096, "rows of the similarity matrix held at once; none holds them all")
    shuffle_shards: int = _option(64, "shards whose samples are mixed; more is more random, fewer reads less far")

    def __post_init__(self) -> None:
        """Refuses settings that contradict each other."""
        for name, known in (("loss", ("clip", "siglip")), ("precision", ("bf16", "fp32")), ("text_layout", LAYOUTS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is one of {', '.join(known)}, not '{getattr(self, name)}'")
        if self.text_layout == "packed" and self.text_dropout:
            raise ValueError("text_layout=packed has no dropout inside attention: set text_dropout=0 too")
        for name in ("batch_size", "micro_batch", "live_micro_batches", "epochs", "shuffle_shards"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1")


def _vit(name: str, width: int, heads: int, *, px: int = 224, hub: bool = True) -> VisionConfig:
    timm_name = f"vit_{name}_patch16_{px}" if hub else None
    weights = IMAGENET.format(size=name, px=px) if hub else None
    return VisionConfig(timm_name, image_size=px, width=width, heads=heads, hub=weights)


VIT_S, VIT_B = _vit("small", 384, 6), _vit("base", 768, 12)
VIT_M = _vit("medium", 512, 8, hub=False)
"""39 M parameters, as the paper's; timm has no such model with a class token, so it starts at random."""
VIT_B_384 = _vit("base", 768, 12, px=384)
GPT_77 = TextConfig("gpt", context=77, vocab_size=49_408, width=512, heads=8, max_positions=77, hub=OPENAI_CLIP)
BERT_77 = TextConfig(context=77)

_FINAL = Recipe(ModelConfig(VIT_B))
_ABLATION = dataclasses.replace(_FINAL, epochs=8)

TINY = Recipe(
    ModelConfig(
        VisionConfig("test_vit", image_size=160, width=64, layers=6, heads=2, mlp_ratio=3),
        TextConfig(context=64, vocab_size=2_000, width=64, layers=2, heads=2, max_positions=64, hub=None),
        embed_dim=64,
    ),
    batch_size=64,
    epochs=20,
    lr=2e-3,
    warmup_steps=10,
    text_dropout=0.0,
    precision="fp32",
    micro_batch=64,
)

PRESETS = {
    "biomedclip": _FINAL,
    "biomedclip-384": dataclasses.replace(_FINAL, model=ModelConfig(VIT_B_384)),
    "biomedclip-gpt": dataclasses.replace(_FINAL, model=ModelConfig(VIT_B, GPT_77)),
    "batch-2k": dataclasses.replace(_FINAL, batch_size=2048),
    "batch-4k-8-epochs": _ABLATION,
    "batch-64k": dataclasses.replace(_FINAL, batch_size=65_536),
    "gpt-77": dataclasses.replace(_ABLATION, model=ModelConfig(VIT_B, GPT_77)),
    "bert-77": dataclasses.replace(_ABLATION, model=ModelConfig(VIT_B, BERT_77)),
    "bert-256": _ABLATION,
    "vit-s": dataclasses.replace(_ABLATION, model=ModelConfig(VIT_S)),
    "vit-m": dataclasses.replace(_ABLATION, model=ModelConfig(VIT_M)),
    "vit-b": _ABLATION,
    "tiny": TINY,
}
"""By the name that the user types. In the paper `batch-64k` goes on from `batch-4k-8-epochs`: ``--init RUN``."""


def with_settings(recipe: Recipe, overrides: Iterable[str]) -> Recipe:
    """A recipe changed by `key=value` overrides.

    Raises:
        ConfigError: a key is unknown, a value has the wrong type, or the settings contradict each other.
    """
    changes: dict[str, Any] = {}
    types = {name: hint for name, hint in typing.get_type_hints(Recipe).items() if name != "model"}
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set {text}: write it as key=value")
        if key not in types:
            nearest = difflib.get_close_matches(key, types, n=1, cutoff=0.0)[0]
            raise ConfigError(f"--set {text}: there is no key '{key}'; the nearest is '{nearest}'")
        changes[key] = converted(value, types[key], f"--set {text}: '{key}'")
    try:
        return dataclasses.replace(recipe, **changes)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def recipe_from_json(values: dict[str, Any]) -> Recipe:
    """The recipe that `dataclasses.asdict` turned into `values`."""
    model = values["model"]
    towers = ModelConfig(VisionConfig(**model["vision"]), TextConfig(**model["text"]), model["embed_dim"])
    return Recipe(**{**values, "model": towers})

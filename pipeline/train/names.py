"""What our weights are called elsewhere: in open_clip's checkpoints (timm and transformers inside), and on the hub.

A rule maps one of our names to one or more of theirs: several are stacked, for transformers keeps queries, keys and
values apart. A vision tower of a size that timm has no name for goes into open_clip's own, whose patches have no bias:
there each patch's position takes it in, which adds up to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from pipeline.train.presets import ModelConfig, TextConfig, VisionConfig

Weights = Mapping[str, Tensor]
Rules = dict[str, tuple[str, ...]]

_VISION, _BERT, _GPT = "visual.trunk.", "text.transformer.", "text."
_OWN_VISION = "visual."

_VISION_ONCE = {
    "cls_token": "cls_token",
    "positions": "pos_embed",
    "patch.weight": "patch_embed.proj.weight",
    "patch.bias": "patch_embed.proj.bias",
}
_VISION_BLOCK = {
    "norm1": "norm1",
    "attention.qkv": "attn.qkv",
    "attention.out": "attn.proj",
    "norm2": "norm2",
    "mlp.0": "mlp.fc1",
    "mlp.2": "mlp.fc2",
}
_BERT_ONCE = {
    "words.weight": "embeddings.word_embeddings.weight",
    "places.weight": "embeddings.position_embeddings.weight",
    "types.weight": "embeddings.token_type_embeddings.weight",
}
_BERT_BLOCK = {
    "attention.out": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "mlp.0": "intermediate.dense",
    "mlp.2": "output.dense",
    "norm2": "output.LayerNorm",
}
_BERT_QKV = tuple(f"attention.self.{name}" for name in ("query", "key", "value"))
_OWN_VISION_ONCE = {
    "cls_token": "class_embedding",
    "positions": "positional_embedding",
    "patch.weight": "conv1.weight",
    "head.weight": "proj",
}
_GPT_ONCE = {
    "words.weight": "token_embedding.weight",
    "places": "positional_embedding",
    "projection": "text_projection",
}
_RESBLOCK = {
    "norm1": "ln_1",
    "attention.out": "attn.out_proj",
    "norm2": "ln_2",
    "mlp.0": "mlp.c_fc",
    "mlp.2": "mlp.c_proj",
}


class WeightsError(ValueError):
    """Weights that do not fit the model; the message names the first that are missing or too many."""


def rules(config: ModelConfig, *, siglip: bool = False) -> Rules:
    """The names in an open_clip checkpoint of each of our weights."""
    scalars = ("logit_scale", "logit_bias") if siglip else ("logit_scale",)
    text = _bert_rules if config.text.kind == "bert" else _gpt_rules
    return {
        **{name: (name,) for name in scalars},
        **(_timm_rules(config.vision) if config.vision.timm_name else dict(_own_vision_rules(config.vision))),
        **dict(text(config.text)),
    }


def _both(ours: str, *theirs: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in ("weight", "bias"):
        yield f"{ours}.{part}", tuple(f"{name}.{part}" for name in theirs)


def _timm_rules(config: VisionConfig) -> Rules:
    return {**dict(_vision_rules(config)), "visual.head.weight": ("visual.head.proj.weight",)}


def _vision_rules(config: VisionConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    for ours, theirs in _VISION_ONCE.items():
        yield f"visual.{ours}", (_VISION + theirs,)
    for i in range(config.layers):
        for ours, theirs in _VISION_BLOCK.items():
            yield from _both(f"visual.blocks.{i}.{ours}", f"{_VISION}blocks.{i}.{theirs}")
    yield from _both("visual.norm", f"{_VISION}norm")


def _bert_rules(config: TextConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    for ours, theirs in _BERT_ONCE.items():
        yield f"text.{ours}", (_BERT + theirs,)
    yield from _both("text.norm", f"{_BERT}embeddings.LayerNorm")
    for i in range(config.layers):
        layer = f"{_BERT}encoder.layer.{i}."
        yield from _both(f"text.blocks.{i}.attention.qkv", *(layer + name for name in _BERT_QKV))
        for ours, theirs in _BERT_BLOCK.items():
            yield from _both(f"text.blocks.{i}.{ours}", layer + theirs)
    for i in (0, 2):
        yield f"text.head.{i}.weight", (f"text.proj.{i}.weight",)


def _own_vision_rules(config: VisionConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    for ours, theirs in _OWN_VISION_ONCE.items():
        yield f"visual.{ours}", (_OWN_VISION + theirs,)
    yield from _resblock_rules("visual.", _OWN_VISION, config.layers)
    yield from _both("visual.norm", f"{_OWN_VISION}ln_post")


def _gpt_rules(config: TextConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    for ours, theirs in _GPT_ONCE.items():
        yield f"text.{ours}", (_GPT + theirs,)
    yield from _resblock_rules("text.", _GPT, config.layers)
    yield from _both("text.norm", f"{_GPT}ln_final")


def _resblock_rules(tower: str, their_tower: str, n_layers: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    for i in range(n_layers):
        block, layer = f"{tower}blocks.{i}.", f"{their_tower}transformer.resblocks.{i}."
        for part in ("weight", "bias"):
            yield f"{block}attention.qkv.{part}", (f"{layer}attn.in_proj_{part}",)
        for ours, theirs in _RESBLOCK.items():
            yield from _both(block + ours, layer + theirs)


def to_open_clip(weights: Weights, config: ModelConfig) -> dict[str, Tensor]:
    """Our weights under the names, and in the pieces, of an open_clip checkpoint."""
    found: dict[str, Tensor] = {}
    if not config.vision.timm_name:
        weights = _in_their_shapes(weights)
    for ours, theirs in rules(config, siglip="logit_bias" in weights).items():
        pieces = weights[ours].chunk(len(theirs)) if len(theirs) > 1 else (weights[ours],)
        found.update((name, piece.contiguous()) for name, piece in zip(theirs, pieces, strict=True))
    return found


def from_open_clip(weights: Weights, config: ModelConfig) -> dict[str, Tensor]:
    """The weights of an open_clip checkpoint under our names.

    Raises:
        WeightsError: some are missing, or there are others.
    """
    # Released by older transformers: a buffer of row numbers, not a weight.
    theirs = {name: weight for name, weight in weights.items() if not name.endswith("embeddings.position_ids")}
    found = _renamed(theirs, rules(config, siglip="logit_bias" in theirs))
    return found if config.vision.timm_name else _in_our_shapes(found)


def _in_their_shapes(weights: Weights) -> dict[str, Tensor]:
    """Our weights as open_clip's own vision tower has them: no batch axis, the bias of patches in their positions."""
    positions = weights["visual.positions"][0].clone()
    positions[1:] += weights["visual.patch.bias"]
    return {
        **weights,
        "visual.cls_token": weights["visual.cls_token"].flatten(),
        "visual.positions": positions,
        "visual.head.weight": weights["visual.head.weight"].T,
    }


def _in_our_shapes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `_in_their_shapes` made, with a bias of patches that is zero."""
    token = weights["visual.cls_token"]
    return {
        **weights,
        "visual.cls_token": token[None, None],
        "visual.positions": weights["visual.positions"][None],
        "visual.head.weight": weights["visual.head.weight"].T.contiguous(),
        "visual.patch.bias": torch.zeros_like(token),
    }


def from_timm(weights: Weights, config: VisionConfig) -> dict[str, Tensor]:
    """The weights of a timm ViT under our names; its classifier is left out, its positions fitted to the image size.

    Raises:
        WeightsError: some are missing, or there are others.
    """
    theirs = {_VISION + name: weight for name, weight in weights.items() if not name.startswith(("head.", "fc_norm."))}
    found = _renamed(theirs, dict(_vision_rules(config)))
    return {**found, "visual.positions": _resampled(found["visual.positions"], config.n_tokens)}


def from_bert(weights: Weights, config: TextConfig) -> dict[str, Tensor]:
    """The weights of a BERT, with or without its pretraining heads, under our names; heads and pooler are left out.

    Raises:
        WeightsError: some are missing, or there are others.
    """
    theirs = {}
    for name, weight in weights.items():
        inner = name.removeprefix("bert.").replace("LayerNorm.gamma", "LayerNorm.weight")
        inner = inner.replace("LayerNorm.beta", "LayerNorm.bias")
        if inner.startswith(("embeddings.", "encoder.")) and not inner.endswith("position_ids"):
            theirs[_BERT + inner] = weight
    wanted = {ours: names for ours, names in _bert_rules(config) if not ours.startswith("text.head.")}
    return _renamed(theirs, wanted)


def _renamed(theirs: Weights, wanted: Rules) -> dict[str, Tensor]:
    names = {name for pieces in wanted.values() for name in pieces}
    missing, others = sorted(names - theirs.keys()), sorted(theirs.keys() - names)
    if missing or others:
        parts = [f"{what}: {', '.join(few[:3])}" for what, few in (("missing", missing), ("unknown", others)) if few]
        raise WeightsError(f"{len(missing)} weights missing, {len(others)} unknown ({'; '.join(parts)})")
    return {
        ours: torch.cat([theirs[name] for name in pieces]) if len(pieces) > 1 else theirs[pieces[0]]
        for ours, pieces in wanted.items()
    }


def _resampled(positions: Tensor, n_tokens: int) -> Tensor:
    """Learnt positions (1, N, D) for another number of patches: a bicubic picture of them, the class token's kept."""
    if positions.shape[1] == n_tokens:
        return positions
    first, grid = positions[:, :1], positions[:, 1:]
    old, new = (round((n - 1) ** 0.5) for n in (positions.shape[1], n_tokens))
    image = grid.float().unflatten(1, (old, old)).permute(0, 3, 1, 2)
    image = F.interpolate(image, (new, new), mode="bicubic", antialias=True)
    return torch.cat([first, image.flatten(2).transpose(1, 2).to(first.dtype)], dim=1)

"""A model in the form of BiomedCLIP's release: what open_clip loads from a folder, strictly and without a network.

OUT/open_clip_config.json          towers and preprocessing; the text tower's configuration by this folder's path
   /open_clip_config.hub.json      the same with the names of the hub: what to publish
   /open_clip_model.safetensors    weights under open_clip's names
   /config.json                    of the text tower
   /tokenizer.json, vocab.txt, ...

open_clip 3.3.0 takes weights and vocabulary from the folder, but asks transformers for the text tower's configuration
by the name in the file. A name of the hub needs the network; so the name is the folder's own path, and a folder that
was moved is put right by `relocate`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from pipeline.train.checkpoint import Checkpoints
from pipeline.train.init import CHECKPOINTS, OPEN_CLIP_WEIGHTS, exported_weights, load_whole
from pipeline.train.model import MEAN, STD, Clip, normalised, padded_texts
from pipeline.train.names import to_open_clip
from pipeline.train.presets import BIOMEDBERT, OPENAI_CLIP, ModelConfig, TextConfig, VisionConfig, recipe_from_json
from pipeline.train.tokens import FILE, CaptionTokenizer, load_tokenizer, tokenizer_from_json

CONFIG, HUB_CONFIG, TEXT_CONFIG = "open_clip_config.json", "open_clip_config.hub.json", "config.json"
OURS = "pmc15m.json"
"""Sizes of the towers, for our own reader; open_clip knows them from names."""

_TOLERANCE = 1e-5


class ExportError(Exception):
    """A model that cannot be written or read; the message is one line for the user."""


def export_run(run: Path, out: Path, step: int | None = None) -> None:
    """Writes the model of a run's checkpoint to a new folder.

    Raises:
        CheckpointError: there is none.
    """
    state = Checkpoints(run / CHECKPOINTS).read(step)
    recipe = recipe_from_json(state["recipe"])
    config = recipe.model
    tokenizer = tokenizer_from_json((run / FILE).read_text(encoding="utf-8"), config.text.context)
    export(exported_weights(state), config, tokenizer, out)


def export(weights: dict[str, torch.Tensor], config: ModelConfig, tokenizer: CaptionTokenizer, out: Path) -> None:
    """Writes a model to a folder.

    Args:
        weights: under our names.
        config: of the towers.
        tokenizer: of the captions.
        out: a new or empty folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    save_file(to_open_clip(weights, config), out / OPEN_CLIP_WEIGHTS[0])
    tokenizer.save(out)
    siglip = "logit_bias" in weights
    _write(out / OURS, {"embed_dim": config.embed_dim, "vision": _fields(config.vision), "text": _fields(config.text)})
    on_hub = config.text.hub or (BIOMEDBERT if config.text.kind == "bert" else OPENAI_CLIP)
    _write(out / HUB_CONFIG, open_clip_config(config, on_hub, siglip=siglip))
    _write(out / CONFIG, open_clip_config(config, str(out.resolve()), siglip=siglip))
    if config.text.kind == "bert":
        _write(out / TEXT_CONFIG, bert_config(config.text))


def relocate(folder: Path) -> None:
    """Makes a folder that was moved loadable by open_clip again."""
    config = json.loads((folder / CONFIG).read_text())
    text = config["model_cfg"]["text_cfg"]
    if text["hf_tokenizer_name"] != str(folder.resolve()):
        names = [name for name in ("hf_model_name", "hf_tokenizer_name") if name in text]
        _write(
            folder / CONFIG,
            {
                **config,
                "model_cfg": {
                    **config["model_cfg"],
                    "text_cfg": {**text, **dict.fromkeys(names, str(folder.resolve()))},
                },
            },
        )


def _fields(config: VisionConfig | TextConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def open_clip_config(config: ModelConfig, text_name: str, *, siglip: bool = False) -> dict[str, Any]:
    """What `open_clip_config.json` holds.

    Args:
        config: of the towers.
        text_name: where transformers finds the vocabulary, and a BERT's configuration.
        siglip: the model has a bias of similarities.

    Source: the file of microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224.
    """
    vision = _timm_vision(config.vision) if config.vision.timm_name else _own_vision(config.vision)
    text = _bert_text(config.text, text_name) if config.text.kind == "bert" else _gpt_text(config.text, text_name)
    model: dict[str, Any] = {"embed_dim": config.embed_dim, "vision_cfg": vision, "text_cfg": text}
    if config.text.kind == "gpt":
        model["custom_text"] = True
    if siglip:
        model["init_logit_bias"] = 0
    return {"model_cfg": model, "preprocess_cfg": {"mean": list(MEAN), "std": list(STD)}}


def _timm_vision(config: VisionConfig) -> dict[str, Any]:
    return {
        "timm_model_name": config.timm_name,
        "timm_model_pretrained": False,
        "timm_pool": "",
        "timm_proj": "linear",
        "image_size": config.image_size,
    }


def _own_vision(config: VisionConfig) -> dict[str, Any]:
    """A ViT as timm's in the terms of open_clip's own, which by default has one norm more and another epsilon."""
    return {
        "image_size": config.image_size,
        "patch_size": config.patch_size,
        "width": config.width,
        "layers": config.layers,
        "head_width": config.width // config.heads,
        "mlp_ratio": float(config.mlp_ratio),
        "no_ln_pre": True,
        "norm_kwargs": {"eps": 1e-6},
    }


def _bert_text(config: TextConfig, name: str) -> dict[str, Any]:
    return {
        "hf_model_name": name,
        "hf_tokenizer_name": name,
        "hf_proj_type": "mlp",
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "context_length": config.context,
    }


def _gpt_text(config: TextConfig, name: str) -> dict[str, Any]:
    sizes = {"context_length": config.context, "vocab_size": config.vocab_size}
    return {**sizes, "width": config.width, "heads": config.heads, "layers": config.layers, "hf_tokenizer_name": name}


def bert_config(config: TextConfig) -> dict[str, Any]:
    """What transformers needs to make the text tower."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": config.vocab_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": 4 * config.width,
        "hidden_act": "gelu",
        "max_position_embeddings": config.n_positions,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }


def load_model(place: Path) -> tuple[Clip, CaptionTokenizer]:
    """The model of a run or of an exported folder, and its vocabulary, ready to encode.

    Raises:
        ExportError: it is neither.
        InitError, CheckpointError, TokenizerError: a part of it cannot be read.
    """
    config = _config(place)
    siglip = "logit_bias" in _weight_names(place)
    model = Clip(config, siglip=siglip)
    load_whole(model, place)
    return model.eval(), load_tokenizer(str(place), config.text.context)


def _config(place: Path) -> ModelConfig:
    for name in ("recipe.json", OURS):
        path = place / name
        if path.exists():
            found = json.loads(path.read_text())
            model = found.get("model", found)
            return ModelConfig(VisionConfig(**model["vision"]), TextConfig(**model["text"]), model["embed_dim"])
    if (place / CONFIG).exists():
        return _released_config(json.loads((place / CONFIG).read_text())["model_cfg"], place)
    raise ExportError(f"{place}: neither a run nor an exported model")


def _released_config(found: dict[str, Any], place: Path) -> ModelConfig:
    """The towers of a folder that others wrote in this form; only those whose names are known."""
    from pipeline.train.presets import PRESETS

    text, vision = found["text_cfg"], found["vision_cfg"]
    known = {recipe.model.vision.timm_name: recipe.model.vision for recipe in PRESETS.values()}
    tower = known.get(vision.get("timm_model_name"))
    if tower is None or text.get("hf_pooler_type") != "cls_last_hidden_state_pooler":
        raise ExportError(f"{place}: its towers are not those of a preset: {vision}, {text}")
    return ModelConfig(tower, TextConfig(context=text["context_length"]), found["embed_dim"])


def _weight_names(place: Path) -> set[str]:
    if (place / CHECKPOINTS).is_dir():
        return set(Checkpoints(place / CHECKPOINTS).read()["model"])
    from safetensors import safe_open

    path = place / OPEN_CLIP_WEIGHTS[0]
    if not path.exists():
        return set()
    with safe_open(path, "pt") as file:
        return set(file.keys())


def verify(folder: Path) -> float:
    """Loads an exported model with open_clip, strictly; returns the largest difference of an embedding.

    Raises:
        ExportError: open_clip is not installed, or its embeddings are others.
    """
    try:
        import open_clip
    except ImportError as error:
        raise ExportError(f"{error}; install it with: pip install open_clip_torch") from error
    relocate(folder)
    theirs, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    ours, _ = load_model(folder)
    difference = _difference(ours, theirs.eval())
    if difference > _TOLERANCE:
        raise ExportError(f"{folder}: open_clip's embeddings differ from ours by {difference:.1e}")
    return difference


@torch.no_grad()
def _difference(ours: Clip, theirs: Any) -> float:
    config, generator = ours.config, torch.Generator().manual_seed(0)
    size = config.vision.image_size
    images = torch.randint(0, 256, (2, size, size, 3), dtype=torch.uint8, generator=generator)
    texts = [torch.randint(1, config.text.vocab_size, (n,), generator=generator) for n in (5, config.text.context)]
    for text in texts:
        text[-1] = config.text.vocab_size - 1  # open_clip pools a GPT's text at its largest id
    laid_out = padded_texts(texts, torch.device("cpu"), to=config.text.context, causal=ours.text.causal)
    pairs = (
        (ours.encode_images(images), theirs.encode_image(normalised(images), normalize=True)),
        (ours.encode_texts(laid_out), theirs.encode_text(laid_out.ids, normalize=True)),
    )
    return max(float((a - b).abs().max()) for a, b in pairs)

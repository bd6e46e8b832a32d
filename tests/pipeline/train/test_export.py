"""Exports through open_clip's own loader without a network; weights from the hub's files through the real reader."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.train.export import ExportError, export, load_model, open_clip_config, relocate, verify
from pipeline.train.init import InitError, load_towers, load_whole
from pipeline.train.model import Clip
from pipeline.train.names import to_open_clip
from pipeline.train.presets import PRESETS, ModelConfig
from pipeline.train.tokens import learn_tokenizer

PROJECT = Path(__file__).resolve().parents[3]
RELEASED = {
    "model_cfg": {
        "embed_dim": 512,
        "vision_cfg": {
            "timm_model_name": "vit_base_patch16_224",
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": 224,
        },
        "text_cfg": {
            "hf_model_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
            "hf_tokenizer_name": "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
            "hf_proj_type": "mlp",
            "hf_pooler_type": "cls_last_hidden_state_pooler",
            "context_length": 256,
        },
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
    },
}
"""The file of microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224, which is under the MIT licence."""


OWN_VISION = dataclasses.replace(PRESETS["vit-m"].model.vision, image_size=64, width=64, layers=2, heads=2, mlp_ratio=3)
"""Small, and with no name in timm."""


@pytest.fixture(params=["timm's vision tower", "open_clip's own"])
def exported(
    request: pytest.FixtureRequest, tiny: ModelConfig, make_model: Callable[..., Clip], tmp_path: Path
) -> Path:
    captions = ["red cells and blue cells", "a scan of the chest"] * 3
    n_tokens = 100 if tiny.text.kind == "bert" else 300
    tokenizer = learn_tokenizer(tiny.text.kind, captions, n_tokens, tiny.text.context)
    text = dataclasses.replace(tiny.text, vocab_size=tokenizer.vocab_size)
    config = dataclasses.replace(tiny, text=text, vision=OWN_VISION if "own" in request.param else tiny.vision)
    export(make_model(config).state_dict(), config, tokenizer, tmp_path / "model")
    return tmp_path / "model"


def test_the_configuration_is_the_released_one() -> None:
    config = PRESETS["biomedclip"].model
    assert config.text.hub is not None
    assert open_clip_config(config, config.text.hub) == RELEASED


LOAD = """
import sys, socket
def refuse(*args, **kwargs):
    raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
import open_clip, torch
model, _, preprocess = open_clip.create_model_and_transforms("local-dir:" + sys.argv[1])
tokenizer = open_clip.get_tokenizer("local-dir:" + sys.argv[1])
from PIL import Image
image = preprocess(Image.new("RGB", (200, 180), (200, 30, 90)))[None]
with torch.no_grad():
    texts = tokenizer(["red cells, a scan"])
    found = [model.eval().encode_image(image, normalize=True), model.encode_text(texts, normalize=True)]
torch.save(found, sys.argv[2])
"""


def test_open_clip_loads_it_without_a_network_and_embeds_as_we_do(exported: Path, tmp_path: Path) -> None:
    pytest.importorskip("open_clip")
    from PIL import Image

    from pipeline.train.model import padded_texts
    from pipeline.train.pictures import square_of_image

    run = [sys.executable, "-c", LOAD, str(exported), str(tmp_path / "out.pt")]
    subprocess.run(run, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"})
    theirs = torch.load(tmp_path / "out.pt")
    model, tokenizer = load_model(exported)
    size = model.config.vision.image_size
    picture = torch.from_numpy(square_of_image(Image.new("RGB", (200, 180), (200, 30, 90)), size).copy())[None]
    ids = [torch.from_numpy(row.astype("int64")) for row in tokenizer.encode(["red cells, a scan"])]
    laid_out = padded_texts(ids, torch.device("cpu"), causal=model.text.causal)
    ours = model.encode_images(picture), model.encode_texts(laid_out)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.allclose(mine, other, atol=1e-5)


def test_a_moved_folder_is_put_right(exported: Path) -> None:
    moved = exported.rename(exported.with_name("moved"))
    relocate(moved)
    text = json.loads((moved / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]
    assert {text.get("hf_model_name", str(moved)), text["hf_tokenizer_name"]} == {str(moved)}
    hub = json.loads((moved / "open_clip_config.hub.json").read_text())["model_cfg"]["text_cfg"]
    preset = PRESETS["biomedclip" if "hf_model_name" in text else "gpt-77"]
    assert hub["hf_tokenizer_name"] == preset.model.text.hub


@pytest.mark.parametrize("preset", ["vit-s", "vit-m"])
def test_the_smaller_vision_towers_of_the_paper_load_in_open_clip(
    preset: str, tiny: ModelConfig, make_model: Callable[..., Clip], tmp_path: Path
) -> None:
    pytest.importorskip("open_clip")
    if tiny.text.kind == "gpt":
        pytest.skip("one text tower is enough")
    tokenizer = learn_tokenizer("bert", ["red cells and blue cells"] * 3, 100, tiny.text.context)
    text = dataclasses.replace(tiny.text, vocab_size=tokenizer.vocab_size)
    config = ModelConfig(PRESETS[preset].model.vision, text)
    export(make_model(config).state_dict(), config, tokenizer, tmp_path / "model")
    assert verify(tmp_path / "model") < 1e-5


def test_verify_compares_with_open_clip_and_tells_a_difference(exported: Path) -> None:
    pytest.importorskip("open_clip")
    assert verify(exported) < 1e-5
    ours = exported / "pmc15m.json"
    ours.write_text(ours.read_text().replace('"heads": 4', '"heads": 8'))  # of the text tower
    with pytest.raises(ExportError, match="embeddings differ"):
        verify(exported)


def test_weights_under_the_released_names_are_read() -> None:
    """Random tensors with the names and shapes that open_clip gives the released checkpoint, position_ids and all."""
    open_clip = pytest.importorskip("open_clip")
    timm = pytest.importorskip("timm")
    del open_clip
    config = PRESETS["biomedclip"].model
    with torch.device("meta"):
        ours = Clip(config).state_dict()
        trunk = timm.create_model("vit_base_patch16_224", num_classes=0)
    theirs = to_open_clip(ours, config)
    assert {f"visual.trunk.{name}": w.shape for name, w in trunk.state_dict().items()}.items() <= {
        name: w.shape for name, w in theirs.items()
    }.items()
    assert theirs["text.proj.0.weight"].shape == (640, 768)
    assert theirs["text.proj.2.weight"].shape == (512, 640)
    assert theirs["visual.head.proj.weight"].shape == (512, 768)
    assert not any("pooler" in name for name in theirs)


def released(folder: Path, tiny: ModelConfig, model: Clip, suffix: str) -> Path:
    weights: dict[str, Any] = to_open_clip(model.state_dict(), tiny)
    weights["text.transformer.embeddings.position_ids"] = torch.arange(tiny.text.n_positions)[None]
    folder.mkdir()
    if suffix == "bin":
        torch.save(weights, folder / "open_clip_pytorch_model.bin")
    else:
        from safetensors.torch import save_file

        save_file(weights, folder / "open_clip_model.safetensors")
    return folder


@pytest.mark.parametrize("suffix", ["bin", "safetensors"])
def test_a_folder_of_open_clip_is_read_strictly(
    tiny: ModelConfig, make_model: Callable[..., Clip], tmp_path: Path, suffix: str
) -> None:
    source, target = make_model(tiny, seed=5), make_model(tiny, seed=6)
    load_whole(target, released(tmp_path / "released", tiny, source, suffix))
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))
    other = make_model(dataclasses.replace(tiny, text=dataclasses.replace(tiny.text, layers=2)))
    with pytest.raises(InitError, match=r"\d+ unknown"):
        load_whole(other, tmp_path / "released")


@pytest.mark.parametrize("form", ["model", "masked-lm", "gamma"])
def test_a_bert_of_the_hub_becomes_the_text_tower(
    tiny: ModelConfig, make_model: Callable[..., Clip], tmp_path: Path, form: str
) -> None:
    transformers = pytest.importorskip("transformers")
    if tiny.text.kind == "gpt":
        pytest.skip("a BERT")
    text = tiny.text
    config = transformers.BertConfig(
        vocab_size=text.vocab_size,
        hidden_size=text.width,
        num_hidden_layers=text.layers,
        num_attention_heads=text.heads,
        intermediate_size=4 * text.width,
        max_position_embeddings=text.n_positions,
    )
    kind = transformers.BertModel if form == "model" else transformers.BertForMaskedLM
    bert = kind(config).eval()
    if form == "gamma":
        weights = {n.replace("LayerNorm.weight", "LayerNorm.gamma"): w for n, w in bert.state_dict().items()}
        torch.save(weights, tmp_path / "pytorch_model.bin")
    else:
        bert.save_pretrained(tmp_path)
    model = make_model(tiny)
    before = model.text.head[0].weight.clone()
    load_towers(model, None, str(tmp_path))
    ids = torch.randint(5, text.vocab_size, (2, 9))
    inner = bert if form == "model" else bert.bert
    with torch.no_grad():
        theirs = inner(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[:, 0]
        from pipeline.train.model import padded_texts

        ours = model.text.pooled(padded_texts(list(ids), torch.device("cpu"), causal=False))
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert torch.equal(model.text.head[0].weight, before)


@pytest.mark.parametrize("size", [160, 224])
def test_a_vit_of_timm_becomes_the_vision_tower_at_any_size(
    tiny: ModelConfig, make_model: Callable[..., Clip], tmp_path: Path, size: int
) -> None:
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    vit = timm.create_model("test_vit", num_classes=10).eval()
    save_file(vit.state_dict(), tmp_path / "model.safetensors")
    config = dataclasses.replace(tiny, vision=dataclasses.replace(tiny.vision, image_size=size))
    model = make_model(config)
    load_towers(model, str(tmp_path), None)
    vit.set_input_size((size, size))
    images = torch.randn(2, 3, size, size)
    with torch.no_grad():
        theirs = vit.forward_features(images)[:, 0]
        assert torch.allclose(model.visual.pooled(images), theirs, atol=1e-5)


def test_weights_that_do_not_fit_are_refused_in_a_line(tiny, make_model, tmp_path: Path) -> None:
    torch.save({"classifier": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InitError, match=r"does not fit the tower: \d+ weights missing, 1 unknown"):
        load_towers(make_model(tiny), str(tmp_path), None)
    (tmp_path / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(InitError, match=r"model\.safetensors"):
        load_towers(make_model(tiny), str(tmp_path), None)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="neither a run nor an exported model"):
        load_model(tmp_path)

"""The towers against open_clip's, on the same weights; and the ways of laying out text against each other."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from pipeline.train.group import Group
from pipeline.train.loss import contrastive_loss
from pipeline.train.model import Clip, new_model, normalised, packed_texts, padded_texts
from pipeline.train.names import from_open_clip, to_open_clip
from pipeline.train.presets import PRESETS, ModelConfig

CPU = torch.device("cpu")


def features(model: Clip, batch, layout: str = "padded"):
    causal = model.text.causal
    if layout == "packed":
        texts = packed_texts(batch.texts, CPU, causal=causal)
    else:
        to = model.config.text.context if layout == "padded" else None
        texts = padded_texts(batch.texts, CPU, to=to, causal=causal)
    return model.encode_images(batch.images), model.encode_texts(texts)


def loss_and_gradients(model: Clip, batch, layout: str = "padded"):
    model.zero_grad()
    images, texts = features(model, batch, layout)
    loss = contrastive_loss("clip", Group())(images, texts, model.logit_scale.exp(), None)
    loss.backward()
    return loss.detach(), {name: weight.grad.clone() for name, weight in model.named_parameters()}


def oracle_loss_and_gradients(model: Clip, twin, batch):
    open_clip = pytest.importorskip("open_clip")
    ids = torch.zeros(len(batch.texts), model.config.text.context, dtype=torch.int64)
    for row, text in zip(ids, batch.texts, strict=True):
        row[: len(text)] = text
    twin.zero_grad()
    images, texts, scale = twin(normalised(batch.images), ids)
    loss = open_clip.ClipLoss()(images, texts, scale)
    loss.backward()
    gradients = {name: weight.grad for name, weight in twin.named_parameters()}
    return (images, texts, loss.detach()), gradients


def relative_error(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found - wanted).detach().norm() / wanted.detach().norm().clamp_min(1e-12))


def assert_gradients_equal(model: Clip, ours, theirs, tolerance: float) -> None:
    # The key's bias moves all similarities of a query alike, so its true gradient is zero and only noise is left.
    scale = max(float(g.norm()) for g in theirs.values())
    for name, gradient in to_open_clip(ours, model.config).items():
        error = float((gradient - theirs[name]).norm())
        assert error <= tolerance * max(float(theirs[name].norm()), 1e-2 * scale), name


def test_features_loss_and_gradients_equal_open_clip(tiny, make_model, make_batch, open_clip_twin) -> None:
    model = make_model(tiny)
    batch = make_batch(6, tiny)
    (images, texts, loss), theirs = oracle_loss_and_gradients(model, open_clip_twin(model), batch)
    ours = features(model, batch)
    assert relative_error(ours[0], images) < 1e-5
    assert relative_error(ours[1], texts) < 1e-5
    found, gradients = loss_and_gradients(model, batch)
    assert abs(found / loss - 1) < 1e-5
    assert_gradients_equal(model, gradients, theirs, 1e-5)


@pytest.mark.long
@pytest.mark.parametrize("preset", ["biomedclip", "biomedclip-gpt"])
def test_real_sizes_equal_open_clip(preset: str, open_clip_twin, make_batch) -> None:
    model = new_model(dataclasses.replace(PRESETS[preset], text_dropout=0.0)).eval()
    batch = make_batch(4, model.config)
    (images, _, loss), theirs = oracle_loss_and_gradients(model, open_clip_twin(model), batch)
    assert relative_error(features(model, batch)[0], images) < 1e-5
    found, gradients = loss_and_gradients(model, batch)
    assert abs(found / loss - 1) < 1e-5
    assert_gradients_equal(model, gradients, theirs, 1e-5)


def test_bfloat16_is_near_open_clip_in_float32(tiny, make_model, make_batch, open_clip_twin) -> None:
    model = make_model(tiny)
    batch = make_batch(6, tiny)
    (_, _, loss), _ = oracle_loss_and_gradients(model, open_clip_twin(model), batch)
    with torch.autocast("cpu", torch.bfloat16):
        found, _ = loss_and_gradients(model, batch)
    assert abs(found / loss - 1) < 1e-2


@pytest.mark.parametrize("layout", ["to the longest", "packed"])
def test_layouts_of_text_are_equal(tiny, make_model, make_batch, layout: str) -> None:
    model = make_model(tiny)
    batch = make_batch(7, tiny)
    loss, gradients = loss_and_gradients(model, batch)
    other_loss, other_gradients = loss_and_gradients(model, batch, layout)
    assert other_loss == pytest.approx(float(loss), rel=1e-6)
    assert_gradients_equal(model, other_gradients, to_open_clip(gradients, model.config), 1e-5)


@pytest.mark.parametrize("layout", ["padded", "packed"])
def test_the_whole_last_block_gives_what_its_pooled_token_gives(tiny, make_model, make_batch, layout: str) -> None:
    model = make_model(tiny)
    batch = make_batch(5, tiny)
    loss, gradients = loss_and_gradients(model, batch, layout)
    model.visual.blocks.pooled_last = model.text.blocks.pooled_last = False
    other_loss, other_gradients = loss_and_gradients(model, batch, layout)
    assert other_loss == pytest.approx(float(loss), rel=1e-6)
    assert_gradients_equal(model, other_gradients, to_open_clip(gradients, model.config), 1e-5)


def test_texts_of_one_token_are_packed_too(make_model, tiny) -> None:
    model = make_model(tiny)
    texts = [torch.tensor([tiny.text.vocab_size - 1])] * 3
    one = model.encode_texts(packed_texts(texts, CPU, causal=model.text.causal))
    assert torch.allclose(one, model.encode_texts(padded_texts(texts, CPU, causal=model.text.causal)), atol=1e-6)


def test_recomputed_blocks_give_the_same_gradients(tiny, make_model, make_batch) -> None:
    model = make_model(tiny)
    batch = make_batch(3, tiny)
    _, gradients = loss_and_gradients(model, batch)
    model.visual.blocks.recompute = model.text.blocks.recompute = True
    _, again = loss_and_gradients(model, batch)
    assert all(torch.equal(again[name], gradients[name]) for name in gradients)


def test_names_go_to_open_clip_and_back(tiny, make_model) -> None:
    weights = make_model(tiny).state_dict()
    back = from_open_clip(to_open_clip(weights, tiny), tiny)
    assert back.keys() == weights.keys()
    assert all(torch.equal(back[name], weights[name]) for name in weights)


def test_the_final_model_has_as_many_weights_as_the_same_one_in_open_clip() -> None:
    with torch.device("meta"):
        model = Clip(PRESETS["biomedclip"].model)
    assert sum(weight.numel() for weight in model.parameters()) == 195_902_721


def test_patch_dropout_keeps_the_stated_share(make_model, make_batch, tiny) -> None:
    model = make_model(tiny, patch_dropout=0.75).train()
    seen = []
    model.visual.blocks[0].register_forward_pre_hook(lambda _, args: seen.append(args[0].shape))
    whole = make_model(tiny, patch_dropout=0.75).eval()
    batch = make_batch(2, tiny)
    dropped = model.encode_images(batch.images)
    assert seen == [(2, 1 + 25, 64)]
    assert not torch.allclose(dropped, whole.encode_images(batch.images), atol=1e-3)


def test_kept_patches_are_those_of_the_picture_with_their_positions(make_model, make_batch, tiny) -> None:
    tower = make_model(tiny, patch_dropout=0.5).visual
    patches = torch.arange(200.0).reshape(2, 100, 1)
    kept = tower._dropped(patches)
    assert kept.shape == (2, 50, 1)
    for picture in (0, 1):
        values = kept[picture].flatten().tolist()
        assert len(set(values)) == 50
        assert set(values) <= set(patches[picture].flatten().tolist())


def test_dropout_is_off_in_evaluation_and_on_in_training(tiny: ModelConfig, make_model, make_batch) -> None:
    model = make_model(tiny, text_dropout=0.5)
    batch = make_batch(3, tiny)
    _, still = features(model, batch)
    assert torch.equal(still, features(model, batch)[1])
    model.train()
    assert not torch.allclose(F.cosine_similarity(features(model, batch)[1], still), torch.ones(3), atol=1e-3)

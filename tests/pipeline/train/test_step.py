"""Micro-batches against the whole batch, kept and made again, with and without dropout, in every layout of text."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from pipeline.train.compiled import compile_blocks
from pipeline.train.data import Batch
from pipeline.train.group import ALONE
from pipeline.train.model import Clip
from pipeline.train.presets import Recipe
from pipeline.train.step import Stepper

CPU = torch.device("cpu")


def gradients(model: Clip, recipe: Recipe, batch) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad()
    stepper = Stepper(model, recipe, ALONE, CPU)
    loss = stepper.gradients(Batch(batch.images, batch.texts, []), step=3)
    return float(loss), {name: w.grad.clone() for name, w in model.named_parameters() if w.grad is not None}


def assert_equal(found, wanted, tolerance: float = 1e-5) -> None:
    assert found[0] == pytest.approx(wanted[0], rel=1e-5)
    assert found[1].keys() == wanted[1].keys()
    largest = max(float(g.norm()) for g in wanted[1].values())
    for name, gradient in wanted[1].items():
        assert float((found[1][name] - gradient).norm()) <= tolerance * max(float(gradient.norm()), 1e-2 * largest), (
            name
        )


@pytest.fixture
def whole(tiny) -> Recipe:
    return Recipe(tiny, text_dropout=0.0, precision="fp32", micro_batch=1000, text_layout="padded", loss_tile=None)


@pytest.mark.parametrize("layout", ["padded", "sorted", "packed"])
@pytest.mark.parametrize(("micro_batch", "n_live"), [(4, 100), (4, 1), (3, 2)])
def test_micro_batches_give_the_gradient_of_the_batch(
    whole, make_model, make_batch, layout: str, micro_batch: int, n_live: int
) -> None:
    model, batch = make_model(whole.model).train(), make_batch(10, whole.model)
    recipe = dataclasses.replace(
        whole, micro_batch=micro_batch, live_micro_batches=n_live, text_layout=layout, loss_tile=3
    )
    assert_equal(gradients(model, recipe, batch), gradients(model, whole, batch))


def test_the_sigmoid_loss_in_micro_batches_too(whole, make_model, make_batch) -> None:
    model, batch = make_model(whole.model, siglip=True), make_batch(9, whole.model)
    whole = dataclasses.replace(whole, loss="siglip")
    recipe = dataclasses.replace(whole, micro_batch=2, live_micro_batches=1, loss_tile=4)
    found = gradients(model, recipe, batch)
    assert "logit_bias" in found[1]
    assert_equal(found, gradients(model, whole, batch))


def test_what_is_made_twice_drops_the_same(whole, make_model, make_batch) -> None:
    model = make_model(whole.model, text_dropout=0.3, patch_dropout=0.5).train()
    batch = make_batch(8, whole.model)
    recipe = dataclasses.replace(whole, text_dropout=0.3, micro_batch=2)
    kept = gradients(model, dataclasses.replace(recipe, live_micro_batches=100), batch)
    twice = gradients(model, dataclasses.replace(recipe, live_micro_batches=1), batch)
    assert_equal(twice, kept, 1e-6)


def test_each_step_drops_something_else(whole, make_model, make_batch) -> None:
    model, batch = make_model(whole.model, text_dropout=0.3).train(), make_batch(4, whole.model)
    stepper = Stepper(model, whole, ALONE, CPU)
    losses = [float(stepper.gradients(Batch(batch.images, batch.texts, []), step)) for step in (0, 1, 0)]
    assert losses[0] == losses[2] != losses[1]


def test_bfloat16_gives_nearly_the_gradient_of_float32(whole, make_model, make_batch) -> None:
    model, batch = make_model(whole.model), make_batch(8, whole.model)
    loss, found = gradients(model, dataclasses.replace(whole, precision="bf16"), batch)
    wanted_loss, wanted = gradients(model, whole, batch)
    assert loss == pytest.approx(wanted_loss, rel=1e-2)
    flat = [torch.cat([g[name].flatten() for name in wanted]) for g in (found, wanted)]
    assert torch.nn.functional.cosine_similarity(*flat, dim=0) > 0.99


@pytest.mark.long
def test_the_compiled_blocks_give_the_same(whole, make_model, make_batch) -> None:
    model, batch = make_model(whole.model), make_batch(4, whole.model)
    wanted = gradients(model, whole, batch)
    for block in [*model.visual.blocks, *model.text.blocks]:
        block.compile(backend="aot_eager")
    assert_equal(gradients(model, whole, batch), wanted)


@pytest.mark.long
def test_a_run_with_validation_compiles_all_its_forms(whole, make_model, make_batch) -> None:
    if whole.model.text.kind == "gpt":
        pytest.skip("as many forms as a BERT")
    towers = {tower: dataclasses.replace(getattr(whole.model, tower), layers=2) for tower in ("vision", "text")}
    whole = dataclasses.replace(whole, model=dataclasses.replace(whole.model, **towers))
    torch._dynamo.reset()
    model = make_model(whole.model).train()
    compile_blocks(model, "aot_eager")
    recipe = dataclasses.replace(whole, micro_batch=3, live_micro_batches=1, text_layout="sorted")
    stepper = Stepper(model, recipe, ALONE, CPU)
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        for step, n in enumerate((7, 9)):
            made = make_batch(n, whole.model, seed=step)
            batch = Batch(made.images, made.texts, [])
            stepper.gradients(batch, step)
            model.eval()
            stepper.encode(batch)
            model.train()
    torch._dynamo.reset()

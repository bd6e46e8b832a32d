"""Decay, schedule and clipping against open_clip's rules."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from pipeline.train.names import rules
from pipeline.train.optim import MovingAverage, gradient_norm, learning_rate, limit_scale, new_optimizer
from pipeline.train.presets import PRESETS, TINY

CPU = torch.device("cpu")


def open_clip_decays(name: str, weight: torch.Tensor) -> bool:
    """The rule of `open_clip_train/main.py` 3.3.0, in words of its own names."""
    spared = weight.ndim < 2 or any(part in name for part in ("bn", "ln", "bias", "logit_scale"))
    return not spared


def test_decay_is_open_clips(tiny, make_model) -> None:
    model = make_model(tiny)
    decayed, spared = new_optimizer(model, TINY, CPU).param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.2, 0.0)
    ids = {id(weight) for weight in decayed["params"]}
    theirs = rules(tiny)
    for name, weight in model.named_parameters():
        assert (id(weight) in ids) == open_clip_decays(theirs[name][0], weight), name


def test_the_rate_rises_to_the_peak_and_falls_to_nothing() -> None:
    recipe = dataclasses.replace(PRESETS["biomedclip"], warmup_steps=10)
    rates = [learning_rate(step, 110, recipe) for step in range(111)]
    assert rates[0] == pytest.approx(recipe.lr / 10)
    assert rates[9] == rates[10] == recipe.lr
    assert rates[60] == pytest.approx(recipe.lr / 2)
    assert rates[110] == pytest.approx(0)


def test_the_rate_is_open_clips() -> None:
    scheduler = pytest.importorskip("open_clip_train.scheduler")
    recipe = dataclasses.replace(TINY, warmup_steps=7)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = scheduler.cosine_lr(optimizer, recipe.lr, 7, 50)
    assert [learning_rate(step, 50, recipe) for step in range(50)] == pytest.approx([theirs(s) for s in range(50)])


def test_gradients_are_cut_to_the_largest_norm() -> None:
    weights = [torch.zeros(3, requires_grad=True), torch.zeros(2, 2, requires_grad=True)]
    for weight in weights:
        weight.grad = torch.full_like(weight, 2.0)
    assert gradient_norm(weights, None) == pytest.approx(math.sqrt(7) * 2)
    assert gradient_norm(weights, 1.0) == pytest.approx(math.sqrt(7) * 2)
    assert gradient_norm(weights, None) == pytest.approx(1.0, rel=1e-4)


def test_the_scale_stays_under_a_hundred(tiny, make_model) -> None:
    model = make_model(tiny)
    model.logit_scale.data.fill_(9.0)
    limit_scale(model)
    assert float(model.logit_scale.exp()) == pytest.approx(100)


def test_the_average_follows_the_weights() -> None:
    model = torch.nn.Linear(2, 1)
    average = MovingAverage(model, 0.75)
    start = average.weights["bias"].clone()
    with torch.no_grad():
        model.bias.add_(1)
    average.update(model)
    assert torch.allclose(average.weights["bias"], start + 0.25)

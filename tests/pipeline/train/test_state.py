"""The weights that are validated are those that are exported, and training goes on with its own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from pipeline.train.presets import TINY
from pipeline.train.run import Job
from pipeline.train.state import TrainingState


@pytest.mark.parametrize("ema", [None, 0.5])
def test_the_average_is_in_the_model_for_a_while_only(ema: float | None) -> None:
    recipe = dataclasses.replace(TINY, ema=ema)
    job = Job(recipe, Path("shards"), Path("run"), init="random")
    state = TrainingState(recipe, [4], torch.device("cpu"), None, job)
    first = state.model.visual.patch.weight.detach().clone()
    state.begin_step(0.1)
    for weight in state.model.parameters():
        weight.grad = torch.ones_like(weight)
    state.end_step()
    trained = state.model.visual.patch.weight.detach().clone()
    assert not torch.equal(trained, first)
    with state.as_exported() as model:
        wanted = trained if ema is None else first.lerp(trained, 1 - ema)
        assert torch.allclose(model.visual.patch.weight, wanted)
    assert torch.equal(state.model.visual.patch.weight, trained)

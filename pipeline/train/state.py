"""What a step changes: weights, what the optimizer remembers of them, their average, and how far the run has come."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.train.compiled import compile_blocks
from pipeline.train.group import Group
from pipeline.train.init import load_towers, load_whole
from pipeline.train.model import Clip, new_model
from pipeline.train.optim import MovingAverage, gradient_norm, limit_scale, new_optimizer, set_learning_rate
from pipeline.train.presets import Recipe
from pipeline.train.run import Job, RunError


class TrainingState:
    """A model in training.

    Args:
        recipe: of the run.
        sizes: pairs of each shard; with the recipe they decide the order of samples.
        device: where the model is trained.
        saved: what `saved` gave, to go on from; None begins with the weights that the job names.
        job: names them.
    """

    def __init__(
        self, recipe: Recipe, sizes: list[int], device: torch.device, saved: dict[str, Any] | None, job: Job
    ) -> None:
        self._recipe, self._sizes, self._device = recipe, sizes, device
        self.step = self.n_bad = 0
        self.model = new_model(recipe)
        if saved is None:
            self._init_weights(job)
        self.model.to(device).train()
        self._optimizer = new_optimizer(self.model, recipe, device)
        self._average = MovingAverage(self.model, recipe.ema) if recipe.ema else None
        if saved is not None:
            self._restore(saved, job.shards)
        if recipe.compile:
            compile_blocks(self.model)

    def _init_weights(self, job: Job) -> None:
        model = self._recipe.model
        if job.init == "pretrained":
            # Of a GPT the hub gives the vocabulary: the paper's begins at random.
            text = job.text_weights or (model.text.hub if model.text.kind == "bert" else None)
            load_towers(self.model, job.vision_weights or model.vision.hub, text)
        elif job.init != "random":
            load_whole(self.model, Path(job.init))

    def begin_step(self, lr: float) -> None:
        """Forgets the last gradient and sets the learning rate."""
        self._optimizer.zero_grad()
        set_learning_rate(self._optimizer, lr)

    def summed_gradient(self, group: Group) -> Tensor:
        """The norm () of the gradient over all devices, which is then in the weights, clipped as the recipe says."""
        weights = list(self.model.parameters())
        group.sum_in_place(weight.grad for weight in weights if weight.grad is not None)
        return gradient_norm(weights, self._recipe.clip_norm)

    def end_step(self) -> None:
        """Changes the weights by their gradient."""
        self._optimizer.step()
        limit_scale(self.model)
        if self._average:
            self._average.update(self.model)
        self.step += 1

    @contextlib.contextmanager
    def as_exported(self) -> Iterator[Clip]:
        """The model with the weights that an export takes, their average where there is one, until the context ends."""
        if self._average is None:
            yield self.model
            return
        kept = {name: weight.clone() for name, weight in self.model.state_dict().items()}
        self.model.load_state_dict(self._average.weights)
        try:
            yield self.model
        finally:
            self.model.load_state_dict(kept)

    def saved(self) -> dict[str, Any]:
        """All that is needed to go on; tensors are the model's own."""
        return {
            "step": self.step,
            "recipe": dataclasses.asdict(self._recipe),
            "sizes": self._sizes,
            "bad_samples": self.n_bad,
            "model": self.model.state_dict(),
            "average": self._average.weights if self._average else None,
            "optimizer": self._optimizer.state_dict(),
        }

    def _restore(self, saved: dict[str, Any], shards: Path) -> None:
        if saved["sizes"] != self._sizes:
            raise RunError(
                f"{shards}: {sum(self._sizes)} usable pairs in {len(self._sizes)} shards, but the run was"
                f" begun with {sum(saved['sizes'])} in {len(saved['sizes'])}: the order of samples would be another"
            )
        self.step, self.n_bad = saved["step"], saved["bad_samples"]
        self.model.load_state_dict(saved["model"])
        self._optimizer.load_state_dict(saved["optimizer"])
        if self._average:
            self._average.weights = {name: w.to(self._device) for name, w in saved["average"].items()}

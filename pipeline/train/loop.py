"""The training loop: steps, and between them checkpoints, validation and a line of log."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipeline.train.checkpoint import Checkpoints
from pipeline.train.data import Batch, ShardDataset, batches
from pipeline.train.flops import peak_flops, training_flops
from pipeline.train.group import Group, join_group, leave_group, pick_device
from pipeline.train.init import CHECKPOINTS, load_towers, load_whole
from pipeline.train.log import Record, RunLog
from pipeline.train.model import new_model
from pipeline.train.optim import (
    MovingAverage,
    gradient_norm,
    learning_rate,
    limit_scale,
    new_optimizer,
    set_learning_rate,
)
from pipeline.train.order import Order
from pipeline.train.prepare import Prepared, SampleTable
from pipeline.train.run import Job, RunError, begin, prepared_split
from pipeline.train.shards import ShardError
from pipeline.train.step import Stepper
from pipeline.train.validate import Validation


class TrainingError(Exception):
    """Training that cannot go on; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom to tell what; only the first process does."""

    note: Callable[[str], object]
    """Takes what a user should know, as a line."""
    record: Callable[[Record], object]
    """Takes what is logged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    steps: int
    loss: float | None
    """Of the last step; None where none was left to do."""
    bad_samples: int
    """How often a sample could not be read."""
    skipped_shards: list[str]


def train(job: Job, reports: Reports) -> Outcome:
    """Trains until the recipe's end, from the newest checkpoint if there is one.

    Raises:
        RunError, TokenizerError, ShardError, InitError: the run cannot be begun.
        TrainingError: the loss or the gradient is no number.
        DataError: samples cannot be read, or the disk stalls.
        CheckpointError: there is no room for a checkpoint; the last one is whole.
    """
    device = pick_device()
    group = join_group(device)
    try:
        return _Training(job, reports, group, device).run()
    finally:
        leave_group(group)


class _Training:
    """A run between its first and last step."""

    def __init__(self, job: Job, reports: Reports, group: Group, device: torch.device) -> None:
        self._job, self._reports, self._group, self._device = job, reports, group, device
        recipe, tokenizer = begin(job, group)
        if recipe.batch_size % group.size:
            raise RunError(f"batch_size={recipe.batch_size} cannot be shared by {group.size} devices")
        self._recipe = recipe
        self._data = prepared_split(job, "train", tokenizer, group, self._done)
        self._sizes = [len(SampleTable(*table)) for table in self._data.tables]
        self._validation = self._validation_pairs(tokenizer)
        self._model = new_model(recipe)
        self._checkpoints = Checkpoints(job.out / CHECKPOINTS, job.keep)
        state = self._checkpoints.read() if self._checkpoints.steps() else None
        if state is None:
            self._init_weights()
        self._model.to(device).train()
        self._optimizer = new_optimizer(self._model, recipe, device)
        self._average = MovingAverage(self._model, recipe.ema) if recipe.ema else None
        self._step = self._n_bad = 0
        if state is not None:
            self._restore(state)
        if recipe.compile:
            for block in [*self._model.visual.blocks, *self._model.text.blocks]:
                block.compile(dynamic=True)
        self._stepper = Stepper(self._model, recipe, group, device)

    def _note(self, text: str) -> None:
        if self._group.rank == 0:
            self._reports.note(text)

    def _done(self, shard: str) -> None:
        self._note(f"prepared {shard}")

    def _validation_pairs(self, tokenizer: Any) -> Validation | None:
        job = self._job
        try:
            found: Prepared = prepared_split(job, job.validation_split, tokenizer, self._group, self._done)
        except ShardError as error:
            self._note(f"no validation: {error}")
            return None
        return Validation(found.tables, self._recipe, job.n_validation, job.n_workers)

    def _init_weights(self) -> None:
        job, model = self._job, self._recipe.model
        if job.init == "pretrained":
            load_towers(self._model, job.vision_weights or model.vision.hub, job.text_weights or model.text.hub)
        elif job.init != "random":
            load_whole(self._model, Path(job.init))

    @property
    def _n_steps(self) -> int:
        """Steps of the whole schedule; the last batch may reach into an epoch that is not asked for."""
        return math.ceil(self._recipe.epochs * sum(self._sizes) / self._recipe.batch_size)

    @property
    def _last_step(self) -> int:
        return min(self._n_steps, self._recipe.max_steps or self._n_steps)

    def run(self) -> Outcome:
        """Does the steps that are left."""
        for line in self._data.skipped:
            self._note(f"left out: {line}")
        self._note(
            f"{sum(self._sizes)} pairs in {len(self._sizes)} shards; steps {self._step + 1} to {self._last_step}"
            f" of {self._n_steps}; {self._group.size} x {self._device}"
        )
        loss = None
        if self._group.rank:
            for batch, waited in self._timed_batches():
                loss = self._do_step(batch, waited, None)
        else:
            self._job.out.mkdir(parents=True, exist_ok=True)
            with RunLog(self._job.out, self._step) as log:
                for batch, waited in self._timed_batches():
                    loss = self._do_step(batch, waited, log)
                log.plot()
        return Outcome(self._step, loss, self._n_bad, self._data.skipped)

    def _timed_batches(self) -> Iterator[tuple[Batch, float]]:
        """Batches, and how many seconds each was waited for."""
        recipe = self._recipe
        order = Order(self._sizes, recipe.seed, recipe.shuffle_shards)
        dataset = ShardDataset(
            self._data.tables, recipe.model.vision.image_size, order, min_area=recipe.min_crop, seed=recipe.seed
        )
        steps = self._last_step - self._step
        found = batches(
            dataset,
            self._step,
            steps,
            recipe.batch_size,
            group=self._group,
            device=self._device,
            n_workers=self._job.n_workers,
        )
        while True:
            began = time.perf_counter()
            batch = next(found, None)
            if batch is None:
                return
            yield batch, time.perf_counter() - began

    def _do_step(self, batch: Batch, waited: float, log: RunLog | None) -> float:
        began = time.perf_counter()
        lr = learning_rate(self._step, self._n_steps, self._recipe)
        loss, norm = self._update(batch, lr)
        self._step += 1
        self._n_bad += len(batch.bad)
        for key in batch.bad:
            self._note(f"cannot be read: {key}")
        seconds = waited + time.perf_counter() - began
        if log:
            self._log(log, self._record(batch, loss, norm, lr, seconds, waited))
        self._between_steps(log)
        return loss

    def _update(self, batch: Batch, lr: float) -> tuple[float, float]:
        """Changes the weights; returns loss and norm of the gradient."""
        self._optimizer.zero_grad()
        set_learning_rate(self._optimizer, lr)
        loss = self._stepper.gradients(batch, self._step)
        weights = list(self._model.parameters())
        self._group.sum_in_place(weight.grad for weight in weights if weight.grad is not None)
        norm = float(gradient_norm(weights, self._recipe.clip_norm))
        self._check_finite(float(loss), norm)
        self._optimizer.step()
        limit_scale(self._model)
        if self._average:
            self._average.update(self._model)
        return float(loss), norm

    def _check_finite(self, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        steps = self._checkpoints.steps()
        back = f"the checkpoint of step {steps[-1]}" if steps else "the beginning"
        raise TrainingError(
            f"step {self._step + 1}: loss {loss}, gradient {norm}; the weights were not changed. Go on from {back} in a"
            f" new folder with --init {self._job.out} and a lower lr, or clip_norm=1"
        )

    def _record(self, batch: Batch, loss: float, norm: float, lr: float, seconds: float, waited: float) -> Record:
        recipe = self._recipe
        speed = recipe.batch_size / seconds
        n_tokens = sum(map(len, batch.texts)) / len(batch.texts)
        return {
            "step": self._step,
            "epoch": round(self._step * recipe.batch_size / sum(self._sizes), 4),
            "loss": loss,
            "lr": lr,
            "logit_scale": float(self._model.logit_scale.detach().exp()),
            "gradient_norm": norm,
            "samples_per_second": round(speed, 1),
            "waiting_share": round(waited / seconds, 4),
            "tokens_per_text": round(n_tokens, 1),
            "mfu": self._mfu(speed, n_tokens),
            "seconds_left": round((self._last_step - self._step) * seconds),
            "bad_samples": self._n_bad,
        }

    def _mfu(self, speed: float, n_tokens: float) -> float | None:
        """Model FLOPs utilisation: useful operations as a share of what the devices could do."""
        peak = peak_flops(torch.cuda.get_device_name(self._device)) if self._device.type == "cuda" else None
        if peak is None:
            return None
        return round(speed * training_flops(self._recipe.model, n_tokens) / (peak * self._group.size), 4)

    def _log(self, log: RunLog, record: Record) -> None:
        log.write(record)
        self._reports.record(record)

    def _between_steps(self, log: RunLog | None) -> None:
        job, is_last = self._job, self._step == self._last_step
        if is_last or self._step % job.checkpoint_every == 0:
            if log:
                self._checkpoints.write(self._step, self._state())
                log.plot()
            self._group.wait()
        if is_last or self._step % job.validate_every == 0:
            if log and self._validation:
                record = {"step": self._step, **self._validation.record(self._model, self._device)}
                self._log(log, record)
            self._group.wait()

    def _state(self) -> dict[str, Any]:
        return {
            "step": self._step,
            "recipe": dataclasses.asdict(self._recipe),
            "sizes": self._sizes,
            "bad_samples": self._n_bad,
            "model": self._model.state_dict(),
            "average": self._average.weights if self._average else None,
            "optimizer": self._optimizer.state_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        if state["sizes"] != self._sizes:
            raise RunError(
                f"{self._job.shards}: {sum(self._sizes)} usable pairs in {len(self._sizes)} shards, but the run was"
                f" begun with {sum(state['sizes'])} in {len(state['sizes'])}: the order of samples would be another"
            )
        self._step, self._n_bad = state["step"], state["bad_samples"]
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self._average:
            self._average.weights = {name: w.to(self._device) for name, w in state["average"].items()}

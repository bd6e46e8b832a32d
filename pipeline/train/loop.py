"""The training loop: steps, and between them checkpoints, validation and a line of log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.train.checkpoint import Checkpoints
from pipeline.train.data import Batch, ShardDataset, batches
from pipeline.train.group import Group, join_group, leave_group, pick_device
from pipeline.train.init import CHECKPOINTS
from pipeline.train.log import Record, RunLog
from pipeline.train.meter import Meter, StepFacts
from pipeline.train.optim import learning_rate
from pipeline.train.order import Order
from pipeline.train.prepare import SampleTable
from pipeline.train.run import Job, RunError, begin, prepared_split
from pipeline.train.shards import ShardError
from pipeline.train.state import TrainingState
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
    """How often a sample could not be read, on all devices together."""
    skipped_shards: list[str]


def train(job: Job, reports: Reports) -> Outcome:
    """Trains until the recipe's end, from the newest checkpoint if there is one.

    Raises:
        RunError, TokenizerError, ShardError, InitError: the run cannot be begun.
        TrainingError: the loss or the gradient is no number, or the device's memory is too small.
        DataError: samples cannot be read, or the disk stalls.
        CheckpointError: there is no room for a checkpoint; the last one is whole.
    """
    device = pick_device()
    group = join_group(device)
    try:
        return _Training(job, reports, group, device).run()
    except torch.OutOfMemoryError as error:
        raise TrainingError(_too_large(job, error)) from error
    finally:
        leave_group(group)


def _too_large(job: Job, error: torch.OutOfMemoryError) -> str:
    recipe = job.recipe
    return (
        f"the device's memory is too small ({str(error).splitlines()[0]}). Activations of live_micro_batches ="
        f" {recipe.live_micro_batches} of micro_batch = {recipe.micro_batch} pairs are kept: halve one with --set; the"
        " result is the same, and the run goes on from its newest checkpoint"
    )


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
        self._checkpoints = Checkpoints(job.out / CHECKPOINTS, job.keep)
        saved = self._checkpoints.read() if self._checkpoints.steps() else None
        self._state = TrainingState(recipe, self._sizes, device, saved, job)
        self._stepper = Stepper(self._state.model, recipe, group, device)
        self._meter = Meter(recipe, sum(self._sizes), self._last_step, group.size, device)

    def _note(self, text: str) -> None:
        if self._group.rank == 0:
            self._reports.note(text)

    def _done(self, shard: str) -> None:
        self._note(f"prepared {shard}")

    def _validation_pairs(self, tokenizer: Any) -> Validation | None:
        job = self._job
        try:
            found = prepared_split(job, job.validation_split, tokenizer, self._group, self._done)
        except ShardError as error:
            self._note(f"no validation: {error}")
            return None
        return Validation(found.tables, self._recipe, job.n_validation, job.n_workers)

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
            f"{sum(self._sizes)} pairs in {len(self._sizes)} shards; steps {self._state.step + 1} to {self._last_step}"
            f" of {self._n_steps}; {self._group.size} x {self._device}"
        )
        loss = None
        if self._group.rank:
            for batch, waited in self._timed_batches():
                loss = self._do_step(batch, waited, None)
        else:
            self._job.out.mkdir(parents=True, exist_ok=True)
            with RunLog(self._job.out, self._state.step) as log:
                for batch, waited in self._timed_batches():
                    loss = self._do_step(batch, waited, log)
                log.plot()
        return Outcome(self._state.step, loss, self._state.n_bad, self._data.skipped)

    def _timed_batches(self) -> Iterator[tuple[Batch, float]]:
        """Batches, and how many seconds each was waited for."""
        recipe, first = self._recipe, self._state.step
        order = Order(self._sizes, recipe.seed, recipe.shuffle_shards)
        dataset = ShardDataset(
            self._data.tables, recipe.model.vision.image_size, order, min_area=recipe.min_crop, seed=recipe.seed
        )
        found = batches(
            dataset,
            first,
            self._last_step - first,
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
        lr = learning_rate(self._state.step, self._n_steps, self._recipe)
        loss, norm = self._update(batch, lr)
        self._count_bad(batch)
        if log:
            seconds = waited + time.perf_counter() - began
            scale = float(self._state.model.logit_scale.detach().exp())
            n_tokens = sum(map(len, batch.texts)) / len(batch.texts)
            facts = StepFacts(loss, norm, lr, scale, seconds, waited, n_tokens)
            self._log(log, self._meter.record(self._state.step, facts, self._state.n_bad))
        self._between_steps(log)
        return loss

    def _update(self, batch: Batch, lr: float) -> tuple[float, float]:
        """Changes the weights; returns loss and norm of the gradient."""
        self._state.begin_step(lr)
        loss = float(self._stepper.gradients(batch, self._state.step))
        norm = float(self._state.summed_gradient(self._group))
        self._check_finite(loss, norm)
        self._state.end_step()
        return loss, norm

    def _count_bad(self, batch: Batch) -> None:
        """Counts and names what could not be read, on whatever device."""
        keys = self._group.listed(batch.bad, self._device)
        self._state.n_bad += len(keys)
        for key in keys:
            self._note(f"cannot be read: {key}")

    def _check_finite(self, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        steps = self._checkpoints.steps()
        back = f"the checkpoint of step {steps[-1]}" if steps else "the beginning"
        raise TrainingError(
            f"step {self._state.step + 1}: loss {loss}, gradient {norm}; the weights were not changed. Go on from"
            f" {back} in a new folder with --init {self._job.out} and a lower lr, or clip_norm=1"
        )

    def _log(self, log: RunLog, record: Record) -> None:
        log.write(record)
        self._reports.record(record)

    def _between_steps(self, log: RunLog | None) -> None:
        job, step = self._job, self._state.step
        is_last = step == self._last_step
        if is_last or step % job.checkpoint_every == 0:
            if log:
                self._checkpoints.write(step, self._state.saved())
                log.plot()
            self._group.wait()
        if is_last or step % job.validate_every == 0:
            if log and self._validation:
                with self._state.as_exported() as model:
                    self._log(log, {"step": step, **self._validation.record(model, self._device)})
            self._group.wait()

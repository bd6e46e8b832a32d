"""What a step is told as: speed, share of the device's peak, time left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from pipeline.train.flops import peak_flops, training_flops
from pipeline.train.log import Record
from pipeline.train.presets import Recipe


class StepFacts(NamedTuple):
    """What a step was."""

    loss: float
    gradient_norm: float
    lr: float
    logit_scale: float
    seconds: float
    """Of the whole step."""
    waited: float
    """Seconds of it until its batch was there."""
    tokens_per_text: float


@dataclass(frozen=True, slots=True)
class Meter:
    """Makes the records of a run's steps.

    Attributes:
        recipe: of the run.
        n_samples: pairs in an epoch.
        last_step: where the run ends.
        n_devices: that train together.
        device: this one; the others are of its kind.
    """

    recipe: Recipe
    n_samples: int
    last_step: int
    n_devices: int
    device: torch.device

    def record(self, step: int, facts: StepFacts, n_bad: int) -> Record:
        """The record of a step that is done."""
        speed = self.recipe.batch_size / facts.seconds
        return {
            "step": step,
            "epoch": round(step * self.recipe.batch_size / self.n_samples, 4),
            "loss": facts.loss,
            "lr": facts.lr,
            "logit_scale": facts.logit_scale,
            "gradient_norm": facts.gradient_norm,
            "samples_per_second": round(speed, 1),
            "waiting_share": round(facts.waited / facts.seconds, 4),
            "tokens_per_text": round(facts.tokens_per_text, 1),
            "mfu": self._mfu(speed, facts.tokens_per_text),
            "seconds_left": round((self.last_step - step) * facts.seconds),
            "bad_samples": n_bad,
        }

    def _mfu(self, speed: float, n_tokens: float) -> float | None:
        """Model FLOPs utilisation: useful operations as a share of what the devices could do."""
        peak = peak_flops(torch.cuda.get_device_name(self.device)) if self.device.type == "cuda" else None
        if peak is None:
            return None
        return round(speed * training_flops(self.recipe.model, n_tokens) / (peak * self.n_devices), 4)

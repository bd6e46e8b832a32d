"""Checkpoints: all that a run needs to go on as if it had not stopped, in one file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

_NAME = re.compile(r"step-(\d{8})\.pt")
_SPARE_BYTES = 64 << 20


class CheckpointError(Exception):
    """A checkpoint that cannot be written or read; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of a run.

    Randomness needs no place in them: order, crops and dropout are functions of the seed and the step.

    Attributes:
        folder: where they lie.
        keep: how many of the newest stay.
    """

    folder: Path
    keep: int = 2

    def steps(self) -> list[int]:
        """The steps of whole checkpoints, oldest first."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.glob("step-*.pt"))
        return sorted(int(match[1]) for match in found if match)

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.folder / f"step-{step:08d}.pt"

    def write(self, step: int, state: dict[str, Any]) -> Path:
        """Writes a checkpoint, then removes those that are too old.

        Raises:
            CheckpointError: there is no room; the older ones are left as they are.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(step)
        scratch = path.with_suffix(".partial")
        try:
            self._check_room(state)
            with scratch.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        except (OSError, RuntimeError) as error:  # PyTorch reports a failed write as a RuntimeError
            scratch.unlink(missing_ok=True)
            raise CheckpointError(f"{path}: cannot be written ({_why(error)}); {self._left()}") from error
        for old in self.steps()[: -self.keep]:
            self.path(old).unlink()
        return path

    def read(self, step: int | None = None) -> dict[str, Any]:
        """The state of a step, by default of the newest.

        Raises:
            CheckpointError: there is none, or it cannot be read.
        """
        steps = self.steps()
        if not steps:
            raise CheckpointError(f"{self.folder}: holds no checkpoint")
        path = self.path(steps[-1] if step is None else step)
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
            raise CheckpointError(f"{path}: cannot be read ({error}); remove it to go on from an older one") from error

    def _check_room(self, state: dict[str, Any]) -> None:
        needed = _n_bytes(state) + _SPARE_BYTES
        if shutil.disk_usage(self.folder).free < needed:
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {needed / 1e9:.1f} GB are needed")

    def _left(self) -> str:
        steps = self.steps()
        return f"the checkpoint of step {steps[-1]} is whole" if steps else "there is none yet"


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]


def _n_bytes(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_n_bytes, value.values()))
    return sum(map(_n_bytes, value)) if isinstance(value, (list, tuple)) else 0

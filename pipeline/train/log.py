"""What a run says of itself: a line of JSON per record, TensorBoard, and a plot of the loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from pipeline.train.plot import loss_plot

LOG, PLOT, BOARD = "log.jsonl", "loss.svg", "tensorboard"

Record = dict[str, Any]
"""`step` and some numbers: of training (`loss`, ...) or of validation (`validation_loss`, ...)."""


class RunLog:
    """The records of a run, written as they come.

    Args:
        folder: of the run.
        first_step: where the run goes on; records of later steps, left by a run that was killed, are dropped.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        self._folder = folder
        self._path = folder / LOG
        kept = [record for record in read_log(folder) if record["step"] <= first_step]
        self._path.write_text("".join(map(_line, kept)), encoding="utf-8")
        self._file = self._path.open("a", encoding="utf-8", buffering=1)
        self._board = SummaryWriter(str(folder / BOARD), purge_step=first_step + 1)

    def write(self, record: Record) -> None:
        """Adds a record."""
        self._file.write(_line(record))
        for name, value in record.items():
            if name != "step" and isinstance(value, (int, float)):
                self._board.add_scalar(name, value, record["step"])

    def plot(self) -> None:
        """Draws the loss as it stands."""
        (self._folder / PLOT).write_text(loss_plot(list(read_log(self._folder))), encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._board.close()


def _line(record: Record) -> str:
    return json.dumps(record) + "\n"


def read_log(folder: Path) -> Iterator[Record]:
    """The records of a run; one that was cut off by a kill is left out."""
    path = folder / LOG
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            yield json.loads(line)
        except ValueError:
            return

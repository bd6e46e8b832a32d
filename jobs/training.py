"""What the verbs of training share: their errors, and how many processes load."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

from jobs.verbs import UsageError

_MOST_WORKERS = 16
_ERRORS = {
    "checkpoint": ("CheckpointError",),
    "pictures": ("PictureError",),
    "evaluate.datasets": ("DatasetError",),
    "evaluate.tally": ("TallyError",),
    "data": ("DataError",),
    "export": ("ExportError",),
    "init": ("InitError",),
    "loop": ("TrainingError",),
    "run": ("RunError",),
    "shards": ("ShardError",),
    "tokens": ("TokenizerError",),
}
"""What training raises for the user, by module."""


@contextlib.contextmanager
def for_the_user() -> Iterator[None]:
    """Turns what training raises into errors of one line.

    Raises:
        UsageError: training cannot do what was asked for, or its packages are not installed.
    """
    try:
        modules = {name: importlib.import_module(f"pipeline.train.{name}") for name in _ERRORS}
    except ImportError as error:
        raise UsageError(f"{error}; install what training needs with: pip install 'pmc15m[train]'") from error
    kinds = tuple(getattr(modules[name], kind) for name, found in _ERRORS.items() for kind in found)
    try:
        yield
    except kinds as error:
        raise UsageError(str(error)) from error


def default_workers() -> int:
    """Processes that load for one device: the machine's cores but one, shared by its devices."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_WORKERS, max(0, cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1")) - 1))

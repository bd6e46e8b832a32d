"""Results in the form of LAION's CLIP_benchmark, so that its tables and plots read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.train.evaluate.bootstrap import Interval

Metrics = dict[str, Any]


def result(dataset: str, model: str, task: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """One result; intervals are lists under the name of their figure and `_ci95`."""
    plain = {name: list(value) if isinstance(value, Interval) else value for name, value in metrics.items()}
    return {"dataset": dataset, "model": model, "pretrained": model, "task": task, "language": "en", "metrics": plain}


def write_result(found: Mapping[str, Any], path: Path) -> None:
    """Writes a result as a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

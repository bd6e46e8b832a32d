"""Labelled sets of the benchmarks: read as JSON lines, predictions written as such, scores printed."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jobs.verbs import Arguments, UsageError, add_json, print_json, print_table
from pipeline.config import SplitConfig

Line = dict[str, Any]


def add_truth(parser: Any) -> None:
    """Adds the options that all benchmarks on labelled sets share."""
    parser.add_argument("--truth", type=Path, required=True, help="labelled set, a JSON object per line")
    parser.add_argument("--predictions", type=Path, help="write what was predicted here, a line per figure")
    add_json(parser)


def add_least(parser: Any) -> None:
    """Adds the limit of `split.min_text_confidence`."""
    help_text = "least confidence in the words of a panel that is given out; default: %(default)s, as the chain has it"
    parser.add_argument("--least", type=float, default=SplitConfig().min_text_confidence, help=help_text)


FIGURE = ("pmcid", "fig_id", "file", "compound", "panels")
"""What a line says of a figure whose panels are known; `panels` are `x, y, w, h` in px and, where lettered, `label`."""

CAPTION = ("pmcid", "fig_id", "subcaptions")
"""What a line says of a caption that was split by a reader."""


def read_lines(path: Path, fields: Sequence[str]) -> list[Line]:
    """The objects of a JSON-lines file, each with the fields that are asked for.

    Raises:
        UsageError: a line is no such object, or the file holds none.
    """
    found: list[Line] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: no JSON: {error}") from error
        if not isinstance(line, dict):
            raise UsageError(f"{path}, line {number}: no JSON object")
        if missing := _missing(line, fields):
            raise UsageError(f"{path}, line {number}: has no {', '.join(missing)}")
        found.append(line)
    if not found:
        raise UsageError(f"{path}: holds no line")
    return found


def _missing(line: Line, fields: Sequence[str]) -> list[str]:
    panels = line.get("panels", [])
    are_boxes = isinstance(panels, list) and all(isinstance(one, dict) and {*"xywh"} <= one.keys() for one in panels)
    return [*(field for field in fields if field not in line), *([] if are_boxes else ["x, y, w, h of a panel"])]


def write_lines(path: Path | None, lines: Iterable[Line]) -> None:
    """Writes objects as JSON lines, where a file was named."""
    if path:
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def print_scores(args: Arguments, scores: Line) -> None:
    """Prints scores and the machine that made them, as JSON or as a table."""
    scores = {**scores, "python": platform.python_version(), "machine": platform.machine()}
    if args.json:
        print_json(scores)
    else:
        print_table(("measure", "value"), ((name, _cell(value)) for name, value in scores.items()), numbers=("value",))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(" ".join(map(str, one)) for one in value) or "none"
    return str(value)

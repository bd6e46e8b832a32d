"""bench: how right and how fast the parts of the chain are, on labelled sets. The sets are for scoring, not fitting."""

from __future__ import annotations

import dataclasses
import json
import platform
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from rich.console import Console

from jobs import bench_parse
from jobs.verbs import COMPLETE, Arguments, UsageError, Verbs, add_json, add_verb, print_json, print_table
from pipeline.config import FetchConfig
from pipeline.images import ImageError, decode
from pipeline.jats import JatsError, read_article
from pipeline.split.captions import split_caption
from pipeline.split.letters import read_letters
from pipeline.split.panels import Panel, find_panels
from pipeline.split.score_captions import prediction, score_captions
from pipeline.split.score_panels import score_panels

Line = dict[str, Any]


def add(verbs: Verbs) -> None:
    """Adds the verb `bench` and what it can measure to the command line."""
    doc = "Measure a part of the chain on a labelled set."
    benches = verbs.add_parser("bench", help=doc, description=doc).add_subparsers(required=True, metavar="WHAT")
    _add_captions(benches)
    _add_panels(benches)
    bench_parse.add(benches)


def _add_truth(parser: Any) -> None:
    parser.add_argument("--truth", type=Path, required=True, help="labelled set, a JSON object per line")
    parser.add_argument("--predictions", type=Path, help="write what was predicted here, a line per figure")
    add_json(parser)


def _add_captions(benches: Verbs) -> None:
    doc = "Score the caption splitter: labels, exact label sets, distinct-token F1, abstentions."
    _add_truth(add_verb(benches, "captions", _captions, doc, "pmc15m bench captions --truth captions.jsonl"))


def _captions(args: Arguments, console: Console) -> int:
    truth = _lines(args.truth)
    began = time.perf_counter()
    found = [prediction(figure, split_caption(figure["caption"])) for figure in truth]
    seconds = time.perf_counter() - began
    by_place = iter(found)
    scores = dataclasses.asdict(score_captions(truth, lambda figure: next(by_place)))
    _write(args.predictions, found)
    _print(args, {**scores, "ms_per_caption": 1000 * seconds / max(1, len(truth))})
    return COMPLETE


def _add_panels(benches: Verbs) -> None:
    doc = "Score the panel finder: average precision, F1, exact counts, false splits of single figures, ms per figure."
    example = "pmc15m bench panels --truth panels.jsonl --images cloud"
    parser = add_verb(benches, "panels", _panels, doc, example)
    _add_truth(parser)
    parser.add_argument("--images", type=Path, required=True, help="folder of the images, at any depth")
    parser.add_argument("--threshold", type=float, default=0.0, help="least score of a box that counts as found")


def _panels(args: Arguments, console: Console) -> int:
    truth = _lines(args.truth)
    places = {(path.parent.name.split(".")[0], path.name): path for path in sorted(args.images.rglob("*.*"))}
    by_name = {path.name: path for path in places.values()}
    found, seconds, n_captions = [], 0.0, 0
    for figure in truth:
        path = places.get((figure["pmcid"], figure["file"])) or by_name.get(figure["file"])
        if path is None:
            raise UsageError(f"{args.images}: has no file {figure['file']}, which {args.truth} names")
        labels = _labels(path.parent, figure["fig_id"])
        n_captions += labels is not None
        panels, taken = _find(path, labels)
        seconds += taken
        found.append(
            {**{name: figure[name] for name in ("pmcid", "fig_id", "file")}, "panels": list(map(_box, panels))}
        )
    scores = dataclasses.asdict(score_panels(truth, found, args.threshold, seconds))
    _write(args.predictions, found)
    _print(args, {**scores, "n_captions_read": n_captions})
    return COMPLETE


def _find(path: Path, labels: Sequence[str] | None) -> tuple[Sequence[Panel], float]:
    """The panels of an image file, and the seconds that decoding and finding took."""
    began = time.perf_counter()
    try:
        pixels = decode(path.read_bytes(), FetchConfig().max_pixels)
    except ImageError as error:
        raise UsageError(f"{path}: {error.detail}") from error
    panels = find_panels(pixels, None if labels is None else len(labels), read_letters(pixels, labels or ()))
    return panels, time.perf_counter() - began


def _box(panel: Panel) -> Line:
    box = panel.box
    size = {"x": box.x0, "y": box.y0, "w": box.width, "h": box.height}
    return {**size, "score": panel.score, "label": panel.letter.label if panel.letter else None}


def _labels(folder: Path, fig_id: str | None) -> Sequence[str] | None:
    """Labels that the figure's caption names, where the article's XML lies beside the image as in the bucket."""
    captions = _captions_of(folder)
    return captions.get(fig_id) if fig_id else None


@lru_cache(maxsize=1)
def _captions_of(folder: Path) -> dict[str, Sequence[str]]:
    labels: dict[str, Sequence[str]] = {}
    for path in sorted(folder.glob("*.xml")):
        try:
            figures = read_article(path.read_bytes()).figures
        except JatsError:
            continue
        for figure in figures:
            if figure.xml_id and figure.caption:
                # A figure of several files has its panels in files of their own.
                split = split_caption(figure.caption, figure.marks)
                labels[figure.xml_id] = split.labels if len(figure.graphics) == 1 else ()
    return labels


def _lines(path: Path) -> list[Line]:
    """The objects of a JSON-lines file.

    Raises:
        UsageError: a line is no JSON object, or the file holds none.
    """
    found: list[Line] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: no JSON: {error}") from error
        if not isinstance(line, dict):
            raise UsageError(f"{path}, line {number}: no JSON object")
        found.append(line)
    if not found:
        raise UsageError(f"{path}: holds no line")
    return found


def _write(path: Path | None, lines: Iterable[Line]) -> None:
    if path:
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def _print(args: Arguments, scores: Line) -> None:
    scores = {**scores, "python": platform.python_version(), "machine": platform.machine()}
    if args.json:
        print_json(scores)
    else:
        print_table(("measure", "value"), ((name, _cell(value)) for name, value in scores.items()), numbers=("value",))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{n} {name}" for name, n in value) or "none"
    return str(value)

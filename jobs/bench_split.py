"""bench panels, bench pairs: how right the splitter is on figures whose panels are known."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rich.console import Console

from jobs.bench_lines import CAPTION, FIGURE, Line, add_least, add_truth, print_scores, read_lines, write_lines
from jobs.verbs import COMPLETE, Arguments, UsageError, Verbs, add_verb
from pipeline.config import FetchConfig, SplitConfig
from pipeline.images import ImageError, Pixels, decode
from pipeline.jats import JatsError, read_article
from pipeline.jats.model import ParsedFigure
from pipeline.split.captions import CaptionSplit, panel_spans, render, split_caption
from pipeline.split.cut import Cut, cut_picture
from pipeline.split.panels import Panel
from pipeline.split.score_pairs import score_pairs
from pipeline.split.score_panels import score_panels
from pipeline.split.score_sheet import contact_sheet, worst
from schemas.figures import Mark


def add(benches: Verbs) -> None:
    """Adds the benchmarks of the splitter to `bench`."""
    _add_panels(benches)
    _add_pairs(benches)


def _add_panels(benches: Verbs) -> None:
    doc = "Score the panel finder: average precision, F1, exact counts, false splits of single figures, ms per figure."
    example = "pmc15m bench panels --truth panels.jsonl --images cloud"
    parser = add_verb(benches, "panels", _panels, doc, example)
    add_truth(parser)
    parser.add_argument("--images", type=Path, required=True, help="folder of the images, at any depth")
    _add_without(parser)
    parser.add_argument("--threshold", type=float, default=0.0, help="least score of a box that counts as found")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of the worst 50 figures here, as PNG")


def _panels(args: Arguments, console: Console) -> int:
    truth = read_lines(args.truth, FIGURE)
    cuts = _cuts(truth, args)
    found = [{**_named(figure), "panels": _boxes(cut.cut)} for figure, cut in zip(truth, cuts, strict=True)]
    seconds = sum(cut.seconds for cut in cuts)
    scores = dataclasses.asdict(score_panels(truth, found, args.threshold, seconds))
    write_lines(args.predictions, found)
    if args.sheet:
        _write_sheet(args.sheet, truth, found, [cut.path for cut in cuts])
    print_scores(args, {**scores, "n_captions_read": sum(cut.caption is not None for cut in cuts)})
    return COMPLETE


def _write_sheet(out: Path, truth: Sequence[Line], found: Sequence[Line], paths: Sequence[Path]) -> None:
    """Writes a contact sheet of the figures whose panels are least like the true ones."""
    places = worst(truth, found)
    pictures = (_read(paths[n]) for n in places)
    contact_sheet([truth[n] for n in places], [found[n] for n in places], pictures).save(out)


def _add_pairs(benches: Verbs) -> None:
    doc = "Score the panels given out, end to end: how many have the right box, letter and words; how many are missed."
    example = "pmc15m bench pairs --truth panels.jsonl --captions captions.jsonl --images cloud"
    parser = add_verb(benches, "pairs", _pairs, doc, example)
    add_truth(parser)
    parser.add_argument("--images", type=Path, required=True, help="folder of the images and articles, at any depth")
    _add_without(parser)
    add_least(parser)
    parser.add_argument("--captions", type=Path, required=True, help="labelled set of captions, a JSON object per line")


def _add_without(parser: Any) -> None:
    parser.add_argument(
        "--without",
        action="append",
        choices=("letters", "detector", "captions"),
        default=[],
        help="leave a part of the splitter out, to see what it brings; may be given several times",
    )


def _pairs(args: Arguments, console: Console) -> int:
    captions = {(line["pmcid"], line["fig_id"]): line for line in read_lines(args.captions, CAPTION)}
    truth = [
        {"caption": captions.get((figure["pmcid"], figure["fig_id"]), {}).get("caption"), **figure}
        for figure in read_lines(args.truth, FIGURE)
    ]
    subcaptions = {key: line["subcaptions"] for key, line in captions.items()}
    cuts = _cuts(truth, args)
    found = [{**_named(figure), "pairs": _emitted(cut, args.least)} for figure, cut in zip(truth, cuts, strict=True)]
    write_lines(args.predictions, found)
    print_scores(args, dataclasses.asdict(score_pairs(truth, subcaptions, found)))
    return COMPLETE


@dataclass(frozen=True, slots=True)
class _CutFigure:
    """A figure of a labelled set after the splitter."""

    path: Path
    cut: Cut
    caption: str | None
    """None where there is none to be had."""
    split: CaptionSplit
    seconds: float
    """Of processor time, that reading, decoding and cutting took."""


def _cuts(truth: Sequence[Line], args: Arguments) -> list[_CutFigure]:
    """What the splitter makes of every figure of a labelled set.

    Raises:
        UsageError: an image is missing or cannot be read.
    """
    places = {(path.parent.name.split(".")[0], path.name): path for path in sorted(args.images.rglob("*.*"))}
    by_name = {path.name: path for path in places.values()}
    config = SplitConfig(letters="letters" not in args.without, detector="detector" not in args.without)
    found = []
    for figure in truth:
        path = places.get((figure["pmcid"], figure["file"])) or by_name.get(figure["file"])
        if path is None:
            raise UsageError(f"{args.images}: has no file {figure['file']}, which {args.truth} names")
        found.append(_cut_figure(path, figure, config, is_captioned="captions" not in args.without))
    return found


def _cut_figure(path: Path, figure: Line, config: SplitConfig, *, is_captioned: bool) -> _CutFigure:
    caption, marks = _caption(path.parent, figure) if is_captioned else (None, ())
    split = split_caption(caption or "", marks)
    began = time.process_time()
    pixels = _read(path)
    cut = cut_picture(pixels, split.labels, config)
    return _CutFigure(path, cut, caption, split, time.process_time() - began)


def _read(path: Path) -> Pixels:
    try:
        return decode(path.read_bytes(), FetchConfig().max_pixels)
    except ImageError as error:
        raise UsageError(f"{path}: {error.detail}") from error


def _caption(folder: Path, figure: Line) -> tuple[str | None, Sequence[Mark]]:
    """The caption of a figure with its marks: from the article that lies beside it, else from the line itself."""
    parsed = _figures_of(folder).get(figure["fig_id"]) if figure["fig_id"] else None
    if parsed is None:
        return figure.get("caption"), ()
    # A figure of several files has its panels in files of their own, which no letter of the caption tells apart.
    return (parsed.caption, parsed.marks) if len(parsed.graphics) == 1 else (None, ())


def _named(figure: Line) -> Line:
    return {name: figure[name] for name in ("pmcid", "fig_id", "file")}


def _boxes(cut: Cut) -> list[Line]:
    """All panels that were found, with labels where these are safe or were read, and the letters that were read."""
    labels = {panel.box: label for panel, label in cut.pairs}
    return [
        {**_place(panel), "label": labels.get(panel.box, letter), "letter": letter}
        for panel in cut.panels
        for letter in [panel.letter and panel.letter.label]
    ]


def _emitted(figure: _CutFigure, least: float) -> list[Line]:
    """The panels given out, with the words of each: those whose confidence is `least` or more."""
    return [
        {**_place(panel), "label": label, "text": render(figure.caption or "", panel_spans(figure.split, label), "own")}
        for panel, label in figure.cut.pairs
        if figure.split.is_told(label, least)
    ]


def _place(panel: Panel) -> Line:
    box = panel.box
    return {"x": box.x0, "y": box.y0, "w": box.width, "h": box.height, "score": panel.score}


@lru_cache(maxsize=1)
def _figures_of(folder: Path) -> dict[str, ParsedFigure]:
    """The figures of the articles whose XML lies in a folder, beside the images as in the bucket, by their id."""
    found: dict[str, ParsedFigure] = {}
    for path in sorted(folder.glob("*.xml")):
        try:
            figures = read_article(path.read_bytes()).figures
        except JatsError:
            continue
        found.update((figure.xml_id, figure) for figure in figures if figure.xml_id)
    return found

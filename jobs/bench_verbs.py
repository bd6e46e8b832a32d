"""bench: how right and how fast the parts of the chain are, on labelled sets. The sets are for scoring, not fitting."""

from __future__ import annotations

import dataclasses
import time

from rich.console import Console

from jobs import bench_fetch, bench_parse, bench_split
from jobs.bench_lines import Line, add_least, add_truth, print_scores, read_lines, write_lines
from jobs.verbs import COMPLETE, Arguments, Verbs, add_verb
from pipeline.split.captions import split_caption
from pipeline.split.score_captions import prediction, score_captions
from schemas.figures import Mark


def add(verbs: Verbs) -> None:
    """Adds the verb `bench` and what it can measure to the command line."""
    doc = "Measure a part of the chain on a labelled set."
    benches = verbs.add_parser("bench", help=doc, description=doc).add_subparsers(required=True, metavar="WHAT")
    _add_captions(benches)
    bench_split.add(benches)
    bench_parse.add(benches)
    bench_fetch.add(benches)


def _add_captions(benches: Verbs) -> None:
    doc = "Score the caption splitter: labels, exact label sets, words of each panel, abstentions."
    parser = add_verb(benches, "captions", _captions, doc, "pmc15m bench captions --truth captions.jsonl")
    add_truth(parser)
    add_least(parser)


def _captions(args: Arguments, console: Console) -> int:
    truth = read_lines(args.truth, ("caption", "subcaptions"))
    began = time.perf_counter()
    found = [prediction(figure, split_caption(figure["caption"], _marks(figure))) for figure in truth]
    seconds = time.perf_counter() - began
    by_place = iter(found)
    scores = dataclasses.asdict(score_captions(truth, lambda figure: next(by_place), args.least))
    write_lines(args.predictions, found)
    print_scores(args, {**scores, "ms_per_caption": 1000 * seconds / max(1, len(truth))})
    return COMPLETE


def _marks(figure: Line) -> list[Mark]:
    """What the XML marks up in the caption, where the labelled set says so as `marks: [[start, end, kind], …]`."""
    return [Mark(start=start, end=end, kind=kind) for start, end, kind in figure.get("marks", ())]

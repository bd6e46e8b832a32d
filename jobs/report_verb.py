"""The verb that shows a release as one HTML page: report."""

from __future__ import annotations

import logging
from pathlib import Path

from rich.console import Console

from jobs import inspect
from jobs.bench_lines import FIGURE, read_lines
from jobs.verbs import COMPLETE, Arguments, Verbs, add_root, add_verb
from pipeline.report.page import write_report
from pipeline.root import open_root

log = logging.getLogger("pmc15m")


def add(verbs: Verbs) -> None:
    """Adds the verb of this module to the command line."""
    doc = "Write one self-contained HTML page: counts, attrition, plots, and galleries with panel boxes drawn."
    parser = add_verb(verbs, "report", _report, doc, "pmc15m report --root /data/pmc --out report")
    add_root(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for the page, index.html")
    parser.add_argument("--release", default="latest", help="of this release; by default of the newest")
    parser.add_argument("--truth", type=Path, help="labelled set of panels: adds a gallery of the 50 that agree least")


def _report(args: Arguments, console: Console) -> int:
    root = open_root(args.root)
    truth = read_lines(args.truth, FIGURE) if args.truth else ()
    page = write_report(root, inspect.release_manifest(root, args.release), args.out, truth)
    log.info("report: %s (%.1f MB)", page, page.stat().st_size / 1e6)
    return COMPLETE

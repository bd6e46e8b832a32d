"""Verbs that look into a root and change nothing: status, rejects, show, dump, releases, schema."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from jobs import inspect
from jobs.verbs import (
    COMPLETE,
    ERROR,
    INCOMPLETE,
    Arguments,
    UsageError,
    Verbs,
    add_json,
    add_root,
    add_verb,
    print_json,
    print_table,
)
from pipeline.chain import CHAIN
from pipeline.changes import changes
from pipeline.root import Root, open_root
from pipeline.tables import Tables
from schemas.dictionary import data_dictionary
from schemas.reject import Reason

log = logging.getLogger("pmc15m")

_STEPS = [step.name for step in CHAIN]


def add(verbs: Verbs) -> None:
    """Adds the verbs of this module to the command line."""
    _add_status(verbs)
    _add_rejects(verbs)
    _add_show(verbs)
    _add_dump(verbs)
    _add_releases(verbs)
    add_verb(verbs, "schema", _schema, "Print the data dictionary.", "pmc15m schema")


def _add_status(verbs: Verbs) -> None:
    doc = "Show each stage: state, rows, rejects, speed. With --check, prove that nothing was lost."
    parser = add_verb(verbs, "status", _status, doc, "pmc15m status --root /data/pmc --check")
    add_root(parser)
    add_json(parser)
    parser.add_argument("--check", action="store_true", help="account for every article, graphic and pair")


def _status(args: Arguments, console: Console) -> int:
    root = open_root(args.root)
    rows = inspect.status_rows(root)
    problems = inspect.conservation_problems(root) if args.check else []
    if args.json:
        print_json({"stages": rows, "problems": problems} if args.check else {"stages": rows})
    else:
        _print_status(rows)
    for problem in problems:
        log.error("%s", problem)
    if problems:
        return ERROR
    if args.check:
        log.info("every article, graphic and pair is accounted for")
    return COMPLETE if all(row["state"] == "complete" for row in rows) else INCOMPLETE


def _print_status(rows: Sequence[dict[str, Any]]) -> None:
    names = ("stage", "state", "in", "kept", "rejected", "top reasons", "seconds", "rows/s", "when")
    print_table(names, map(_status_cells, rows), numbers=("in", "rejected", "seconds", "rows/s"))


def _status_cells(row: dict[str, Any]) -> list[str]:
    kept = ", ".join(f"{n} {name}" for name, n in row["kept"].items())
    reasons = ", ".join(f"{n} {reason}" for reason, n in list(row["rejects"].items())[:3])
    rate = row.get("rows_per_worker_second")
    cells = [row["stage"], row["state"], row["n_in"], kept, sum(row["rejects"].values()), reasons]
    return [str(cell) for cell in (*cells, row.get("seconds", ""), rate or "", row.get("finished", ""))]


def _add_rejects(verbs: Verbs) -> None:
    doc = "Show what was turned away, and why."
    parser = add_verb(verbs, "rejects", _rejects, doc, "pmc15m rejects --root /data/pmc --stage fetch -n 20")
    add_root(parser)
    add_json(parser)
    parser.add_argument("--stage", choices=_STEPS, help="only those of this stage")
    parser.add_argument("--reason", choices=list(Reason), metavar="REASON", help="only those with this reason")
    parser.add_argument("-n", type=int, help="only so many")


def _rejects(args: Arguments, console: Console) -> int:
    rows = inspect.reject_rows(open_root(args.root), args.stage, args.reason, args.n)
    if args.json:
        print_json(rows)
    else:
        names = ("stage", "record_id", "reason", "detail")
        print_table(names, ([row[name] for name in names] for row in rows))
    return COMPLETE


def _add_show(verbs: Verbs) -> None:
    doc = "Show the chain of one record, from article to shard."
    parser = add_verb(verbs, "show", _show, doc, "pmc15m show PMC3178181_v1_f002 --root /data/pmc")
    parser.add_argument("id", help="a pmcid, or the id of an article version, figure, subfigure or pair")
    add_root(parser)
    add_json(parser)


def _show(args: Arguments, console: Console) -> int:
    found = list(inspect.record_chain(open_root(args.root), args.id))
    if not found:
        raise UsageError(f"{args.id}: not in {args.root}; ids look like PMC123, PMC123_v1_f002 or PMC123_v1_f002_s01")
    if args.json:
        print_json([{"step": step, "row": row} for step, row in found])
        return COMPLETE
    for step, row in found:
        print_table((step, ""), ((name, inspect.cell_text(value)) for name, value in row.items()))
    return COMPLETE


def _add_dump(verbs: Verbs) -> None:
    doc = "Write a table to standard output or a file."
    example = "pmc15m dump pairs --root /data/pmc --columns pair_id,text --format csv"
    parser = add_verb(verbs, "dump", _dump, doc, example)
    parser.add_argument("table", choices=list(inspect.TABLES))
    add_root(parser)
    parser.add_argument("--release", help="of this release; by default of the newest rebuild")
    parser.add_argument("--columns", help="comma list; by default all")
    parser.add_argument("--format", choices=["jsonl", "csv", "parquet"], default="jsonl")
    parser.add_argument("--out", type=Path, help="a file; by default standard output")


def _dump(args: Arguments, console: Console) -> int:
    if args.format == "parquet" and args.out is None:
        raise UsageError("parquet is not text: name a file with --out FILE")
    root = open_root(args.root)
    columns = args.columns.split(",") if args.columns else None
    schema = inspect.table_schema(args.table, columns)
    stages = inspect.release_manifest(root, args.release)["tables"] if args.release else root.chain().stages
    inspect.dump(inspect.table_batches(Tables(root, stages), args.table, columns), schema, args.format, args.out)
    return COMPLETE


def _add_releases(verbs: Verbs) -> None:
    doc = "List the releases of a root, or say what changed between two of them."
    example = "pmc15m releases --root /data/pmc --diff 2026-11-20-1f6b02aa latest"
    parser = add_verb(verbs, "releases", _releases, doc, example)
    add_root(parser)
    add_json(parser)
    parser.add_argument("--diff", nargs=2, metavar=("OLDER", "NEWER"), help="what changed from one to the other")


def _releases(args: Arguments, console: Console) -> int:
    root = open_root(args.root)
    if args.diff:
        return _print_changes(root, *args.diff, as_json=args.json)
    rows = inspect.release_rows(root)
    if args.json:
        print_json(rows)
    else:
        names = ("release", "inventory", "license", "samples", "shards", "bytes")
        print_table(names, ([str(row[name]) for name in names] for row in rows), numbers=names[3:])
    return COMPLETE


def _print_changes(root: Root, older: str, newer: str, *, as_json: bool) -> int:
    found = asdict(changes(root, inspect.release_manifest(root, older), inspect.release_manifest(root, newer)))
    if as_json:
        print_json(found)
    else:
        counts = ([*name.split("_"), str(n)] for name, n in found.items())
        print_table(("of", "change", "n"), counts, numbers=("n",))
    return COMPLETE


def _schema(args: Arguments, console: Console) -> int:
    sys.stdout.write(data_dictionary())
    return COMPLETE

"""The command line: the verbs, and the one place where logging is configured."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from jobs import inspect
from jobs.progress import Progress
from jobs.session import JavaError, spark_session
from jobs.stages import StageError
from pipeline.chain import CHAIN
from pipeline.config import Config, ConfigError, load_config
from pipeline.dedup.facts import DedupError
from pipeline.root import RootError, create_root, locked, open_root
from pipeline.sample import write_sample
from pipeline.sources import SourceError, open_source
from schemas.dictionary import data_dictionary

COMPLETE, INCOMPLETE, ERROR = 0, 1, 2

log = logging.getLogger("pmc15m")

_KNOWN_ERRORS = (ConfigError, DedupError, JavaError, RootError, SourceError, StageError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns 0 complete, 1 incomplete, 2 error."""
    args = _parser().parse_args(arguments)
    console = Console(stderr=True)
    _configure_logging(console, debug=args.debug)
    try:
        verb: Callable[[argparse.Namespace, Console], int] = args.verb
        return verb(args, console)
    except _KNOWN_ERRORS as error:
        return _fail(args, str(error))
    except KeyboardInterrupt:
        log.error("interrupted; nothing committed is lost: run the same command again to go on")
        return INCOMPLETE
    except BrokenPipeError:  # whoever reads our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COMPLETE
    except OSError as error:
        return _fail(args, f"{error.filename or 'system'}: {error.strerror or error}")
    except (PySparkException, Py4JError) as error:
        return _fail(args, _spark_message(error))


def _fail(args: argparse.Namespace, message: str) -> int:
    if args.debug:
        log.exception("details")
    log.error("%s", message)
    return ERROR


def _spark_message(error: Exception) -> str:
    text = str(error)
    if os.strerror(errno.ENOSPC) in text:
        return (
            "the disk is full; make room (Spark's own files go to $SPARK_LOCAL_DIRS), then run the same command again"
        )
    last = [line for line in text.splitlines() if line.strip() and not line.startswith((" ", "\t"))]
    return f"Spark failed: {last[-1] if last else type(error).__name__}; run again with --debug for the details"


def _configure_logging(console: Console, *, debug: bool) -> None:
    if console.is_terminal:
        handler: logging.Handler = RichHandler(console=console, show_path=False, show_time=False)
        form = "%(message)s"
    else:
        handler, form = logging.StreamHandler(), "%(levelname)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, handlers=[handler])
    log.setLevel(logging.DEBUG if debug else logging.INFO)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pmc15m", description="Figure-caption pairs from PubMed Central.")
    parser.set_defaults(debug=False)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_rebuild(verbs)
    _add_status(verbs)
    _add_rejects(verbs)
    _add_show(verbs)
    _add_dump(verbs)
    _add_schema(verbs)
    _add_sample(verbs)
    return parser


def _verb(
    verbs: Any, name: str, verb: Callable[[argparse.Namespace, Console], int], doc: str, example: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=doc,
        description=doc,
        epilog=f"Example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--debug", action="store_true", help="log more, and show the traceback of an error")
    parser.set_defaults(verb=verb)
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, required=True, help="folder that holds all that a rebuild makes")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_rebuild(verbs: Any) -> None:
    parser = _verb(
        verbs,
        "rebuild",
        _rebuild,
        "Run the whole chain from articles to a release. Skips what is complete and current; safe to stop and rerun.",
        "pmc15m rebuild --source s3://pmc-oa-opendata --root /data/pmc --limit 1000",
    )
    parser.add_argument(
        "--source", required=True, help="s3://pmc-oa-opendata, an http(s) root with its keys, or a folder"
    )
    _add_root(parser)
    parser.add_argument("--recipe", type=Path, help="TOML file with settings; see jobs/conf")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    parser.add_argument("--limit", type=int, help="use only so many article versions")
    parser.add_argument("--license", metavar="CLASS", help="commercial (default), noncommercial, all, or licence codes")
    parser.add_argument("--until", choices=[step.name for step in CHAIN], help="stop after this stage")


def _settings(args: argparse.Namespace) -> Config:
    overrides = list(args.set)
    if args.limit is not None:
        if args.limit < 1:
            raise ConfigError(f"--limit {args.limit}: name a number of at least 1")
        overrides.append(f"inventory.limit={args.limit}")
    if args.license is not None:
        overrides.append(f"catalog.license={args.license}")
    return load_config(args.recipe, overrides)


def _rebuild(args: argparse.Namespace, console: Console) -> int:
    from jobs.rebuild import rebuild

    config = _settings(args)
    source = open_source(args.source)
    log.info("source: %s", source.describe())
    source.snapshot()  # an unreadable source is refused before anything is written
    root = create_root(args.root)
    with locked(root), spark_session(config.run) as spark:
        outcome = rebuild(spark, root, source, config, Progress(console), args.until)
    for manifest in outcome.manifests:
        errors = manifest.rejects.get("internal_error")
        if errors:
            log.warning("%s: %d rows met a bug; see 'pmc15m rejects --reason internal_error'", manifest.stage, errors)
    if outcome.release:
        log.info("release: %s", outcome.release)
    transient = sum(manifest.rejects.get("fetch_failed", 0) for manifest in outcome.manifests)
    return INCOMPLETE if transient else COMPLETE


def _add_status(verbs: Any) -> None:
    doc = "Show each stage: state, rows, rejects, speed. With --check, prove that nothing was lost."
    parser = _verb(verbs, "status", _status, doc, "pmc15m status --root /data/pmc --check")
    _add_root(parser)
    _add_json(parser)
    parser.add_argument("--check", action="store_true", help="account for every article, graphic and pair")


def _status(args: argparse.Namespace, console: Console) -> int:
    root = open_root(args.root)
    rows = inspect.status_rows(root)
    problems = inspect.conservation_problems(root) if args.check else []
    if args.json:
        _print_json({"stages": rows, "problems": problems} if args.check else rows)
    else:
        _print_table(_status_table(rows))
        for problem in problems:
            log.error("%s", problem)
        if args.check and not problems:
            log.info("every article, graphic and pair is accounted for")
    if problems:
        return ERROR
    return COMPLETE if all(row["state"] == "complete" for row in rows) else INCOMPLETE


def _status_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("stage", "state", "in", "kept", "rejected", "top reasons", "seconds", "rows/s", "when"):
        table.add_column(name, justify="right" if name in ("in", "rejected", "seconds", "rows/s") else "left")
    for row in rows:
        kept = ", ".join(f"{n} {name}" for name, n in row["kept"].items())
        reasons = ", ".join(f"{n} {reason}" for reason, n in list(row["rejects"].items())[:3])
        cells = [row["stage"], row["state"], row["n_in"], kept, row.get("rejected", ""), reasons]
        cells += [row.get("seconds", ""), row.get("rows_per_worker_second") or "", row.get("finished", "")]
        table.add_row(*(str(cell) for cell in cells))
    return table


def _add_rejects(verbs: Any) -> None:
    doc = "Show what was turned away, and why."
    parser = _verb(verbs, "rejects", _rejects, doc, "pmc15m rejects --root /data/pmc --stage fetch -n 20")
    _add_root(parser)
    _add_json(parser)
    parser.add_argument("--stage", choices=[step.name for step in CHAIN], help="only those of this stage")
    parser.add_argument("--reason", help="only those with this reason")
    parser.add_argument("-n", type=int, help="only so many")


def _rejects(args: argparse.Namespace, console: Console) -> int:
    rows = inspect.reject_rows(open_root(args.root), args.stage, args.reason, args.n)
    if args.json:
        _print_json(rows)
        return COMPLETE
    table = Table(box=None, pad_edge=False)
    for name in ("stage", "record_id", "reason", "detail"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(row[column.header] for column in table.columns))
    _print_table(table)
    return COMPLETE


def _add_show(verbs: Any) -> None:
    doc = "Show the chain of one record, from article to shard."
    parser = _verb(verbs, "show", _show, doc, "pmc15m show PMC3178181_v1_f002 --root /data/pmc")
    parser.add_argument("id", help="a pmcid, or the id of an article version, figure, subfigure or pair")
    _add_root(parser)
    _add_json(parser)


def _show(args: argparse.Namespace, console: Console) -> int:
    root = open_root(args.root)
    found = list(inspect.record_chain(root, args.id))
    if not found:
        raise RootError(f"{args.id}: not in {args.root}; ids look like PMC123, PMC123_v1_f002 or PMC123_v1_f002_s01")
    if args.json:
        _print_json([{"step": step, "row": row} for step, row in found])
        return COMPLETE
    for step, row in found:
        table = Table(title=step, title_justify="left", box=None, show_header=False)
        for name, value in row.items():
            table.add_row(name, inspect.cell_text(value))
        _print_table(table)
    return COMPLETE


def _add_dump(verbs: Any) -> None:
    doc = "Write a table to standard output or a file."
    parser = _verb(verbs, "dump", _dump, doc, "pmc15m dump pairs --root /data/pmc --columns pair_id,text --format csv")
    parser.add_argument("table", choices=list(inspect.TABLES))
    _add_root(parser)
    parser.add_argument("--release", help="of this release; by default of the newest rebuild")
    parser.add_argument("--columns", help="comma list; by default all")
    parser.add_argument("--format", choices=["jsonl", "csv", "parquet"], default="jsonl")
    parser.add_argument("--out", type=Path, help="a file; by default standard output")


def _dump(args: argparse.Namespace, console: Console) -> int:
    root = open_root(args.root)
    columns = args.columns.split(",") if args.columns else None
    schema = inspect.table_schema(args.table, columns)
    stages = inspect.release_stages(root, args.release) if args.release else root.chain().stages
    inspect.dump(inspect.table_batches(root, args.table, stages, columns), schema, args.format, args.out)
    return COMPLETE


def _add_schema(verbs: Any) -> None:
    _verb(verbs, "schema", _schema, "Print the data dictionary.", "pmc15m schema")


def _schema(args: argparse.Namespace, console: Console) -> int:
    sys.stdout.write(data_dictionary())
    return COMPLETE


def _add_sample(verbs: Any) -> None:
    doc = "Draw a small made-up bucket in the layout of PMC's, to try everything without a network."
    parser = _verb(verbs, "sample", _sample, doc, "pmc15m sample /tmp/bucket --articles 28")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=28)
    parser.add_argument("--seed", type=int, default=15)


def _sample(args: argparse.Namespace, console: Console) -> int:
    if args.folder.exists() and any(args.folder.iterdir()):
        raise RootError(f"{args.folder}: not empty; name a new folder")
    scratch = args.folder.with_name(f".{args.folder.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    write_sample(scratch, n_articles=args.articles, seed=args.seed)
    scratch.replace(args.folder)
    log.info("sample: %s", args.folder)
    return COMPLETE


def _print_table(table: Table) -> None:
    console = Console()
    # Without a terminal, lines are as long as they need to be: whoever reads them will not want them cut.
    Console(width=None if console.is_terminal else 400).print(table)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=inspect.plain) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""The command line: its verbs, its errors, and the one place where logging is configured."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from collections.abc import Sequence

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from rich.console import Console
from rich.logging import RichHandler

from jobs import (
    bench_verbs,
    build_verbs,
    evaluate_verb,
    interrupt,
    look_verbs,
    plan_verb,
    report_verb,
    train_verbs,
)
from jobs.session import JavaError
from jobs.stages import StageError
from jobs.verbs import COMPLETE, ERROR, INCOMPLETE, UsageError, Verb
from pipeline.config import ConfigError
from pipeline.dedup.facts import DedupError
from pipeline.licenses import LicenseClassError
from pipeline.root import RootError
from pipeline.sources import SourceError

log = logging.getLogger("pmc15m")

_FOR_THE_USER = (ConfigError, DedupError, JavaError, LicenseClassError, RootError, SourceError, StageError, UsageError)
"""Errors whose message is one clear line: what, where, what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns 0 complete, 1 incomplete, 2 error."""
    args = _parser().parse_args(arguments)
    console = Console(stderr=True)
    _configure_logging(console, debug=args.debug)
    interrupt.listen()
    try:
        verb: Verb = args.verb
        return verb(args, console)
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:  # whoever reads our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COMPLETE
    except (*_FOR_THE_USER, OSError, PySparkException, Py4JError) as error:
        if args.debug:
            log.exception("details")
        if interrupt.was_asked():
            return _interrupted()
        log.error("%s", _one_line(error))
        return ERROR


def _interrupted() -> int:
    log.error("interrupted; nothing that was committed is lost: run the same command again to go on")
    return INCOMPLETE


def _one_line(error: Exception) -> str:
    if isinstance(error, _FOR_THE_USER):
        return str(error)
    if os.strerror(errno.ENOSPC) in str(error):
        return "the disk is full; make room where the root and $SPARK_LOCAL_DIRS are, then run the same command again"
    if isinstance(error, OSError):
        return f"{error.filename or 'system'}: {error.strerror or error}"
    # Of Spark's many lines, the one that names the cause is the last that is not a stack frame.
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith((" ", "\t"))]
    return f"Spark: {lines[-1] if lines else type(error).__name__}; run again with --debug for the details"


def _configure_logging(console: Console, *, debug: bool) -> None:
    handler: logging.Handler = logging.StreamHandler()
    form = "%(levelname)s %(message)s"
    if console.is_terminal:
        handler, form = RichHandler(console=console, show_path=False, show_time=False), "%(message)s"
    # py4j, at times without naming itself, logs the traceback of a failed call, which is then raised all the same.
    handler.addFilter(lambda record: debug or record.name.partition(".")[0] not in ("root", "py4j"))
    logging.basicConfig(level=logging.WARNING, format=form, handlers=[handler], force=True)
    log.setLevel(logging.DEBUG if debug else logging.INFO)


def _parser() -> argparse.ArgumentParser:
    doc = "Figure-caption pairs from the open articles of PubMed Central: rebuild, refresh, export."
    parser = argparse.ArgumentParser(prog="pmc15m", description=doc)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    build_verbs.add(verbs)
    look_verbs.add(verbs)
    report_verb.add(verbs)
    train_verbs.add(verbs)
    evaluate_verb.add(verbs)
    bench_verbs.add(verbs)
    plan_verb.add(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())

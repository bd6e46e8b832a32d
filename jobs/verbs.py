"""What all verbs share: their options, their exit codes, and how they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.inspect import plain

COMPLETE, INCOMPLETE, ERROR = 0, 1, 2
"""Exit codes: done; some inputs could not be had and a rerun may finish them; an error in one line on stderr."""

Arguments = argparse.Namespace
Verb = Callable[[Arguments, Console], int]
Verbs = Any
"""What `add_subparsers` returns; argparse keeps its type private."""

_WIDE = 400


class UsageError(Exception):
    """Options that cannot be used together; the message is one line for the user."""


def add_verb(verbs: Verbs, name: str, verb: Verb, doc: str, example: str) -> argparse.ArgumentParser:
    """A verb of the command line.

    Args:
        verbs: the command's verbs.
        name: the word that the user types.
        verb: what it does; gets the options and the console for progress, returns an exit code.
        doc: what the user gets, in one or two sentences.
        example: a command that works.
    """
    form = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=doc, description=doc, epilog=f"Example: {example}", formatter_class=form
    )
    parser.add_argument("--debug", action="store_true", help="log more, and show the traceback of an error")
    parser.set_defaults(verb=verb)
    return parser


def add_root(parser: argparse.ArgumentParser) -> None:
    """The option ``--root``."""
    parser.add_argument("--root", type=Path, required=True, help="folder that holds all that a rebuild makes")


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def print_json(value: Any) -> None:
    """A value on standard output, for programs."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=plain) + "\n")


def print_table(names: Iterable[str], rows: Iterable[Iterable[str]], *, numbers: Iterable[str] = ()) -> None:
    """Rows on standard output, for people.

    Args:
        names: headings.
        rows: cells of each row.
        numbers: headings of columns that are aligned to the right.
    """
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold", justify="right" if name in set(numbers) else "left")
    for row in rows:
        table.add_row(*row)
    # Without a terminal, lines are as long as they need to be: whoever reads them will not want them cut.
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width, highlight=False, markup=False).print(table)

"""The data dictionary: every table and column in words, made from the record classes."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator

import pyarrow as pa

from schemas.record import Record, arrow_schema
from schemas.reject import Reason
from schemas.tables import TABLES


def data_dictionary() -> str:
    """The dictionary as Markdown; `schemas/README.md` is this text, and a test keeps it so."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "Made by `pmc15m schema > schemas/README.md` from the record classes beside it; do not edit it by hand."
    yield "Types are Arrow's; a `?` marks a column that may be null."
    for cls in TABLES:
        yield from _table(cls)
    yield ""
    yield "## Reasons"
    yield ""
    yield "| reason | meaning |"
    yield "| --- | --- |"
    for reason, doc in reason_docs().items():
        yield f"| {reason} | {doc} |"


def _table(cls: type[Record]) -> Iterator[str]:
    yield ""
    yield f"## {cls.TABLE}"
    yield ""
    yield f"{inspect.getdoc(cls)} Key: `{cls.KEY}`."
    yield ""
    yield "| column | type | meaning | unit | source |"
    yield "| --- | --- | --- | --- | --- |"
    for field in arrow_schema(cls):
        yield _row(field, field.name)
        yield from _nested(field)


def _row(field: pa.Field, name: str) -> str:
    notes = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    kind = f"{_type_name(field.type)}{'?' if field.nullable else ''}"
    cells = (f"`{name}`", kind, notes.get("doc", ""), notes.get("unit", ""), notes.get("source", ""))
    return f"| {' | '.join(cells)} |".replace("<", "&lt;")


def _nested(field: pa.Field) -> Iterator[str]:
    inner = field.type.value_type if pa.types.is_list(field.type) else field.type
    if pa.types.is_struct(inner):
        for child in inner:
            yield _row(child, f"{field.name}.{child.name}")


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def reason_docs() -> dict[str, str]:
    """What each reason means: the string that stands under it in the source."""
    tree = ast.parse(inspect.getsource(Reason))
    body = tree.body[0].body  # type: ignore[attr-defined]
    docs = {}
    for statement, following in itertools.pairwise(body):
        if isinstance(statement, ast.Assign) and isinstance(following, ast.Expr):
            docs[str(ast.literal_eval(statement.value))] = str(ast.literal_eval(following.value))
    return docs

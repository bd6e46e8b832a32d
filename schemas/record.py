"""A table is a dataclass: typed columns, each with a doc; the Arrow schema made from it is the authority."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

import pyarrow as pa

R = TypeVar("R", bound="Record")


class SchemaError(ValueError):
    """Rows do not fit their table; the message names the table and the column."""


def column(doc: str, *, unit: str | None = None, source: str | None = None, **kwargs: Any) -> Any:
    """A dataclass field that says what the column holds.

    Args:
        doc: what the value means, one sentence.
        unit: unit of a quantity, such as ``px`` or ``byte``.
        source: where the value comes from: an XML path, a JSON field, a measurement.
        **kwargs: handed to `dataclasses.field`, for instance ``default``.
    """
    metadata = {"doc": doc, "unit": unit, "source": source}
    return dataclasses.field(metadata=metadata, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Struct:
    """A group of values nested in a column of a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Struct):
    """One row of a table."""

    TABLE: ClassVar[str]
    """Name of the table, plural."""
    KEY: ClassVar[str]
    """The column that identifies a row."""

    @property
    def id(self) -> str:
        """The value of the key column."""
        return str(getattr(self, self.KEY))

    def replace(self, **changes: Any) -> Self:
        """A copy with some columns changed."""
        return dataclasses.replace(self, **changes)


_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
}


def _unwrap_optional(annotation: Any) -> tuple[Any, bool]:
    """``X | None`` becomes ``(X, True)``, anything else ``(annotation, False)``."""
    if isinstance(annotation, types.UnionType):
        rest = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(rest) != 1:
            raise SchemaError(f"a column has one type, not {annotation}")
        return rest[0], True
    return annotation, False


def _arrow_type(annotation: Any) -> pa.DataType:
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return pa.string()
    if origin in (list, tuple):
        inner = typing.get_args(annotation)[0]
        return pa.list_(pa.field("element", _arrow_type(inner), nullable=False))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return pa.string()
    if dataclasses.is_dataclass(annotation):
        return pa.struct(list(_arrow_fields(typing.cast(type[Struct], annotation))))
    try:
        return _SCALARS[annotation]
    except KeyError:
        raise SchemaError(f"no Arrow type for {annotation}") from None


def _arrow_fields(cls: type[Struct]) -> Iterator[pa.Field]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        annotation, nullable = _unwrap_optional(hints[field.name])
        metadata = {k: v for k, v in field.metadata.items() if v}
        yield pa.field(field.name, _arrow_type(annotation), nullable=nullable, metadata=metadata)


def arrow_schema(cls: type[Struct]) -> pa.Schema:
    """The Arrow schema of a record class; docs, units and sources are field metadata."""
    return _arrow_schema(typing.cast(Any, cls))


@cache
def _arrow_schema(cls: Any) -> pa.Schema:
    doc = (cls.__doc__ or "").strip()
    return pa.schema(list(_arrow_fields(cls)), metadata={"table": getattr(cls, "TABLE", ""), "doc": doc})


def _plain(value: Any) -> Any:
    """Nested structs as dicts, enums as strings: what pyarrow takes."""
    if isinstance(value, Struct):
        held = ((name, is_nested, getattr(value, name)) for name, is_nested in _columns(typing.cast(Any, type(value))))
        return {name: _plain(v) if is_nested else v for name, is_nested, v in held}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


@cache
def _columns(cls: Any) -> tuple[tuple[str, bool], ...]:
    """Each column's name, and whether it holds structs or lists."""
    return tuple((field.name, pa.types.is_nested(field.type)) for field in arrow_schema(cls))


def to_table(rows: Iterable[Record], cls: type[Record]) -> pa.Table:
    """Rows as an Arrow table with exactly the columns of `cls`.

    Raises:
        SchemaError: a required column holds a null or a value of the wrong type.
    """
    rows = list(rows)
    schema = arrow_schema(cls)
    columns = [_column_array([getattr(row, f.name) for row in rows], f, cls) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column_array(values: list[Any], field: pa.Field, cls: type[Record]) -> pa.Array:
    if not field.nullable and any(value is None for value in values):
        # Arrow accepts a null here, and Spark then dies without naming the column.
        raise SchemaError(f"{cls.TABLE}.{field.name}: a required column holds a null")
    try:
        plain = [_plain(value) for value in values] if pa.types.is_nested(field.type) else values
        return pa.array(plain, type=field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(f"{cls.TABLE}.{field.name}: {error}") from error


def _builder(annotation: Any) -> Any:
    """A function from pyarrow's plain value to the annotated one, or None where they are the same."""
    annotation, _ = _unwrap_optional(annotation)
    if typing.get_origin(annotation) in (list, tuple):
        inner = _builder(typing.get_args(annotation)[0])
        return inner and (lambda values: None if values is None else [inner(v) for v in values])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return lambda value: None if value is None else annotation(value)
    if dataclasses.is_dataclass(annotation):
        return lambda value: None if value is None else _build(typing.cast(type[Struct], annotation), value)
    return None


@cache
def _builders(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    found = {f.name: _builder(hints[f.name]) for f in dataclasses.fields(cls)}
    return {name: build for name, build in found.items() if build}


def _build(cls: type[Struct], values: dict[str, Any]) -> Any:
    for name, build in _builders(typing.cast(Any, cls)).items():
        values[name] = build(values[name])
    return cls(**values)


def from_table(table: pa.Table, cls: type[R]) -> Iterator[R]:
    """The rows of an Arrow table as records of `cls`; columns that `cls` does not know are left out."""
    names = arrow_schema(cls).names
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise SchemaError(f"{cls.TABLE}: no column {', '.join(missing)}; was it written by an older version?")
    for batch in table.select(names).to_batches():
        for values in batch.to_pylist():
            yield _build(cls, values)

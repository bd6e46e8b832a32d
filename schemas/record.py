"""A table is a dataclass: typed columns, each with a doc; the Arrow schema made from it is the authority."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate, chain, islice
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeVar

import pyarrow as pa

R = TypeVar("R", bound="Record")
S = TypeVar("S", bound="Struct")


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
        if nullable and (typing.get_origin(annotation) in (list, tuple) or dataclasses.is_dataclass(annotation)):
            raise SchemaError(f"{cls.__name__}.{field.name}: a list or struct is never null; an empty list says it")
        metadata = {k: v for k, v in field.metadata.items() if v}
        yield pa.field(field.name, _arrow_type(annotation), nullable=nullable, metadata=metadata)


def arrow_schema(cls: type[Struct]) -> pa.Schema:
    """The Arrow schema of a record class; docs, units and sources are field metadata."""
    return _arrow_schema(typing.cast(Any, cls))


@cache
def _arrow_schema(cls: Any) -> pa.Schema:
    doc = (cls.__doc__ or "").strip()
    return pa.schema(list(_arrow_fields(cls)), metadata={"table": getattr(cls, "TABLE", ""), "doc": doc})


def to_table(rows: Iterable[Record], cls: type[Record]) -> pa.Table:
    """Rows as an Arrow table with exactly the columns of `cls`.

    Raises:
        SchemaError: a required column holds a null or a value of the wrong type.
    """
    rows = list(rows)
    schema = arrow_schema(cls)
    columns = [_array(list(map(attrgetter(field.name), rows)), field, cls.TABLE) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _array(values: list[Any], field: pa.Field, place: str) -> pa.Array:
    """Values as an array; what lists and structs hold is gathered column by column, not into a dict for each."""
    place = f"{place}.{field.name}"
    if not field.nullable and type(None) in set(map(type, values)):
        # Arrow accepts a null here, and Spark then dies without naming the column.
        raise SchemaError(f"{place}: a required column holds a null")
    try:
        if pa.types.is_list(field.type):
            ends = pa.array([0, *accumulate(map(len, values))], pa.int32())
            inner = _array(list(chain.from_iterable(values)), field.type.value_field, place)
            return pa.ListArray.from_arrays(ends, inner, type=field.type)
        if pa.types.is_struct(field.type):
            columns = [_array(list(map(attrgetter(inner.name), values)), inner, place) for inner in field.type]
            return pa.StructArray.from_arrays(columns, fields=list(field.type))
        return pa.array(values, type=field.type)
    except (pa.ArrowInvalid, TypeError, AttributeError) as error:
        raise SchemaError(f"{place}: {error}") from error


def from_table(table: pa.Table, cls: type[R]) -> Iterator[R]:
    """The rows of an Arrow table as records of `cls`; columns that `cls` does not know are left out."""
    names = arrow_schema(cls).names
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise SchemaError(f"{cls.TABLE}: no column {', '.join(missing)}; was it written by an older version?")
    for batch in table.select(names).to_batches():
        yield from _structs(cls, batch.columns)


def _structs(cls: type[S], columns: Iterable[pa.Array]) -> list[S]:
    names = arrow_schema(cls).names
    held = [_values(array, hint) for array, hint in zip(columns, _hints(typing.cast(Any, cls)), strict=True)]
    return [cls(**dict(zip(names, row, strict=True))) for row in zip(*held, strict=True)]


@cache
def _hints(cls: Any) -> tuple[Any, ...]:
    """The type of each column, without its ``| None``."""
    hints = typing.get_type_hints(cls)
    return tuple(_unwrap_optional(hints[field.name])[0] for field in dataclasses.fields(cls))


def _values(array: pa.Array, hint: Any) -> list[Any]:
    """What the array holds, as the type of its column has it."""
    if typing.get_origin(hint) in (list, tuple):
        inner = iter(_values(array.flatten(), typing.get_args(hint)[0]))
        return [list(islice(inner, n)) for n in array.value_lengths().to_pylist()]
    if dataclasses.is_dataclass(hint):
        return _structs(typing.cast(type[Struct], hint), array.flatten())
    values: list[Any] = array.to_pylist()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return [None if value is None else hint(value) for value in values]
    return values

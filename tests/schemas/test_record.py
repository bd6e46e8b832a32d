from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.record import Record, SchemaError, Struct, arrow_schema, column, from_table, to_table


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Struct):
    x: int = column("x")
    name: str | None = column("name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Record):
    TABLE: ClassVar[str] = "rows"
    KEY: ClassVar[str] = "row_id"

    row_id: str = column("id", source="made up")
    size: int | None = column("size", unit="px")
    share: float = column("share")
    is_good: bool = column("good")
    data: bytes | None = column("data")
    points: list[Point] = column("points")
    words: list[str] = column("words")
    colour: Colour = column("colour")
    kind: Literal["a", "b"] = column("kind")


points = st.builds(Point, x=st.integers(-(2**63), 2**63 - 1), name=st.none() | st.text())
rows = st.builds(
    Row,
    row_id=st.text(),
    size=st.none() | st.integers(-(2**63), 2**63 - 1),
    share=st.floats(allow_nan=False),
    is_good=st.booleans(),
    data=st.none() | st.binary(),
    points=st.lists(points),
    words=st.lists(st.text()),
    colour=st.sampled_from(Colour),
    kind=st.sampled_from(["a", "b"]),
)


@given(st.lists(rows))
def test_rows_survive_the_way_through_arrow(made: list[Row]) -> None:
    assert list(from_table(to_table(made, Row), Row)) == made


def test_schema_carries_docs_units_sources_and_nullability() -> None:
    schema = arrow_schema(Row)
    assert schema.field("size").metadata == {b"doc": b"size", b"unit": b"px"}
    assert schema.field("row_id").metadata[b"source"] == b"made up"
    assert [field.name for field in schema if field.nullable] == ["size", "data"]
    assert schema.field("points").type.value_type.field("x").nullable is False


def test_a_null_in_a_required_column_names_the_column() -> None:
    row = Row(
        row_id="1", size=None, share=1.0, is_good=None, data=None, points=[], words=[], colour=Colour.RED, kind="a"
    )  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match=r"rows\.is_good: a required column holds a null"):
        to_table([row], Row)


def test_a_value_of_the_wrong_type_names_the_column() -> None:
    row = Row(
        row_id="1", size="large", share=1.0, is_good=True, data=None, points=[], words=[], colour=Colour.RED, kind="a"
    )  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match=r"rows\.size"):
        to_table([row], Row)


@pytest.mark.parametrize(
    ("points", "place"),
    [
        (None, "rows.points: a required column holds a null"),
        ([None], "rows.points.element: a required column holds a null"),
        ([Point(x=None, name="a")], "rows.points.element.x: a required column holds a null"),  # type: ignore[arg-type]
        ([Point(x="a", name="a")], "rows.points.element.x: "),  # type: ignore[arg-type]
        (["a"], "rows.points.element: "),
        (5, "rows.points: "),
    ],
)
def test_what_is_wrong_inside_a_column_is_named(points: list[Point], place: str) -> None:
    row = Row(
        row_id="1", size=1, share=1.0, is_good=True, data=None, points=points, words=[], colour=Colour.RED, kind="a"
    )
    with pytest.raises(SchemaError, match=re.escape(place)):
        to_table([row], Row)


def test_a_list_cannot_be_null() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nullable(Struct):
        words: list[str] | None = column("words")

    with pytest.raises(SchemaError, match=r"Nullable\.words: a list or struct is never null"):
        arrow_schema(Nullable)


def test_a_table_of_an_older_version_is_refused() -> None:
    with pytest.raises(SchemaError, match="no column size"):
        list(from_table(pa.table({"row_id": ["1"]}), Row))


def test_columns_that_the_class_does_not_know_are_left_out() -> None:
    table = to_table([], Row).append_column("later", pa.array([], pa.string()))
    assert list(from_table(table, Row)) == []

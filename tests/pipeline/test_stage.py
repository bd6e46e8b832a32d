from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.config import Config
from pipeline.sourcing import deliveries
from pipeline.stage import Context, Outcome, Stage, outcomes
from schemas.record import Record, column
from schemas.reject import Reason, Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Fruit(Record):
    TABLE: ClassVar[str] = "fruits"
    KEY: ClassVar[str] = "name"

    name: str = column("name")
    tree: str = column("tree")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree(Record):
    TABLE: ClassVar[str] = "trees"
    KEY: ClassVar[str] = "tree"

    tree: str = column("tree")


FRUITS = [Fruit(name=name, tree=tree) for name, tree in (("fig", "a"), ("plum", "a"), ("pear", "b"))]


def run(function, *, by: str | None = None, inputs=(Fruit,), lookups=()) -> list[Outcome]:
    stage = Stage("eat", inputs, (Fruit,), 1, start=lambda context: function, by=by)
    context = Context(Config(), Path(), "")
    return list(outcomes(stage, stage.start(context), deliveries(stage, FRUITS, context), lookups))


def test_every_row_is_given_to_the_function_in_order() -> None:
    assert run(lambda fruit: [fruit]) == FRUITS


def test_a_bug_in_one_row_rejects_that_row_only() -> None:
    def function(fruit: Fruit) -> Iterator[Outcome]:
        yield fruit
        if fruit.name == "plum":
            raise KeyError("stone")

    found = run(function)
    detail = "KeyError: 'stone'"
    assert found == [
        FRUITS[0],
        Reject(stage="eat", record_id="plum", reason=Reason.INTERNAL_ERROR, detail=detail),
        FRUITS[2],
    ]


def test_a_row_without_an_outcome_is_a_bug() -> None:
    found = run(lambda fruit: [] if fruit.name == "fig" else [fruit])
    assert found[0] == Reject(stage="eat", record_id="fig", reason=Reason.INTERNAL_ERROR, detail="no outcome")


def test_rows_come_together_by_a_column_and_a_bug_rejects_each_of_them() -> None:
    def function(fruits: list[Fruit]) -> list[Outcome]:
        if len(fruits) == 2:
            raise ValueError("too many")
        return list(fruits)

    found = run(function, by="tree")
    assert [outcome.record_id for outcome in found[:2]] == ["fig", "plum"]
    assert found[2] == FRUITS[2]


def test_other_inputs_are_joined_by_their_key() -> None:
    trees = {name: Tree(tree=name) for name in ("a", "b")}
    found = run(lambda fruit, tree: [fruit.replace(name=tree.tree)], inputs=(Fruit, Tree), lookups=[trees])
    assert [fruit.name for fruit in found] == ["a", "a", "b"]


def test_a_missing_partner_rejects_the_row() -> None:
    found = run(lambda fruit, tree: [fruit], inputs=(Fruit, Tree), lookups=[{"a": Tree(tree="a")}])
    assert found[2].reason is Reason.INTERNAL_ERROR

from __future__ import annotations

import re
from pathlib import Path

from schemas.dictionary import data_dictionary, reason_docs
from schemas.record import arrow_schema
from schemas.reject import Reason
from schemas.tables import TABLES

PROJECT = Path(__file__).resolve().parents[2]


def test_the_committed_dictionary_is_fresh() -> None:
    assert (PROJECT / "schemas" / "README.md").read_text() == data_dictionary(), (
        "run 'pmc15m schema > schemas/README.md'"
    )


def test_every_column_has_a_doc() -> None:
    for cls in TABLES:
        assert cls.__doc__
        for field in arrow_schema(cls):
            assert field.metadata.get(b"doc"), f"{cls.TABLE}.{field.name}"


def test_table_names_are_unique_and_keys_exist() -> None:
    assert len({cls.TABLE for cls in TABLES}) == len(TABLES)
    for cls in TABLES:
        assert cls.KEY in arrow_schema(cls).names


def test_every_reason_is_documented() -> None:
    assert set(reason_docs()) == set(Reason)


def test_every_reason_is_raised_somewhere() -> None:
    code = "\n".join(path.read_text() for folder in ("pipeline", "jobs") for path in (PROJECT / folder).rglob("*.py"))
    raised = set(re.findall(r"Reason\.([A-Z0-9_]+)", code))
    assert {reason.name for reason in Reason} - raised == set()

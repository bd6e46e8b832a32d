"""What rows need is read ahead of them: in order, in bounded memory, each object once, faults as rejects."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Config
from pipeline.sources import ArticleMetadata, MediaObject, SourceError
from pipeline.sourcing import _AHEAD_BYTES, _deliveries
from pipeline.stage import Context, Stage, outcomes
from schemas.figures import Figure
from schemas.reject import Reason, Reject


class Source:
    """Objects by name, over a network that is not there."""

    kind, location, is_remote = "cloud", "http://127.0.0.1:1/pmc", True

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects
        self.asked: list[tuple[str, int | None]] = []
        self.at_once = self.most_large_at_once = 0
        self._lock = threading.Lock()

    def metadata(self, pmcid: str, version: int) -> ArticleMetadata:
        raise ZeroDivisionError("a bug")

    def media(self, obj: MediaObject, max_bytes: int | None = None) -> bytes:
        found = self.objects[obj.name]
        with self._lock:
            self.asked.append((obj.name, max_bytes))
            if max_bytes is None:
                self.at_once += 1
                self.most_large_at_once = max(self.at_once, self.most_large_at_once)
        if max_bytes is None:
            threading.Event().wait(0.01)
            with self._lock:
                self.at_once -= 1
        if isinstance(found, SourceError):
            raise found
        if len(found) > (max_bytes or 10**9):
            raise SourceError(Reason.TOO_LARGE, f"above {max_bytes} bytes")
        return found


def want(name: str) -> MediaObject:
    return MediaObject(name, f"s3://b/PMC1.1/{name}", None)


def delivered(source: Source, names: list[str]) -> list[Any]:
    found = list(_deliveries(source, want, names, 4))
    assert [row for row, _ in found] == names
    return [got for _, got in found]


def test_what_rows_need_comes_in_their_order() -> None:
    source = Source({f"{n}": b"%d" % n for n in range(50)})
    assert delivered(source, list(source.objects)) == list(source.objects.values())
    assert sorted(source.asked) == sorted((name, _AHEAD_BYTES) for name in source.objects)


def test_a_large_object_is_read_at_its_turn_and_alone() -> None:
    large = bytes(_AHEAD_BYTES + 1)
    source = Source({f"{n}": large if n % 2 else b"small" for n in range(8)})
    assert delivered(source, list(source.objects)) == list(source.objects.values())
    assert source.most_large_at_once == 1
    assert sum(max_bytes is None for _, max_bytes in source.asked) == 4


def test_an_object_that_cannot_be_had_says_why_without_the_place_of_the_copy() -> None:
    source = Source({"a": SourceError(Reason.MISSING_OBJECT, "http://127.0.0.1:1/pmc/PMC1.1/a: HTTP 404"), "b": b"b"})
    error, data = delivered(source, ["a", "b"])
    assert (error.reason, error.detail, data) == (Reason.MISSING_OBJECT, "PMC1.1/a: HTTP 404", b"b")


def test_a_bug_in_the_reading_of_one_object_stops_no_other() -> None:
    found = list(_deliveries(Source({}), lambda row: ("PMC1", row), [1, 2], 4))
    assert [got.reason for _, got in found] == [Reason.INTERNAL_ERROR] * 2
    assert found[0][1].detail == "ZeroDivisionError: a bug"


def test_a_broken_machine_stops_the_part() -> None:
    source = Source({"a": b"a"})
    source.media = lambda obj, max_bytes: (_ for _ in ()).throw(OSError(28, "No space left on device"))  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space"):
        delivered(source, ["a"])


def test_an_undelivered_row_is_rejected_and_the_function_never_sees_it() -> None:
    stage = Stage("eat", (Figure,), (Figure,), 1, start=lambda context: lambda row, data: [data], wants=want)
    rows = [Reject(stage="s", record_id=name, reason=Reason.NO_CAPTION, detail="") for name in ("a", "b")]
    lost = SourceError(Reason.TRUNCATED, "the body ended early")
    found = list(outcomes(stage, stage.start(Context(Config(), Path(), "")), [(rows[0], lost), (rows[1], rows[1])]))
    assert found == [
        Reject(stage="eat", record_id="a", reason=Reason.TRUNCATED, detail="the body ended early"),
        rows[1],
    ]

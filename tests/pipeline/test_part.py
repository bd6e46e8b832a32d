from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Config
from pipeline.part import PartReport, PartWriter, part_name, read_report, read_rows, run_part
from pipeline.stage import Context, Outcome, Stage, Step, Stored
from pipeline.tar import read_slice
from schemas.images import Image
from schemas.inventory import InventoryEntry
from schemas.reject import Reason, Reject

STEP = Step("inventory", (), (InventoryEntry,), 1)


def entry(number: int) -> InventoryEntry:
    return InventoryEntry(
        article_id=f"PMC{number}_v1", pmcid=f"PMC{number}", version=1, change_token="t", modified="now"
    )


def image(number: int) -> Image:
    return Image(
        figure_id=f"PMC{number}_v1_f001",
        article_id=f"PMC{number}_v1",
        sha256="0" * 64,
        md5="0" * 32,
        format="JPEG",
        width_px=1,
        height_px=1,
        mode="L",
        n_bytes=3,
        shard=None,
        offset=None,
    )


def reject(number: int, reason: Reason = Reason.NO_CAPTION) -> Reject:
    return Reject(stage="s", record_id=f"PMC{number}_v1", reason=reason, detail="d")


def test_kept_and_rejected_rows_appear_together(tmp_path: Path) -> None:
    with PartWriter(tmp_path, 3, STEP, tmp_path) as writer:
        for number in range(2000):
            writer.n_in += 1
            writer.put(entry(number) if number % 2 else reject(number))
        assert not list(tmp_path.glob("part-*"))
        report = writer.commit()
    assert report.kept == {"inventory": 1000} and report.rejects == {"no_caption": 1000} and report.n_in == 2000
    folder = tmp_path / part_name(3)
    assert read_report(folder) == report
    assert [row.id for row in read_rows(folder / "inventory.parquet", InventoryEntry)] == [
        f"PMC{n}_v1" for n in range(1, 2000, 2)
    ]
    assert len(list(read_rows(folder / "rejects.parquet", Reject))) == 1000
    assert [path.name for path in tmp_path.iterdir()] == ["part-00003"]


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), PartWriter(tmp_path, 0, STEP, tmp_path) as writer:
        writer.put(entry(1))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_of_two_attempts_the_first_to_commit_stands(tmp_path: Path) -> None:
    first, second = PartWriter(tmp_path, 0, STEP, tmp_path), PartWriter(tmp_path, 0, STEP, tmp_path)
    for writer in (first, second):
        writer.put(entry(1))
    first.commit()
    before = (tmp_path / "part-00000" / "part.json").stat().st_mtime_ns
    second.commit()
    assert (tmp_path / "part-00000" / "part.json").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000"]


def test_bytes_are_stored_once_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "stages" / "fetch-1"
    step = Step("fetch", (), (Image,), 1)
    with PartWriter(folder, 0, step, tmp_path) as writer:
        for number, content in enumerate(["a", "b", "a"]):
            writer.put(Stored(image(number), content.encode() * 3, ".jpg", content))
        report = writer.commit()
    rows = list(read_rows(folder / "part-00000" / "images.parquet", Image))
    assert [read_slice(tmp_path / row.shard, row.offset, row.n_bytes) for row in rows] == [b"aaa", b"bbb", b"aaa"]
    assert rows[0].offset == rows[2].offset
    assert report.stored_bytes == 6


def test_a_committed_part_is_not_run_again(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    with PartWriter(source, 0, STEP, tmp_path) as writer:
        writer.put(entry(1))
        writer.commit()
    calls = []

    def start(context: Context):
        def keep(row: InventoryEntry) -> Iterator[Outcome]:
            calls.append(row.id)
            yield row

        return keep

    stage = Stage("keep", (InventoryEntry,), (InventoryEntry,), 1, start=start)
    context = Context(Config(), tmp_path, "")
    once = run_part(stage, 0, (source,), target, context)
    again = run_part(stage, 0, (source,), target, context)
    assert once == again and calls == ["PMC1_v1"]
    assert isinstance(once, PartReport) and once.n_in == 1

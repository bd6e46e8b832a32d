from __future__ import annotations

import hashlib
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tar import TarWriter, read_slice

members = st.lists(st.tuples(st.from_regex(r"[a-zA-Z0-9_]{1,60}\.jpg", fullmatch=True), st.binary(max_size=2000)))


def write(path: Path, contents: list[tuple[str, bytes]]) -> tuple[list[int], str]:
    with TarWriter(path) as writer:
        offsets = [writer.add(name, data) for name, data in contents]
    return offsets, writer.sha256


@given(members)
def test_tarfile_reads_what_was_written_and_offsets_are_right(contents: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tar"
        offsets, sha256 = write(path, contents)
        with tarfile.open(path) as tar:
            read = [(m.name, tar.extractfile(m).read()) for m in tar.getmembers()]  # type: ignore[union-attr]
            assert all((m.mtime, m.uid, m.gid, m.mode) == (0, 0, 0, 0o644) for m in tar.getmembers())
        assert read == contents
        assert [read_slice(path, o, len(d)) for o, (_, d) in zip(offsets, contents, strict=True)] == [
            d for _, d in contents
        ]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def test_equal_members_give_equal_bytes(tmp_path: Path) -> None:
    contents = [("a.jpg", b"1"), ("b.jpg", bytes(600))]
    write(tmp_path / "1.tar", contents)
    write(tmp_path / "2.tar", contents)
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()


def test_a_slice_past_the_end_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "1.tar", [("a.jpg", b"1")])
    with pytest.raises(OSError, match="bytes at offset"):
        read_slice(tmp_path / "1.tar", 10**6, 5)

"""Objects in a local directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.sources import SourceError
from pipeline.sources.directory import DirectoryStore, local_error
from schemas.reject import Reason


def test_reading(tmp_path: Path, md5):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b c").write_bytes(b"data")
    store = DirectoryStore(tmp_path)
    assert store.read("a/b c", max_bytes=4, md5=md5(b"data")) == b"data"
    with store.open("a/b c", max_bytes=4, md5=md5(b"data")) as file:
        assert file.read() == b"data"


@pytest.mark.parametrize("read", [DirectoryStore.read, DirectoryStore.open])
def test_what_cannot_be_read(tmp_path: Path, read, md5):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "b").write_bytes(b"data")
    (tmp_path / "secret").write_bytes(b"secret")
    store = DirectoryStore(tmp_path / "in")
    outcomes = {}
    for key in ("none", "a", "b/c", "x" * 300, "../secret", str(tmp_path / "secret"), "a/../../secret", "a\0"):
        with pytest.raises(SourceError) as caught:
            read(store, key, max_bytes=100)
        outcomes[key] = (caught.value.reason, caught.value.is_transient)
    assert set(outcomes.values()) == {(Reason.MISSING_OBJECT, False)}
    with pytest.raises(SourceError) as caught:
        read(store, "b", max_bytes=3)
    assert caught.value.reason == Reason.TOO_LARGE
    with pytest.raises(SourceError) as caught:
        read(store, "b", max_bytes=4, md5=md5(b"date"))
    assert caught.value.reason == Reason.MD5_MISMATCH


def test_names(tmp_path: Path):
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    store = DirectoryStore(tmp_path)
    assert store.names("a/") == ["deep/", "file"]
    assert store.names("none/") == [] and store.names("a/file/") == []


def test_a_failing_disk_may_recover(tmp_path: Path):
    error = local_error(tmp_path, OSError(5, "Input/output error"))
    assert error.reason == Reason.FETCH_FAILED and error.is_transient

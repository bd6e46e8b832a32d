"""What a location is recognised as, and what the user is told where it is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.sources import HttpOptions, SourceError, open_source
from schemas.reject import Reason


def test_the_bucket_layout(bucket):
    source = open_source(str(bucket.root))
    assert source.kind == "cloud" and source.location == str(bucket.root)
    assert "bucket layout" in source.describe() and str(bucket.root) in source.describe()


def test_a_mirror_of_packages(tmp_path: Path):
    (tmp_path / "oa_package").mkdir()
    (tmp_path / "oa_file_list.csv").touch()
    source = open_source(str(tmp_path))
    assert source.kind == "packages"
    assert "oa_file_list.csv" in source.describe()


def test_a_mirror_without_a_list(tmp_path: Path):
    (tmp_path / "oa_package").mkdir()
    with pytest.raises(SourceError, match=r"put oa_file_list\.csv beside it"):
        open_source(str(tmp_path))


def test_a_directory_named_from_here(bucket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(bucket.root.parent)
    source = open_source("bucket")
    monkeypatch.chdir("/")
    assert source.location == "bucket" and source.snapshot().date == "2026-11-20T01-00Z"


def _refusal(location: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(location)
    assert "\n" not in caught.value.detail and location in caught.value.detail
    return caught.value


def test_nothing_there(tmp_path: Path):
    error = _refusal(str(tmp_path / "none"))
    assert error.reason == Reason.MISSING_OBJECT and not error.is_transient
    assert "No such file" in error.detail and "name a directory with" in error.detail


def test_an_empty_directory(tmp_path: Path):
    assert "it is empty" in _refusal(str(tmp_path)).detail


def test_a_file(tmp_path: Path):
    (tmp_path / "x").touch()
    assert "Not a directory" in _refusal(str(tmp_path / "x")).detail


def test_the_directory_above_a_source(bucket):
    assert f"did you mean {bucket.root}?" in _refusal(str(bucket.root.parent)).detail


def test_another_directory(tmp_path: Path):
    (tmp_path / "holiday.jpg").touch()
    assert "it has holiday.jpg" in _refusal(str(tmp_path)).detail


@pytest.mark.parametrize("location", ["ftp://ftp.ncbi.nlm.nih.gov/pub/pmc", "s3://", "s3://Not_A_Bucket", "http:///x"])
def test_addresses_that_cannot_be(location: str):
    assert _refusal(location).reason == Reason.MISSING_OBJECT


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("s3://pmc-oa-opendata", "https://pmc-oa-opendata.s3.amazonaws.com/"),
        ("s3://pmc-oa-opendata/", "https://pmc-oa-opendata.s3.amazonaws.com/"),
        ("s3://my.bucket", "https://s3.amazonaws.com/my.bucket/"),
        ("s3://mirror/pmc/2026/", "https://mirror.s3.amazonaws.com/pmc/2026/"),
        ("http://localhost:9000/pmc-oa-opendata", "http://localhost:9000/pmc-oa-opendata/"),
        ("https://example.org/", "https://example.org/"),
    ],
)
def test_urls_of_servers(location: str, url: str):
    source = open_source(location, look=False)
    assert source.kind == "cloud" and source.store.location == url


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_bucket_by_host_name_and_by_path(scheme: str):
    """Either way the key comes after the bucket's root, its odd characters quoted."""
    host, path = (
        open_source(f"{scheme}://{root}", look=False).store for root in ("pmc.s3.example.org", "s3.example.org/pmc")
    )
    assert host.url("PMC1.1/a b+é.jpg") == f"{scheme}://pmc.s3.example.org/PMC1.1/a%20b%2B%C3%A9.jpg"
    assert path.url("PMC1.1/a b+é.jpg") == f"{scheme}://s3.example.org/pmc/PMC1.1/a%20b%2B%C3%A9.jpg"


def test_a_server_that_is_not_there(serve):
    server = serve({})
    server.shutdown()
    server.server_close()
    with pytest.raises(SourceError, match="check the address") as caught:
        open_source(server.url, options=HttpOptions(n_tries=2, backoff_s=0.01))
    assert caught.value.is_transient and "refused" in caught.value.detail


def test_a_server_of_something_else(serve):
    error = _refusal(serve({"index.html": b"hello"}).url)
    assert error.reason == Reason.MISSING_OBJECT and "lists nothing" in error.detail

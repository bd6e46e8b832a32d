"""The bucket on a real S3 server (moto's, on loopback), read anonymously."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from pipeline.sources import HttpOptions, Source, SourceError, open_source
from pipeline.sources.http import HttpStore
from schemas.reject import Reason

moto_server = pytest.importorskip("moto.server", reason="needs moto[s3,server]")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """URL of an S3 server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def upload(endpoint: str) -> Callable[[str, dict[str, bytes]], str]:
    """Puts objects into a bucket that everybody may read; returns its URL."""

    def put(bucket: str, objects: dict[str, bytes]) -> str:
        with requests.Session() as session:
            session.put(f"{endpoint}/{bucket}").raise_for_status()
            for key, data in objects.items():
                path = requests.utils.quote(key)
                answer = session.put(f"{endpoint}/{bucket}/{path}", data=data, headers={"x-amz-acl": "public-read"})
                answer.raise_for_status()
        return f"{endpoint}/{bucket}"

    return put


def _all_of(source: Source) -> list[object]:
    """Everything a source has, with the reasons for what it has not."""
    snapshot = source.snapshot()
    found: list[object] = [snapshot]
    for entry in [entry for file in snapshot.files for entry in source.entries(file)]:
        article = source.metadata(entry.pmcid, entry.version)
        found += [entry, article, source.xml(article)]
        for obj in article.media:
            try:
                found.append(source.media(obj))
            except SourceError as error:
                found.append(error.reason)
    return found


def test_the_server_gives_what_the_directory_has(bucket, upload):
    url = upload("pmc-oa-opendata", bucket.objects())
    source = open_source(url)
    assert source.kind == "cloud" and url in source.describe()
    assert _all_of(source) == _all_of(open_source(str(bucket.root)))


def test_an_object_that_vanished(bucket, upload):
    objects = bucket.objects()
    del objects["PMC1.1/fig 1+a.jpg"], objects["metadata/PMC2.2.json"]
    source = open_source(upload("vanished", objects))
    article = source.metadata("PMC1", 1)
    for read in (lambda: source.media(article.media[0]), lambda: source.metadata("PMC2", 2)):
        with pytest.raises(SourceError) as caught:
            read()
        assert caught.value.reason == Reason.MISSING_OBJECT and not caught.value.is_transient


def test_a_bucket_of_something_else(upload):
    with pytest.raises(SourceError, match="nothing under inventory-reports/"):
        open_source(upload("holidays", {"2026/beach.jpg": b"x"}))


def test_a_bucket_that_is_not_there(endpoint: str):
    with pytest.raises(SourceError, match="check the address") as caught:
        open_source(f"{endpoint}/nowhere")
    assert caught.value.reason == Reason.MISSING_OBJECT and not caught.value.is_transient


def test_a_listing_of_more_than_one_page(upload, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.sources.http._KEYS", 7)
    names = [f"{n:04d} é+&.json" for n in range(30)]
    store = HttpStore(upload("many", {f"a/b/{name}": b"" for name in [*names, "deeper/x"]}) + "/", HttpOptions())
    assert store.names("a/b/") == [*names, "deeper/"]
    assert store.names("a/none/") == []


def test_a_prefix_in_a_bucket(bucket, upload):
    url = upload("mirrors", {f"pmc/2026/{key}": data for key, data in bucket.objects().items()})
    store = HttpStore(f"{url}/", HttpOptions(), prefix="pmc/2026/")
    assert store.names("inventory-reports/pmc-oa-opendata/metadata/")[0] == "2026-11-19T01-00Z/"
    assert store.read("PMC1.1/fig 1+a.jpg", max_bytes=10**6) == bucket.image


@pytest.mark.corpus
def test_the_corpus_on_a_server(corpus: Path, upload):
    """Six articles with all their files, the wrong md5 among them, and the whole inventory."""
    root = corpus / "cloud"
    names = ["PMC4736760.1", "PMC12419688.1", "PMC4745280.1", "PMC4737045.1", "PMC99000019.1", "PMC4745278.1"]
    files = [path for folder in (*names, "inventory-reports") for path in (root / folder).rglob("*") if path.is_file()]
    files += [root / "metadata" / f"{name}.json" for name in names]
    url = upload("corpus", {path.relative_to(root).as_posix(): path.read_bytes() for path in files})
    local, remote = open_source(str(root)), open_source(url)
    assert remote.snapshot() == local.snapshot()
    assert sum(1 for file in remote.snapshot().files for _ in remote.entries(file)) == 108
    for pmcid, _, version in (name.partition(".") for name in names):
        article = remote.metadata(pmcid, int(version))
        assert article == local.metadata(pmcid, int(version))
        assert remote.xml(article) == local.xml(article)
        for obj in article.media:
            if obj.name == "CRIS2016-4296059.006.jpg":
                with pytest.raises(SourceError) as caught:
                    remote.media(obj)
                assert caught.value.reason == Reason.MD5_MISMATCH
            else:
                assert remote.media(obj) == local.media(obj)

"""The bucket layout in a local directory: inventories, their lines, and the corpus."""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import tracemalloc
from pathlib import Path

import pytest

from pipeline.sources import Entry, HttpOptions, Limits, ListingFile, MediaObject, SourceError, open_source
from pipeline.sources.cloud import media_key, parse_manifest
from schemas.reject import Reason


def test_the_newest_inventory_is_taken(bucket):
    source = open_source(str(bucket.root))
    snapshot = source.snapshot()
    assert snapshot.date == "2026-11-20T01-00Z"
    assert len(snapshot.digest) == 64 and len(snapshot.files) == 1
    entries = list(source.entries(snapshot.files[0]))
    assert [(entry.pmcid, entry.version) for entry in entries] == [("PMC1", 1), ("PMC2", 2)]
    token = hashlib.md5((bucket.root / "metadata/PMC1.1.json").read_bytes()).hexdigest()
    assert entries[0] == Entry("PMC1", 1, token, "2026-01-08T11:47:59.000Z")


@pytest.mark.parametrize("manifest", [None, b"", b"{", b"[]", b"<html>", b'{"fileFormat": "ORC"}'])
def test_an_unfinished_inventory_is_passed_over(bucket, manifest: bytes | None):
    folder = bucket.root / bucket.inventories / "2026-11-20T01-00Z"
    (folder / "manifest.checksum").unlink()
    (folder / "manifest.json").unlink()
    if manifest is not None:
        (folder / "manifest.json").write_bytes(manifest)
    assert open_source(str(bucket.root)).snapshot().date == "2026-11-19T01-00Z"


def test_a_manifest_that_is_not_what_its_checksum_says_is_passed_over(bucket):
    bucket.write(f"{bucket.inventories}/2026-11-20T01-00Z/manifest.checksum", b"0" * 32)
    assert open_source(str(bucket.root)).snapshot().date == "2026-11-19T01-00Z"


def test_a_manifest_of_parquet_is_passed_over(bucket):
    bucket.inventory("2026-11-21T01-00Z", [], fileFormat="Parquet")
    assert open_source(str(bucket.root)).snapshot().date == "2026-11-20T01-00Z"


def test_an_inventory_of_nothing_is_passed_over(bucket):
    bucket.inventory("2026-11-21T01-00Z", [], files=[])
    assert open_source(str(bucket.root)).snapshot().date == "2026-11-20T01-00Z"


def test_no_inventory_at_all(bucket):
    for path in (bucket.root / bucket.inventories).rglob("manifest.json"):
        path.unlink()
    with pytest.raises(SourceError, match="no complete inventory") as caught:
        open_source(str(bucket.root)).snapshot()
    assert caught.value.reason == Reason.MISSING_OBJECT and not caught.value.is_transient


def test_the_digest_is_that_of_what_is_listed(bucket):
    before = open_source(str(bucket.root)).snapshot()
    bucket.inventory("2026-11-21T01-00Z", [bucket.article("PMC3")])
    after = open_source(str(bucket.root)).snapshot()
    assert after.digest != before.digest
    assert open_source(str(bucket.root)).snapshot() == after


def test_columns_are_read_by_their_names(bucket):
    line = '"metadata/PMC7.3.json","abc","2026-01-01T00:00:00.000Z"'
    bucket.inventory("2026-11-21T01-00Z", [line], fileSchema="Key, ETag, LastModifiedDate")
    source = open_source(str(bucket.root))
    entries = list(source.entries(source.snapshot().files[0]))
    assert entries == [Entry("PMC7", 3, "abc", "2026-01-01T00:00:00.000Z")]


def test_what_is_no_metadata_is_left_out(bucket):
    lines = ['"b","metadata/","2026-01-01T00:00:00.000Z","e"', '"b","metadata/PMC1.1.json","d","e"']
    bucket.inventory("2026-11-21T01-00Z", lines)
    source = open_source(str(bucket.root))
    assert [entry.pmcid for entry in source.entries(source.snapshot().files[0])] == ["PMC1"]


@pytest.mark.parametrize(
    "line",
    [
        '"b","metadata/PMC1.1.json","d"',
        '"b","metadata/PMC1.1.json","d","e","f"',
        '"b","metadata/PMC.1.json","d","e"',
        '"b","metadata/../PMC1.1.json","d","e"',
        '"b","PMC1.1/PMC1.1.json","d","e"',
        '"b","metadata/PMC1.1.json","d",""',
        '"b","metadata/PMC1.1.json","d","e',
        '"b","metadata/PMC1.1.json","d","' + "e" * 10_000 + '"',
        "",
    ],
)
def test_a_malformed_line_is_named(bucket, line: str):
    good = '"b","metadata/PMC1.1.json","d","e"'
    bucket.inventory("2026-11-21T01-00Z", [good, line, good])
    source = open_source(str(bucket.root))
    entries = source.entries(source.snapshot().files[0])
    assert next(entries).pmcid == "PMC1"
    with pytest.raises(SourceError, match=r"2026-11-21.*, line [23]: ") as caught:
        list(entries)
    assert caught.value.reason == Reason.BAD_METADATA


def test_bytes_that_are_no_text_are_named(bucket):
    bucket.inventory("2026-11-21T01-00Z", [], gzip.compress(b'"b","metadata/PMC1.1.json","d","\xff"\n'))
    source = open_source(str(bucket.root))
    with pytest.raises(SourceError, match="line 1: "):
        list(source.entries(source.snapshot().files[0]))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(lambda data: data[:-12], Reason.TRUNCATED), (lambda data: b"no gzip" + data, Reason.BAD_ARCHIVE)],
)
def test_a_damaged_data_file(bucket, spoil, reason: Reason):
    good = gzip.compress(b'"b","metadata/PMC1.1.json","d","e"\n' * 100)
    bucket.inventory("2026-11-21T01-00Z", [], spoil(good))
    source = open_source(str(bucket.root))
    with pytest.raises(SourceError, match="inventory file") as caught:
        list(source.entries(source.snapshot().files[0]))
    assert caught.value.reason == reason


def test_nothing_is_read_from_a_data_file_with_another_md5(bucket):
    source = open_source(str(bucket.root))
    file = source.snapshot().files[0]
    packed = bucket.root / file.key
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes()).replace(b"PMC2", b"PMC3"), mtime=0))
    with pytest.raises(SourceError) as caught:
        next(iter(source.entries(file)))
    assert caught.value.reason == Reason.MD5_MISMATCH


def test_a_long_inventory_is_read_in_bounded_memory(bucket):
    lines = (f'"b","metadata/PMC{n}.1.json","2026-01-08T11:47:59.000Z","{n:032x}"\n' for n in range(20_000))
    key = bucket.inventory("2026-11-21T01-00Z", [], gzip.compress("".join(lines).encode()))
    source = open_source(str(bucket.root))
    tracemalloc.start()
    n_entries = sum(1 for _ in source.entries(ListingFile(key, None)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_entries == 20_000 and peak < 2_000_000


@pytest.mark.parametrize("key", ["../x.csv.gz", "/etc/passwd", "inventory-reports/../../x", 5, None])
def test_a_manifest_names_only_files_of_inventories(key: object):
    manifest = {"fileFormat": "CSV", "fileSchema": "Key, LastModifiedDate, ETag"}
    manifest["files"] = [{"key": key, "MD5checksum": "0" * 32}]
    with pytest.raises(SourceError):
        parse_manifest(json.dumps(manifest).encode(), "2026-11-20T01-00Z")


def test_metadata_xml_and_media(bucket):
    source = open_source(str(bucket.root))
    article = source.metadata("PMC2", 2)
    assert source.xml(article) == bucket.xml
    assert [source.media(obj) for obj in article.media] == [bucket.image]


def test_a_missing_article(bucket):
    with pytest.raises(SourceError, match=r"PMC9\.1\.json") as caught:
        open_source(str(bucket.root)).metadata("PMC9", 1)
    assert caught.value.reason == Reason.MISSING_OBJECT


def test_metadata_of_another_article(bucket):
    bucket.write("metadata/PMC1.1.json", (bucket.root / "metadata/PMC2.2.json").read_bytes())
    with pytest.raises(SourceError, match="PMC2") as caught:
        open_source(str(bucket.root)).metadata("PMC1", 1)
    assert caught.value.reason == Reason.BAD_METADATA


def test_wrong_md5(bucket):
    source = open_source(str(bucket.root))
    article = source.metadata("PMC1", 1)
    bucket.write("PMC1.1/fig 1+a.jpg", b"x" * len(bucket.image))
    with pytest.raises(SourceError) as caught:
        source.media(article.media[0])
    assert caught.value.reason == Reason.MD5_MISMATCH and not caught.value.is_transient


def test_limits_of_size(bucket):
    source = open_source(str(bucket.root), options=HttpOptions(limits=Limits(media=1000, xml=5)))
    article = source.metadata("PMC1", 1)
    for read in (
        lambda: source.xml(article),
        lambda: source.media(article.xml),
        lambda: source.media(article.media[0]),
    ):
        with pytest.raises(SourceError) as caught:
            read()
        assert caught.value.reason == Reason.TOO_LARGE
    small = open_source(str(bucket.root), options=HttpOptions(limits=Limits(json=10)))
    with pytest.raises(SourceError) as caught:
        small.metadata("PMC1", 1)
    assert caught.value.reason == Reason.TOO_LARGE


@pytest.mark.parametrize(
    "url",
    ["s3://b/PMC1.1/../x", "s3://b/PMC1.1/a/b", "PMC1.1/a.jpg", "s3://b/metadata/x.json", "file:///etc/passwd"],
)
def test_only_files_of_articles_are_read(bucket, url: str):
    with pytest.raises(SourceError) as caught:
        open_source(str(bucket.root)).media(MediaObject("a.jpg", url, None))
    assert caught.value.reason == Reason.BAD_METADATA


def test_the_bucket_in_a_url_is_not_looked_at():
    assert media_key("s3://some-mirror/PMC1.1/a b+c%20.jpg") == "PMC1.1/a b+c%20.jpg"


def test_a_source_and_its_errors_survive_pickling(bucket):
    source = open_source(str(bucket.root))
    assert pickle.loads(pickle.dumps(source)).snapshot() == source.snapshot()
    error = pickle.loads(pickle.dumps(SourceError(Reason.TRUNCATED, "a: b", is_transient=True)))
    assert (error.reason, error.detail, error.is_transient, str(error)) == (Reason.TRUNCATED, "a: b", True, "a: b")


@pytest.mark.corpus
def test_the_corpus_and_its_faults(corpus: Path):
    source = open_source(str(corpus / "cloud"))
    snapshot = source.snapshot()
    entries = [entry for file in snapshot.files for entry in source.entries(file)]
    assert snapshot.date == "2026-11-20T01-00Z" and len(entries) == 108
    articles = {entry.pmcid: source.metadata(entry.pmcid, entry.version) for entry in entries}
    for entry in entries:
        data = (corpus / "cloud" / "metadata" / f"{entry.pmcid}.{entry.version}.json").read_bytes()
        assert hashlib.md5(data).hexdigest() == entry.change_token
    assert articles["PMC4737045"].is_manuscript and articles["PMC4737045"].license_code == "TDM"
    assert articles["PMC4738733"].is_retracted
    assert articles["PMC4774317"].license_code == "CC BY-NC-ND"
    refused = []
    for article in articles.values():
        assert source.xml(article).lstrip().startswith(b"<")
        for obj in article.media:
            try:
                source.media(obj)
            except SourceError as error:
                refused.append((article.pmcid, obj.name, error.reason))
    assert refused == [("PMC4736760", "CRIS2016-4296059.006.jpg", Reason.MD5_MISMATCH)]


@pytest.mark.corpus
def test_the_second_day_of_the_corpus(corpus: Path):
    days = [open_source(str(corpus / folder)) for folder in ("cloud", "cloud-day2")]
    first, second = (
        {
            (entry.pmcid, entry.version): entry.change_token
            for file in day.snapshot().files
            for entry in day.entries(file)
        }
        for day in days
    )
    assert len(second.keys() - first.keys()) == 10
    assert first.keys() - second.keys() == {("PMC4735918", 1)}
    assert sum(first[key] != second[key] for key in first.keys() & second.keys()) == 5

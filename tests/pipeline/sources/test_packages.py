"""A mirror of legacy packages."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from pathlib import Path

import pytest

from pipeline.sources import Entry, HttpOptions, Limits, MediaObject, Source, SourceError, open_source, read_ahead
from schemas.reject import Reason

HEADER = "File,Article Citation,Accession ID,Last Updated (YYYY-MM-DD HH:MM:SS),PMID,License\n"
MEMBERS = {
    "PMC1/a.pdf": b"%PDF" * 100,
    "PMC1/a-g001.gif": b"GIF89a" * 10,
    "PMC1/a-g001.jpg": b"\xff\xd8" * 500,
    "PMC1/a.nxml": b"<article/>",
    "PMC1/extra/deep.jpg": b"deep",
}


def _path(pmcid: str) -> str:
    return f"oa_package/0a/b1/{pmcid}.tar.gz"


def _write(root: Path, pmcid: str, members: dict[str, bytes]) -> None:
    path = root / _path(pmcid)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Three packages in the list, the third of which is not there."""
    rows = [
        f"{_path('PMC1')},J. 1:1,PMC1,2020-01-02 03:04:05,99,CC BY\n",
        f"{_path('PMC2')},J. 1:2,PMC2,2019-01-01 00:00:00,,CC BY-NC\n",
        f"{_path('PMC3')},J. 1:3,PMC3,2018-01-01 00:00:00,,NO-CC CODE\n",
    ]
    (tmp_path / "oa_file_list.csv").write_text(HEADER + "".join(rows))
    _write(tmp_path, "PMC1", MEMBERS)
    _write(tmp_path, "PMC2", {"PMC2/b.nxml": b"<b/>", "PMC2/b1.jpg": b"jpg"})
    return tmp_path


def _entries(source: Source) -> list[Entry]:
    return [entry for file in source.snapshot().files for entry in source.entries(file)]


def test_the_list(mirror: Path):
    source = open_source(str(mirror))
    snapshot = source.snapshot()
    assert source.kind == "packages" and snapshot.date == "2020-01-02T03-04Z"
    assert snapshot.files[0].key == "oa_file_list.csv" and len(snapshot.digest) == 64
    entries = _entries(source)
    assert [(entry.pmcid, entry.version) for entry in entries] == [("PMC1", 1), ("PMC2", 1), ("PMC3", 1)]
    assert entries[0].change_token == f"2020-01-02 03:04:05 {_path('PMC1')}"
    assert entries[0].modified == "2020-01-02 03:04:05"


def test_a_list_that_changed_since_it_was_looked_at(mirror: Path):
    source = open_source(str(mirror))
    file = source.snapshot().files[0]
    with (mirror / "oa_file_list.csv").open("a") as lines:
        lines.write(f"{_path('PMC4')},J. 1:4,PMC4,2021-01-01 00:00:00,,CC BY\n")
    with pytest.raises(SourceError) as caught:
        list(source.entries(file))
    assert caught.value.reason == Reason.MD5_MISMATCH


def test_an_empty_list(mirror: Path):
    (mirror / "oa_file_list.csv").write_text(HEADER)
    with pytest.raises(SourceError, match="lists no package"):
        open_source(str(mirror)).snapshot()


def test_the_list_of_commercial_use_alone(mirror: Path):
    (mirror / "oa_file_list.csv").rename(mirror / "oa_comm_use_file_list.csv")
    assert len(_entries(open_source(str(mirror)))) == 3


def test_a_list_in_text_form(mirror: Path):
    (mirror / "oa_file_list.csv").unlink()
    row = f"{_path('PMC1')}\tJ. 1:1\tPMC1\tPMID:99\tCC BY\n"
    (mirror / "oa_file_list.txt").write_text(f"2023-06-17 04:32:05\n{row}")
    source = open_source(str(mirror))
    assert _entries(source) == [Entry("PMC1", 1, _path("PMC1"), "2023-06-17 04:32:05")]
    assert source.metadata("PMC1", 1).pmid == "99"


def test_metadata(mirror: Path):
    article = open_source(str(mirror)).metadata("PMC1", 1)
    assert (article.pmcid, article.version, article.pmid, article.license_code) == ("PMC1", 1, "99", "CC BY")
    assert article.citation == "J. 1:1" and article.is_pmc_openaccess and not article.is_retracted
    assert article.xml == MediaObject("a.nxml", f"{_path('PMC1')}#a.nxml", None)
    assert [obj.name for obj in article.media] == ["a.pdf", "a-g001.gif", "a-g001.jpg"]


def test_members(mirror: Path):
    source = open_source(str(mirror))
    for pmcid in ("PMC1", "PMC2", "PMC1"):
        article = source.metadata(pmcid, 1)
        assert source.xml(article) == (b"<article/>" if pmcid == "PMC1" else b"<b/>")
    assert {obj.name: source.media(obj) for obj in article.media} == {
        "a.pdf": MEMBERS["PMC1/a.pdf"],
        "a-g001.gif": MEMBERS["PMC1/a-g001.gif"],
        "a-g001.jpg": MEMBERS["PMC1/a-g001.jpg"],
    }


def test_one_package_is_read_once_for_all_its_images(mirror: Path):
    source = open_source(str(mirror))
    article = source.metadata("PMC1", 1)
    (mirror / _path("PMC1")).unlink()
    assert source.xml(article) == b"<article/>"
    assert source.media(article.media[2]) == MEMBERS["PMC1/a-g001.jpg"]
    source.close()
    with pytest.raises(SourceError):
        source.xml(article)


def test_memory_is_bounded(mirror: Path):
    source = open_source(str(mirror), options=HttpOptions(limits=Limits(package_cache=100)))
    article = source.metadata("PMC1", 1)
    assert source.media(article.media[2]) == MEMBERS["PMC1/a-g001.jpg"]
    (mirror / _path("PMC1")).unlink()
    assert source.media(article.media[1]) == MEMBERS["PMC1/a-g001.gif"]
    with pytest.raises(SourceError):
        source.media(article.media[2])


def test_limits_of_size(mirror: Path):
    source = open_source(str(mirror), options=HttpOptions(limits=Limits(media=100, xml=5)))
    article = source.metadata("PMC1", 1)
    for obj in (article.xml, article.media[2]):
        with pytest.raises(SourceError) as caught:
            source.media(obj)
        assert caught.value.reason == Reason.TOO_LARGE
    assert source.media(article.media[1]) == MEMBERS["PMC1/a-g001.gif"]


def test_a_package_that_is_not_there_can_still_be_refused_by_its_licence(mirror: Path):
    source = open_source(str(mirror))
    article = source.metadata("PMC3", 1)
    assert article.license_code is None and article.media == ()
    with pytest.raises(SourceError) as caught:
        source.xml(article)
    assert caught.value.reason == Reason.MISSING_OBJECT


@pytest.mark.parametrize(("pmcid", "version"), [("PMC9", 1), ("PMC1", 2)])
def test_an_article_that_is_not_listed(mirror: Path, pmcid: str, version: int):
    with pytest.raises(SourceError) as caught:
        open_source(str(mirror)).metadata(pmcid, version)
    assert caught.value.reason == Reason.MISSING_OBJECT


def test_a_member_that_is_not_there(mirror: Path):
    source = open_source(str(mirror))
    for name in ("none.jpg", "deep.jpg"):
        with pytest.raises(SourceError, match=name) as caught:
            source.media(MediaObject(name, f"{_path('PMC1')}#{name}", None))
        assert caught.value.reason == Reason.MISSING_OBJECT


@pytest.mark.parametrize(
    "url", ["../x.tar.gz#a", "oa_package/0a/b1/PMC1.tar.gz#../a", "/etc/passwd#a", "s3://b/PMC1.1/a"]
)
def test_only_members_of_packages_are_read(mirror: Path, url: str):
    with pytest.raises(SourceError) as caught:
        open_source(str(mirror)).media(MediaObject("a", url, None))
    assert caught.value.reason == Reason.BAD_METADATA


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"PMC1/a.jpg": b"x"}, Reason.BAD_XML),
        ({"PMC1/a.nxml": b"x", "PMC1/../../a.jpg": b"x"}, Reason.UNSAFE_MEMBER),
        ({"PMC1/a.nxml": b"x", "other/a.nxml": b"y"}, Reason.BAD_ARCHIVE),
    ],
)
def test_packages_that_are_refused(mirror: Path, members: dict[str, bytes], reason: Reason):
    _write(mirror, "PMC1", members)
    with pytest.raises(SourceError) as caught:
        open_source(str(mirror)).metadata("PMC1", 1)
    assert caught.value.reason == reason


def test_a_damaged_package(mirror: Path):
    path = mirror / _path("PMC1")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceError) as caught:
        open_source(str(mirror)).metadata("PMC1", 1)
    assert caught.value.reason == Reason.TRUNCATED
    path.write_bytes(gzip.compress(b"no tar file" * 100))
    with pytest.raises(SourceError) as caught:
        open_source(str(mirror)).metadata("PMC1", 1)
    assert caught.value.reason == Reason.BAD_ARCHIVE


def test_nothing_is_written(mirror: Path):
    before = sorted(mirror.rglob("*"))
    source = open_source(str(mirror))
    source.xml(source.metadata("PMC1", 1))
    assert sorted(mirror.rglob("*")) == before


def test_a_pickled_source_reads_on(mirror: Path):
    source = open_source(str(mirror))
    article = source.metadata("PMC1", 1)
    copy = pickle.loads(pickle.dumps(source))
    assert copy.metadata("PMC1", 1) == article and copy.xml(article) == b"<article/>"


@pytest.mark.corpus
def test_the_packages_of_the_corpus(corpus: Path):
    source = open_source(str(corpus / "legacy"))
    articles = {entry.pmcid: source.metadata(entry.pmcid, entry.version) for entry in _entries(source)}
    assert len(articles) == 17
    missing = {pmcid for pmcid, article in articles.items() if not article.media}
    assert missing == {"PMC13900", "PMC4774317"}
    assert articles["PMC13900"].license_code is None and articles["PMC4774317"].license_code == "CC BY-NC-ND"
    names = [obj.name for obj in articles["PMC12419688"].media]
    assert names == ["koaf197f1.jpg", "koaf197.pdf", "koaf197f1.gif"]
    for article in articles.values():
        if article.pmcid not in missing:
            assert b"<article" in source.xml(article)
            assert all(source.media(obj) for obj in article.media)


def test_threads_share_a_source(mirror: Path):
    source = open_source(str(mirror))
    articles = [source.metadata(pmcid, 1) for pmcid in ("PMC1", "PMC2")] * 20
    found = [data for _, data in read_ahead(source.xml, articles, 4)]
    assert found == [b"<article/>", b"<b/>"] * 20

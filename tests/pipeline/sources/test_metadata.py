"""The metadata JSON: what is read, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.metadata import is_safe_name, normalise_license, parse_metadata, parse_url
from pipeline.sources.source import ArticleMetadata, SourceError
from schemas.reject import Reason

_CODES = ["CC0", "CC BY", "CC BY-SA", "CC BY-ND", "CC BY-NC", "CC BY-NC-SA", "CC BY-NC-ND", "TDM"]


@pytest.fixture
def parse(metadata_fields: Callable[..., dict[str, object]]) -> Callable[..., ArticleMetadata]:
    """Reads the JSON of PMC1 with some fields changed; those changed to `...` are left out."""

    def with_changes(**changes: object) -> ArticleMetadata:
        fields = {name: value for name, value in metadata_fields("PMC1", **changes).items() if value is not ...}
        return parse_metadata(json.dumps(fields).encode(), "PMC1", 1)

    return with_changes


def test_all_fields(parse, bucket, md5):
    article = parse(mid="NIHMS1", is_retracted=True)
    assert (article.pmcid, article.version, article.pmid, article.mid) == ("PMC1", 1, "12345", "NIHMS1")
    assert article.is_retracted and article.is_pmc_openaccess and not article.is_manuscript
    assert article.license_code == "CC BY"
    assert article.xml.name == "PMC1.1.xml" and article.xml.url == "s3://pmc-oa-opendata/PMC1.1/PMC1.1.xml"
    assert [(obj.name, obj.md5) for obj in article.media] == [("fig 1+a.jpg", md5(bucket.image))]


def test_fields_that_may_be_absent(parse):
    names = ("pmid", "doi", "mid", "title", "citation", "license_code", "media_urls", "text_url")
    article = parse(**dict.fromkeys(names, ...))
    assert article.media == () and article.pmid is None and article.license_code is None


@pytest.mark.parametrize("name", ["pmcid", "version", "xml_url", "is_retracted", "is_pmc_openaccess", "is_manuscript"])
def test_fields_that_must_be_there(parse, name: str):
    with pytest.raises(SourceError, match=name) as caught:
        parse(**{name: ...})
    assert caught.value.reason == Reason.BAD_METADATA and not caught.value.is_transient


@pytest.mark.parametrize(
    "changes",
    [
        {"pmcid": "PMC2"},
        {"version": 2},
        {"version": True},
        {"version": "1"},
        {"is_retracted": "false"},
        {"is_retracted": 0},
        {"title": ["x"]},
        {"pmid": 1.5},
        {"license_code": {}},
        {"media_urls": "s3://pmc-oa-opendata/PMC1.1/a.jpg"},
        {"media_urls": [None]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC2.1/a.jpg"]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC1.1/../PMC2.1/a.jpg"]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC1.1/sub/a.jpg"]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC1.1/.."]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC1.1/%2e%2e%2fa.jpg"]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC1.1/a\n.jpg"]},
        {"media_urls": ["s3://pmc-oa-opendata/PMC1.1/a\\b.jpg"]},
        {"media_urls": ["https://evil.example/PMC1.1/a.jpg"]},
        {"media_urls": ["file:///PMC1.1/a.jpg"]},
        {"media_urls": [f"s3://b/PMC1.1/a.jpg?md5={'0' * 32}", f"s3://b/PMC1.1/a.jpg?md5={'1' * 32}"]},
        {"xml_url": "s3://pmc-oa-opendata/PMC1.1/"},
    ],
)
def test_wrong_values_refuse_the_article(parse, changes: dict[str, object]):
    with pytest.raises(SourceError) as caught:
        parse(**changes)
    assert caught.value.reason == Reason.BAD_METADATA
    assert "\n" not in caught.value.detail


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"<html>busy</html>", b"\xff\xfe{}", b"[" * 100_000, b'{"version": ' + b"9" * 5000 + b"}"],
)
def test_what_is_no_json_object(data: bytes):
    with pytest.raises(SourceError) as caught:
        parse_metadata(data, "PMC1", 1)
    assert caught.value.reason == Reason.BAD_METADATA


def test_a_lone_surrogate_does_not_travel_on(parse):
    assert parse(title="a \ud800 b").title == "a ? b"


def test_one_file_named_twice_is_one_file(parse):
    url = f"s3://b/PMC1.1/a.jpg?md5={'0' * 32}"
    assert len(parse(media_urls=[url, url]).media) == 1


def test_a_url_without_md5():
    obj = parse_url("test", "s3://b/PMC1.1/a.jpg", "PMC1.1")
    assert (obj.name, obj.url, obj.md5) == ("a.jpg", "s3://b/PMC1.1/a.jpg", None)


@pytest.mark.parametrize("code", _CODES)
def test_codes_of_the_source_stay(code: str):
    assert normalise_license(code) == code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cc by", "CC BY"),
        ("CC-BY", "CC BY"),
        ("CC-BY-NC-ND", "CC BY-NC-ND"),
        ("CC BY 4.0", "CC BY"),
        ("CC BY-NC 3.0", "CC BY-NC"),
        ("CC BY 3.0 IGO", "CC BY"),
        ("CC0 1.0", "CC0"),
        (" CC  BY ", "CC BY"),
        ("NO-CC CODE", None),
        ("none", None),
        ("Other", None),
        ("", None),
        (None, None),
        ("CC BY-ND-SA", None),
        ("CC", None),
        ("MIT", None),
    ],
)
def test_other_notations(code: str | None, expected: str | None):
    assert normalise_license(code) == expected


@given(st.text(max_size=40))
def test_a_licence_is_never_guessed(code: str):
    found = normalise_license(code)
    assert found is None or found in _CODES
    assert normalise_license(found) == found


@given(st.text(max_size=300))
def test_a_safe_name_stays_in_its_folder(name: str):
    if is_safe_name(name):
        assert "/" not in name and "\\" not in name and name not in (".", "..") and 0 < len(name.encode()) < 256

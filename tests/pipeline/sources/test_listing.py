"""Pages of listings: S3's and those of plain web servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources import SourceError
from pipeline.sources.listing import ListPage, is_busy_error, parse_index_page, parse_list_page

_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>{}</ListBucketResult>"""


def _page(inner: str) -> ListPage:
    return parse_list_page("test", _PAGE.format(inner).encode())


def test_keys_and_prefixes():
    page = _page(
        "<IsTruncated>false</IsTruncated><Contents><Key>a/x.json</Key></Contents>"
        "<CommonPrefixes><Prefix>a/2026/</Prefix></CommonPrefixes>"
    )
    assert page == ListPage(("a/2026/", "a/x.json"), None)


def test_encoded_keys():
    page = _page("<EncodingType>url</EncodingType><Contents><Key>a%20b%0A</Key></Contents>")
    assert page.names == ("a b\n",)


def test_a_page_that_goes_on():
    inner = "<IsTruncated>true</IsTruncated><NextContinuationToken>abc=</NextContinuationToken>"
    assert _page(inner).next_token == "abc="
    with pytest.raises(SourceError):
        _page("<IsTruncated>true</IsTruncated>")


_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>hi</body></html>",
        b"{}",
        b"<Error><Code>NoSuchBucket</Code></Error>",
        _LAUGHS + b"]><x>&j;</x>",
        b"<a>" * 10_000,
    ],
)
def test_what_is_no_listing(data: bytes):
    with pytest.raises(SourceError, match="no listing"):
        parse_list_page("test", data)


def test_a_file_is_not_drawn_into_a_listing(tmp_path):
    (tmp_path / "secret").write_text("secret")
    doctype = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{tmp_path}/secret">]>'
    data = doctype + "<ListBucketResult><Contents><Key>&a;</Key></Contents></ListBucketResult>"
    assert "secret" not in str(parse_list_page("test", data.encode()).names)


@pytest.mark.parametrize(
    ("data", "is_busy"),
    [
        (b"<Error><Code>SlowDown</Code></Error>", True),
        (b'<?xml version="1.0"?><Error xmlns="http://s3/"><Code>InternalError</Code></Error>', True),
        (b"<Error><Code>AccessDenied</Code></Error>", False),
        (b"<html>SlowDown</html>", False),
        (b"", False),
    ],
)
def test_busy_errors(data: bytes, is_busy: bool):
    assert is_busy_error(data) is is_busy


def test_an_index_page():
    page = b"""<html><a href="../">up</a><a href="2026-11-20T01-00Z/">x</a><A HREF="/root/m/a%20b.json">y</A>
    <a href="?C=N;O=D">sort</a><a href="https://elsewhere.org/root/m/z/">z</a><a href="deep/er/">d</a>
    <a href="http://[bad">b</a><a name="n">n</a>"""
    assert parse_index_page("http://h/root/m/", page) == ["2026-11-20T01-00Z/", "a b.json"]


@given(st.binary(max_size=300))
def test_an_index_page_may_be_anything(data: bytes):
    assert all("/" not in name.removesuffix("/") for name in parse_index_page("http://h/m/", b"<a href=" + data))

from __future__ import annotations

import pytest

from pipeline.export import https_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://pmc-oa-opendata/PMC1.1/a b.jpg", "https://pmc-oa-opendata.s3.amazonaws.com/PMC1.1/a%20b.jpg"),
        ("s3://pmc-oa-opendata/PMC1.1/a.jpg", "https://pmc-oa-opendata.s3.amazonaws.com/PMC1.1/a.jpg"),
        ("oa_package/00/11/PMC1.tar.gz#a.jpg", "oa_package/00/11/PMC1.tar.gz#a.jpg"),
    ],
)
def test_urls_that_any_client_can_read(url: str, expected: str) -> None:
    assert https_url(url) == expected

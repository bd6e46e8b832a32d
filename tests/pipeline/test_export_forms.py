from __future__ import annotations

import pytest

from pipeline.export import https_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://pmc-oa-opendata/PMC1.1/a b.jpg", "https://pmc-oa-opendata.s3.amazonaws.com/PMC1.1/a%20b.jpg"),
        ("s3://pmc-oa-opendata/PMC1.1/a.jpg", "https://pmc-oa-opendata.s3.amazonaws.com/PMC1.1/a.jpg"),
    ],
)
def test_urls_that_any_client_can_read(url: str, expected: str) -> None:
    assert https_url(url) == expected


@pytest.mark.parametrize("root", ["http://127.0.0.1:5000/pmc", "http://127.0.0.1:5000/pmc/"])
def test_urls_at_a_mirror(root: str) -> None:
    assert https_url("s3://pmc-oa-opendata/PMC1.1/a b.jpg", root) == "http://127.0.0.1:5000/pmc/PMC1.1/a%20b.jpg"

"""From a reference to a media file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.jats import resolve_media


@pytest.mark.parametrize(
    ("href", "names", "found"),
    [
        ("a.jpg", ["b.jpg", "a.jpg"], "a.jpg"),
        ("A.JPG", ["a.jpg"], "a.jpg"),
        ("koaf197f1", ["koaf197f1.gif", "koaf197f1.jpg"], "koaf197f1.jpg"),
        ("koaf197f1", ["koaf197f1.gif"], "koaf197f1.gif"),
        ("pone.0000217.g001", ["pone.0000217.g001.jpg"], "pone.0000217.g001.jpg"),
        ("pone.0000217.g001", ["pone.0000217.jpg"], None),
        ("f1.tif", ["f1.jpg"], "f1.jpg"),
        ("f1.gif", ["f1.jpg", "f1.gif"], "f1.gif"),
        ("f1.jpg", ["f1.webp"], "f1.webp"),
        ("F1", ["f1.PNG"], "f1.PNG"),
        ("f1", ["f1_small.jpg", "f10.jpg", "f1a.jpg"], None),
        ("f1", ["f1.pdf", "f1.xlsx"], None),
        ("data.xlsx", ["data.jpg"], None),
        (" a.jpg ", ["a.jpg"], "a.jpg"),
        ("", ["a.jpg"], None),
        ("../a.jpg", ["a.jpg", "../a.jpg"], None),
        ("x/a.jpg", ["a.jpg", "x/a.jpg"], None),
        ("https://x.org/figures/a.jpg", ["a.jpg"], "a.jpg"),
        ("https://x.org/figures/a.jpg", ["A.jpg", "b.jpg"], None),
        ("https://x.org/a", ["a.png", "a.jpg"], "a.jpg"),
        (
            "info:doi/10.1371/journal.pone.0000217.g001",
            ["journal.pone.0000217.g001.tif"],
            "journal.pone.0000217.g001.tif",
        ),
        ("info:doi/10.1371/journal.pone.0000217.g001", ["pone.0000217.g001.jpg"], None),
        ("https://x.org/../..", ["..", "https://x.org/../.."], None),
        ("https://a.jpg", ["a.jpg"], None),
        ("https://x.org/", ["", ".jpg"], None),
        ("ftp://x.org/a.jpg", ["a.jpg"], None),
        ("file:a.jpg", ["a.jpg"], None),
        ("x\\a.jpg", ["a.jpg"], None),
        (f"https://x.org/{'a' * 1_000_000}:", ["a.jpg"], None),
        (f"https://x.org/{'a/' * 1_000_000}:", ["a.jpg"], None),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_resolution(href: str, names: list[str], found: str | None) -> None:
    assert resolve_media(href, names) == found


@given(
    st.text(max_size=20) | st.text("/\\:.ax", max_size=8).map(lambda path: f"https://x/{path}"),
    st.lists(st.text(max_size=20) | st.text("/\\:.ax", max_size=3), max_size=8),
)
def test_what_is_found_is_one_of_the_names_and_no_path(href: str, names: list[str]) -> None:
    found = resolve_media(href, names)
    assert found is None or found in names
    assert found is None or not set("/\\:") & set(found)
    assert found not in (".", "..")

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog import _choose, articles_per_part, part_of, read_ids
from pipeline.config import ConfigError, InventoryConfig
from pipeline.ids import article_id
from pipeline.licenses import allowed_licenses
from pipeline.sources import ArticleMetadata, MediaObject
from schemas.inventory import InventoryEntry
from schemas.reject import Reason, Reject
from schemas.versions import ArticleVersion

IMAGE = MediaObject(name="a.jpg", url="s3://b/PMC1.1/a.jpg", md5=None)


def version(number: int, **changes: object) -> tuple[InventoryEntry, ArticleMetadata]:
    entry = InventoryEntry(
        article_id=article_id("PMC1", number), pmcid="PMC1", version=number, change_token="t", modified="m"
    )
    fields = {
        "pmcid": "PMC1",
        "version": number,
        "pmid": None,
        "doi": None,
        "mid": None,
        "title": None,
        "citation": None,
        "is_pmc_openaccess": True,
        "is_manuscript": False,
        "is_historical_ocr": False,
        "is_retracted": False,
        "license_code": "CC BY",
        "xml": IMAGE,
        "media": (IMAGE,),
    }
    return entry, ArticleMetadata(**{**fields, **changes})


def chosen(*versions: tuple[InventoryEntry, ArticleMetadata]) -> dict[int, str]:
    """What became of each version: 'used' or the reason."""
    found = list(_choose(versions, allowed_licenses("commercial")))
    outcome = {}
    for row in found:
        record_id = row.record_id if isinstance(row, Reject) else row.id
        outcome[int(record_id[-1])] = row.reason.value if isinstance(row, Reject) else "used"
    assert len(outcome) == len(found) == len(versions)
    return outcome


def test_the_highest_version_is_used() -> None:
    assert chosen(version(1), version(2)) == {1: "superseded", 2: "used"}


def test_a_published_version_goes_before_a_manuscript() -> None:
    assert chosen(version(1), version(2, is_manuscript=True)) == {1: "used", 2: "superseded"}


def test_a_manuscript_alone_is_used_where_it_has_media() -> None:
    assert chosen(version(1, is_manuscript=True)) == {1: "used"}
    assert chosen(version(1, is_manuscript=True, media=())) == {1: "manuscript"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_retracted": True}, "retracted"),
        ({"is_historical_ocr": True}, "historical_ocr"),
        ({"is_pmc_openaccess": False}, "not_open_access"),
        ({"license_code": None}, "license_class"),
        ({"license_code": "CC BY-NC"}, "license_class"),
        ({"license_code": "CC BY-ND"}, "license_class"),
    ],
)
def test_each_exclusion_has_its_reason(changes: dict[str, object], reason: str) -> None:
    assert chosen(version(1, **changes)) == {1: reason}


def test_an_older_version_does_not_take_the_place_of_a_retracted_one() -> None:
    assert chosen(version(1), version(2, is_retracted=True)) == {1: "superseded", 2: "retracted"}


def test_what_is_not_open_gives_way_to_what_is() -> None:
    assert chosen(version(1), version(2, is_pmc_openaccess=False)) == {1: "used", 2: "not_open_access"}
    assert chosen(version(1), version(2, is_historical_ocr=True)) == {1: "used", 2: "historical_ocr"}


@given(st.lists(st.tuples(*[st.booleans()] * 4, st.sampled_from(["CC BY", None])), min_size=1, max_size=6))
def test_at_most_one_version_is_used_and_none_is_lost(flags: list[tuple[bool, bool, bool, bool, str | None]]) -> None:
    names = ("is_retracted", "is_manuscript", "is_historical_ocr", "is_pmc_openaccess", "license_code")
    versions = [version(n, **dict(zip(names, values, strict=True))) for n, values in enumerate(flags, start=1)]
    found = list(_choose(versions, allowed_licenses("commercial")))
    assert len(found) == len(versions)
    assert sum(isinstance(row, ArticleVersion) for row in found) <= 1
    assert all(row.reason is not Reason.INTERNAL_ERROR for row in found if isinstance(row, Reject))


@pytest.mark.parametrize(("n", "expected"), [(1, 8), (106, 8), (6400, 100), (8_000_000, 2000)])
def test_the_size_of_a_part_follows_from_the_number_of_articles(n: int, expected: int) -> None:
    assert articles_per_part(n, InventoryConfig()) == expected
    assert articles_per_part(n, InventoryConfig(articles_per_part=3)) == 3


def test_parts_are_about_equal() -> None:
    sizes = [0] * 10
    for number in range(10_000):
        sizes[part_of(f"PMC{number}", 10)] += 1
    assert min(sizes) > 850 and max(sizes) < 1150


def test_a_list_of_articles_is_read_once_each_in_order(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("# mine\nPMC20\n\n  PMC3  # a favourite\nPMC20\n")
    assert read_ids(file) == ["PMC3", "PMC20"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PMC1\n12\n", "line 2: '12' is no pmcid"),
        ("PMC1.2\n", "line 1: 'PMC1.2' is no pmcid"),
        ("# nothing\n", "names no article"),
    ],
)
def test_a_list_that_names_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "ids.txt"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_ids(file)
    with pytest.raises(ConfigError, match="nowhere"):
        read_ids(tmp_path / "nowhere")

from __future__ import annotations

import pytest

from pipeline.licenses import LicenseClassError, allowed_licenses, forbids_derivatives


def test_classes_nest() -> None:
    assert allowed_licenses("commercial") < allowed_licenses("noncommercial") < allowed_licenses("all")
    assert None in allowed_licenses("all")


def test_commercial_is_what_the_contract_says() -> None:
    assert allowed_licenses("commercial") == {"CC0", "CC BY", "CC BY-SA"}


def test_a_list_of_codes_in_any_case() -> None:
    assert allowed_licenses("cc0, CC BY-nd") == {"CC0", "CC BY-ND"}


@pytest.mark.parametrize("name", ["free", "CC BY 4.0", "", "commercial,free"])
def test_an_unknown_class_is_refused(name: str) -> None:
    with pytest.raises(LicenseClassError, match="is not one of commercial, noncommercial, all, CC0"):
        allowed_licenses(name)


@pytest.mark.parametrize(
    ("code", "forbids"), [("CC BY", False), ("CC BY-ND", True), ("CC BY-NC-ND", True), (None, True)]
)
def test_no_derivatives(code: str | None, forbids: bool) -> None:
    assert forbids_derivatives(code) is forbids

"""Licences: the classes a build can be made for, and what each licence allows."""

from __future__ import annotations

COMMERCIAL = ("CC0", "CC BY", "CC BY-SA")
NONCOMMERCIAL = (*COMMERCIAL, "CC BY-NC", "CC BY-NC-SA")
ALL = (*NONCOMMERCIAL, "CC BY-ND", "CC BY-NC-ND", None)
"""None is an article without a machine-readable licence."""

CODES = tuple(code for code in ALL if code)
"""Every code that the source uses for articles whose images it distributes, freest first."""

_CLASSES: dict[str, tuple[str | None, ...]] = {"commercial": COMMERCIAL, "noncommercial": NONCOMMERCIAL, "all": ALL}


class LicenseClassError(ValueError):
    """A licence class that does not exist; the message is one line for the user."""


def allowed_licenses(license_class: str) -> frozenset[str | None]:
    """The licence codes in a class: ``commercial``, ``noncommercial``, ``all``, or a comma list of codes.

    Raises:
        LicenseClassError: neither a class nor a list of known codes.
    """
    if license_class in _CLASSES:
        return frozenset(_CLASSES[license_class])
    by_name = {code.casefold(): code for code in CODES}
    names = [name.strip() for name in license_class.split(",")]
    unknown = [name for name in names if name.casefold() not in by_name]
    if unknown:
        known = ", ".join([*_CLASSES, *CODES])
        raise LicenseClassError(f"licence class '{license_class}': '{unknown[0]}' is not one of {known}")
    return frozenset(by_name[name.casefold()] for name in names)


def forbids_derivatives(code: str | None) -> bool:
    """Whether a figure under this licence must stay whole: ND, or no licence that would allow a cut."""
    return code is None or code.endswith("-ND")

"""Licence codes and reserved rights."""

from __future__ import annotations

import pytest

from pipeline.jats.rights import is_reserved, license_code_of, license_url_of, read_figure_rights, rights_sentences


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "CC BY"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0", "CC BY-NC-ND"),
        ("http://creativecommons.org/licenses/by-nc-sa/3.0/", "CC BY-NC-SA"),
        ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC BY-NC-ND"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0"),
        ("Creative Commons Attribution License, which permits unrestricted use", "CC BY"),
        ("Creative Commons Attribution-NonCommercial-NoDerivs License", "CC BY-NC-ND"),
        ("Creative Commons Attribution Non-Commercial Share Alike 4.0", "CC BY-NC-SA"),
        ("under the CC BY-NC 4.0 license", "CC BY-NC"),
        ("under CC-BY 4.0", "CC BY"),
        ("CC0 1.0", "CC0"),
        (
            "(http://creativecommons.org/licenses/by/4.0/) ... http://creativecommons.org/publicdomain/zero/1.0/",
            "CC BY",
        ),
        ("All rights reserved.", None),
        ("http://www.elsevier.com/open-access/userlicense/1.0/", None),
        ("", None),
    ],
)
def test_codes(text: str, code: str | None) -> None:
    assert license_code_of(text) == code


def test_the_address_keeps_its_version_and_loses_the_full_stop() -> None:
    assert (
        license_url_of("see http://creativecommons.org/licenses/by/2.0.")
        == "https://creativecommons.org/licenses/by/2.0"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Reprinted with permission from [50].",
        "Adapted with permission from Smith.",
        "Reproduced by kind permission of the Royal Society.",
        "Copyright 2013 American Chemical Society.",
        "© Springer 2010.",
        "Image courtesy of NASA.",
        "Permission was obtained from Elsevier.",
        "All rights reserved.",
        "Used with permission; the rest is CC BY.",
        "Photographs of birds that were captured in 2010, with permission of the museum.",
        "Specimens were collected in May. Reproduced with permission of the museum.",
    ],
)
def test_reserved(text: str) -> None:
    assert is_reserved(text)


@pytest.mark.parametrize(
    "text",
    [
        "Adapted from [12].",
        "Source: FAOSTAT.",
        "Layouts of the plots in (B) 2010 and (C) 2011.",
        "Shown with permission of the patient.",
        "Published with the written permission of the patient's parents.",
        "© The Authors.",
        "© 2016 The Author(s).",
        "Reproduced from Smith under a Creative Commons Attribution License, © Smith.",
        "The membrane permission potential.",
        "Beetles were collected with permission of the national park.",
        "Tissue samples were obtained by permission from the hunters.",
        "",
    ],
)
def test_not_reserved(text: str) -> None:
    assert not is_reserved(text)


def test_only_the_sentences_on_rights_and_origin_are_noted() -> None:
    caption = "Leaves were taken from plants. Source data are here. Adapted from [3]. Photo by A. B. Source: WHO."
    assert rights_sentences(caption) == ["Adapted from [3].", "Photo by A. B. Source: WHO."]
    assert rights_sentences("A cell.") == []


class CountedCredit(str):
    """A credit line that counts how often it is compared."""

    n_compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        CountedCredit.n_compared += 1
        return super().__eq__(other)


def test_credit_lines_are_not_compared_with_every_sentence() -> None:
    n = 500
    credits: list[str] = [CountedCredit(f"Source: atlas {i}.") for i in range(n)]
    caption = " ".join(f"Source: atlas {i}." for i in range(n // 2, n + n // 2))
    note = read_figure_rights([], credits, caption).note
    assert note is not None
    assert note.count("Source:") == n + n // 2
    assert CountedCredit.n_compared <= 2 * n

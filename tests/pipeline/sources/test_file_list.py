"""File lists of the legacy distribution."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources import SourceError
from pipeline.sources.file_list import FileList, FileListIndex, PackageLine, snapshot_date
from schemas.reject import Reason

HEADER = "File,Article Citation,Accession ID,Last Updated (YYYY-MM-DD HH:MM:SS),PMID,License\n"
CSV = (
    HEADER + "oa_package/08/e0/PMC13900.tar.gz,Breast Cancer Res. 2001 Nov 2; 3(1):55-60,PMC13900,"
    "2019-11-05 11:56:12,11250746,NO-CC CODE\n"
    'oa_package/b0/ac/PMC13901.tar.gz,"Odd ""J"", 1:1",PMC13901,2020-01-01 00:00:00,,CC BY-NC\n'
)
TEXT = (
    "2023-06-17 04:32:05\n"
    "oa_package/08/e0/PMC13900.tar.gz\tBreast Cancer Res. 2001, 3(1):55\tPMC13900\tPMID:11250746\tNO-CC CODE\n"
    "oa_package/b0/ac/PMC13901.tar.gz\tOdd J 1:1\tPMC13901\t\tCC BY\n"
)


def _lines(text: str) -> list[PackageLine]:
    return [line for _, line in FileList(io.BytesIO(text.encode()), "list").lines()]


def test_csv():
    first, second = _lines(CSV)
    assert first == PackageLine(
        pmcid="PMC13900",
        path="oa_package/08/e0/PMC13900.tar.gz",
        citation="Breast Cancer Res. 2001 Nov 2; 3(1):55-60",
        updated="2019-11-05 11:56:12",
        has_own_date=True,
        pmid="11250746",
        license_code=None,
        is_retracted=False,
    )
    assert (second.citation, second.pmid, second.license_code) == ('Odd "J", 1:1', None, "CC BY-NC")


def test_csv_as_windows_writes_it():
    assert _lines("\ufeff" + CSV.replace("\n", "\r\n")) == _lines(CSV)


def test_retracted_column():
    header = HEADER.strip() + ",Retracted\n"
    rows = [
        f"oa_package/00/00/PMC{n}.tar.gz,c,PMC{n},2020-01-01 00:00:00,,CC BY,{flag}\n"
        for n, flag in ((1, "no"), (2, "yes"))
    ]
    assert [line.is_retracted for line in _lines(header + "".join(rows))] == [False, True]


def test_text():
    first, second = _lines(TEXT)
    assert (first.pmid, second.pmid) == ("11250746", None)
    assert first.updated == "2023-06-17 04:32:05" and not first.has_own_date
    assert first.citation == "Breast Cancer Res. 2001, 3(1):55"


@pytest.mark.parametrize("text", ["", "\n", "File,Citation\n", "<html>gone</html>\n", "oa_package/08/e0/PMC1.tar.gz\n"])
def test_what_is_no_file_list(text: str):
    with pytest.raises(SourceError, match=r"list, line 1: neither") as caught:
        _lines(text)
    assert caught.value.reason == Reason.BAD_METADATA


@pytest.mark.parametrize(
    "row",
    [
        "oa_package/00/00/PMC1.tar.gz,c,PMC1,2020-01-01 00:00:00,",
        "oa_package/00/00/PMC1.tar.gz,c,PMC2,2020-01-01 00:00:00,,CC BY",
        "../00/00/PMC1.tar.gz,c,PMC1,2020-01-01 00:00:00,,CC BY",
        "/oa_package/00/00/PMC1.tar.gz,c,PMC1,2020-01-01 00:00:00,,CC BY",
        "oa_package/00/../PMC1.tar.gz,c,PMC1,2020-01-01 00:00:00,,CC BY",
        "oa_package/00/00/PMC1.tar.gz,c,PMC1,yesterday,,CC BY",
        'oa_package/00/00/PMC1.tar.gz,"c,PMC1,2020-01-01 00:00:00,,CC BY',
        "x" * 70_000,
        "",
    ],
)
def test_a_malformed_row_is_named(row: str):
    lines = FileList(io.BytesIO((CSV + row + "\n").encode()), "list").lines()
    assert len([next(lines), next(lines)]) == 2
    with pytest.raises(SourceError, match="list, line 4: ") as caught:
        next(lines)
    assert caught.value.reason == Reason.BAD_METADATA


@given(st.lists(st.integers(1, 10**9), unique=True, max_size=40), st.integers(1, 10**9))
def test_the_index_finds_what_is_listed(numbers: list[int], other: int):
    rows = [f"oa_package/00/00/PMC{n}.tar.gz,c{n},PMC{n},2020-01-01 00:00:00,,CC BY\n" for n in numbers]
    file = io.BytesIO((HEADER + "".join(rows)).encode())
    index = FileListIndex(FileList(file, "list"))
    for number in numbers:
        offset = index.offset(f"PMC{number}")
        file.seek(0)
        assert offset is not None and FileList(file, "list").line_at(offset).citation == f"c{number}"
    assert (index.offset(f"PMC{other}") is not None) == (other in numbers)


def test_dates():
    assert snapshot_date("2024-10-15 22:46:16") == "2024-10-15T22-46Z"
    with pytest.raises(ValueError, match="no date"):
        snapshot_date("")

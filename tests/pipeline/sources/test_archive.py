"""Members of packages: what is read, and what refuses a package."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.sources import Limits, SourceError
from pipeline.sources.archive import Member, read_members
from schemas.reject import Reason

GOOD = {"PMC1/a.nxml": b"<article/>", "PMC1/a-g001.jpg": b"\xff\xd8" * 700, "PMC1/a.pdf": b"%PDF" * 300}


def tar_of(*members: tarfile.TarInfo | tuple[str, bytes], format: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar file with these members; a pair is a plain file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            name, data = member
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def special(name: str, kind: bytes, target: str = "", **fields: object) -> tarfile.TarInfo:
    """A header of a member that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    for field, value in fields.items():
        setattr(info, field, value)
    return info


@pytest.fixture
def package(tmp_path: Path):
    """Writes a package; packs what it is given, or writes it as it is."""

    def write(tar: bytes, *, is_packed: bool = False) -> Path:
        path = tmp_path / "PMC1.tar.gz"
        path.write_bytes(tar if is_packed else gzip.compress(tar, 1))
        return path

    return write


def _everything(path: Path, limits: Limits | None = None) -> dict[Member, bytes | None]:
    return dict(read_members(path, limits or Limits(), lambda member: True))


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_in_order(package, format: int):
    long_name = "PMC1/" + "é" * 90 + ".jpg"
    folder = special("PMC1", tarfile.DIRTYPE)
    members = list(GOOD.items()) + ([] if format == tarfile.USTAR_FORMAT else [(long_name, b"long")])
    found = _everything(package(tar_of(folder, *members, format=format)))
    assert [f"{member.folder}/{member.name}" for member in found] == [name for name, _ in members]
    assert list(found.values()) == [data for _, data in members]


def test_only_what_is_wanted_is_kept(package):
    path = package(tar_of(*GOOD.items()))
    found = dict(read_members(path, Limits(), lambda member: member.name.endswith(".nxml")))
    assert [data for data in found.values() if data is not None] == [b"<article/>"]
    assert [member.n_bytes for member in found] == [len(data) for data in GOOD.values()]


_DEVICE = special("PMC1/dev", tarfile.CHRTYPE, devmajor=1, devminor=3)


@pytest.mark.parametrize(
    "member",
    [
        ("../a.jpg", b"x"),
        ("PMC1/../../a.jpg", b"x"),
        ("/etc/cron.d/a", b"x"),
        ("PMC1\\..\\a.jpg", b"x"),
        ("PMC1/a\nb.jpg", b"x"),
        ("PMC1/" + "x" * 300 + ".jpg", b"x"),
        special("../PMC1", tarfile.DIRTYPE),
        special("PMC1/link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        special("PMC1/link.jpg", tarfile.LNKTYPE, "PMC1/a.nxml"),
        special("PMC1/pipe", tarfile.FIFOTYPE),
        special("PMC1/disk", tarfile.BLKTYPE, devmajor=8),
        special("PMC1/sparse", tarfile.GNUTYPE_SPARSE),
        special("PMC1/odd", b"V"),
        _DEVICE,
    ],
    ids=repr,
)
@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_anything_unsafe_refuses_the_package(package, member, format: int):
    path = package(tar_of(*GOOD.items(), member, format=format))
    with pytest.raises(SourceError) as caught:
        _everything(path)
    assert caught.value.reason == Reason.UNSAFE_MEMBER and "\n" not in caught.value.detail


def test_a_sparse_file_in_the_newer_notation(package):
    info = tarfile.TarInfo("PMC1/a.jpg")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": "99999999999"}
    with pytest.raises(SourceError) as caught:
        _everything(package(tar_of(info, format=tarfile.PAX_FORMAT)))
    assert caught.value.reason == Reason.UNSAFE_MEMBER


def test_a_name_that_is_not_utf8(package):
    tar = bytearray(tar_of(("PMC1/a?.jpg", b"x")))
    tar[6] = 0xE9
    tar[148:156] = b"        "
    tar[148:156] = b"%06o\0 " % sum(tar[:512])
    with pytest.raises(SourceError) as caught:
        _everything(package(bytes(tar)))
    assert caught.value.reason == Reason.UNSAFE_MEMBER


@pytest.mark.parametrize("left", [0, 20, 0.3, 0.9, -1])
def test_a_package_that_ends_early(package, left: float):
    packed = gzip.compress(tar_of(*GOOD.items()))
    kept = int(left * len(packed)) if 0 < left < 1 else int(left)
    with pytest.raises(SourceError) as caught:
        _everything(package(packed[:kept], is_packed=True))
    assert caught.value.reason == Reason.TRUNCATED and not caught.value.is_transient


def test_a_tar_file_that_ends_early(package):
    with pytest.raises(SourceError) as caught:
        _everything(package(tar_of(*GOOD.items())[:1200]))
    assert caught.value.reason == Reason.TRUNCATED


def test_a_wrong_checksum_of_gzip(package):
    packed = bytearray(gzip.compress(tar_of(*GOOD.items())))
    packed[-6] ^= 1
    with pytest.raises(SourceError) as caught:
        _everything(package(bytes(packed), is_packed=True))
    assert caught.value.reason == Reason.BAD_ARCHIVE


@pytest.mark.parametrize("data", [b"PK\x03\x04 a zip", b"<html>not found</html>"])
def test_what_is_no_gzip(package, data: bytes):
    with pytest.raises(SourceError) as caught:
        _everything(package(data, is_packed=True))
    assert caught.value.reason == Reason.BAD_ARCHIVE


def test_what_is_no_tar(package):
    with pytest.raises(SourceError) as caught:
        _everything(package(b"x" * 2000))
    assert caught.value.reason == Reason.BAD_ARCHIVE


def test_two_members_of_one_name(package):
    with pytest.raises(SourceError, match="two members") as caught:
        _everything(package(tar_of(("PMC1/a.jpg", b"1"), ("PMC1/./a.jpg", b"2"))))
    assert caught.value.reason == Reason.BAD_ARCHIVE


def test_a_bomb_is_noticed_by_its_ratio(package):
    path = package(tar_of(("PMC1/a.jpg", bytes(70_000_000))))
    with pytest.raises(SourceError, match="200 times") as caught:
        list(read_members(path, Limits(), lambda member: False))
    assert caught.value.reason == Reason.TOO_LARGE


def test_a_bomb_is_noticed_by_its_size(package):
    path = package(tar_of(("PMC1/a.jpg", bytes(2_000_000))))
    with pytest.raises(SourceError, match="above 1000000 bytes") as caught:
        _everything(path, Limits(package=1_000_000))
    assert caught.value.reason == Reason.TOO_LARGE


def test_a_bomb_in_an_extended_header(package):
    header = special("././@LongLink", tarfile.GNUTYPE_LONGNAME, size=5_000_000_000)
    with pytest.raises(SourceError, match="extended header") as caught:
        _everything(package(header.tobuf(tarfile.GNU_FORMAT) + bytes(100_000)))
    assert caught.value.reason == Reason.BAD_ARCHIVE


@pytest.mark.parametrize("size", [-5, 10**15])
def test_a_size_that_cannot_be(package, size: int):
    header = special("PMC1/a.jpg", tarfile.REGTYPE, size=size)
    with pytest.raises(SourceError) as caught:
        list(read_members(package(header.tobuf(tarfile.GNU_FORMAT) + bytes(2048)), Limits(), lambda member: False))
    assert caught.value.reason in (Reason.BAD_ARCHIVE, Reason.TRUNCATED)


def test_no_such_package(tmp_path: Path):
    with pytest.raises(SourceError) as caught:
        _everything(tmp_path / "none.tar.gz")
    assert caught.value.reason == Reason.MISSING_OBJECT


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(0, 5000), st.binary(min_size=1, max_size=64), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
)
def test_whatever_is_overwritten_has_an_outcome(package, place: int, data: bytes, format: int):
    tar = bytearray(tar_of(("PMC1/" + "n" * 120 + ".jpg", b"x" * 600), *GOOD.items(), format=format))
    tar[place : place + len(data)] = data
    try:
        found = _everything(package(bytes(tar)))
    except SourceError as error:
        assert error.reason in (Reason.BAD_ARCHIVE, Reason.UNSAFE_MEMBER, Reason.TRUNCATED)
    else:
        assert all(member.name not in ("", "..") and "/" not in member.name for member in found)

"""Tars that one reader sees differently from another are never clean."""

import io
import tarfile
import zipfile

import pytest

from chalicelib.files.scanners import Outcome
from tests.files.scanners.conftest import CLEAN, INFECTED, judge, unscannable
from tests.files.scanners.samples import EICAR, NOISE, TEXT, gzipped, tarred, zipped


def member(kind: bytes, size: int = 0, **fields: str) -> bytes:
    info = tarfile.TarInfo("member")
    info.type, info.size = kind, size
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.USTAR_FORMAT) + b"a" * size + b"\0" * (-size % 512)


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    info = tarfile.TarInfo("pax")
    info.type, info.size = kind, len(records)
    return info.tobuf(tarfile.USTAR_FORMAT) + records + b"\0" * (-len(records) % 512)


END = b"\0" * 1024


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(member(b"S", 5) + END, "unsupported_archive", id="gnu sparse"),
        pytest.param(pax(b"22 GNU.sparse.major=1\n") + member(b"0", 5) + END, "unsupported_archive", id="pax sparse"),
        pytest.param(member(b"M", 5) + END, "unsupported_archive", id="several volumes"),
        pytest.param(member(b"2", 5, linkname="x") + END, "unsupported_archive", id="link that carries bytes"),
        pytest.param(member(b"5", 512) + END, "unsupported_archive", id="folder that carries bytes"),
        pytest.param(member(b"?", 5) + END, "unsupported_archive", id="unknown kind"),
        pytest.param(pax(b"11 size=40\n", b"g") + member(b"0", 40) + END, "unsupported_archive", id="size of all"),
        pytest.param(pax(b"9 a=bcd\n" * 2) * 2 + member(b"0") + END, "malformed_archive", id="broken pax length"),
        pytest.param(pax(b"8 a=bcd\n") * 2 + member(b"0") + END, "unsupported_archive", id="described twice"),
        pytest.param(pax(b"no record at all\n") + member(b"0") + END, "malformed_archive", id="no pax record"),
        pytest.param(pax(b"13 size=-512\n") + member(b"0", 5) + END, "malformed_archive", id="negative size"),
        pytest.param(member(b"0", 5) + b"\0" * 512 + member(b"0", 5) + END, "trailing_data", id="behind a zero block"),
        pytest.param(member(b"0", 5) + b"junk" * 128 + END, "malformed_archive", id="junk for a header"),
        pytest.param(member(b"0", 5) + END + b"x" * 512, "trailing_data", id="junk behind the end"),
        pytest.param(member(b"0", 500)[:-100], "malformed_archive", id="cut in a member"),
        pytest.param(member(b"0", 5) + member(b"0", 5)[:200], "malformed_archive", id="cut in a header"),
        pytest.param(b"x" * 257 + b"ustar" + b"x" * 1000, "malformed_archive", id="magic without a header"),
    ],
)  # fmt: skip
def test_a_tar_that_programs_read_differently_is_unscannable(content: bytes, reason: str) -> None:
    assert judge(content) == unscannable(reason)


def test_a_size_given_by_pax_is_the_one_that_counts() -> None:
    """The header alone says that there are no bytes; a reader of pax finds the test virus, packed."""
    hidden = gzipped(EICAR)
    record = b"11 size=%d\n" % len(hidden)
    assert len(record) == 11
    content = hidden + b"\0" * (-len(hidden) % 512)
    assert judge(pax(record) + member(b"0") + content + END) == INFECTED
    assert judge(pax(record) + member(b"0") + content[:20]).outcome == Outcome.UNSCANNABLE


def test_a_tar_without_its_closing_blocks_is_judged() -> None:
    assert judge(member(b"0", 5)) == CLEAN
    assert judge(member(b"0", 5) + b"\0" * 512) == CLEAN


def test_a_zip_hidden_in_what_a_tar_says_of_its_members_is_not_clean() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a")
        hidden = zipped({"a": gzipped(TEXT)}).decode("latin-1")
        member.pax_headers = {"comment": hidden.encode("latin-1").decode("utf-8", "surrogateescape")}
        archive.addfile(member)
    assert b"PK\x05\x06" in out.getvalue()
    assert judge(out.getvalue()) == unscannable("embedded_archive")


def test_a_size_given_by_pax_counts_for_one_member_only() -> None:
    content = pax(b"9 size=5\n") + member(b"0") + b"a" * 5 + b"\0" * 507
    assert judge(content + member(b"0", 1000) + END) == CLEAN
    hidden = member(b"0") + gzipped(EICAR) + b"\0" * (-len(gzipped(EICAR)) % 512)
    assert judge(content + hidden + END) == unscannable("malformed_archive")


@pytest.mark.parametrize("inside", [0, 10, 21])
def test_a_zip_that_only_a_reader_of_the_whole_tar_sees_is_not_clean(inside: int) -> None:
    """The zip's end record lies across the member's end, or in its padding: the member is no zip, the tar is one."""
    content = b"front" + zipped({"a": gzipped(EICAR)})
    header = tarfile.TarInfo("member")
    header.size = content.index(b"PK\x05\x06") + inside
    whole = header.tobuf(tarfile.USTAR_FORMAT) + content + b"\0" * (-len(content) % 512) + END
    assert zipfile.ZipFile(io.BytesIO(whole)).namelist() == ["a"]
    assert judge(whole) == unscannable("embedded_archive")


def test_a_members_directory_that_lies_elsewhere_when_counted_from_the_tars_start_is_not_clean() -> None:
    inner = zipped({"a": NOISE[:3000]})
    offset = inner.index(b"PK\x01\x02")
    assert judge(tarred({"first": NOISE[:4000], "second.zip": inner})) == CLEAN
    first = NOISE[: offset - 512] + b"PK\x01\x02" + NOISE[:1000]
    assert judge(tarred({"first": first, "second.zip": inner}, tarfile.USTAR_FORMAT)) == unscannable("embedded_archive")

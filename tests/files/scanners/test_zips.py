"""Zips that one reader sees differently from another are never clean."""

import io
import struct
import zipfile
from unittest import mock

import pytest

from chalicelib.files.scanners import Outcome
from tests.files.scanners import samples
from tests.files.scanners.conftest import CLEAN, INFECTED, judge, unscannable
from tests.files.scanners.samples import EICAR, NOISE, TEXT, gzipped, many, tarred, zipped

_FIELDS = {
    "local": {"flags": (6, "<H"), "method": (8, "<H"), "crc": (14, "<I"), "packed": (18, "<I"), "unpacked": (22, "<I")},
    "central": {
        "flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "packed": (20, "<I"), "unpacked": (24, "<I"),
        "disk": (34, "<H"), "offset": (42, "<I"), "name": (46, "<B"),
    },
    "end": {"disk": (4, "<H"), "here": (8, "<H"), "all": (10, "<H"), "size": (12, "<I"), "offset": (16, "<I"),
            "comment": (20, "<H")},
}  # fmt: skip
_SIGNATURES = {"local": b"PK\x03\x04", "central": b"PK\x01\x02", "end": b"PK\x05\x06"}


def patched(archive: bytes, where: str, field: str, value: int, *, add: bool = False) -> bytes:
    """The archive with a field of its first local, central or end record set, or added to."""
    changed = bytearray(archive)
    for record in ("local", "central") if where == "both" else (where,):
        offset, shape = _FIELDS[record][field]
        at = changed.index(_SIGNATURES[record]) + offset
        before = struct.unpack_from(shape, changed, at)[0] if add else 0
        struct.pack_into(shape, changed, at, before + value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("where", "field", "value"),
    [
        ("local", "crc", 1), ("local", "packed", 1), ("local", "unpacked", 1), ("local", "packed", -1),
        ("central", "crc", 1), ("central", "packed", 1), ("central", "unpacked", 1), ("central", "offset", 1),
        ("central", "name", 1), ("central", "method", -8), ("central", "flags", 1), ("central", "disk", 1),
        ("end", "disk", 1), ("end", "here", 1), ("end", "all", 1), ("end", "all", -1), ("end", "size", 1),
        ("end", "size", -1), ("end", "offset", 1), ("end", "offset", -1), ("end", "comment", 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("streamed", [False, True])
def test_a_zip_whose_records_disagree_is_unscannable(where: str, field: str, value: int, streamed: bool) -> None:
    content = zipped({"first": TEXT, "second": NOISE[:100]}, streamed=streamed)
    assert judge(content) == CLEAN
    if streamed and where == "local":
        # The sizes of a streamed entry stand behind it; those in its header mean nothing.
        where, field = "central", "crc"
    assert judge(patched(content, where, field, value, add=True)).outcome == Outcome.UNSCANNABLE


def sections(archive: bytes) -> tuple[bytes, bytes, bytes]:
    """A zip's local entries, central directory, end record."""
    directory, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    return archive[:directory], archive[directory:end], archive[end:]


def end_record(count: int, directory: bytes, start: int, comment: bytes = b"") -> bytes:
    return struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, len(comment)) + comment


def test_an_entry_that_only_the_central_directory_reaches_is_not_clean() -> None:
    """The hidden entry lies inside the stored content of another one; a reader from the front sees only noise."""
    hidden, _, _ = sections(zipped({"a": EICAR}))
    outside = zipped({"a": b"harmless" + hidden}, zipfile.ZIP_STORED)
    entries, _, _ = sections(outside)
    _, inner_directory, _ = sections(zipped({"a": EICAR}))
    at = entries.index(hidden)
    directory = patched(inner_directory, "central", "offset", at)
    crafted = entries + directory + end_record(1, directory, len(entries))
    assert zipfile.ZipFile(io.BytesIO(crafted)).read("a") == EICAR
    assert judge(crafted) == unscannable("ambiguous_archive")


def test_a_local_entry_that_the_central_directory_leaves_out_is_not_clean() -> None:
    entries, directory, _ = sections(zipped({"a": TEXT}))
    other, _, _ = sections(zipped({"b": TEXT}))
    assert judge(entries + other + directory + end_record(1, directory, len(entries + other))).outcome != Outcome.CLEAN


def test_an_entry_listed_twice_is_not_clean() -> None:
    entries, directory, _ = sections(zipped({"a": TEXT}))
    assert judge(entries + directory * 2 + end_record(2, directory * 2, len(entries))).outcome != Outcome.CLEAN


def test_bytes_between_the_entries_are_not_clean() -> None:
    first, directory, _ = sections(zipped({"a": TEXT}))
    assert judge(first + b"gap" + directory + end_record(1, directory, len(first) + 3)).outcome != Outcome.CLEAN
    assert judge(first + directory + b"gap" + end_record(1, directory, len(first))).outcome != Outcome.CLEAN


@pytest.mark.parametrize("second", [zipped({"b": TEXT}), zipped({"b": gzipped(EICAR)}), zipped({})])
def test_zips_in_a_row_are_not_clean(second: bytes) -> None:
    for first in (zipped({"a": TEXT}), zipped({})):
        assert judge(first + second).outcome == Outcome.UNSCANNABLE


def test_a_second_end_record_in_the_comment_is_not_clean() -> None:
    inner = end_record(0, b"", 0)
    assert judge(zipped({"a": TEXT}, comment=inner)) == unscannable("ambiguous_archive")


@pytest.mark.parametrize(
    "front",
    [
        pytest.param(b"#!/bin/sh\n", id="script"),
        pytest.param(samples.pdf(), id="pdf"),
        pytest.param(samples.jpeg(), id="jpeg"),
        pytest.param(b"MZ" + NOISE, id="program that extracts itself"),
        pytest.param(b"\0", id="one byte"),
        pytest.param(gzipped(TEXT), id="gzip"),
        pytest.param(tarred({"a": TEXT}), id="tar"),
    ],
)
@pytest.mark.parametrize("behind", [b"", b"junk" * 1000])
@pytest.mark.parametrize("zip64", [False, True])
def test_a_zip_hung_on_another_file_is_not_clean(front: bytes, behind: bytes, zip64: bool) -> None:
    for count in (1, 70):
        zip_behind = zipped({f"entry {n}": gzipped(TEXT) for n in range(count)}, zip64=zip64)
        assert judge(front + zip_behind + behind).outcome == Outcome.UNSCANNABLE
        assert judge(zipped({"x": front + zip_behind + behind})).outcome == Outcome.UNSCANNABLE
    assert judge(front) == CLEAN


def test_a_zip_with_a_directory_larger_than_its_tail_hung_on_another_file_is_not_clean() -> None:
    assert judge(b"front" + many(3000)) == unscannable("embedded_archive")


@pytest.mark.parametrize("method", [1, 6, 9, 14, 93, 95, 97])
def test_other_compression_methods_are_unscannable(method: int) -> None:
    content = zipped({"a": TEXT})
    assert judge(patched(content, "both", "method", method)) == unscannable("unsupported_compression")


def test_an_entry_that_the_directory_leaves_out_but_counts_is_not_clean() -> None:
    entries, directory, _ = sections(zipped({"a": TEXT}))
    other, _, _ = sections(zipped({"b": TEXT}))
    assert judge(entries + other + directory + end_record(2, directory, len(entries + other))).outcome != Outcome.CLEAN


def with_wide_end(entries: dict[str, bytes]) -> bytes:
    """A zip that ends with the zip64 records, as one of more than 65,535 entries does."""
    with mock.patch.object(zipfile, "ZIP_FILECOUNT_LIMIT", 0):
        return zipped(entries)


def test_a_zip_with_wide_end_records_is_opened() -> None:
    assert b"PK\x06\x06" in with_wide_end({"a": TEXT})
    assert judge(with_wide_end({"a": TEXT, "b": NOISE})) == CLEAN
    assert judge(with_wide_end({"a": TEXT, "b": gzipped(EICAR)})) == INFECTED


@pytest.mark.parametrize(
    ("record", "offset"),
    [(b"PK\x06\x06", offset) for offset in (4, 16, 20, 24, 32, 40, 48)]
    + [(b"PK\x06\x07", offset) for offset in (0, 4, 8, 17)],
)
def test_wide_end_records_that_say_something_else_are_unscannable(record: bytes, offset: int) -> None:
    content = bytearray(with_wide_end({"a": TEXT, "b": NOISE[:300]}))
    content[content.index(record) + offset] ^= 0x40
    assert judge(bytes(content)).outcome == Outcome.UNSCANNABLE


@pytest.mark.parametrize("count", [1, 70, 3000])
def test_a_zip_with_wide_end_records_hung_on_another_file_is_not_clean(count: int) -> None:
    content = with_wide_end({f"entry {number}": TEXT for number in range(count)})
    assert judge(b"front" + content) == unscannable("embedded_archive")
    assert judge(b"front" + content + b"behind") == unscannable("embedded_archive")


def test_a_hung_on_zip_is_seen_by_its_directorys_offset_too() -> None:
    """Some readers go to the offset and do not care for the size."""
    front = b"front" * 20
    entries, directory, _ = sections(zipped({"a": gzipped(TEXT)}))
    end = end_record(1, directory + b"more than there is" * 100, len(front + entries))
    assert judge(front + entries + directory + end) == unscannable("embedded_archive")


def test_a_header_with_two_wide_size_records_is_unscannable() -> None:
    content = zipped({"a": TEXT}, zip64=True)
    extra = content[31:51]
    assert extra[:2] == b"\x01\x00"
    twice = bytearray(content[:31] + extra * 2 + content[51:])
    twice[28:30] = (40).to_bytes(2, "little")
    _, directory, _ = sections(bytes(twice))
    start = twice.index(directory)
    assert judge(bytes(twice[:start]) + directory + end_record(1, directory, start)) == unscannable("malformed_archive")


def test_an_extra_field_that_runs_over_its_end_is_unscannable() -> None:
    content = bytearray(zipped({"a": TEXT}, zip64=True))
    content[33] += 1
    assert judge(bytes(content)) == unscannable("malformed_archive")

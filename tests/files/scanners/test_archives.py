"""Archives: what is inside them is found, and what cannot be looked at to the end is never called clean."""

import bz2
import contextlib
import functools
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import tracemalloc
import zipfile
from unittest import mock

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chalicelib.files.scanners import Finding, Outcome, scan, yara
from tests.files.scanners import samples
from tests.files.scanners.conftest import Configure, judge
from tests.files.scanners.samples import EICAR, TEXT, Stream, docx, gzipped, nested, tarred, zipped

CLEAN = Finding(Outcome.CLEAN)
INFECTED = Finding(Outcome.INFECTED, "SelfTest_Eicar")
NOISE = random.Random(1).randbytes(200_000)

quick = hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def unscannable(reason: str) -> Finding:
    return Finding(Outcome.UNSCANNABLE, reason)


@functools.cache
def packings(content: bytes) -> dict[str, bytes]:
    """The same content in every kind of archive that is opened."""
    entries = {"readme": TEXT, "folder/": b"", "inner": content, "last": NOISE[:5000]}
    return {
        "zip, stored": zipped(entries, zipfile.ZIP_STORED),
        "zip, deflated": zipped(entries),
        "zip, bzip2": zipped(entries, zipfile.ZIP_BZIP2),
        "zip, streamed": zipped({"inner": content, "last": TEXT}, streamed=True),
        "zip, zip64": zipped(entries, zip64=True),
        "zip, zip64, streamed": zipped({"inner": content, "last": TEXT}, streamed=True, zip64=True),
        "zip, comment": zipped(entries, comment=b"a comment"),
        "zip in zip": zipped({"a": TEXT, "b": zipped(entries)}),
        "zip in zip, stored": zipped({"b": zipped(entries), "c": TEXT}, zipfile.ZIP_STORED),
        "zip in zip in zip": nested(3, content),
        "docx": docx(content),
        "docx in zip": zipped({"a.docx": docx(content)}),
        "gzip": gzipped(content),
        "gzip, stored": gzipped(content, 0),
        "gzip, members": gzipped(TEXT) + gzipped(content) + gzipped(TEXT),
        "gzip, content across members": gzipped(content[:30]) + gzipped(content[30:]),
        "gzip, padded": gzipped(content) + b"\0" * 512,
        "bzip2": bz2.compress(content),
        "bzip2, content across streams": bz2.compress(content[:30]) + bz2.compress(content[30:]),
        "xz": lzma.compress(content),
        "xz, padded streams": lzma.compress(content[:30]) + b"\0" * 8 + lzma.compress(content[30:]),
        "tar, pax": tarred(entries, links=[("link", "inner")]),
        "tar, pax names": tarred({"ü" * 200: content, "b": TEXT}),
        "tar, gnu": tarred(entries, tarfile.GNU_FORMAT),
        "tar, gnu long names": tarred({"n" * 300: content}, tarfile.GNU_FORMAT),
        "tar, ustar": tarred(entries, tarfile.USTAR_FORMAT),
        "tar, before ustar": old_tar(content),
        "tar.gz": gzipped(tarred(entries)),
        "tar.bz2": bz2.compress(tarred(entries)),
        "tar.xz": lzma.compress(tarred(entries)),
        "tar.gz in zip in zip": zipped({"a": zipped({"b": gzipped(tarred(entries))})}),
        "docx in tar": tarred({"a.docx": docx(content)}),
        "docx in tar.gz": gzipped(tarred({"a.docx": docx(content)})),
    }


def old_tar(content: bytes) -> bytes:
    """A tar of the time before the magic."""
    header = bytearray(512)
    header[0:5], header[100:108], header[124:136] = b"inner", b"0000644\0", b"%011o\0" % len(content)
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + content + b"\0" * (-len(content) % 512 + 1024)


@pytest.mark.parametrize("kind", packings(EICAR))
@pytest.mark.parametrize("most", [1, 777, 1 << 20])
def test_the_test_virus_is_found_in_an_archive_and_its_absence_too(kind: str, most: int) -> None:
    assert judge(packings(EICAR)[kind], most) == INFECTED
    assert judge(packings(EICAR[:-1])[kind], most) == CLEAN


@pytest.mark.parametrize("kind", packings(EICAR))
def test_the_test_virus_packed_once_more_is_found_inside_an_archive(kind: str) -> None:
    full = ("zip in zip in zip", "tar.gz in zip in zip")
    expected = unscannable("archive_too_deep") if kind in full else INFECTED
    if kind == "gzip, members":
        # Text, a gzip file and text in a row make no gzip file.
        expected = CLEAN
    assert judge(packings(gzipped(EICAR))[kind]) == expected


@pytest.mark.parametrize("kind", packings(EICAR))
def test_an_archive_that_ends_early_is_never_clean(kind: str) -> None:
    content = packings(NOISE[:3000])[kind].rstrip(b"\0")
    for cut in {1, 10, 21, len(content) // 3, len(content) // 2, len(content) * 9 // 10}:
        part = content[: len(content) - cut]
        if kind.startswith("tar, ") or kind == "docx in tar":
            # Not at the end of a block, nor within the first header, which makes it a tar at all.
            part = content[: max(len(part), 512) // 512 * 512 + 100]
        assert judge(part).outcome == Outcome.UNSCANNABLE, cut


@pytest.mark.parametrize("kind", packings(EICAR))
def test_bytes_behind_an_archive_are_never_clean(kind: str) -> None:
    for junk in (b"junk", zipped({"more": TEXT}), EICAR[:-1]):
        assert judge(packings(TEXT)[kind] + junk).outcome == Outcome.UNSCANNABLE
    assert judge(packings(TEXT)[kind] + EICAR) == INFECTED


# -- depth, entries, ratio, size ------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [4, 5, 20])
def test_what_is_packed_deeper_than_the_limit_is_unscannable(levels: int) -> None:
    assert judge(nested(levels, TEXT)) == unscannable("archive_too_deep")


def test_every_kind_of_archive_counts_as_a_level(configure: Configure) -> None:
    configure(ARCHIVE_MAX_DEPTH=1)
    for name, compress in samples.COMPRESSORS.items():
        assert judge(compress(TEXT)) == CLEAN, name
        assert judge(compress(compress(TEXT))) == unscannable("archive_too_deep"), name
        assert judge(compress(tarred({"a": TEXT}))) == CLEAN, name
        assert judge(compress(tarred({"a": docx()}))) == unscannable("archive_too_deep"), name
        assert judge(tarred({"a": compress(TEXT)})) == unscannable("archive_too_deep"), name
    assert judge(tarred({"a": tarred({"a": TEXT})})) == unscannable("archive_too_deep")
    configure(ARCHIVE_MAX_DEPTH=0)
    assert judge(zipped({"a": TEXT})) == unscannable("archive_too_deep")
    assert judge(TEXT) == CLEAN


def many(count: int) -> bytes:
    return zipped({str(number): b"" for number in range(count)}, zipfile.ZIP_STORED)


def test_more_entries_than_the_limit_are_unscannable(configure: Configure) -> None:
    assert judge(many(100_000)) == unscannable("archive_too_many_entries")
    assert judge(many(10_000)) == CLEAN
    configure(ARCHIVE_MAX_ENTRIES=5)
    assert judge(many(5)) == CLEAN
    assert judge(many(6)) == unscannable("archive_too_many_entries")
    assert judge(tarred({str(number): TEXT for number in range(6)})) == unscannable("archive_too_many_entries")
    assert judge(gzipped(b"") * 6) == unscannable("archive_too_many_entries")


def test_entries_count_over_all_nested_archives(configure: Configure) -> None:
    configure(ARCHIVE_MAX_ENTRIES=8)
    assert judge(zipped({"a": many(3), "b": many(3)})) == CLEAN
    assert judge(zipped({"a": many(3), "b": many(4)})) == unscannable("archive_too_many_entries")


@pytest.mark.parametrize("pack", [gzipped, bz2.compress, lzma.compress, lambda bomb: zipped({"a": bomb, "b": NOISE})])
def test_a_bomb_is_unscannable_and_not_unpacked_to_its_end(pack: object) -> None:
    assert callable(pack)
    bomb = pack(b"\0" * 100_000_000)
    with mock.patch.object(yara.Windows, "feed", autospec=True) as feed:
        assert judge(bomb) == unscannable("archive_ratio")
    assert sum(len(call.args[1]) for call in feed.call_args_list) < 30_000_000


def test_a_small_entry_that_packs_well_is_no_bomb() -> None:
    assert judge(zipped({"a": b"\0" * 1_000_000})) == CLEAN
    assert judge(zipped({"a": b"\0" * 1_100_000, "b": NOISE})) == unscannable("archive_ratio")


def test_the_ratio_is_a_setting(configure: Configure) -> None:
    content = zipped({"a": (NOISE[:5000] + b"\0" * 300_000) * 10})
    assert judge(content) == CLEAN
    configure(ARCHIVE_MAX_RATIO=20)
    assert judge(content) == unscannable("archive_ratio")


def test_unpacked_bytes_count_over_all_nested_archives(configure: Configure) -> None:
    configure(ARCHIVE_MAX_BYTES=100_000)
    half = NOISE[:50_000]
    assert judge(zipped({"a": half, "b": half})) == CLEAN
    assert judge(zipped({"a": half, "b": half, "c": b"1"})) == unscannable("archive_too_large")
    assert judge(zipped({"a": zipped({"b": half})})) == unscannable("archive_too_large")
    assert judge(tarred({"a": half, "b": half, "c": b"1"})) == unscannable("archive_too_large")
    assert judge(gzipped(NOISE[:100_001])) == unscannable("archive_too_large")
    assert judge(gzipped(tarred({"a": NOISE[:80_000]}))) == CLEAN


def test_an_infection_read_before_the_limit_wins(configure: Configure) -> None:
    configure(ARCHIVE_MAX_ENTRIES=2)
    assert judge(zipped({"a": EICAR, "b": TEXT, "c": TEXT})) == INFECTED
    assert judge(zipped({"a": TEXT, "b": EICAR, "c": TEXT})) == INFECTED
    assert judge(zipped({"a": TEXT, "b": TEXT, "c": EICAR})) == unscannable("archive_too_many_entries")
    # In the part of a broken entry that could be unpacked, and in the packed bytes themselves.
    assert judge(gzipped(EICAR + NOISE)[:-9]) == INFECTED
    assert judge(zipped({"a": EICAR + TEXT}, zipfile.ZIP_STORED)[:150]) == INFECTED


def test_a_dictionary_that_wants_much_memory_is_unscannable() -> None:
    greedy = lzma.compress(TEXT, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 256 * 1024 * 1024}])
    assert judge(greedy) == unscannable("archive_needs_memory")


# -- archives that cannot be opened -------------------------------------------------------------------------------


def test_an_encrypted_archive_is_unscannable() -> None:
    assert judge(samples.encrypted(zipped({"a": TEXT}))) == unscannable("encrypted_archive")
    assert judge(zipped({"a": samples.encrypted(zipped({"b": TEXT}))})) == unscannable("encrypted_archive")


@pytest.mark.parametrize(
    "head",
    [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00", b"MSCF\0\0\0\0", b"\x1f\x9d\x90",
     b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"LZIP\x01", b"070701", b"!<arch>\n", b"xar!", b"\x21\x0a-lh5-",
     b"PK\x07\x08PK\x03\x04"],
)  # fmt: skip
def test_archives_of_other_kinds_are_unscannable(head: bytes) -> None:
    assert judge(head + TEXT) == unscannable("unsupported_archive")
    assert judge(zipped({"a": head + TEXT})) == unscannable("unsupported_archive")


@pytest.mark.parametrize("method", [1, 6, 9, 14, 93, 95, 97])
def test_other_compression_methods_are_unscannable(method: int) -> None:
    content = zipped({"a": TEXT})
    assert judge(patched(content, "both", "method", method)) == unscannable("unsupported_compression")


@pytest.mark.parametrize(
    "head", [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh91AY&SY"]
)
@pytest.mark.parametrize("body", [b"", TEXT, NOISE])
def test_a_file_that_only_begins_like_an_archive_is_not_clean(head: bytes, body: bytes) -> None:
    assert judge(head + body).outcome == Outcome.UNSCANNABLE
    assert judge(head + body + EICAR).outcome != Outcome.CLEAN


def test_a_text_that_begins_like_bzip2_is_just_a_text() -> None:
    assert judge(b"BZh is how a bzip2 file begins") == CLEAN


def test_a_file_that_is_two_archives_at_once_is_unscannable() -> None:
    both = bytearray(old_tar(TEXT))
    both[0:6] = b"PK\x03\x04\x14\0"
    both[148:156] = b"        "
    both[148:156] = b"%06o\0 " % sum(both[:512])
    assert judge(bytes(both)) == unscannable("ambiguous_archive")


# -- zips that one reader sees differently from another ------------------------------------------------------------

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


def test_a_zip_hidden_in_what_a_tar_says_of_its_members_is_not_clean() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a")
        hidden = zipped({"a": gzipped(TEXT)}).decode("latin-1")
        member.pax_headers = {"comment": hidden.encode("latin-1").decode("utf-8", "surrogateescape")}
        archive.addfile(member)
    assert b"PK\x05\x06" in out.getvalue()
    assert judge(out.getvalue()) == unscannable("embedded_archive")


# -- tars ------------------------------------------------------------------------------------------------------------


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
    assert judge(pax(record) + member(b"0") + content[:-200]).outcome == Outcome.UNSCANNABLE


def test_a_tar_without_its_closing_blocks_is_judged() -> None:
    assert judge(member(b"0", 5)) == CLEAN
    assert judge(member(b"0", 5) + b"\0" * 512) == CLEAN


# -- whatever comes --------------------------------------------------------------------------------------------------


_SEEDS = [
    archive
    for kind, archive in packings(gzipped(EICAR)).items()
    if kind.count("zip") < 3 and "docx" not in kind and len(archive) < 13_000
]


@quick
@given(
    st.sampled_from(_SEEDS),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3),
)
def test_a_damaged_archive_gets_a_verdict_and_none_with_the_virus_in_it_is_clean(
    archive: bytes, damages: list[tuple[int, bytes]]
) -> None:
    damaged = bytearray(archive)
    for at, junk in damages:
        at %= len(damaged)
        damaged[at : at + len(junk)] = junk
    finding = judge(bytes(damaged))
    assert finding.outcome != Outcome.CLEAN or not _opens(bytes(damaged))


def _opens(archive: bytes) -> bool:
    """Whether Python's own readers find the test virus in it."""
    found = []
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(archive)) as opened:
        found += [opened.read(name) for name in opened.namelist()]
    with contextlib.suppress(Exception), tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found += [file.read() for info in tar.getmembers() if (file := tar.extractfile(info))]
    for decompress in (gzip.decompress, bz2.decompress, lzma.decompress):
        with contextlib.suppress(Exception):
            found.append(decompress(archive))
    return any(EICAR in content or _unzips(content) for content in found)


def _unzips(content: bytes) -> bool:
    with contextlib.suppress(Exception):
        return EICAR in gzip.decompress(content)
    return False


@quick
@given(st.sampled_from(_SEEDS), st.sampled_from(_SEEDS), st.data())
def test_pieces_of_archives_put_together_always_get_a_verdict(one: bytes, two: bytes, data: st.DataObject) -> None:
    cut, start = data.draw(st.integers(0, len(one))), data.draw(st.integers(0, len(two)))
    assert judge(one[:cut] + two[start:], data.draw(st.integers(1, 5000))).outcome in Outcome


@pytest.mark.parametrize("kind", packings(EICAR))
def test_a_reason_never_tells_anything_of_the_content(kind: str) -> None:
    secret = "Secret5up3r"
    archive = zipped({secret: secret.encode() * 10}) + b"x"
    assert secret not in str(judge(archive))
    reason = judge(packings(EICAR)[kind][:-30]).reason or ""
    assert reason.replace("_", "").isalnum()


@pytest.mark.parametrize("kind", ["zip", "tar", "gzip"])
def test_memory_stays_flat_however_much_is_unpacked(kind: str, tmp_path: "os.PathLike[str]") -> None:
    judge(zipped({"a": TEXT}))
    peaks = []
    for size in (16, 96):
        path = os.path.join(tmp_path, str(size))
        _large(kind, path, size)
        with open(path, "rb") as file:
            tracemalloc.start()
            assert scan(file, size=os.path.getsize(path)) == CLEAN
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        os.unlink(path)
    assert peaks[1] / peaks[0] < 1.1


def _large(kind: str, path: str, mebibytes: int) -> None:
    block = os.urandom(1 << 20)
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("a", "w") as to:
            for _ in range(mebibytes):
                to.write(block)
    elif kind == "gzip":
        with gzip.open(path, "wb", 1) as packed:
            for _ in range(mebibytes):
                packed.write(block)
    else:
        with tarfile.open(path, "w") as tar:
            info = tarfile.TarInfo("a")
            info.size = mebibytes << 20
            tar.addfile(info, _Repeated(block))


class _Repeated(io.RawIOBase):
    def __init__(self, block: bytes) -> None:
        self._block = block

    def read(self, size: int = -1, /) -> bytes:
        return (self._block * (size // len(self._block) + 1))[:size]


def test_a_short_read_is_not_an_end() -> None:
    stream = Stream(docx(EICAR), most=3)
    assert scan(stream, size=len(docx(EICAR))) == INFECTED

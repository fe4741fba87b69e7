"""Archives: what is inside them is found, and what cannot be looked at to the end is never called clean."""

import bz2
import lzma
import zipfile
from unittest import mock

import pytest

from chalicelib.files.scanners import Outcome, scan, yara
from tests.files.scanners import samples
from tests.files.scanners.conftest import CLEAN, INFECTED, Configure, judge, unscannable
from tests.files.scanners.samples import (
    EICAR,
    NOISE,
    TEXT,
    Stream,
    docx,
    gzipped,
    many,
    nested,
    old_tar,
    packings,
    tarred,
    zipped,
)


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
    """A tar whose first member has a name that makes the file begin like another archive."""
    for head in (b"BZh91AY&SY", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08"):
        assert judge(old_tar(TEXT, head)) == unscannable("ambiguous_archive")


@pytest.mark.parametrize("kind", packings(EICAR))
def test_a_reason_never_tells_anything_of_the_content(kind: str) -> None:
    secret = "Secret5up3r"
    archive = zipped({secret: secret.encode() * 10}) + b"x"
    assert secret not in str(judge(archive))
    reason = judge(packings(EICAR)[kind][:-30]).reason or ""
    assert reason.replace("_", "").isalnum()


def test_a_short_read_is_not_an_end() -> None:
    stream = Stream(docx(EICAR), most=3)
    assert scan(stream, size=len(docx(EICAR))) == INFECTED

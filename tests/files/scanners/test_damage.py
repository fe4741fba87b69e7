"""Damaged and huge archives: always a verdict, never a wrong one, in flat memory."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import tarfile
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chalicelib.files.scanners import Outcome, scan
from tests.files.scanners.conftest import CLEAN, judge
from tests.files.scanners.samples import (
    EICAR,
    TEXT,
    gzipped,
    packings,
    zipped,
)

quick = hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# What the readers below do not find even in one piece: too deep, no archive at all, padding they do not know.
_LEFT_OUT = ("tar.gz in zip in zip", "gzip, members", "xz, padded streams")
_SEEDS = [
    archive for kind, archive in packings(gzipped(EICAR)).items() if kind not in _LEFT_OUT and len(archive) < 13_000
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


def test_the_readers_of_this_test_find_the_virus_in_what_is_not_damaged() -> None:
    assert all(_opens(archive) for archive in _SEEDS)


def _opens(archive: bytes, depth: int = 4) -> bool:
    """Whether Python's own readers, let loose on the file and on what is in it, find the test virus."""
    if EICAR in archive:
        return True
    found = []
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(archive)) as opened:
        found += [opened.read(name) for name in opened.namelist()]
    with contextlib.suppress(Exception), tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for info in tar:
            file = tar.extractfile(info)
            found += [file.read()] if file else []
    for decompress in (gzip.decompress, bz2.decompress, lzma.decompress):
        with contextlib.suppress(Exception):
            found.append(decompress(archive))
    return depth > 0 and any(_opens(content, depth - 1) for content in found)


@quick
@given(st.sampled_from(_SEEDS), st.sampled_from(_SEEDS), st.data())
def test_pieces_of_archives_put_together_always_get_a_verdict(one: bytes, two: bytes, data: st.DataObject) -> None:
    cut, start = data.draw(st.integers(0, len(one))), data.draw(st.integers(0, len(two)))
    assert judge(one[:cut] + two[start:], data.draw(st.integers(1, 5000))).outcome in Outcome


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

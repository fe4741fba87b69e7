"""The central directory of a zip, read by ranges: what is in an archive, and whether that may be unpacked.

Everything that can be known before unpacking is refused here: names that lead elsewhere, links, encryption, entries
that share bytes or a path, more files or bytes than the ARCHIVE_* settings allow. Unpacking then holds each entry to
what stands here (`chalicelib.workers.extract`).
"""

import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.files.outputs import WorkError
from chalicelib.files.scanners import zips
from chalicelib.files.scanners.archives import RATIO_FLOOR
from chalicelib.files.scanners.findings import Readable, Unscannable
from chalicelib.files.scanners.sources import Source as Bytes
from chalicelib.settings import settings
from chalicelib.workers.model import Source

LONGEST_PATH = 512
"""Bytes in UTF-8 of the longest path inside an archive."""

_LONGEST_NAME = 255
_LOCAL_HEADER = 30
_TAIL = 0xFFFF + zips.END_RECORD.size + zips.LOCATOR.size + zips.END64_RECORD.size
_READ = 256 * 1024
_DRIVE = re.compile(r"[A-Za-z]:")

_SAID = {
    "encrypted_archive": "the archive is encrypted",
    "unsupported_archive": "the archive is spread over several volumes",
    "unsupported_compression": "the archive is packed by a method that cannot be unpacked here",
    "ambiguous_archive": "the archive contradicts itself",
}
_DAMAGED = "the file is no zip archive, or is damaged"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive.

    Args:
        path: where it is unpacked to, checked and cleaned.
        facts: what its local entry has to say too.
        offset: where its local entry begins.
    """

    path: str
    facts: zips.Facts
    offset: int


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies: its first byte and the one behind its last, and the entries it counts."""

    start: int
    end: int
    count: int


def refusal(unscannable: Unscannable) -> WorkError:
    """What a user is told of an archive that the reader of zips refuses."""
    return WorkError(_SAID.get(unscannable.reason, _DAMAGED))


def find(source: Source) -> Directory:
    """Find the central directory from the archive's end.

    Raises:
        WorkError: there is none, it is not where it is said to be, or counts too many entries.
    """
    if source.size < zips.END_RECORD.size:
        raise WorkError(_DAMAGED)
    begin = max(source.size - _TAIL, 0)
    tail = source.read(begin, source.size - 1)
    at = tail.rfind(zips.END)
    if at < 0 or len(tail) - at < zips.END_RECORD.size:
        raise WorkError(_DAMAGED)
    _, disk, first_disk, here, count, size, start, comment = zips.END_RECORD.unpack_from(tail, at)
    if at + zips.END_RECORD.size + comment != len(tail):
        raise WorkError(_DAMAGED)
    end = begin + at
    locator = at - zips.LOCATOR.size
    if locator >= 0 and tail.startswith(zips.LOCATOR64, locator):
        record = locator - zips.END64_RECORD.size
        if record < 0 or not tail.startswith(zips.END64, record):
            raise WorkError(_DAMAGED)
        _, _, _, _, disk, first_disk, here, count, size, start = zips.END64_RECORD.unpack_from(tail, record)
        end = begin + record
    if disk or first_disk or here != count:
        raise WorkError(_SAID["unsupported_archive"])
    if start + size != end:
        raise WorkError(_DAMAGED)
    if count > settings().archive_max_entries:
        raise WorkError(f"the archive has {count} entries, more than the {settings().archive_max_entries} allowed")
    return Directory(start, end, count)


def read(source: Source, start: int, end: int) -> Iterator[tuple[int, Entry | None]]:
    """The entries of a piece of the central directory, each with the place behind it; None for a folder.

    Raises:
        WorkError: an entry is not acceptable by itself.
    """
    if start == end:
        return
    with source.stream(start, end - 1) as body:
        stream = pieces(body)
        while stream.position < end - start:
            try:
                central = zips.central(stream)
            except Unscannable as unscannable:
                raise refusal(unscannable) from None
            path = _path(central)
            yield start + stream.position, Entry(path, central.facts, central.offset) if path is not None else None


def demand_together(entries: Iterator[tuple[int, Entry | None]], directory: Directory) -> Iterator[tuple[int, Entry]]:
    """Pass the files of a whole directory on, and refuse what is wrong between them.

    Raises:
        WorkError: two have one path or share bytes, or they unpack to too much together.
    """
    seen: set[str] = set()
    folders: set[str] = set()
    total = count = reached = 0
    for place, entry in entries:
        count += 1
        if entry is None:
            continue
        facts, shown = entry.facts, _shown(entry.path)
        if entry.path in seen:
            raise WorkError(f"the archive has two files called {shown}")
        seen.add(entry.path)
        folders.update(_folders(entry.path))
        if entry.offset < reached:
            raise WorkError("the archive's files overlap, or are not in the order of its directory")
        reached = entry.offset + _LOCAL_HEADER + len(facts.name) + facts.packed
        if reached > directory.start:
            raise WorkError(_DAMAGED)
        if facts.unpacked > RATIO_FLOOR and facts.unpacked > facts.packed * settings().archive_max_ratio:
            raise WorkError(f"the archive is packed too densely to be unpacked safely ({shown})")
        total += facts.unpacked
        if total > settings().archive_max_bytes:
            raise WorkError(f"the archive unpacks to more than the {settings().archive_max_bytes} bytes allowed")
        yield place, entry
    if count != directory.count:
        raise WorkError(_DAMAGED)
    if both := min(seen & folders, default=None):
        raise WorkError(f"the archive has a file and a folder called {_shown(both)}")


def pieces(stream: Readable) -> Bytes:
    """A stream of S3 as the reader of zips wants it."""
    return Bytes(_pieces(stream), _unwatched)


def _path(central: zips.Central) -> str | None:
    """Where an entry is unpacked to; None for a folder."""
    raw = central.facts.name
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        if central.is_utf8:
            raise WorkError("the archive has a file whose name is not text") from None
        text = raw.decode("cp437")
    text = text.replace("\\", "/")
    shown = _shown(text)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise WorkError(f"the archive has a file with control characters in its name ({shown})")
    segments = text.split("/")
    if text.startswith("/") or ".." in segments or _DRIVE.match(text):
        raise WorkError(f"the archive has a file that would be unpacked outside of it ({shown})")
    kept = [segment for segment in segments if segment not in ("", ".")]
    path = "/".join(kept)
    if len(path.encode()) > LONGEST_PATH or any(len(segment.encode()) > _LONGEST_NAME for segment in kept):
        raise WorkError(f"the archive has a file whose name is too long ({shown})")
    kind = stat.S_IFMT(central.mode)
    if kind == stat.S_IFLNK:
        raise WorkError(f"the archive has a symbolic link ({shown})")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise WorkError(f"the archive has something that is neither file nor folder ({shown})")
    if segments[-1] in ("", "."):
        if central.facts.unpacked:
            raise WorkError(_DAMAGED)
        return None
    return path


def _folders(path: str) -> Iterator[str]:
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _shown(text: str) -> str:
    """A name as it may stand in a message."""
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return plain if len(plain) <= 80 else f"{plain[:80]}..."


def _pieces(stream: Readable) -> Iterator[bytes]:
    while piece := stream.read(_READ):
        yield piece


def _unwatched(chunk: bytes) -> None:
    """Nobody looks at the bytes that pass."""

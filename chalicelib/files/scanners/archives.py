"""Looks at a file and at everything packed inside it, in one forward pass and in bounded memory.

Every byte that arrives, packed or unpacked, goes through a `Lens` of its level. What is an archive is told by its first
bytes, never by its name. `docs/scanners.md` gives the reasons for which a file ends unscannable.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from chalicelib.files.scanners import compressed, tars, zips
from chalicelib.files.scanners.findings import Unscannable
from chalicelib.files.scanners.sources import Source
from chalicelib.settings import Settings

_HEAD = 512
_TAIL = zips.END_RECORD.size + 0xFFFF
# A few kilobytes that unpack to less than this are no bomb, however well they pack: spreadsheets reach any ratio.
RATIO_FLOOR = 1024 * 1024

_ZIP, _TAR = (zips.LOCAL, zips.END), "tar"
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
_UNSUPPORTED = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"MSCF",  # cab
    b"xar!",
    b"LZIP",
    b"\x1f\x9d",  # compress
    b"\x1f\xa0",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"\x04\x22\x4d\x18",  # lz4
    b"070701",  # cpio
    b"070702",
    b"070707",
    b"!<arch>\n",
    zips.DESCRIPTOR + zips.LOCAL,  # a zip in several volumes
    b"PK00" + zips.LOCAL,
)


class Lens(Protocol):
    """Searches one stream of bytes for signatures."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes. May raise Infected or Unscannable."""
        ...

    def finish(self) -> None:
        """There are no more. May raise Infected."""
        ...


class Inspection:
    """One file under inspection.

    Args:
        limits: the ARCHIVE_* settings; they count over all the archives in the file.
        lens: makes a lens for a level.
    """

    def __init__(self, limits: Settings, lens: Callable[[], Lens]) -> None:
        self._limits = limits
        self._lens = lens
        self._open: list[Lens] = []
        self._entries = 0
        self._unpacked = 0

    def run(self, chunks: Iterator[bytes]) -> None:
        """Read the file to its end, or to the first thing that settles its verdict.

        Raises:
            Infected: a signature matched. Bytes read before the file proved unscannable are still judged.
            Unscannable: see the reasons in `docs/scanners.md`.
        """
        try:
            self._look(chunks, depth=0, inside="")
        except Unscannable:
            for lens in reversed(self._open):
                lens.finish()
            raise

    def _look(self, chunks: Iterator[bytes], *, depth: int, inside: str) -> None:
        lens, tail = self._lens(), _Tail()
        self._open.append(lens)

        def watch(chunk: bytes) -> None:
            lens.feed(chunk)
            tail.feed(chunk)

        source = Source(chunks, watch)
        kind = kind_of(source.peek(_HEAD))
        if kind == "unsupported":
            raise Unscannable("unsupported_archive")
        judged: deque[tuple[int, int]] = deque(maxlen=_TAIL // tars.BLOCK + 1)
        if kind:
            # A .tar.gz is one archive: the tar right inside a compressed stream takes no level of its own.
            one_with_outer = kind == "tar" and inside in ("gzip", "bzip2", "xz")
            depth += not one_with_outer
            if depth > self._limits.archive_max_depth:
                raise Unscannable("archive_too_deep")
            for content in self._contents(kind, source):
                start = source.position
                counted = content if one_with_outer else self._counted(content, source)
                self._look(counted, depth=depth, inside=kind)
                judged.append((start, source.position))
        source.drain()
        lens.finish()
        self._open.pop()
        if kind != "zip" and tail.holds_zip(judged if kind == "tar" else ()):
            raise Unscannable("embedded_archive")

    def _contents(self, kind: str, source: Source) -> Iterator[Iterator[bytes]]:
        if kind == "zip":
            yield from zips.entries(source, self._entry)
        elif kind == "tar":
            for content in tars.entries(source):
                self._entry()
                yield content
        else:
            magic = {"gzip": compressed.GZIP, "bzip2": compressed.BZIP2, "xz": compressed.XZ}[kind]
            yield compressed.content(source, magic, self._entry)

    def _entry(self) -> None:
        self._entries += 1
        if self._entries > self._limits.archive_max_entries:
            raise Unscannable("archive_too_many_entries")

    def _counted(self, content: Iterator[bytes], source: Source) -> Iterator[bytes]:
        start, unpacked = source.position, 0
        for chunk in content:
            unpacked += len(chunk)
            self._unpacked += len(chunk)
            if self._unpacked > self._limits.archive_max_bytes:
                raise Unscannable("archive_too_large")
            self._check_ratio(unpacked, source.position - start)
            if chunk:
                yield chunk
        # The unpacker reads ahead; only now is the number of packed bytes exact.
        self._check_ratio(unpacked, source.position - start)

    def _check_ratio(self, unpacked: int, packed: int) -> None:
        if unpacked > RATIO_FLOOR and unpacked > packed * self._limits.archive_max_ratio:
            raise Unscannable("archive_ratio")


def kind_of(head: bytes) -> str:
    """Which archive a file is that begins so: zip, gzip, bzip2, xz, tar, unsupported, or empty for none.

    Raises:
        Unscannable: it is two at once.
    """
    kinds = []
    if head.startswith(_ZIP):
        kinds.append("zip")
    if head.startswith(compressed.GZIP):
        kinds.append("gzip")
    if head.startswith(compressed.BZIP2) and head[4:10] in _BZIP2_BLOCKS:
        kinds.append("bzip2")
    if head.startswith(compressed.XZ):
        kinds.append("xz")
    if head.startswith(_UNSUPPORTED) or (head[2:5] == b"-lh" and head[6:7] == b"-"):
        kinds.append("unsupported")
    if tars.is_tar(head):
        kinds.append("tar")
    if len(kinds) > 1:
        raise Unscannable("ambiguous_archive")
    return kinds[0] if kinds else ""


class _Tail:
    """The last bytes of a stream, where a zip hangs its directory, whatever the file began as."""

    def __init__(self) -> None:
        self._kept = b""
        self._total = 0

    def feed(self, chunk: bytes) -> None:
        self._total += len(chunk)
        self._kept = (self._kept + chunk)[-_TAIL:]

    def holds_zip(self, judged: Iterable[tuple[int, int]]) -> bool:
        """Whether a program that reads zips from the end would open this file.

        Args:
            judged: stretches of the file that were looked at as files of their own; a directory there is theirs.
        """
        at = self._kept.find(zips.END)
        while at >= 0:
            record = self._kept[at : at + zips.END_RECORD.size]
            if len(record) == zips.END_RECORD.size and self._opens(at, record, judged):
                return True
            at = self._kept.find(zips.END, at + 1)
        return False

    def _opens(self, at: int, record: bytes, judged: Iterable[tuple[int, int]]) -> bool:
        # Some readers go back by the directory's size, others go to its offset; few look at anything else.
        size, offset = zips.END_RECORD.unpack(record)[5:7]
        begin = self._total - len(self._kept) + at
        if any(start <= begin and begin + len(record) <= end for start, end in judged):
            # That stretch was held against its own directory. Counted from here, the offset leads elsewhere.
            return self._directory_at(offset, begin) is True
        if self._kept[max(at - zips.LOCATOR64_SIZE, 0) :].startswith(zips.LOCATOR64):
            return True
        return any(self._directory_at(start, begin) is not False for start in (begin - size, offset))

    def _directory_at(self, start: int, end: int) -> bool | None:
        """Whether a central directory begins there; None when that is too far back to tell."""
        if not 0 <= start <= end - len(zips.CENTRAL):
            return False
        kept_from = self._total - len(self._kept)
        return None if start < kept_from else self._kept[start - kept_from :].startswith(zips.CENTRAL)

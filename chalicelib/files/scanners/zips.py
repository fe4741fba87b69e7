"""zip archives, OOXML among them, as a forward stream of entries that is checked against the central directory.

Programs find entries in two ways: from the front by the local headers, or from the end by the central directory. What
one way sees and the other does not would be unpacked unscanned. So the file must be exactly

    local entry, local entry, ..., central directory, [zip64 end record and locator], end record with its comment

without a gap, from the first byte to the last, and both lists must agree on every entry's place, name, method, sizes
and checksum. The unpacked bytes must bear out the sizes and the checksum.
"""

import bz2
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct

from chalicelib.files.scanners.compressed import Inflater, unpack
from chalicelib.files.scanners.findings import Unscannable
from chalicelib.files.scanners.sources import Source

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64, LOCATOR64, DESCRIPTOR = b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"

_LOCAL_HEADER = Struct("<4s5H3I2H")
_CENTRAL_HEADER = Struct("<4s6H3I5H2I")
END_RECORD = Struct("<4s4H2IH")
END64_RECORD = Struct("<4sQ2H2I4Q")
LOCATOR = Struct("<4sIQI")
LOCATOR64_SIZE = LOCATOR.size
_DESCRIPTORS = (Struct("<4sIQQ"), Struct("<IQQ"), Struct("<4sIII"), Struct("<III"))

_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_STORED, _DEFLATED, _BZIPPED, _AES = 0, 8, 12, 99
_ENCRYPTED, _DESCRIBED_BEHIND, _PATCHED, _UTF8 = 0x2041, 0x0008, 0x0020, 0x0800
_ZIP64 = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What both lists say of an entry."""

    name: bytes
    method: int
    crc: int
    packed: int
    unpacked: int

    def digest(self) -> bytes:
        """A short stand-in, so that names of an unlimited length are not kept."""
        head = f"{self.method} {self.crc} {self.packed} {self.unpacked} ".encode()
        return hashlib.sha256(head + self.name).digest()[:16]


@dataclass(frozen=True, slots=True)
class Central:
    """An entry of the central directory.

    Args:
        offset: where its local entry begins.
        facts: what the local entry has to say too.
        is_utf8: whether it says that its name is UTF-8.
        mode: the Unix file type and permissions; 0 where there are none.
    """

    offset: int
    facts: Facts
    is_utf8: bool
    mode: int


def entries(source: Source, entry: Callable[[], None]) -> Iterator[Iterator[bytes]]:
    """The unpacked content of each entry, in order. Exhaust one before the next.

    Args:
        source: the archive from its first byte.
        entry: called before each entry; raises to stop.

    Raises:
        Unscannable: the archive is encrypted, broken, cut short, ambiguous, or of a kind that is not read here.
    """
    seen: dict[int, bytes] = {}
    while source.peek(4) == LOCAL:
        entry()
        start = source.position
        local = Local(source)
        yield local.content(source)
        seen[start] = local.facts().digest()
    _check_directory(source, seen)


class Local:
    """One local entry: its header, then its content."""

    def __init__(self, source: Source) -> None:
        fields = _LOCAL_HEADER.unpack(_exactly(source, _LOCAL_HEADER.size))
        _, _, self._flags, self._method, _, _, self._crc, packed, unpacked, name_size, extra_size = fields
        self._name = _exactly(source, name_size)
        extra = _extra(_exactly(source, extra_size))
        if self._flags & _ENCRYPTED or self._method == _AES:
            raise Unscannable("encrypted_archive")
        if self._method not in (_STORED, _DEFLATED, _BZIPPED) or self._flags & _PATCHED:
            raise Unscannable("unsupported_compression")
        self._unpacked, self._packed = _widened(extra, unpacked, packed)

    def content(self, source: Source) -> Iterator[bytes]:
        """What it unpacks to. Raises Unscannable when that is not what it says of itself."""
        start, crc, unpacked = source.position, 0, 0
        for chunk in self._chunks(source):
            crc = zlib.crc32(chunk, crc)
            unpacked += len(chunk)
            yield chunk
        found = (crc, source.position - start, unpacked)
        if self._flags & _DESCRIBED_BEHIND:
            _skip_descriptor(source, *found)
        elif found != (self._crc, self._packed, self._unpacked):
            raise Unscannable("malformed_archive")
        self._crc, self._packed, self._unpacked = found

    def facts(self) -> Facts:
        """What it says of itself, once its content has been read to the end."""
        return Facts(self._name, self._method, self._crc, self._packed, self._unpacked)

    def _chunks(self, source: Source) -> Iterator[bytes]:
        if self._method == _DEFLATED:
            yield from unpack(source, Inflater(-zlib.MAX_WBITS))
        elif self._method == _BZIPPED:
            yield from unpack(source, bz2.BZ2Decompressor())
        else:
            left = self._packed
            while left:
                chunk = source.chunk(min(left, 64 * 1024))
                if not chunk:
                    raise Unscannable("malformed_archive")
                left -= len(chunk)
                yield chunk


def _skip_descriptor(source: Source, crc: int, packed: int, unpacked: int) -> None:
    """Take the record behind an entry whose header did not know its sizes. It comes in four shapes."""
    for shape in _DESCRIPTORS:
        record = source.peek(shape.size + 4)
        if len(record) < shape.size + 4 or record[-4:] not in (LOCAL, CENTRAL):
            continue
        values = shape.unpack(record[:-4])
        if values in ((crc, packed, unpacked), (DESCRIPTOR, crc, packed, unpacked)):
            source.take(shape.size)
            return
    # A stored entry of unknown length ends here too: nothing says where it stops.
    raise Unscannable("malformed_archive")


def _check_directory(source: Source, seen: dict[int, bytes]) -> None:
    """Compare the central directory, and the records behind it, with the entries that were seen."""
    start, count = source.position, len(seen)
    while source.peek(4) == CENTRAL:
        entry = central(source)
        if seen.pop(entry.offset, None) != entry.facts.digest():
            raise Unscannable("ambiguous_archive")
    size = source.position - start
    if seen:
        raise Unscannable("ambiguous_archive")
    if source.peek(4) == END64:
        _check_end64(source, count, size, start)
    _check_end(source, count, size, start)


def central(source: Source) -> Central:
    """Take the next entry of the central directory.

    Raises:
        Unscannable: it is encrypted, broken or in another volume.
    """
    fields = _CENTRAL_HEADER.unpack(_exactly(source, _CENTRAL_HEADER.size))
    signature, _, _, flags, method, _, _, crc, packed, unpacked = fields[:10]
    name_size, extra_size, comment_size, disk, _, attributes, offset = fields[10:]
    if signature != CENTRAL:
        raise Unscannable("malformed_archive")
    name = _exactly(source, name_size)
    extra = _extra(_exactly(source, extra_size))
    _exactly(source, comment_size)
    if flags & _ENCRYPTED:
        raise Unscannable("encrypted_archive")
    if disk not in (0, _FULL16):
        raise Unscannable("unsupported_archive")
    unpacked, packed, offset = _widened(extra, unpacked, packed, offset)
    facts = Facts(name, method, crc, packed, unpacked)
    return Central(offset, facts, is_utf8=bool(flags & _UTF8), mode=attributes >> 16)


def _check_end64(source: Source, count: int, size: int, start: int) -> None:
    at = source.position
    record = END64_RECORD.unpack(_exactly(source, END64_RECORD.size))
    locator = LOCATOR.unpack(_exactly(source, LOCATOR.size))
    if record[1] != END64_RECORD.size - 12 or record[4:] != (0, 0, count, count, size, start):
        raise Unscannable("ambiguous_archive")
    if locator not in ((LOCATOR64, 0, at, 1), (LOCATOR64, 0, at, 0)):
        raise Unscannable("ambiguous_archive")


def _check_end(source: Source, count: int, size: int, start: int) -> None:
    record = END_RECORD.unpack(_exactly(source, END_RECORD.size))
    if record[0] != END:
        raise Unscannable("malformed_archive")
    if any(disk not in (0, _FULL16) for disk in record[1:3]):
        raise Unscannable("unsupported_archive")
    expected = ((count, _FULL16), (count, _FULL16), (size, _FULL32), (start, _FULL32))
    if any(said not in allowed for said, allowed in zip(record[3:7], expected, strict=True)):
        raise Unscannable("ambiguous_archive")
    comment = _exactly(source, record[7])
    # A second end record in the comment is what a reader coming from the end would meet first.
    if END in comment:
        raise Unscannable("ambiguous_archive")
    if source.peek(1):
        raise Unscannable("trailing_data")


def _exactly(source: Source, size: int) -> bytes:
    taken = source.take(size)
    if len(taken) < size:
        raise Unscannable("malformed_archive")
    return taken


def _extra(data: bytes) -> bytes:
    """The zip64 record of an extra field, empty without one."""
    found = None
    at = 0
    while at + 4 <= len(data):
        kind = int.from_bytes(data[at : at + 2], "little")
        size = int.from_bytes(data[at + 2 : at + 4], "little")
        if at + 4 + size > len(data) or (kind == _ZIP64 and found is not None):
            raise Unscannable("malformed_archive")
        if kind == _ZIP64:
            found = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found or b""


def _widened(extra: bytes, *values: int) -> tuple[int, ...]:
    """The values, each that is all ones replaced by the next number of the zip64 record, where there is one."""
    result = []
    for value in values:
        if value == _FULL32 and extra:
            if len(extra) < 8:
                raise Unscannable("malformed_archive")
            value, extra = int.from_bytes(extra[:8], "little"), extra[8:]
        result.append(value)
    return tuple(result)

"""gzip, bzip2 and xz: one stream of bytes each, however many members the file has."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from chalicelib.files.scanners.findings import Unscannable
from chalicelib.files.scanners.sources import Source

_OUTPUT = 256 * 1024
_XZ_MEMORY = 128 * 1024 * 1024

GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class Inflater:
    """zlib's decompressor with the surface of the ones for bzip2 and xz."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = _OUTPUT) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def unpack(source: Source, decompressor: _Decompressor) -> Iterator[bytes]:
    """What one compressed stream holds. Leaves the source right behind it.

    Raises:
        Unscannable: it is broken, ends early, or wants too much memory.
    """
    while not decompressor.eof:
        packed = source.chunk() if decompressor.needs_input else b""
        ended = decompressor.needs_input and not packed
        # Only the decompressor's own errors speak of the file; one of the stream's must come out as it is.
        try:
            unpacked = decompressor.decompress(packed, _OUTPUT)
        except (zlib.error, OSError, EOFError, ValueError):
            raise Unscannable("malformed_archive") from None
        except lzma.LZMAError as error:
            raise Unscannable("archive_needs_memory" if "emory" in str(error) else "malformed_archive") from None
        if ended and not unpacked:
            raise Unscannable("malformed_archive")
        yield unpacked
    source.unread(decompressor.unused_data)


def content(source: Source, magic: bytes, member: Callable[[], None]) -> Iterator[bytes]:
    """What a gzip, bzip2 or xz file unpacks to: its members in a row, as the usual programs do.

    Zeros between and behind members are padding. Anything else there, which programs skip or refuse as they like, makes
    the file unscannable.

    Args:
        source: the packed bytes.
        magic: one of GZIP, BZIP2, XZ.
        member: called before each member; raises to stop.
    """
    while True:
        member()
        yield from unpack(source, _decompressor(magic))
        if source.skip_zeros():
            return
        if source.peek(len(magic)) != magic:
            raise Unscannable("trailing_data")


def _decompressor(magic: bytes) -> _Decompressor:
    if magic == GZIP:
        return Inflater(16 + zlib.MAX_WBITS)
    if magic == BZIP2:
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

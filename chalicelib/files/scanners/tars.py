"""tar archives as a forward stream of entries."""

import tarfile
from collections.abc import Iterator

from chalicelib.files.scanners.findings import Unscannable
from chalicelib.files.scanners.sources import Source

BLOCK = tarfile.BLOCKSIZE
_MAX_HEADER = 1024 * 1024

_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_WITHOUT_CONTENT = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
    b"V",
)
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is a tar archive: by its magic, or, in the oldest kind, by its checksum."""
    return head[257:262] == b"ustar" or (len(head) >= BLOCK and _header(head[:BLOCK]) is not None)


def entries(source: Source) -> Iterator[Iterator[bytes]]:
    """The content of each entry, in order; empty for links, folders and devices. Exhaust one before the next.

    Refused, since programs read them differently: sparse and multi-volume members, links and folders that carry bytes,
    a member described twice, and anything but zeros behind the end.

    Raises:
        Unscannable: for these, and for an archive that does not parse or ends early.
    """
    size_override: int | None = None
    described = False
    while block := source.take(BLOCK):
        if not any(block):
            if not source.skip_zeros():
                raise Unscannable("trailing_data")
            return
        header = _header(block)
        if header is None:
            raise Unscannable("malformed_archive")
        if header.type in _LONG_NAMES:
            _extension(source, header.size)
        elif header.type in _PAX and not described:
            described = True
            size_override = _pax_size(_extension(source, header.size))
        elif header.type == tarfile.XGLTYPE:
            if _pax_size(_extension(source, header.size)) is not None:
                raise Unscannable("unsupported_archive")
        else:
            size = header.size if size_override is None else size_override
            size_override, described = None, False
            if header.type not in _REGULAR and (header.type not in _WITHOUT_CONTENT or size):
                raise Unscannable("unsupported_archive")
            yield _content(source, size)
            # Behind the yield: padding is no part of what the reader of the entry has judged.
            _skip_padding(source, size)


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError, OverflowError):
        return None
    return header if header.size >= 0 else None


def _content(source: Source, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = source.chunk(min(left, 64 * 1024))
        if not chunk:
            raise Unscannable("malformed_archive")
        left -= len(chunk)
        yield chunk


def _skip_padding(source: Source, size: int) -> None:
    padding = -size % BLOCK
    if len(source.take(padding)) < padding:
        raise Unscannable("malformed_archive")


def _extension(source: Source, size: int) -> bytes:
    """The body of a header that speaks of the next one."""
    if size > _MAX_HEADER:
        raise Unscannable("malformed_archive")
    body = b"".join(_content(source, size))
    _skip_padding(source, size)
    return body


def _pax_size(body: bytes) -> int | None:
    """The size that pax records give the next member, if they do; refuses records of sparse files."""
    size = None
    while body:
        digits, space, _ = body[:20].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record, body = body[len(digits) + 1 : length], body[length:]
        key, equals, value = record.partition(b"=")
        if length <= len(digits) + 1 or not equals or not value.endswith(b"\n"):
            raise Unscannable("malformed_archive")
        if key.startswith(b"GNU.sparse") or key == b"SCHILY.realsize":
            raise Unscannable("unsupported_archive")
        if key == b"size":
            if not value[:-1].isdigit() or len(value) > 20:
                raise Unscannable("malformed_archive")
            size = int(value)
    return size

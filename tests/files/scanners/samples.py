"""Files to scan, made in code. The test virus is put together from pieces: whole, it would make a detection of us."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!$H+H*"
TEXT = b"The quick brown fox jumps over the lazy dog.\n" * 40


class Stream:
    """A forward-only stream that may give fewer bytes than asked for, as an S3 body does."""

    def __init__(self, content: bytes, most: int = 1 << 30) -> None:
        self._content = io.BytesIO(content)
        self._most = most

    def read(self, size: int = -1, /) -> bytes:
        return self._content.read(self._most if size < 0 else min(size, self._most))


def zipped(
    entries: Mapping[str, bytes],
    method: int = zipfile.ZIP_DEFLATED,
    *,
    comment: bytes = b"",
    streamed: bool = False,
    zip64: bool = False,
) -> bytes:
    """A zip; `streamed` puts the sizes behind each entry, `zip64` uses the wide fields."""
    out = io.BytesIO()
    with zipfile.ZipFile(_OneWay(out) if streamed else out, "w", method) as archive:
        archive.comment = comment
        for name, content in entries.items():
            with archive.open(name, "w", force_zip64=zip64) as entry:
                entry.write(content)
    return out.getvalue()


class _OneWay(io.RawIOBase):
    """A file that cannot seek, so that zipfile has to stream."""

    def __init__(self, out: io.BytesIO) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._out.write(data)  # type: ignore[arg-type]


def tarred(
    entries: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT, links: Iterable[tuple[str, str]] = ()
) -> bytes:
    """A tar of files, and of symbolic links given as (name, target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return out.getvalue()


def gzipped(content: bytes, level: int = 9) -> bytes:
    return gzip.compress(content, level, mtime=0)


def docx(embedded: bytes = TEXT) -> bytes:
    """An office document with something embedded."""
    return zipped(
        {
            "[Content_Types].xml": b'<?xml version="1.0"?><Types/>',
            "word/document.xml": b"<w:document/>" * 500,
            "word/embeddings/oleObject1.bin": embedded,
        },
        streamed=True,
    )


def nested(levels: int, innermost: bytes = EICAR) -> bytes:
    """A zip in a zip in a zip."""
    for _ in range(levels):
        innermost = zipped({"inner": innermost})
    return innermost


def pdf() -> bytes:
    """A small valid PDF with one empty page and a compressed stream."""
    drawing = zlib.compress(b"0 0 m 100 100 l S " * 20)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(drawing), drawing),
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, item)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + table + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def jpeg() -> bytes:
    """A 1x1 grey JPEG."""
    segments = [
        (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        (0xDB, b"\0" + bytes([1] * 64)),
        (0xC0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
        (0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0"),
        (0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),
        (0xDA, b"\x01\x01\0\0\x3f\0"),
    ]
    body = b"".join(bytes([0xFF, mark]) + (len(part) + 2).to_bytes(2, "big") + part for mark, part in segments)
    return b"\xff\xd8" + body + b"\x3f\xff\xd9"


COMPRESSORS = {"gzip": gzipped, "bzip2": bz2.compress, "xz": lzma.compress}


def encrypted(archive: bytes) -> bytes:
    """A zip whose every entry says that it is encrypted."""
    changed = bytearray(archive)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + flags] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)

"""Files to scan, made in code. The test virus is put together from pieces: whole, it would make a detection of us."""

import bz2
import functools
import gzip
import io
import lzma
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS" + b"-TEST-FILE!$H+H*"
NOISE = random.Random(1).randbytes(200_000)
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


def old_tar(content: bytes, name: bytes = b"inner") -> bytes:
    """A tar of the time before the magic."""
    header = bytearray(512)
    header[: len(name)], header[100:108], header[124:136] = name, b"0000644\0", b"%011o\0" % len(content)
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + content + b"\0" * (-len(content) % 512 + 1024)


def many(count: int) -> bytes:
    return zipped({str(number): b"" for number in range(count)}, zipfile.ZIP_STORED)

"""Archives that no friend sends, made in code."""

import io
import stat
import struct
import zipfile
from collections.abc import Iterable, Sequence

from tests.files.scanners.samples import zipped

SITE = {
    "index.html": b'<a href="pages/two.html">two</a>',
    "pages/": b"",
    "pages/two.html": b'<img src="../images/a.png">',
    "images/a.png": b"\x89PNG" + bytes(range(256)) * 20,
}


def in_order(entries: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose entries may repeat a name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(_info(name, method), content)
    return out.getvalue()


def special(name: str, mode: int, content: bytes = b"/etc/passwd") -> bytes:
    """A zip with one entry of this Unix file type beside a harmless one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(_info("index.html"), b"hello")
        info = _info(name)
        info.create_system = 3
        info.external_attr = (mode | 0o777) << 16
        archive.writestr(info, content)
    return out.getvalue()


def link(name: str = "link", target: bytes = b"/etc/passwd") -> bytes:
    return special(name, stat.S_IFLNK, target)


def raw_named(name: bytes, *, utf8: bool = False) -> bytes:
    """A zip with one entry of exactly this name."""
    stand_in = b"N" * len(name)
    archive = zipped({stand_in.decode(): b"content"}, zipfile.ZIP_STORED).replace(stand_in, name)
    return flagged(archive, 0x0800) if utf8 else archive


def flagged(archive: bytes, flag: int) -> bytes:
    """The archive with a flag set in every header."""
    changed = bytearray(archive)
    for signature, at_flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", changed, at + at_flags)
            struct.pack_into("<H", changed, at + at_flags, flags | flag)
            at = changed.find(signature, at + 4)
    return bytes(changed)


def central_changed(archive: bytes, number: int, at: int, form: str, value: int) -> bytes:
    """The archive with one field of the n-th directory entry changed."""
    changed, position = bytearray(archive), -1
    for _ in range(number + 1):
        position = archive.index(b"PK\x01\x02", position + 1)
    struct.pack_into(form, changed, position + at, value)
    return bytes(changed)


def overlapping(copies: int, kernel: bytes) -> bytes:
    """A directory whose entries all share the bytes of one: small, and huge when unpacked."""
    one = zipped({"0": kernel})
    start = one.index(b"PK\x01\x02")
    end = one.rindex(b"PK\x05\x06")
    directory = b"".join(one[start : start + 46] + f"{number}".encode()[:1] for number in range(copies))
    record = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    assert end > start
    return one[:start] + directory + record


def bomb(size: int) -> bytes:
    """A small archive of one large entry."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("zeros", "w") as entry,
    ):
        for _ in range(size // (1024 * 1024)):
            entry.write(bytes(1024 * 1024))
    return out.getvalue()


def lying_bomb(size: int) -> bytes:
    """A bomb whose both headers say that it unpacks to ten bytes."""
    archive = bytearray(bomb(size))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", archive, archive.index(signature) + at, 10)
    return bytes(archive)


def many(count: int, names: Sequence[str] = ()) -> bytes:
    """A zip of so many small files in folders."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(_info(name), b"named")
        for number in range(count - len(names)):
            archive.writestr(_info(f"{number // 1000:03}/{number:06}.txt"), b"%d" % number)
    return out.getvalue()


def _info(name: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    return info

"""What stands in for a whitehall file that is still being scanned: a grey picture, or a page that says so."""

import functools
import hashlib
import struct
import zlib

PAGE_PATH = "/government/placeholder"
PICTURE_ROOT = "/asset-manager"

PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>This file is being checked</title></head>'
    "<body><h1>This file is being checked</h1><p>It was uploaded a moment ago and is being scanned for viruses. "
    "Please try again in a few minutes.</p></body></html>"
)

_PICTURES = ("jpg", "jpeg", "png", "gif")
_WIDTH, _HEIGHT, _GREY = 140, 140, 0xDE


def path_for(name: str) -> str:
    """Where readers of a file of this name are sent while it is being scanned."""
    extension = name.rpartition(".")[2].lower()
    return f"{PICTURE_ROOT}/{picture_name()}" if extension in _PICTURES else PAGE_PATH


@functools.cache
def picture() -> bytes:
    """A plain grey PNG."""
    row = b"\0" + bytes([_GREY]) * _WIDTH
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * _HEIGHT)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


@functools.cache
def picture_name() -> str:
    """The picture's file name, which changes with its content."""
    return f"thumbnail-placeholder-{hashlib.sha256(picture()).hexdigest()[:16]}.png"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

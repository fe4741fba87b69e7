"""The library bucket: clean bytes, private, one immutable key a File.

The key is made from the File and the intake version that was scanned: repeating a copy writes the same bytes again, and
bytes of another version can never end under it.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from chalicelib.files import objects
from chalicelib.files.models import File
from chalicelib.settings import settings


def key_for(file_id: str, version: str | None) -> str:
    """The library key of the bytes of this intake version, or of this digest where they were never there."""
    return f"{file_id}/{hashlib.sha256((version or 'null').encode()).hexdigest()[:16]}"


def accept(file: File, version: str | None, size: int) -> str:
    """Copy an intake version that was found clean, and return its library key.

    Raises:
        objects.Missing: the version is gone from intake: somebody else finished with it.
    """
    key = key_for(file.file_id, version)
    objects.copy(
        (settings().intake_bucket, file.intake_key, version),
        settings().library_bucket,
        key,
        size=size,
        headers={"ContentType": file.content_type},
    )
    return key


def put(key: str, content: bytes | BinaryIO, *, content_type: str) -> None:
    """Store bytes that were found clean before they came near S3 (`chalicelib.files.making`)."""
    objects.put(settings().library_bucket, key, content, content_type=content_type)


def keys_of(prefix: str) -> Iterator[str]:
    """The keys that begin with the beginning of File ids."""
    return objects.keys_below(settings().library_bucket, prefix)


def open_bytes(key: str, *, first: int | None = None, last: int | None = None) -> objects.StoredObject:
    """Open clean bytes, or a range of them (inclusive).

    Raises:
        objects.Missing: there are none.
        objects.RangeOutside: the range begins behind the end.
    """
    return objects.get(settings().library_bucket, key, first=first, last=last)


def describe(key: str) -> objects.StoredObject:
    """Describe clean bytes without opening them. Raises `objects.Missing`."""
    return objects.head(settings().library_bucket, key)


def signed_url(key: str, *, name: str, content_type: str, seconds: int = 60) -> str:
    """A URL that gives the bytes to whoever holds it, for so many seconds, under this name and type."""
    headers = {"ContentType": content_type, "ContentDisposition": objects.disposition(name)}
    return objects.signed_url(settings().library_bucket, key, seconds=seconds, headers=headers)


def discard(key: str) -> None:
    """Delete bytes; no matter if there are none."""
    objects.delete(settings().library_bucket, key)


def discard_each(keys: list[str]) -> None:
    """Delete the bytes under many keys, a thousand a call; no matter which are gone already."""
    objects.delete_each(settings().library_bucket, keys)


def discard_all(file_id: str) -> None:
    """Delete every copy made for a File, those of workers that died before their verdict included."""
    objects.delete_below(settings().library_bucket, f"{file_id}/")

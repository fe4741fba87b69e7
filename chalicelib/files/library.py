"""The library bucket: clean bytes, private, one immutable key a File.

The key is made from the File and the intake version that was scanned: repeating a copy writes the same bytes again, and
bytes of another version can never end under it.

Devices of the medialoopster API may name buckets of their own for the bytes of copies (`DEVICE_BUCKETS`). They are
branches of the library: a key there begins with the bucket's name and a colon, and everything here takes it as it is.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from chalicelib.files import objects, signing
from chalicelib.files.models import File
from chalicelib.settings import settings


def key_for(file_id: str, version: str | None) -> str:
    """The library key of the bytes of this intake version, or of this digest where they were never there."""
    return f"{file_id}/{hashlib.sha256((version or 'null').encode()).hexdigest()[:16]}"


def branches() -> frozenset[str]:
    """The buckets that devices may name."""
    return frozenset(filter(None, (name.strip() for name in settings().device_buckets.split(","))))


def placed(bucket: str, key: str) -> str:
    """The library key of bytes that lie under a key of another bucket than the library's own."""
    return f"{bucket}:{key}"


def bucket_of(key: str) -> str:
    """The bucket that a library key means."""
    return _place(key)[0]


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


def duplicate(key: str, other: str, *, size: int, content_type: str) -> None:
    """Copy clean bytes under another library key. Raises `objects.Missing`: there are none."""
    source = (*_place(key), None)
    objects.copy(source, *_place(other), size=size, headers={"ContentType": content_type})


def keys_of(prefix: str, bucket: str | None = None) -> Iterator[str]:
    """The keys, of one bucket, that begin with the beginning of File ids."""
    if bucket is None:
        return objects.keys_below(settings().library_bucket, prefix)
    return (placed(bucket, key) for key in objects.keys_below(bucket, prefix))


def open_bytes(key: str, *, first: int | None = None, last: int | None = None) -> objects.StoredObject:
    """Open clean bytes, or a range of them (inclusive).

    Raises:
        objects.Missing: there are none.
        objects.RangeOutside: the range begins behind the end.
    """
    return objects.get(*_place(key), first=first, last=last)


def describe(key: str) -> objects.StoredObject:
    """Describe clean bytes without opening them. Raises `objects.Missing`."""
    return objects.head(*_place(key))


def signed_url(key: str, *, name: str, content_type: str, seconds: int = 60, sites: bool = False) -> str:
    """A URL that gives the bytes to whoever holds it, for so many seconds, under this name and type.

    It leads to the edge where that knows a key of ours, else to S3; what lies with a device always to S3.

    Args:
        sites: whether the bytes are of stores, whose scripts may run in a sandbox.
    """
    headers = {"ContentType": content_type, "ContentDisposition": objects.disposition(name)}
    bucket, inner = _place(key)
    if bucket == settings().library_bucket and signing.origin(sites=sites):
        return signing.signed_url(inner, seconds=seconds, headers=headers, sites=sites)
    return objects.signed_url(bucket, inner, seconds=seconds, headers=headers)


def discard(key: str) -> None:
    """Delete bytes; no matter if there are none."""
    objects.delete(*_place(key))


def discard_each(keys: Iterable[str]) -> None:
    """Delete the bytes under many keys, a thousand of a bucket a call; no matter which are gone already."""
    by_bucket: dict[str, list[str]] = {}
    for library_key in keys:
        bucket, key = _place(library_key)
        by_bucket.setdefault(bucket, []).append(key)
    for bucket, found in by_bucket.items():
        objects.delete_each(bucket, found)


def discard_all(file_id: str, library_key: str | None = None) -> None:
    """Delete every copy made for a File, those of workers that died before their verdict included.

    Args:
        library_key: the File's own; its copies lie where this one does.
    """
    bucket = bucket_of(library_key) if library_key else settings().library_bucket
    objects.delete_below(bucket, f"{file_id}/")


def _place(key: str) -> tuple[str, str]:
    """Bucket and key in it."""
    bucket, _, inner = key.rpartition(":")
    return bucket or settings().library_bucket, inner

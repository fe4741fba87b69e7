"""The intake bucket: where every byte arrives. Its objects are read by the scan functions alone.

Keys are `small/<file id>` (up to 64 MiB) or `large/<file id>`, chosen when the upload starts; each prefix has a queue
and a function of its own size. Clients send bytes there themselves, by a form or by parts that we sign for one key.
"""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from chalicelib.files import multipart, objects
from chalicelib.files.models import Verdict
from chalicelib.settings import MEBIBYTE, settings

SMALL_LIMIT = 64 * MEBIBYTE


def key_for(file_id: str, size: int) -> str:
    """The key under which bytes of this size arrive."""
    return f"{'small' if size <= SMALL_LIMIT else 'large'}/{file_id}"


def file_id_of(key: str) -> str:
    """The File that arrives under this key."""
    return key.partition("/")[2]


def is_large(key: str) -> bool:
    """Whether the key belongs to the large queue."""
    return key.startswith("large/")


def put(key: str, content: bytes | BinaryIO, *, content_type: str) -> None:
    """Store bytes that did not come from a client directly: those of a request body, or of a file made here."""
    objects.put(settings().intake_bucket, key, content, content_type=content_type)


def form(key: str, *, smallest: int, largest: int, fields: dict[str, str], seconds: int) -> tuple[str, dict[str, str]]:
    """The address and all fields of a form by which a client sends an object of so many bytes itself."""
    bucket = settings().intake_bucket
    signed = objects.signed_post(bucket, key, seconds=seconds, largest=largest, smallest=smallest, fields=fields)
    return signed["url"], signed["fields"]


def begin_parts(key: str, *, content_type: str, metadata: Mapping[str, str]) -> str:
    """Begin an upload in parts and return S3's id of it."""
    return multipart.begin(settings().intake_bucket, key, content_type=content_type, metadata=metadata)


def signed_part(key: str, upload: str, number: int, *, seconds: int) -> str:
    """A URL to which a client can PUT one part."""
    return multipart.signed_part(settings().intake_bucket, key, upload, number, seconds=seconds)


def parts(key: str, upload: str) -> list[multipart.Part]:
    """The parts that have arrived. Raises `objects.Missing` when there is no such upload, or no longer."""
    return multipart.parts(settings().intake_bucket, key, upload)


def join_parts(key: str, upload: str, listed: Sequence[multipart.Part]) -> None:
    """Make the parts an object, which then has arrived. Raises `objects.Missing`, `multipart.PartsChanged`."""
    multipart.complete(settings().intake_bucket, key, upload, listed)


def abort_parts(key: str, upload: str) -> None:
    """Throw away an upload in parts; no matter if there is none."""
    multipart.abort(settings().intake_bucket, key, upload)


def address(key: str) -> str:
    """Where an arrival is. Nobody but the scan function can read it there."""
    return objects.address(settings().intake_bucket, key)


def open_newest(key: str) -> objects.StoredObject:
    """Open what has arrived under a key. The version it names is the one its bytes come from.

    One GetObject gives version and bytes together, so no second upload can slip between the two.

    Raises:
        objects.Missing: nothing has arrived, or it is gone again.
    """
    return objects.get(settings().intake_bucket, key)


def open_version(key: str, version: str) -> objects.StoredObject:
    """Open one version of what has arrived. Raises `objects.Missing`."""
    return objects.get(settings().intake_bucket, key, version=version)


def tags(key: str) -> tuple[str | None, dict[str, str]]:
    """The newest version of what has arrived, and its tags. Raises `objects.Missing`."""
    return objects.tags(settings().intake_bucket, key)


def arrived(key: str) -> int | None:
    """The size in bytes of what has arrived under a key; None if nothing has. Asks S3 itself, reads no byte."""
    return objects.listed(settings().intake_bucket, key)


def mark(key: str, version: str | None, verdict: Verdict) -> None:
    """Tag a version that stays here because it is not clean; a lifecycle rule removes it after 30 days.

    Where GuardDuty scans, tags are its alone, and what stays goes with all the rest.
    """
    if settings().scanner != "guardduty":
        objects.tag(settings().intake_bucket, key, version, {"verdict": verdict.value})


def discard(key: str, version: str | None) -> None:
    """Delete one version of an arrival, or without one all of them."""
    if version is None:
        objects.delete_versions(settings().intake_bucket, key)
    else:
        objects.delete(settings().intake_bucket, key, version)

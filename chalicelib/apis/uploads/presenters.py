"""The answers, in the field names that Uppy's S3 plug-in and its Companion server use; `id` and `partSize` are ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.files import intake
from chalicelib.files.models import File
from chalicelib.files.multipart import LARGEST, Part, part_size
from chalicelib.settings import settings

_UNKNOWN_SIZE = LARGEST // 80  # 64 GiB: parts that hold files of many sizes well


@dataclass(frozen=True, slots=True)
class Form:
    """A form by which a client sends a File to S3: where to, and the fields that go before the file."""

    file: File
    url: str
    fields: Mapping[str, str]


def form(form: Form, *, seconds: int) -> dict[str, Any]:
    """What `GET /s3/params` answers. `expires` is seconds from now."""
    return {
        "method": "POST",
        "url": form.url,
        "fields": dict(form.fields),
        "headers": {},
        "expires": seconds,
        "id": form.file.file_id,
    }


def begun(file: File) -> dict[str, Any]:
    """What `POST /s3/multipart` answers. `partSize` is the bytes that each part should have."""
    size = _UNKNOWN_SIZE if file.declared_size is None else int(file.declared_size)
    return {
        "key": file.intake_key,
        "uploadId": file.upload_id,
        "bucket": settings().intake_bucket,
        "id": file.file_id,
        "partSize": part_size(size),
    }


def part(url: str, *, seconds: int) -> dict[str, Any]:
    """Where one part goes. `expires` is seconds from now."""
    return {"method": "PUT", "url": url, "headers": {}, "expires": seconds}


def batch(urls: Mapping[int, str], *, seconds: int) -> dict[str, Any]:
    """Where several parts go."""
    return {"presignedUrls": {str(number): url for number, url in urls.items()}, "expires": seconds}


def listing(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The parts that have arrived; numbers are numbers."""
    return [{"PartNumber": part.number, "Size": part.size, "ETag": f'"{part.etag}"'} for part in parts]


def completed(file: File) -> dict[str, Any]:
    """What a completion answers. Nobody can read the bytes at `location`: they go on from there when they are clean."""
    return {
        "location": intake.address(file.intake_key),
        "key": file.intake_key,
        "bucket": settings().intake_bucket,
        "id": file.file_id,
    }

"""Objects that come in parts: S3's multipart uploads, the clients' and those of our own large copies.

What was begun and neither completed nor aborted is no object: nobody can read it, and the bucket's lifecycle rule
removes it. IAM actions: s3:PutObject, s3:ListMultipartUploadParts, s3:AbortMultipartUpload; for a copy also
s3:GetObject and s3:GetObjectVersion on the source.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.files.objects import Missing, translated

MOST_PARTS = 10_000
SMALLEST_PART = 5 * 1024**2
"""Bytes that every part but the last must have."""

LARGEST = 5 * 1024**4
"""Bytes that an object can have."""

COPY_PART = 256 * 1024**2
"""Bytes of one part of a copy, unless the object would have too many."""

COPIES_AT_ONCE = 32

_MEBIBYTE = 1024**2
_USUAL_PART = 8 * _MEBIBYTE
_LARGE_PART = 64 * _MEBIBYTE
_ONE_PAGE = 1_000  # parts that one ListParts tells


class PartsChanged(Exception):
    """The parts are no longer those that were listed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part as S3 holds it. `etag` is without quotes."""

    number: int
    size: int
    etag: str


def part_size(size: int) -> int:
    """The bytes that each part of a client's upload of `size` bytes should have, in whole MiB.

    8 MiB, or as much as keeps the upload within one page of ListParts; never more than 64 MiB for that reason alone,
    and always few enough parts for S3.
    """
    wanted = max(_USUAL_PART, min(_LARGE_PART, -(-size // _ONE_PAGE)), -(-size // MOST_PARTS))
    return _whole_mebibytes(wanted)


def begin(bucket: str, key: str, *, content_type: str, metadata: Mapping[str, str]) -> str:
    """Begin an upload in parts and return S3's id of it."""
    answer = aws.s3().create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type, Metadata=metadata)
    return answer["UploadId"]


def signed_part(bucket: str, key: str, upload: str, number: int, *, seconds: int) -> str:
    """A URL to which whoever holds it can PUT this part, for so long."""
    request = {"Bucket": bucket, "Key": key, "UploadId": upload, "PartNumber": number}
    return aws.s3().generate_presigned_url("upload_part", Params=request, ExpiresIn=seconds)


def parts(bucket: str, key: str, upload: str) -> list[Part]:
    """All parts that have arrived, by number.

    Raises:
        Missing: there is no such upload: it was completed, aborted, or never begun.
    """
    pages = aws.s3().get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload)
    found = translated(lambda: [part for page in pages for part in page.get("Parts", [])])
    return [Part(part["PartNumber"], part["Size"], part["ETag"].strip('"')) for part in found]


def complete(bucket: str, key: str, upload: str, listed: Sequence[Part]) -> None:
    """Make the object of its parts.

    Raises:
        Missing: there is no such upload, perhaps because it was completed meanwhile.
        PartsChanged: a part is another one, or not there any more.
    """
    named: Any = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in listed]
    try:
        aws.s3().complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": named})
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchUpload":
            raise Missing from error
        if code in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall"):
            raise PartsChanged from error
        raise


def abort(bucket: str, key: str, upload: str) -> None:
    """Throw away an upload and its parts; no matter if there is none."""
    try:
        aws.s3().abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise


def copy(source: tuple[str, str, str | None], bucket: str, key: str, *, size: int, headers: Mapping[str, Any]) -> None:
    """Copy an object that is too large for one CopyObject, many parts at once, all of one version and entity tag.

    Args:
        source: bucket, key, and version (None: the current one).
        size: bytes of the source.
        headers: as for `objects.copy`.

    Raises:
        Missing: the source is gone, or has become another.
    """
    s3 = aws.s3()
    from_bucket, from_key, version = source
    origin: Any = {"Bucket": from_bucket, "Key": from_key} | ({"VersionId": version} if version else {})
    etag = translated(lambda: s3.head_object(**origin))["ETag"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, **headers)["UploadId"]

    def copied(number: int, span: str) -> Any:
        answer = s3.upload_part_copy(
            Bucket=bucket, Key=key, UploadId=upload, PartNumber=number,
            CopySource=origin, CopySourceRange=span, CopySourceIfMatch=etag,
        )  # fmt: skip
        told: Any = answer["CopyPartResult"]
        return {"PartNumber": number, **{name: told[name] for name in told if name != "LastModified"}}

    try:
        with ThreadPoolExecutor(COPIES_AT_ONCE) as threads:
            under_way = [threads.submit(copied, number, span) for number, span in enumerate(spans(size), start=1)]
            try:
                done: Any = [future.result() for future in under_way]
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise
        s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": done})
    except Exception as error:
        abort(bucket, key, upload)
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _SOURCE_GONE:
            raise Missing from error
        raise


_SOURCE_GONE = {"NoSuchKey", "NoSuchVersion", "404", "PreconditionFailed"}


def spans(size: int) -> list[str]:
    """The byte ranges in which an object of this size is copied, as `CopySourceRange` wants them."""
    step = max(COPY_PART, _whole_mebibytes(-(-size // MOST_PARTS)))
    return [f"bytes={first}-{min(first + step, size) - 1}" for first in range(0, size, step)]


def _whole_mebibytes(size: int) -> int:
    return -(-size // _MEBIBYTE) * _MEBIBYTE

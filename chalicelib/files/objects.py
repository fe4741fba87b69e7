"""The handful of S3 operations everything else is made of; vendor errors are translated here.

IAM actions: s3:GetObject, s3:GetObjectVersion, s3:PutObject, s3:PutObjectVersionTagging, s3:DeleteObject,
s3:DeleteObjectVersion and s3:ListBucket, each on the bucket of the module that calls.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws
from chalicelib.batches import batched

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

COPY_LIMIT = 5 * 1024**3
"""Bytes that one CopyObject can copy."""

VENDOR_ERRORS = (BotoCoreError, ClientError)
"""What AWS's SDK raises when a service refuses, is busy or cannot be reached."""

_MISSING = {"NoSuchKey", "NoSuchVersion", "404", "NoSuchUpload"}


class Missing(Exception):
    """There is no such object, or no such version of it."""


class NotDeleted(Exception):
    """S3 kept objects that were to be deleted."""


class RangeOutside(Exception):
    """The range asked for begins behind the last byte."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as S3 describes it. `length` is the bytes of `body`; `size` those of the whole object."""

    size: int
    length: int
    version: str | None
    etag: str
    last_modified: datetime
    content_type: str
    body: "StreamingBody | None" = None


def put(bucket: str, key: str, content: bytes | BinaryIO, *, content_type: str) -> None:
    """Store bytes, or those of an open file, under a key."""
    aws.s3().put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)


def get(
    bucket: str, key: str, *, version: str | None = None, first: int | None = None, last: int | None = None
) -> StoredObject:
    """Open an object, or one version of it, or its bytes `first` to `last` (inclusive).

    Raises:
        Missing: there is none.
        RangeOutside: `first` lies behind its end.
    """
    which: dict[str, Any] = {} if first is None else {"Range": f"bytes={first}-{'' if last is None else last}"}
    if version is not None:
        which["VersionId"] = version
    answer = translated(lambda: aws.s3().get_object(Bucket=bucket, Key=key, **which))
    length = answer["ContentLength"]
    whole = int(answer["ContentRange"].rpartition("/")[2]) if answer.get("ContentRange") else length
    return _described(answer, size=whole, body=answer["Body"])


def head(bucket: str, key: str) -> StoredObject:
    """Describe an object without opening it.

    Raises:
        Missing: there is none.
    """
    answer = translated(lambda: aws.s3().head_object(Bucket=bucket, Key=key))
    return _described(answer, size=answer["ContentLength"], body=None)


def listed(bucket: str, key: str) -> int | None:
    """The size of the object under exactly this key, None without one. Needs no right to read the object."""
    answer = aws.s3().list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return next((found["Size"] for found in answer.get("Contents", []) if found["Key"] == key), None)


def delete(bucket: str, key: str, version: str | None = None) -> None:
    """Delete an object, or one version of it; no matter if there is none."""
    which: dict[str, Any] = {} if version is None else {"VersionId": version}
    aws.s3().delete_object(Bucket=bucket, Key=key, **which)


def delete_each(bucket: str, keys: Iterable[str]) -> None:
    """Delete objects of a bucket without versions, a thousand a call; no matter which are gone already.

    Raises:
        NotDeleted: S3 kept some.
    """
    for thousand in batched(keys, 1000):
        wanted: Any = {"Objects": [{"Key": key} for key in thousand], "Quiet": True}
        if kept := aws.s3().delete_objects(Bucket=bucket, Delete=wanted).get("Errors"):
            raise NotDeleted(f"{len(kept)} objects of {bucket} were kept: {kept[0].get('Code')}")


def delete_versions(bucket: str, key: str) -> None:
    """Delete every version under exactly this key, delete markers included."""
    pages = aws.s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for version in found:
            if version["Key"] == key:
                delete(bucket, key, version["VersionId"])


def delete_below(bucket: str, prefix: str) -> None:
    """Delete every object whose key begins with a prefix, in a bucket without versions."""
    for key in keys_below(bucket, prefix):
        delete(bucket, key)


def keys_below(bucket: str, prefix: str) -> Iterator[str]:
    """The keys that begin with a prefix, a thousand a call."""
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            yield found["Key"]


def tag(bucket: str, key: str, version: str | None, tags: dict[str, str]) -> None:
    """Set the tags of an object version.

    Raises:
        Missing: there is none.
    """
    which: dict[str, Any] = {} if version is None else {"VersionId": version}
    pairs: Any = [{"Key": name, "Value": value} for name, value in tags.items()]
    translated(lambda: aws.s3().put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": pairs}, **which))


def tags(bucket: str, key: str) -> tuple[str | None, dict[str, str]]:
    """The newest version under a key, and its tags.

    Raises:
        Missing: there is none.
    """
    answer = translated(lambda: aws.s3().get_object_tagging(Bucket=bucket, Key=key))
    return answer.get("VersionId"), {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def copy(source: tuple[str, str, str | None], bucket: str, key: str, *, size: int, headers: dict[str, str]) -> None:
    """Copy an object inside S3, with metadata and tags set anew.

    Args:
        source: bucket, key, and version (None: the current one).
        size: bytes of the source; above `COPY_LIMIT` it goes in parts (`multipart.copy`).
        headers: S3's own argument names, e.g. `ContentType`, `CacheControl`.

    Raises:
        Missing: the source is gone.
    """
    if size > COPY_LIMIT:
        from chalicelib.files import multipart

        multipart.copy(source, bucket, key, size=size, headers=headers)
        return
    from_bucket, from_key, version = source
    origin: Any = {"Bucket": from_bucket, "Key": from_key} | ({"VersionId": version} if version else {})
    request: dict[str, Any] = {"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE", **headers}
    translated(lambda: aws.s3().copy_object(CopySource=origin, Bucket=bucket, Key=key, **request))


def signed_post(bucket: str, key: str, *, seconds: int, largest: int, smallest: int, fields: dict[str, str]) -> Any:
    """A form with which whoever holds it can send an object under exactly this key, for so long.

    Args:
        smallest, largest: bytes that the object may have.
        fields: the further fields of the form; each must be sent as it is.

    Returns:
        `url` and `fields`.
    """
    conditions: Any = [{name: value} for name, value in fields.items()]
    conditions.append(["content-length-range", smallest, largest])
    return aws.s3().generate_presigned_post(bucket, key, Fields=fields, Conditions=conditions, ExpiresIn=seconds)


def address(bucket: str, key: str) -> str:
    """The plain URL of an object. Nothing is signed: it only says where it is."""
    return _place(aws.s3(), bucket) + quote(key)


@functools.lru_cache(maxsize=8)
def _place(client: "S3Client", bucket: str) -> str:
    """What the addresses of a bucket's objects begin with. Only by signing for one does the SDK tell."""
    signed = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "-"})
    return signed.partition("?")[0].removesuffix("-")


def signed_url(bucket: str, key: str, *, seconds: int, headers: dict[str, str]) -> str:
    """A URL that gives the object to whoever holds it, for so long, with these response headers."""
    request = {"Bucket": bucket, "Key": key} | {f"Response{name}": value for name, value in headers.items()}
    return aws.s3().generate_presigned_url("get_object", Params=request, ExpiresIn=seconds)


def disposition(name: str, kind: str = "inline") -> str:
    """The Content-Disposition of a file of this name, safe for any name (RFC 6266)."""
    plain = "".join(character if " " <= character <= "~" and character not in '"\\' else "_" for character in name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'


def _described(answer: Any, *, size: int, body: Any) -> StoredObject:
    return StoredObject(
        size=size,
        length=answer["ContentLength"],
        version=answer.get("VersionId"),
        etag=answer["ETag"],
        last_modified=answer["LastModified"],
        content_type=answer.get("ContentType", "application/octet-stream"),
        body=body,
    )


def translated(call: Callable[[], Any]) -> Any:
    """Call S3 and return its answer.

    Raises:
        Missing, RangeOutside: what S3 calls by several names.
    """
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _MISSING:
            raise Missing from error
        if code == "InvalidRange":
            raise RangeOutside from error
        raise

"""Parts: their arithmetic, and what large copies ask of S3, without large objects."""

import itertools
import threading
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.files import multipart, objects
from chalicelib.files.multipart import COPY_PART, MOST_PARTS, SMALLEST_PART, part_size, spans
from tests.support.calls import Call, counting, on_call
from tests.support.cloud import Cloud

MIB, GIB, TIB = 1024**2, 1024**3, 1024**4


@pytest.mark.parametrize(
    ("size", "part"),
    [
        (0, 8 * MIB),
        (1, 8 * MIB),
        (200 * MIB, 8 * MIB),
        (8_000 * MIB, 8 * MIB),
        (8_000 * MIB + 1, 9 * MIB),
        (50 * GIB, 52 * MIB),
        (64_000 * MIB, 64 * MIB),
        (500 * GIB, 64 * MIB),
        (640_000 * MIB + 1, 65 * MIB),
        (5 * TIB, 525 * MIB),
    ],
)
def test_a_part_is_as_large_as_the_whole_demands(size: int, part: int) -> None:
    assert part_size(size) == part
    assert part >= SMALLEST_PART
    assert -(-size // part) <= MOST_PARTS


@pytest.mark.parametrize("size", [5 * GIB + 1, 6 * GIB, 2_500 * GIB, 2_500 * GIB + 1, 5 * TIB, 5 * TIB - 1])
def test_the_spans_of_a_copy_cover_it_once_in_parts_that_s3_takes(size: int) -> None:
    found = [tuple(map(int, span.removeprefix("bytes=").split("-"))) for span in spans(size)]
    assert len(found) <= MOST_PARTS
    assert found[0][0] == 0
    assert found[-1][1] == size - 1
    assert all(following == last + 1 for (_, last), (following, _) in itertools.pairwise(found))
    sizes = {last - first + 1 for first, last in found[:-1]}
    assert len(sizes) == 1
    assert COPY_PART <= sizes.pop() <= 5 * GIB


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies above 12 MiB go in parts of 5 MiB, the smallest that S3 takes."""
    monkeypatch.setattr(objects, "COPY_LIMIT", 12 * MIB)
    monkeypatch.setattr(multipart, "COPY_PART", 5 * MIB)


def arrive(cloud: Cloud, content: bytes) -> str:
    """Put a version into intake; its id."""
    answer = boto3.client("s3").put_object(Bucket=cloud.settings.intake_bucket, Key="large/x", Body=content)
    return str(answer["VersionId"])


def copy(cloud: Cloud, version: str, size: int) -> None:
    source = (cloud.settings.intake_bucket, "large/x", version)
    objects.copy(source, cloud.settings.library_bucket, "y", size=size, headers={"ContentType": "a/b"})


def test_a_large_copy_goes_in_parts_of_the_version_that_was_judged(cloud: Cloud, small: None) -> None:
    content = b"".join(bytes([number]) * MIB for number in range(13)) + b"end"
    version = arrive(cloud, content)
    etag = aws.s3().head_object(Bucket=cloud.settings.intake_bucket, Key="large/x")["ETag"]
    arrive(cloud, b"another")
    with counting() as calls:
        copy(cloud, version, len(content))
    copied = aws.s3().get_object(Bucket=cloud.settings.library_bucket, Key="y")
    assert (copied["Body"].read(), copied["ContentType"]) == (content, "a/b")
    assert calls.counts() == {
        "s3.HeadObject": 1, "s3.CreateMultipartUpload": 1, "s3.UploadPartCopy": 3, "s3.CompleteMultipartUpload": 1,
    }  # fmt: skip
    parts = sorted((call.params for call in calls if call.operation == "UploadPartCopy"), key=lambda p: p["PartNumber"])
    for part in parts:
        assert part["CopySource"] == f"{cloud.settings.intake_bucket}/large/x?versionId={version}"
        assert part["CopySourceIfMatch"] == etag
    assert [part["CopySourceRange"] for part in parts] == [
        "bytes=0-5242879", "bytes=5242880-10485759", f"bytes=10485760-{len(content) - 1}",
    ]  # fmt: skip


def test_checksums_that_s3_tells_of_parts_go_into_the_completion(
    cloud: Cloud, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = arrive(cloud, bytes(13 * MIB))
    real: Any = aws.s3().upload_part_copy

    def with_checksum(**request: Any) -> Any:
        answer = real(**request)
        answer["CopyPartResult"]["ChecksumCRC64NVME"] = f"c{request['PartNumber']}"
        return answer

    completed: list[Any] = []
    monkeypatch.setattr(aws.s3(), "upload_part_copy", with_checksum)
    monkeypatch.setattr(aws.s3(), "complete_multipart_upload", lambda **request: completed.append(request))
    copy(cloud, version, 13 * MIB)
    parts = completed[0]["MultipartUpload"]["Parts"]
    assert [part["ChecksumCRC64NVME"] for part in parts] == ["c1", "c2", "c3"]
    assert all(part.keys() == {"PartNumber", "ETag", "ChecksumCRC64NVME"} for part in parts)


def test_no_more_parts_are_under_way_than_s3_likes(cloud: Cloud, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    version = arrive(cloud, bytes(13 * MIB))
    under_way, most, lock = 0, 0, threading.Lock()

    def upload_part_copy(**request: Any) -> Any:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.002)
        with lock:
            under_way -= 1
        return {"CopyPartResult": {"ETag": '"e"'}}

    monkeypatch.setattr(aws.s3(), "upload_part_copy", upload_part_copy)
    monkeypatch.setattr(aws.s3(), "complete_multipart_upload", lambda **request: None)
    copy(cloud, version, 500 * 5 * MIB)
    assert 8 < most <= 32


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "UploadPartCopy")


@pytest.mark.parametrize(
    ("code", "status", "raised"),
    [
        ("PreconditionFailed", 412, objects.Missing),
        ("NoSuchVersion", 404, objects.Missing),
        ("AccessDenied", 403, ClientError),
    ],
)
def test_a_copy_that_fails_leaves_nothing(
    cloud: Cloud, small: None, code: str, status: int, raised: type[Exception]
) -> None:
    version = arrive(cloud, bytes(13 * MIB))

    def fail(call: Call) -> None:
        if call.operation == "UploadPartCopy" and call.params["PartNumber"] == 2:
            raise refusal(code, status)

    with on_call(before=fail), pytest.raises(raised):
        copy(cloud, version, 13 * MIB)
    bucket = cloud.settings.library_bucket
    assert "Uploads" not in aws.s3().list_multipart_uploads(Bucket=bucket)
    assert "Contents" not in aws.s3().list_objects_v2(Bucket=bucket)


def test_a_source_that_is_gone_begins_nothing(cloud: Cloud, small: None) -> None:
    with counting() as calls, pytest.raises(objects.Missing):
        objects.copy(
            (cloud.settings.intake_bucket, "large/x", None), cloud.settings.library_bucket, "y",
            size=13 * MIB, headers={},
        )  # fmt: skip
    assert calls.names() == ["s3.HeadObject"]

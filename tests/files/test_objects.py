"""The S3 operations: copies above 5 GB go in parts of one version, and nothing of a failed one stays."""

from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.files import objects
from tests.support.world import World

GIB = 1024**3
SOURCE = ("from", "key", "version-1")


class PartCopier:
    """Stands for S3 where copies of 5 GB and more would have to be made: it notes what it is asked."""

    def __init__(self, fail_at: int | None = None, code: str = "SlowDown") -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._fail_at = fail_at
        self._code = code

    def head_object(self, **request: Any) -> dict[str, Any]:
        return {"ETag": '"source"'}

    def create_multipart_upload(self, **request: Any) -> dict[str, Any]:
        self.calls.append(("create", request))
        return {"UploadId": "upload-1"}

    def upload_part_copy(self, **request: Any) -> dict[str, Any]:
        self.calls.append(("part", request))
        if request["PartNumber"] == self._fail_at:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "UploadPartCopy")
        return {"CopyPartResult": {"ETag": f'"{request["PartNumber"]}"'}}

    def complete_multipart_upload(self, **request: Any) -> None:
        self.calls.append(("complete", request))

    def abort_multipart_upload(self, **request: Any) -> None:
        self.calls.append(("abort", request))

    def copy_object(self, **request: Any) -> None:
        self.calls.append(("copy", request))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [request for name, request in self.calls if name == kind]


def copy(monkeypatch: pytest.MonkeyPatch, s3: PartCopier, size: int) -> None:
    monkeypatch.setattr(aws, "s3", lambda: s3)
    objects.copy(SOURCE, "to", "target", size=size, headers={"ContentType": "text/plain", "CacheControl": "x"})


@pytest.mark.parametrize("size", [0, 1, 5 * GIB])
def test_up_to_five_gigabytes_one_copy_does(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    s3 = PartCopier()
    copy(monkeypatch, s3, size)
    ((kind, request),) = s3.calls
    assert kind == "copy"
    assert request["CopySource"] == {"Bucket": "from", "Key": "key", "VersionId": "version-1"}
    assert (request["MetadataDirective"], request["TaggingDirective"]) == ("REPLACE", "REPLACE")


@pytest.mark.parametrize("size", [5 * GIB + 1, 6 * GIB, 5 * GIB + 256 * 1024**2, 50 * GIB - 1])
def test_larger_ones_go_in_parts_that_cover_every_byte_once(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    s3 = PartCopier()
    copy(monkeypatch, s3, size)
    parts = sorted(s3.of("part"), key=lambda part: int(part["PartNumber"]))
    spans = [tuple(map(int, part["CopySourceRange"].removeprefix("bytes=").split("-"))) for part in parts]
    assert spans[0][0] == 0
    assert spans[-1][1] == size - 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(spans))
    sizes = [last - first + 1 for first, last in spans]
    assert set(sizes[:-1]) == {sizes[0]}
    assert 256 * 1024**2 <= sizes[0] <= 5 * GIB
    assert sizes[-1] <= sizes[0]
    assert [part["PartNumber"] for part in parts] == list(range(1, len(parts) + 1))
    assert {part["CopySource"]["VersionId"] for part in parts} == {"version-1"}
    (created,) = s3.of("create")
    assert (created["ContentType"], created["CacheControl"]) == ("text/plain", "x")
    (completed,) = s3.of("complete")
    assert completed["MultipartUpload"]["Parts"] == [
        {"PartNumber": number, "ETag": f'"{number}"'} for number in range(1, len(parts) + 1)
    ]


def test_a_copy_that_fails_is_aborted_and_not_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = PartCopier(fail_at=3)
    with pytest.raises(ClientError):
        copy(monkeypatch, s3, 6 * GIB)
    assert s3.of("abort") == [{"Bucket": "to", "Key": "target", "UploadId": "upload-1"}]
    assert s3.of("complete") == []


def test_a_source_that_is_gone_in_mid_copy_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = PartCopier(fail_at=2, code="NoSuchKey")
    with pytest.raises(objects.Missing):
        copy(monkeypatch, s3, 6 * GIB)
    assert len(s3.of("abort")) == 1


def test_a_copy_in_parts_is_the_same_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "COPY_LIMIT", 5 * 1024**2)
    content = bytes(range(256)) * 4096 * 7
    bucket, target = world.cloud.settings.library_bucket, world.cloud.settings.media_bucket
    world.inspect("s3").put_object(Bucket=bucket, Key="k", Body=content)
    objects.copy((bucket, "k", None), target, "t", size=len(content), headers={"ContentType": "image/png"})
    (stored,) = world.objects("media_bucket")
    assert stored.content == content
    assert dict(stored.headers)["content-type"] == "image/png"


def test_every_version_of_exactly_one_key_goes(world: World) -> None:
    bucket = world.cloud.settings.intake_bucket
    for key in ("small/a", "small/a", "small/ab"):
        world.inspect("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    world.inspect("s3").delete_object(Bucket=bucket, Key="small/a")
    objects.delete_versions(bucket, "small/a")
    assert [stored.key for stored in world.objects("intake_bucket")] == ["small/ab"]
    assert objects.listed(bucket, "small/a") is None
    assert objects.listed(bucket, "small/ab") == 1


def test_what_is_not_there_is_missing_and_its_deletion_nothing(world: World) -> None:
    bucket = world.cloud.settings.library_bucket
    with pytest.raises(objects.Missing):
        objects.get(bucket, "nothing")
    with pytest.raises(objects.Missing):
        objects.head(bucket, "nothing")
    with pytest.raises(objects.Missing):
        objects.copy((bucket, "nothing", None), bucket, "target", size=1, headers={})
    objects.delete(bucket, "nothing")


def test_a_range_behind_the_end_is_told_apart_from_a_missing_object(world: World) -> None:
    bucket = world.cloud.settings.library_bucket
    world.inspect("s3").put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    found = objects.get(bucket, "k", first=2, last=4)
    assert found.body is not None
    assert (found.body.read(), found.length, found.size) == (b"234", 3, 10)
    with pytest.raises(objects.RangeOutside):
        objects.get(bucket, "k", first=10)

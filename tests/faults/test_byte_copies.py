"""Copies to a device with a bucket of its own: bytes are copied inside S3, once, and go with their last reference."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.apis.projectassets import copied_files
from chalicelib.files import multipart, objects
from chalicelib.rows import Transaction, TransactionCancelled, commit
from chalicelib.settings import settings
from tests.files.scanners.samples import EICAR
from tests.support.bundles import DEVICE_BUCKET, OWN_ROOT, Bundles, bundle_rows, disagreements, everything_wrong
from tests.support.calls import Call, counting, on_call
from tests.support.world import World

FILES = {"a": b"a", "dir_b": b"bb", "dir_c": b"ccc"}
CONTENTS = {"a": b"a", "dir/b": b"bb", "dir/c": b"ccc"}
ROOT = OWN_ROOT + "copy/"
DONE, FAILED = (6, True), (-1, False)


@pytest.fixture
def bundles(world: World) -> Bundles:
    return Bundles(world).with_own_bucket()


def assert_in_order(bundles: Bundles) -> None:
    assert everything_wrong(bundles.world) == []
    assert not any(bundles.world.waiting().values())


def test_the_bytes_lie_in_the_devices_bucket_and_nowhere_else(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    library = bundles.world.keys("library_bucket")
    copy = bundles.copy(source, ROOT)
    with counting() as calls:
        bundles.world.deliver()
    assert bundles.state(copy) == DONE
    assert calls.counts()["s3.CopyObject"] == len(FILES)
    assert len(bundles.own_objects()) == len(FILES)
    assert bundles.world.keys("library_bucket") == library
    bundles.delete(source)
    bundles.world.repair()
    assert bundles.world.keys("library_bucket") == []
    assert bundles.contents(copy) == CONTENTS
    assert_in_order(bundles)


def test_they_go_with_the_last_project_that_refers_to_them(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source, ROOT)
    bundles.world.deliver()
    further = bundles.copy(copy, "/mnt/archive/further/")
    beside = bundles.copy(copy, OWN_ROOT + "beside/")
    with counting() as calls:
        bundles.world.deliver()
    assert "s3.CopyObject" not in calls.counts()
    for project in (copy, beside):
        bundles.delete(project)
    bundles.world.repair()
    assert bundles.contents(further) == CONTENTS
    with counting() as calls:
        bundles.delete(further)
        bundles.world.deliver()
    assert calls.counts()["s3.DeleteObjects"] == 1
    assert bundles.own_objects() == []
    assert bundles.contents(source) == CONTENTS
    assert_in_order(bundles)


def test_a_replaced_file_takes_its_bytes_along(bundles: Bundles) -> None:
    copy = bundles.copy(bundles.project(a=b"a"), ROOT)
    bundles.world.deliver()
    bundles.put(copy, "a", b"new")
    bundles.world.repair()
    assert bundles.own_objects() == []
    assert bundles.contents(copy) == {"a": b"new"}
    assert_in_order(bundles)


def test_a_file_that_is_not_scanned_yet_is_waited_for_and_an_infected_one_is_only_referred_to(bundles: Bundles) -> None:
    source = bundles.project(a=b"a")
    bundles.put(source, "bad", EICAR)
    bundles.put(source, "late", b"late")
    copy = bundles.copy(source, ROOT)
    bundles.world.deliver("work")
    assert bundles.state(copy) == (0, False)
    with counting() as calls:
        bundles.world.repair()
    assert bundles.state(copy) == DONE
    assert bundles.files(copy) == {"a": "clean", "bad": "infected", "late": "clean"}
    assert calls.counts()["s3.CopyObject"] == 2  # the scan's own, and one copy: `a` was there already
    assert len(bundles.own_objects()) == 2
    assert_in_order(bundles)


def test_a_source_whose_bytes_are_gone(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source, ROOT)
    lost = next(row for row in bundle_rows(bundles.world) if row["sk"].endswith("dir/c"))
    bundles.world.inspect("s3").delete_object(Bucket=settings().library_bucket, Key=lost["library_key"])
    bundles.world.repair()
    assert bundles.state(copy) == FAILED
    shown = bundles.shown(copy)
    assert shown is not None
    assert shown["status_asset_description"] == "The copy failed: The bytes of the file 'dir/c' are gone."
    assert bundles.own_objects() == []
    assert bundles.files(copy) == {}
    assert bundles.client.get(f"/api/projectassets/{copy}/job/").status == 404
    assert disagreements(bundles.world) == []


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_file_that_is_changed_while_its_bytes_are_copied(bundles: Bundles, change: str) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source, ROOT)
    [key] = [row["library_key"] for row in bundle_rows(bundles.world) if row["sk"] == "project#file/a"]
    changed: list[str] = []

    def meanwhile(call: Call) -> None:
        if call.operation == "CopyObject" and call.params["CopySource"]["Key"] == key and not changed:
            changed.append(str(call))
            if change == "removed":
                bundles.client.delete(bundles.url(source, "a"))
            else:
                bundles.put(source, "a", b"new")
            bundles.world.travel(2)
            bundles.world.sweep()  # now the bytes go

    with on_call(before=meanwhile):
        bundles.world.deliver(failing=True)
    bundles.world.repair()
    assert changed
    assert bundles.state(copy) == DONE
    wanted = CONTENTS | {"a": b"new"} if change == "replaced" else {k: v for k, v in CONTENTS.items() if k != "a"}
    assert bundles.contents(copy) == bundles.contents(source) == wanted
    assert_in_order(bundles)


@pytest.mark.parametrize("together", [33, len(FILES)], ids=["the last batch", "one beside the next"])
def test_a_file_that_others_left_unscanned_while_its_batch_was_written_is_waited_for(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(copied_files, "TOGETHER", together)
    source = bundles.project(**FILES)
    copy = bundles.copy(source, ROOT)
    asked: list[Transaction] = []

    def refused_at_first(transaction: Transaction, **options: Any) -> None:
        asked.append(transaction)
        if len(asked) == 1:
            bundles.put(source, "a", b"new")
            raise TransactionCancelled({1: None})
        commit(transaction, **options)

    monkeypatch.setattr(copied_files, "commit", refused_at_first)
    bundles.world.deliver("work")
    assert len(asked) == 2
    assert bundles.state(copy) == (0, False)
    bundles.world.repair()
    assert bundles.state(copy) == DONE
    assert bundles.contents(copy) == CONTENTS | {"a": b"new"}
    assert_in_order(bundles)


def test_a_canceled_copy_leaves_no_bytes(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source, ROOT)
    seen: list[str] = []

    def cancel(call: Call) -> None:
        if call.operation == "CopyObject" and not seen:
            seen.append(str(call))
            assert bundles.client.delete(f"/api/projectassets/{copy}/job/").status == 202

    with on_call(before=cancel):
        bundles.world.deliver()
    assert seen
    bundles.world.repair()
    assert bundles.state(copy) == FAILED
    assert bundles.own_objects() == []
    assert_in_order(bundles)


def test_a_bucket_that_is_not_allowed(bundles: Bundles) -> None:
    body = {"name": "Other", "path": "/mnt/other/", "bucket": "somebody-elses"}
    reply = bundles.client.post("/api/devices/", json=body)
    assert reply.status == 400
    assert reply.json()["errors"][0]["source"] == {"pointer": "/bucket"}
    source = bundles.project(**FILES)
    copy = bundles.copy(source, ROOT)
    bundles.world.cloud.set(DEVICE_BUCKETS="another")
    bundles.world.deliver()
    assert bundles.state(copy) == FAILED
    bundles.world.cloud.set(DEVICE_BUCKETS=DEVICE_BUCKET)
    assert_in_order(bundles)


def test_a_file_too_large_for_one_copy_goes_in_parts_as_a_part_of_its_own(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"0123456789" * 1_200_000
    project = bundles.project(a=b"a")
    bundles.put(project, "large", b"x")
    bundles.put(project, "z", b"z")
    bundles.world.deliver()
    monkeypatch.setattr(objects, "COPY_LIMIT", 10_000_000)
    monkeypatch.setattr(multipart, "COPY_PART", 5 * 1024**2)
    _grow(bundles, project, "large", large)
    copy = bundles.copy(project, ROOT)
    with counting() as calls:
        bundles.world.deliver()
    assert bundles.state(copy) == DONE
    counts = calls.counts()
    assert (counts["s3.CopyObject"], counts["s3.UploadPartCopy"], counts["s3.CompleteMultipartUpload"]) == (2, 3, 1)
    [job] = [row for row in bundles.world.rows("jobs_table") if row["sk"] == "job"]
    assert job["total"] == 4  # before it, itself, behind it, and the links
    row = next(
        row for row in bundle_rows(bundles.world) if row["pk"] == f"project#{copy}" and row["sk"].endswith("large")
    )
    key = row["library_key"].partition(":")[2]
    assert bundles.world.inspect("s3").get_object(Bucket=DEVICE_BUCKET, Key=key)["Body"].read() == large


def _grow(bundles: Bundles, project: int, path: str, content: bytes) -> None:
    """Let a file have been uploaded with more bytes than a request can carry."""
    row = next(row for row in bundle_rows(bundles.world) if row["sk"].endswith(path))
    bundles.world.inspect("s3").put_object(Bucket=settings().library_bucket, Key=row["library_key"], Body=content)
    size: Any = {"ExpressionAttributeNames": {"#size": "size"}, "UpdateExpression": "SET #size = :size",
                 "ExpressionAttributeValues": {":size": {"N": str(len(content))}}}  # fmt: skip
    dynamodb = bundles.world.inspect("dynamodb")
    places = (
        (settings().productions_table, row["pk"], row["sk"]),
        (settings().files_table, f"file#{row['file_id']}", "file"),
    )
    for table, pk, sk in places:
        dynamodb.update_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, **size)


def test_parts_that_cannot_all_be_copied_are_thrown_away(bundles: Bundles, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bundles.project(large=b"x")
    monkeypatch.setattr(objects, "COPY_LIMIT", 10_000_000)
    monkeypatch.setattr(multipart, "COPY_PART", 5 * 1024**2)
    _grow(bundles, project, "large", b"0123456789" * 1_200_000)
    copy = bundles.copy(project, ROOT)
    failures: list[str] = []

    def fail(call: Call) -> None:
        if call.operation == "UploadPartCopy" and not failures:
            failures.append(str(call))
            raise ClientError({"Error": {"Code": "SlowDown"}}, "UploadPartCopy")

    with on_call(before=fail), counting() as calls:
        bundles.world.repair()
    assert bundles.state(copy) == DONE
    assert (calls.counts()["s3.AbortMultipartUpload"], calls.counts()["s3.CompleteMultipartUpload"]) == (1, 1)
    assert bundles.world.inspect("s3").list_multipart_uploads(Bucket=DEVICE_BUCKET).get("Uploads", []) == []

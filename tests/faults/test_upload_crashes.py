"""Uploads survive a crash at any AWS call: no count is wrong, and nothing is left that nobody knows of."""

import threading
from collections import Counter
from typing import Any

import pytest

from chalicelib.files import intake, library, uploads
from chalicelib.settings import settings
from tests.support.crashes import Report, Scenario, survive
from tests.support.world import World

TEXT = b"the bytes of an upload"


def begin(world: World, **announced: Any) -> dict[str, Any]:
    """Begin an upload in parts; its answer."""
    answer: dict[str, Any] = world.client.post("/s3/multipart", json={"filename": "a.txt", **announced}).json()
    return answer


def path(upload: dict[str, Any], what: str = "") -> str:
    return f"/s3/multipart/{upload['uploadId']}{what}?key={upload['key']}"


def sent(world: World, **announced: Any) -> dict[str, Any]:
    """An upload whose one part is there."""
    upload = begin(world, **announced)
    request = {"Bucket": upload["bucket"], "Key": upload["key"], "UploadId": upload["uploadId"]}
    upload["etag"] = world.inspect("s3").upload_part(**request, PartNumber=1, Body=TEXT)["ETag"]
    return upload


def complete(world: World, upload: dict[str, Any]) -> int:
    parts = {"parts": [{"PartNumber": 1, "ETag": upload["etag"]}]}
    return world.client.post(path(upload, "/complete"), json=parts).status


def completed(world: World) -> dict[str, Any]:
    upload = sent(world)
    assert complete(world, upload) == 200
    return upload


def handed_over(world: World) -> dict[str, Any]:
    """An upload whose completion outlasted its request."""
    upload = sent(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "PATIENCE", 0.01)
        patch.setattr(intake, "join_parts", lambda *_: threading.Event().wait(0.1))
        assert complete(world, upload) == 503
    return upload


def overdue(world: World) -> dict[str, Any]:
    upload = sent(world)
    world.travel(25 * 3600)
    world.sweep()  # finds it, and that it never came; what it makes due is for the act
    return upload


def impatient(world: World, **announced: Any) -> dict[str, Any]:
    """One whose completion will outlast its request."""
    upload = sent(world, **announced)
    world.cloud.monkeypatch.setattr(uploads, "PATIENCE", 0.01)
    world.cloud.monkeypatch.setattr(intake, "join_parts", lambda *_: threading.Event().wait(0.1))
    return upload


def aborted_during_its_scan(world: World) -> None:
    """Ahead of its verdict, when its bytes have been copied."""
    upload = completed(world)
    accept = library.accept

    def accept_and_abort(*args: Any) -> str:
        key = accept(*args)
        world.client.delete(path(upload))
        return key

    world.cloud.monkeypatch.setattr(library, "accept", accept_and_abort)


def use(world: World, upload: dict[str, Any]) -> None:
    assert world.client.post("/assets", json={"upload": upload["id"]}).status == 201


SCENARIOS = [
    Scenario("begin a single upload", lambda w: None, lambda w, _: w.client.get("/s3/params?filename=a.txt&size=9")),
    Scenario("begin an upload in parts", lambda w: None, lambda w, _: begin(w)),
    Scenario("use", completed, use),
    Scenario("abort", sent, lambda w, upload: w.client.delete(path(upload)), repeatable=True),
    Scenario("abort of a complete one", completed, lambda w, upload: w.client.delete(path(upload)), repeatable=True),
    Scenario("completion by the work queue", handed_over, lambda w, _: w.deliver("work"), "message"),
    Scenario("expiry", overdue, lambda w, _: w.sweep(), "message"),
    Scenario("scan of what is aborted", aborted_during_its_scan, lambda w, _: w.deliver(), "message"),
]


def agreed(world: World) -> list[str]:
    """What is wrong between rows, counters and S3's uploads."""
    rows = world.rows("files_table")
    files = [row for row in rows if row["sk"] == "file"]
    counted: Counter[str] = Counter()
    for row in files:
        if "reserved" in row:
            counted[row["uploader"]] += row["reserved"]
    wrong = []
    for row in rows:
        if row["sk"] == "quota":
            uid = row["pk"].removeprefix("uid#")
            there = sum(1 for file in files if file.get("uploader") == uid and "reserved" in file)
            if (row["uploads"], row["bytes"]) != (there, counted[uid]):
                wrong.append(f"{uid} counts {row['uploads']} uploads of {row['bytes']} bytes: {there}, {counted[uid]}")
    known = {file.get("upload_id"): file for file in files}
    s3, bucket = world.inspect("s3"), settings().intake_bucket
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        file = known.get(upload["UploadId"])
        if file is None:
            parts = s3.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]).get("Parts")
            wrong += ["an upload that nobody knows has parts"] if parts else []
        elif file.get("purged"):
            wrong.append(f"{file['pk']} is purged, and its upload is not aborted")
    return wrong


def survived(world: World, scenario: Scenario) -> Report:
    report = survive(world, scenario, agreed)
    assert report.crash_points > 0
    return report


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_upload_survives_a_crash_at_any_call(world: World, scenario: Scenario) -> None:
    assert survived(world, scenario).failures == []


COMPLETIONS = [
    Scenario("completion", sent, complete, repeatable=True),
    Scenario("completion of an announced size", lambda w: sent(w, size=len(TEXT)), complete, repeatable=True),
    Scenario("completion that outlasts its request", impatient, complete),
]


@pytest.mark.parametrize("scenario", COMPLETIONS, ids=lambda scenario: scenario.name)
def test_a_completion_survives_a_crash_at_any_call(world: World, scenario: Scenario) -> None:
    """One that is not asked for again may leave behind how many parts were about to be put together."""
    report = survived(world, scenario)
    half = [failure for failure in report.failures if "another end state" in failure and "sent again" not in failure]
    assert [failure for failure in report.failures if failure not in half] == []
    for failure in half:
        [surplus] = [line for line in failure.splitlines() if line.strip().startswith("+")]
        assert "parts=1" in surplus
        assert "verdict=pending" in surplus

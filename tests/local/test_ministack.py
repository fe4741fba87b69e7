"""The emulator keeps its state across a clean stop, and listens where it did before."""

import os
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.ministack import Ministack, MinistackError
from infra.resources import provision
from tests.support.cloud import PARAMETERS


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


def clients() -> tuple[Any, Any, Any]:
    return boto3.client("s3"), boto3.client("sqs"), boto3.client("dynamodb")


def test_objects_versions_rows_messages_and_notifications_survive_a_stop(
    here: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}, "n": {"N": "1"}}
    first = Ministack(tmp_path)
    first.start()
    try:
        here.setenv("AWS_ENDPOINT_URL", first.endpoint)
        environment = provision("local", parameters=PARAMETERS)
        s3, sqs, dynamodb = clients()
        for body in (b"old", b"new"):
            s3.put_object(Bucket=environment["INTAKE_BUCKET"], Key="small/a", Body=body)
        dynamodb.put_item(TableName=environment["FILES_TABLE"], Item=row)
        sqs.send_message(QueueUrl=environment["WORK_QUEUE"], MessageBody="kept")
    finally:
        first.stop()
    second = Ministack(tmp_path)
    assert second.port == first.port
    second.start()
    try:
        assert provision("local", parameters=PARAMETERS) == environment
        versions = s3.list_object_versions(Bucket=environment["INTAKE_BUCKET"])["Versions"]
        assert len(versions) == 2
        assert s3.get_object(Bucket=environment["INTAKE_BUCKET"], Key="small/a")["Body"].read() == b"new"
        assert (
            dynamodb.get_item(TableName=environment["FILES_TABLE"], Key={"pk": row["pk"], "sk": row["sk"]})["Item"]
            == row
        )
        [message] = sqs.receive_message(QueueUrl=environment["WORK_QUEUE"])["Messages"]
        assert message["Body"] == "kept"
        s3.put_object(Bucket=environment["INTAKE_BUCKET"], Key="large/b", Body=b"x")
        announced: list[str] = []
        deadline = time.monotonic() + 10
        while not any("large/b" in body or "large%2Fb" in body for body in announced) and time.monotonic() < deadline:
            answer = sqs.receive_message(QueueUrl=environment["SCAN_LARGE_QUEUE"], WaitTimeSeconds=1)
            announced += [message["Body"] for message in answer.get("Messages", [])]
        assert "large/b" in announced[-1]
    finally:
        second.stop()


def test_an_emulator_that_cannot_run_says_so_with_the_end_of_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it is broken\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(MinistackError, match="it is broken"):
        Ministack(tmp_path, broken).start()
    with pytest.raises(MinistackError, match="missing"):
        Ministack(tmp_path, tmp_path / "nothing").start()

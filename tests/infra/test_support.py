"""The ground the other tests stand on."""

import json
import threading
from typing import Any

import boto3
import pytest
from chalice.app import Chalice, CloudWatchEvent, Rate, Response, SQSEvent

from chalicelib import aws
from chalicelib.settings import settings
from tests.support.calls import Call, Crash, counting, lost_answers, on_call
from tests.support.client import Client, Upload, deliver, multipart, sweep
from tests.support.cloud import Cloud


class Sample(Chalice):
    """An app that remembers what its handlers were given."""

    def __init__(self) -> None:
        super().__init__(app_name="sample")
        self.api.binary_types = ["*/*"]
        self.handled: list[dict[str, Any]] = []


@pytest.fixture
def app() -> Sample:
    app = Sample()

    @app.route("/{proxy+}", methods=["POST"], content_types=["multipart/form-data"])
    def echo() -> Response:
        request = app.current_request
        assert request is not None
        return Response(request.raw_body, headers={"Content-Type": "application/octet-stream"})

    @app.on_sqs_message(queue="scan-small", batch_size=10)
    def scan_small(event: SQSEvent) -> dict[str, Any]:
        records = event.to_dict()["Records"]
        app.handled += records
        failed = [record["messageId"] for record in records if record["body"] == "fail"]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    @app.on_sqs_message(queue="work", batch_size=1)
    def work(event: SQSEvent) -> None:
        for record in event:
            if record.body == "raise":
                raise RuntimeError("as asked")
            if record.body == "crash":
                raise Crash

    @app.schedule(Rate(1, unit=Rate.MINUTES))
    def tick(event: CloudWatchEvent) -> None:
        app.handled.append(event.to_dict())

    return app


def test_each_test_has_an_empty_cloud_and_the_settings_of_the_template(cloud: Cloud) -> None:
    assert cloud.settings.auth == "required"
    assert cloud.settings.scanner == "yara"
    assert cloud.settings.assets_origin == "http://assets.test"
    assert aws.s3().list_objects_v2(Bucket=settings().intake_bucket)["KeyCount"] == 0
    cloud.set(AUTH="open")
    assert settings().auth == "open"


def test_an_object_put_into_intake_reaches_the_scan_consumer_of_its_size(cloud: Cloud, app: Sample) -> None:
    deliver(app)  # takes the test event that S3 sends first
    app.handled.clear()
    aws.s3().put_object(Bucket=settings().intake_bucket, Key="small/a", Body=b"x")
    aws.s3().put_object(Bucket=settings().intake_bucket, Key="large/a", Body=b"x")
    assert deliver(app) == 1
    [record] = app.handled
    assert json.loads(record["body"])["Records"][0]["s3"]["bucket"]["name"] == settings().intake_bucket
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:assetmanager-local-scan-small"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_failed_records_of_a_batch_come_again_and_the_others_do_not(cloud: Cloud, app: Sample) -> None:
    deliver(app)
    app.handled.clear()
    for body in ("fail", "succeed"):
        aws.sqs().send_message(QueueUrl=settings().scan_small_queue, MessageBody=body)
    assert deliver(app) == 2
    assert deliver(app) == 0
    assert cloud.hand_back() == 1
    assert deliver(app) == 1
    assert [record["body"] for record in app.handled] == ["fail", "succeed", "fail"]
    assert app.handled[-1]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_handler_that_raises_keeps_its_message_and_a_message_dies_after_its_last_attempt(
    cloud: Cloud, app: Sample
) -> None:
    aws.sqs().send_message(QueueUrl=settings().work_queue, MessageBody="raise")
    with pytest.raises(RuntimeError, match="as asked"):
        deliver(app, "work")
    rounds = 1
    while cloud.hand_back() and deliver(app, "work", failing=True):
        rounds += 1
    assert rounds == 8
    dead = aws.sqs().get_queue_url(QueueName="assetmanager-local-work-dead")["QueueUrl"]
    assert aws.sqs().receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "raise"


def test_a_crash_leaves_the_message_to_be_delivered_again(cloud: Cloud, app: Sample) -> None:
    aws.sqs().send_message(QueueUrl=settings().work_queue, MessageBody="crash")
    with pytest.raises(Crash):
        deliver(app, "work")
    assert cloud.hand_back() == 1


def test_schedules_tick_when_asked(cloud: Cloud, app: Sample) -> None:
    sweep(app)
    assert [event["detail-type"] for event in app.handled] == ["Scheduled Event"]


def test_calls_are_seen_and_can_die_before_or_after_their_effect(cloud: Cloud) -> None:
    bucket = settings().library_bucket

    def die(call: Call) -> None:
        if call.operation == "PutObject":
            raise Crash

    with counting() as calls:
        with on_call(before=die), pytest.raises(Crash):
            aws.s3().put_object(Bucket=bucket, Key="before", Body=b"x")
        with on_call(after=die), pytest.raises(Crash):
            aws.s3().put_object(Bucket=bucket, Key="after", Body=b"x")
        listed = aws.s3().list_objects_v2(Bucket=bucket)
    assert [item["Key"] for item in listed["Contents"]] == ["after"]
    assert calls.names() == ["s3.PutObject", "s3.PutObject", "s3.ListObjectsV2"]
    assert calls[0].params["Key"] == "before"


def test_a_lost_answer_makes_the_sdk_repeat_the_call(cloud: Cloud) -> None:
    with lost_answers(lambda call: call.operation == "SendMessage") as lost:
        aws.sqs().send_message(QueueUrl=settings().work_queue, MessageBody="x")
    assert len(lost) == 1
    messages = aws.sqs().receive_message(QueueUrl=settings().work_queue, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 2


def test_threads_interleave_between_calls_and_never_inside_one(cloud: Cloud) -> None:
    dynamodb: Any = boto3.client("dynamodb")

    def add() -> None:
        for _ in range(10):
            dynamodb.update_item(
                TableName=settings().files_table,
                Key={"pk": {"S": "count"}, "sk": {"S": "count"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    threads = [threading.Thread(target=add) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    item = dynamodb.get_item(TableName=settings().files_table, Key={"pk": {"S": "count"}, "sk": {"S": "count"}})
    assert item["Item"]["n"]["N"] == "160"


def test_a_transaction_that_fails_leaves_every_item_as_it_was(cloud: Cloud) -> None:
    dynamodb, table = boto3.client("dynamodb"), settings().files_table
    keys = {name: {"pk": {"S": "one"}, "sk": {"S": name}} for name in ("new", "put", "changed", "deleted")}
    for name in ("put", "changed", "deleted"):
        dynamodb.put_item(TableName=table, Item={**keys[name], "n": {"N": "1"}, "l": {"L": [{"S": "x"}]}})
    before = dynamodb.scan(TableName=table)["Items"]
    named = {"ExpressionAttributeNames": {"#n": "n", "#l": "l"}}
    changing = "SET #n = #n + :one, #l = list_append(#l, #l)"
    steps: Any = [
        {"Put": {"TableName": table, "Item": {**keys["new"], "n": {"N": "2"}}}},
        {"Put": {"TableName": table, "Item": {**keys["put"], "n": {"N": "2"}}}},
        {"Delete": {"TableName": table, "Key": keys["deleted"]}},
        {"Update": {"TableName": table, "Key": keys["changed"], "UpdateExpression": changing, **named,
                    "ExpressionAttributeValues": {":one": {"N": "1"}}}},
    ]  # fmt: skip
    failing: Any = {"ConditionExpression": "attribute_exists(pk)", "Key": {"pk": {"S": "no"}, "sk": {"S": "no"}}}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[*steps, {"ConditionCheck": {"TableName": table, **failing}}])
    assert dynamodb.scan(TableName=table)["Items"] == before
    dynamodb.transact_write_items(TransactItems=steps)
    after = dynamodb.scan(TableName=table)["Items"]
    assert sorted((item["sk"]["S"], item["n"]["N"]) for item in after) == [("changed", "2"), ("new", "2"), ("put", "2")]


def test_the_client_sends_multipart_as_curl_does(app: Sample) -> None:
    content_type, body = multipart([("asset[file]", Upload(b"\x00\xff", 'a"b.png', "image/png"))], boundary="b")
    assert content_type == "multipart/form-data; boundary=b"
    assert body == (
        b'--b\r\nContent-Disposition: form-data; name="asset[file]"; filename="a%22b.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x00\xff\r\n--b--\r\n"
    )
    reply = Client(app).post("/x", files={"asset[file]": ("a.bin", b"\x00\xff")}, form={"asset[draft]": "true"})
    assert reply.status == 200
    assert b'name="asset[draft]"\r\n\r\ntrue\r\n' in reply.body
    assert b'filename="a.bin"' in reply.body

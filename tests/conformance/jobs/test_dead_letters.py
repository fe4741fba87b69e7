"""GET /jobs/queues/{name}/dead and POST /jobs/queues/{name}/redrive: what was given up is looked at and sent again."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest

from app import app
from chalicelib import aws
from chalicelib.apis.jobs import service
from chalicelib.jobs import queues, running
from chalicelib.jobs.models import Job
from chalicelib.rows import transact
from chalicelib.settings import settings
from tests.support.callers import Caller, new_caller
from tests.support.calls import Call, Crash, counting, on_call
from tests.support.client import Client, deliver
from tests.support.cloud import Cloud

DEAD, REDRIVE = "/jobs/queues/work/dead", "/jobs/queues/work/redrive"
SIGNED = "https://bucket.example/key?X-Amz-Signature=abc"


@pytest.fixture
def root(cloud: Cloud) -> Caller:
    return new_caller("root", superuser=True)


def die(*bodies: Any, queue: str | None = None) -> None:
    """Have a queue give these messages up."""
    url = queues.dead_letters(queue or settings().work_queue)
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        attributes: Any = {"correlation_id": {"DataType": "String", "StringValue": "the-request"}}
        aws.sqs().send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)


def seen(caller: Caller, url: str = DEAD) -> list[dict[str, Any]]:
    reply = caller.client.get(url)
    assert reply.status == 200, reply.text
    results: list[dict[str, Any]] = reply.json()["results"]
    return results


def depth(caller: Caller, name: str = "work") -> tuple[int, int]:
    found = {queue["name"]: queue for queue in caller.client.get("/jobs/queues").json()["queues"]}
    return found[name]["waiting"], found[name]["dead"]


def hidden(queue_url: str) -> int:
    """How many messages that a queue gave up come back after a while."""
    wanted: Any = ["ApproximateNumberOfMessagesNotVisible"]
    found: Any = aws.sqs().get_queue_attributes(QueueUrl=queues.dead_letters(queue_url), AttributeNames=wanted)
    return int(found["Attributes"][wanted[0]])


def received(queue_url: str) -> list[dict[str, Any]]:
    answer: Any = aws.sqs().receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def test_a_look_tells_what_messages_speak_of_and_leaves_them_there(root: Caller) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    die({"job": "j1"})
    for attempts in (1, 2):
        [found] = seen(root)
        assert (found["what"], found["subject"], found["attempts"]) == ("job", "j1", attempts)
        for moment in (found["sent_at"], found["first_received_at"]):
            assert before <= datetime.fromisoformat(moment) <= datetime.now(UTC)
        assert set(found) == {"id", "what", "subject", "attempts", "sent_at", "first_received_at"}
    assert len(received(queues.dead_letters(settings().work_queue))) == 1, "it was put back at once"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"part": "j1/3"}, ("part", "j1/3")),
        ({"upload": "f1"}, ("file", "f1")),
        ({"publication": "/media/a b.png"}, ("publication", "/media/a b.png")),
        ({"path": "/media/a.png"}, ("publication", "/media/a.png")),
        ({"next": "thumbnail"}, ("worker", "thumbnail")),
        ({"Records": [{"s3": {"object": {"key": quote_plus("small/f 1")}}}]}, ("arrival", "small/f 1")),
        ({"detail": {"s3ObjectDetails": {"objectKey": "large/f+1"}}}, ("arrival", "large/f+1")),
        ({"url": SIGNED, "token": "secret"}, ("unknown", None)),
        ({"job": {"token": "secret"}, "Records": []}, ("unknown", None)),
        ([SIGNED], ("unknown", None)),
        (SIGNED, ("unknown", None)),
    ],
)
def test_what_a_message_speaks_of_is_told_and_nothing_else(root: Caller, body: Any, told: tuple[str, Any]) -> None:
    die(body)
    reply = root.client.get(DEAD)
    [found] = reply.json()["results"]
    assert (found["what"], found["subject"]) == told
    assert "secret" not in reply.text
    assert "X-Amz" not in reply.text


def test_a_look_goes_as_far_as_it_was_asked_to(root: Caller) -> None:
    die(*({"job": str(number)} for number in range(23)))
    assert sorted(int(one["subject"]) for one in seen(root)) == list(range(23))
    assert len(seen(root, f"{DEAD}?limit=12")) == 12
    assert len({one["id"] for one in seen(root)}) == 23
    assert root.client.get(f"{DEAD}?limit=101").status == 400
    assert depth(root) == (0, 23)


def test_what_looking_and_sending_again_cost(root: Caller) -> None:
    die(*({"job": str(number)} for number in range(12)))
    root.client.get("/jobs/queues")  # the token is looked up once a minute
    with counting() as looked:
        assert len(seen(root)) == 12
    twice = {"sqs.ReceiveMessage": 2, "sqs.ChangeMessageVisibilityBatch": 2}
    assert looked.counts() == Counter({"sqs.GetQueueAttributes": 2, **twice})
    with counting() as sent:
        assert root.client.post(REDRIVE).json()["moved"] == 12
    twice = {"sqs.ReceiveMessage": 2, "sqs.SendMessageBatch": 2, "sqs.DeleteMessageBatch": 2}
    assert sent.counts() == Counter({"sqs.GetQueueAttributes": 4, **twice})


def test_a_look_that_dies_hides_messages_for_seconds_only(root: Caller) -> None:
    die({"job": "j1"})
    timeouts: list[int] = []

    def note(call: Call) -> None:
        if call.operation == "ReceiveMessage":
            timeouts.append(call.params["VisibilityTimeout"])
        if call.operation == "ChangeMessageVisibilityBatch":
            raise Crash

    with on_call(before=note), pytest.raises(Crash):
        root.client.get(DEAD)
    assert timeouts == [10]


def test_nothing_was_given_up(root: Caller) -> None:
    with counting() as calls:
        assert seen(root) == []
        assert root.client.post(REDRIVE).json()["moved"] == 0
    assert not [call for call in calls if call.operation == "ReceiveMessage"], "nobody waits for what is not there"


def test_a_job_that_was_given_up_is_run_once_its_message_is_sent_again(root: Caller) -> None:
    running.register("tests.dead", lambda job: None)
    job = running.plan("tests.dead", {})
    transact(*running.steps(job))
    die({"job": job.job_id})
    reply = root.client.post(REDRIVE)
    assert reply.json() == {
        "_response_info": {"status": "success"},
        "moved": 1,
        "queue": {"name": "work", "waiting": 1, "in_flight": 0, "delayed": 0, "dead": 0},
    }
    [message] = received(settings().work_queue)
    assert message["MessageAttributes"]["correlation_id"]["StringValue"] == "the-request"
    aws.sqs().change_message_visibility(
        QueueUrl=settings().work_queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    deliver(app)
    row = Job.get_by_id(job.job_id)
    assert row is not None
    assert row.state == "done"
    running._kinds.pop("tests.dead")


def test_many_are_sent_again_in_bounded_numbers(root: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_REDRIVEN", 15)
    die(*({"job": str(number)} for number in range(23)))
    assert root.client.post(REDRIVE).json()["moved"] == 15
    assert depth(root) == (15, 8)
    assert root.client.post(REDRIVE).json()["moved"] == 8
    assert depth(root) == (23, 0)


@pytest.mark.parametrize("operation", ["SendMessageBatch", "DeleteMessageBatch"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_while_messages_are_sent_again_loses_none(root: Caller, operation: str, moment: str) -> None:
    die({"job": "j1"}, {"job": "j2"})

    def die_there(call: Call) -> None:
        if call.operation == operation:
            raise Crash

    with on_call(**{moment: die_there}), pytest.raises(Crash):
        root.client.post(REDRIVE)
    there = {json.loads(message["Body"])["job"] for message in received(settings().work_queue)}
    assert there == {"j1", "j2"} or hidden(settings().work_queue) == 2


def test_what_its_queue_does_not_take_stays(root: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    die({"job": "j1"}, {"job": "j2"})
    client = aws.sqs()
    send = client.send_message_batch

    def take_one(**request: Any) -> Any:
        answer = send(QueueUrl=request["QueueUrl"], Entries=request["Entries"][:1])
        return {**answer, "Failed": [{"Id": "1", "Code": "Throttled", "SenderFault": False}]}

    monkeypatch.setattr(client, "send_message_batch", take_one)
    assert root.client.post(REDRIVE).json()["moved"] == 1
    assert (depth(root)[0], hidden(settings().work_queue)) == (1, 1)


def test_every_queue_has_its_own(root: Caller) -> None:
    die({"Records": []}, queue=settings().scan_small_queue)
    assert seen(root) == []
    assert len(seen(root, "/jobs/queues/scan-small/dead")) == 1
    assert root.client.post("/jobs/queues/scan-small/redrive").json()["queue"]["name"] == "scan-small"


def test_dead_letters_are_for_superusers(cloud: Cloud, root: Caller) -> None:
    alice, nobody = new_caller("alice", permissions=["Manage all Assets"]), Client(app)
    die({"job": "j1"})
    assert [alice.client.get(DEAD).status, alice.client.post(REDRIVE).status] == [403, 403]
    assert [nobody.get(DEAD).status, nobody.post(REDRIVE).status] == [401, 401]
    assert depth(root) == (0, 1)
    for name in ("none", "jobs_table", "work-dead", "%2e%2e"):
        replies = [root.client.get(f"/jobs/queues/{name}/dead"), root.client.post(f"/jobs/queues/{name}/redrive")]
        assert [reply.status for reply in replies] == [404, 404]

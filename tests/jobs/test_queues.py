"""Consuming: what fails comes back alone, after a while that grows, and at last lies with the dead letters."""

from typing import Any

import pytest

from chalicelib.jobs import queues, work
from chalicelib.jobs.queues import Message, NotYet
from chalicelib.settings import settings
from infra.local.invocation import LambdaContext
from tests.support.calls import Crash, on_call
from tests.support.world import World

DEAD = "assetmanager-local-work-dead"


@pytest.fixture
def handled(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handled; `bad...` raises, `wait<n>` is not to be handled for n seconds."""
    seen: list[str] = []

    def handle(name: str) -> None:
        if name.startswith("bad"):
            raise ValueError("not a word of this in the answer")
        if name.startswith("wait"):
            raise NotYet("later", int(name[4:]))
        seen.append(name)

    world.deliver()
    monkeypatch.setitem(work._functions, "test", handle)
    return seen


def delays(world: World, names: list[str]) -> dict[str, int]:
    """Deliver these messages once; how long each that stays is invisible."""
    for name in names:
        world.send({"test": name}, "work_queue")
    found: dict[str, int] = {}
    receipts: dict[str, str] = {}

    def note(call: Any) -> None:
        if call.operation == "ChangeMessageVisibility":
            found[call.params["ReceiptHandle"]] = call.params["VisibilityTimeout"]

    original = queues.consume

    def consume(event: dict[str, Any], *rest: Any) -> dict[str, Any]:
        receipts.update({record["receiptHandle"]: record["body"] for record in event["Records"]})
        return original(event, *rest)

    with pytest.MonkeyPatch.context() as patch, on_call(before=note):
        patch.setattr(queues, "consume", consume)
        world.deliver(failing=True)
    bodies = {name: next(receipt for receipt, body in receipts.items() if f'"{name}"' in body) for name in names}
    return {name: found[receipt] for name, receipt in bodies.items() if receipt in found}


def test_only_what_failed_stays_of_a_batch(world: World, handled: list[str]) -> None:
    for name in ("a", "bad", "b", "wait30", "c"):
        world.send({"test": name}, "work_queue")
    world.deliver(failing=True)
    assert sorted(handled) == ["a", "b", "c"]
    assert [body["test"] for body in world.messages("work_queue")] == ["bad", "wait30"]


def test_who_asks_for_a_delay_gets_it_and_an_error_begins_with_a_second(world: World, handled: list[str]) -> None:
    assert delays(world, ["wait77", "bad"]) == {"wait77": 77, "bad": 1}


@pytest.mark.parametrize(("count", "delay"), [(1, 1), (2, 3), (4, 27), (7, 729), (8, 900), (12, 900)])
def test_delays_grow_up_to_a_quarter_of_an_hour(world: World, count: int, delay: int) -> None:
    assert Message({}, count, world.now()).growing_delay() == delay


def test_an_hour_of_patience_fits_into_the_receptions_a_scan_message_has(world: World) -> None:
    queue = world.inspect("sqs").get_queue_attributes(QueueUrl=settings().scan_small_queue, AttributeNames=["All"])
    most = int(queue["Attributes"]["RedrivePolicy"].partition('maxReceiveCount":')[2].strip(' "}'))
    waited = sum(Message({}, count, world.now()).growing_delay() for count in range(1, most))
    assert waited > 3600


def test_what_always_fails_ends_with_the_dead_letters(world: World, handled: list[str]) -> None:
    world.send({"test": "bad"}, "work_queue")
    for _ in range(8):
        assert DEAD not in world.waiting()
        world.cloud.hand_back()
        world.deliver(failing=True)
    world.cloud.hand_back()
    world.deliver(failing=True)
    assert world.waiting() == {DEAD: 1}


def test_a_message_that_nobody_understands_does_not_hold_up_the_others(world: World, handled: list[str]) -> None:
    world.inspect("sqs").send_message(QueueUrl=settings().work_queue, MessageBody="not json")
    world.send({"unknown": "kind"}, "work_queue")
    world.send({"test": "a"}, "work_queue")
    world.deliver(failing=True)
    assert handled == ["a"]


def test_a_dead_worker_leaves_its_whole_batch(
    world: World, handled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(name: str) -> None:
        raise Crash

    for name in ("a", "b"):
        world.send({"test": name}, "work_queue")
    with monkeypatch.context() as patch:
        patch.setitem(work._functions, "test", die)
        with pytest.raises(Crash):
            world.deliver()
    world.cloud.hand_back()
    world.deliver()
    assert sorted(handled) == ["a", "b"]


def test_the_answer_names_the_records_that_have_to_come_again(world: World) -> None:
    def record(number: int, body: str) -> dict[str, Any]:
        sent = int(world.now().timestamp() * 1000)
        attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(sent)}
        return {
            "messageId": f"m{number}",
            "receiptHandle": "r",
            "body": body,
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:work",
            "awsRegion": "us-east-1",
        }

    def handle(message: Message) -> None:
        if message.body["n"] == 1:
            raise ValueError

    event = {"Records": [record(number, f'{{"n": {number}}}') for number in range(3)]}
    with on_call(before=lambda call: None), pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.aws.sqs", lambda: _Deaf())
        answer = queues.consume(event, LambdaContext("work"), settings().work_queue, handle)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


class _Deaf:
    """A queue that takes every change of visibility."""

    def change_message_visibility(self, **request: Any) -> None:
        assert request["VisibilityTimeout"] == 1

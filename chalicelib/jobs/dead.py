"""Dead letters: a look at the messages that a queue gave up, and sending them once more.

    dead letters --> received, hidden for seconds --> looked at --> put back at once
    dead letters --> received, hidden for a minute --> sent to their queue --> deleted here

A message is sent before it is deleted: a death between the two leaves it in both queues, which harms nothing, since
messages are hints that may come twice. IAM actions: sqs:ReceiveMessage, sqs:ChangeMessageVisibility and
sqs:DeleteMessage on queues of dead letters, sqs:SendMessage on the others.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib import aws
from chalicelib.jobs import queues

_AT_ONCE = 10
_LOOK_SECONDS = 10
"""How long a message stays hidden should whoever looks at it die."""

_MOVE_SECONDS = 60
_WAIT_SECONDS = 1
"""How long a call waits for messages: without waiting, SQS asks only some of the places where it keeps them."""


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up.

    Attributes:
        body: what it says; None if that is no JSON object.
        received: how often it was received by now, looks at it included.
        first_received_at: when it was received first where it lies.
    """

    message_id: str
    body: dict[str, Any] | None
    sent_at: datetime
    first_received_at: datetime
    received: int


def look(queue_url: str, *, most: int) -> list[Dead]:
    """At most so many of the messages that a queue gave up, in no particular order. They stay where they are."""
    found: dict[str, dict[str, Any]] = {}
    wanted = min(most, queues.depths(queue_url).dead)
    try:
        for message in _received(queue_url, wanted, _LOOK_SECONDS):
            found[message["MessageId"]] = message
    finally:
        _put_back(queue_url, list(found.values()))
    return [_told(message) for message in found.values()]


def redrive(queue_url: str, *, most: int) -> int:
    """Send at most so many of the messages that a queue gave up to it once more. Returns how many were."""
    moved = 0
    batch: list[dict[str, Any]] = []
    for message in _received(queue_url, min(most, queues.depths(queue_url).dead), _MOVE_SECONDS):
        batch.append(message)
        if len(batch) == _AT_ONCE:
            moved += _moved(queue_url, batch)
            batch = []
    return moved + (_moved(queue_url, batch) if batch else 0)


def _received(queue_url: str, most: int, seconds: int) -> Iterator[dict[str, Any]]:
    """Messages that a queue gave up, hidden from others for so many seconds, until there are none or enough."""
    left = most
    while left > 0:
        answer: Any = aws.sqs().receive_message(
            QueueUrl=queues.dead_letters(queue_url),
            MaxNumberOfMessages=min(_AT_ONCE, left),
            VisibilityTimeout=seconds,
            WaitTimeSeconds=_WAIT_SECONDS,
            AttributeNames=["SentTimestamp", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        left -= len(messages)
        yield from messages


def _put_back(queue_url: str, messages: list[dict[str, Any]]) -> None:
    for start in range(0, len(messages), _AT_ONCE):
        waiting: Any = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, message in enumerate(messages[start : start + _AT_ONCE])
        ]
        aws.sqs().change_message_visibility_batch(QueueUrl=queues.dead_letters(queue_url), Entries=waiting)


def _moved(queue_url: str, messages: list[dict[str, Any]]) -> int:
    """Send these messages to their queue, and delete those that it has taken. Returns how many those are."""
    sent: Any = [
        {
            "Id": str(number),
            "MessageBody": message["Body"],
            "MessageAttributes": {
                name: {"DataType": value["DataType"], "StringValue": value["StringValue"]}
                for name, value in message.get("MessageAttributes", {}).items()
                if "StringValue" in value
            },
        }
        for number, message in enumerate(messages)
    ]
    taken = [one["Id"] for one in aws.sqs().send_message_batch(QueueUrl=queue_url, Entries=sent).get("Successful", [])]
    gone: Any = [{"Id": number, "ReceiptHandle": messages[int(number)]["ReceiptHandle"]} for number in taken]
    if gone:
        aws.sqs().delete_message_batch(QueueUrl=queues.dead_letters(queue_url), Entries=gone)
    return len(taken)


def _told(message: dict[str, Any]) -> Dead:
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = None
    facts = message["Attributes"]
    return Dead(
        message["MessageId"],
        body if isinstance(body, dict) else None,
        _moment(facts["SentTimestamp"]),
        _moment(facts["ApproximateFirstReceiveTimestamp"]),
        int(facts["ApproximateReceiveCount"]),
    )


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)

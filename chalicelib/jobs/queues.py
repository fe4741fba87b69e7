"""Sending to queues, and consuming them one record at a time with partial batch failures.

A consumer's function gets the message's JSON body. It returns when the message is done with, raises `NotYet` to have it
back after a delay, and any other exception to have it back after a growing one. What keeps failing ends in the queue's
dead-letter queue. IAM actions: sqs:SendMessage, sqs:ChangeMessageVisibility on the own queue.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib import aws, metrics
from chalicelib.batches import batched
from chalicelib.logs import correlation_id, follow, logger

LONGEST_DELAY = 900

_CORRELATION = "correlation_id"


class NotYet(Exception):
    """The message cannot be handled now; hand it back for `delay` seconds. Nothing is wrong."""

    def __init__(self, why: str, delay: int) -> None:
        self.delay = delay
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a consumer's function sees it."""

    body: dict[str, Any]
    receive_count: int
    sent_at: datetime

    def growing_delay(self) -> int:
        """Seconds to wait before this message is tried again: 1, 3, 9 ... up to `LONGEST_DELAY`."""
        return int(min(LONGEST_DELAY, 3 ** min(self.receive_count - 1, 8)))


def send(queue_url: str, body: dict[str, Any]) -> None:
    """Put one message on a queue."""
    aws.sqs().send_message(QueueUrl=queue_url, MessageBody=json.dumps(body), **_carried())


def send_each(queue_url: str, bodies: Iterable[dict[str, Any]]) -> None:
    """Put many messages on a queue, ten a call."""
    for ten in batched(bodies, 10):
        waiting: Any = [
            {"Id": str(number), "MessageBody": json.dumps(body), **_carried()} for number, body in enumerate(ten)
        ]
        answer = aws.sqs().send_message_batch(QueueUrl=queue_url, Entries=waiting)
        if failed := answer.get("Failed"):
            raise RuntimeError(f"{len(failed)} messages were not taken: {failed[0]['Code']}")


def _carried() -> dict[str, Any]:
    """What goes along with a message: the id of the request in which all this began, if there was one."""
    found = correlation_id()
    return {"MessageAttributes": {_CORRELATION: {"DataType": "String", "StringValue": found}}} if found else {}


def depth(queue_url: str) -> int:
    """About how many messages wait in a queue."""
    answer = aws.sqs().get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


@dataclass(frozen=True, slots=True)
class Depths:
    """About how many messages a queue has, by what they wait for; `dead` are those it gave up."""

    waiting: int
    in_flight: int
    delayed: int
    dead: int


def depths(queue_url: str) -> Depths:
    """How much there is to do in a queue, and what was given up: two calls."""
    waiting, in_flight, delayed = _counted(queue_url, "", "NotVisible", "Delayed")
    return Depths(waiting, in_flight, delayed, _counted(dead_letters(queue_url), "")[0])


def dead_letters(queue_url: str) -> str:
    """The URL of the queue that takes what a queue gives up."""
    return f"{queue_url}-dead"


def _counted(queue_url: str, *kinds: str) -> list[int]:
    names: Any = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
    found: Any = aws.sqs().get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return [int(found[name]) for name in names]


def consume(event: dict[str, Any], context: Any, queue_url: str, handle: Callable[[Message], None]) -> dict[str, Any]:
    """Hand each record of a Lambda SQS event to `handle` and report those that have to come again.

    Returns:
        The answer Lambda wants: `{"batchItemFailures": [...]}`.
    """
    # Imported here: it costs more than everything else a consumer needs, and the API never needs it.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    queue = queue_url.rpartition("/")[2]

    def handle_record(record: SQSRecord) -> None:
        started = time.perf_counter()
        count = int(record.attributes.approximate_receive_count)
        sent_at = datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
        logger.thread_safe_append_keys(queue=queue, message_id=record.message_id, receive_count=count)
        carried = record.message_attributes[_CORRELATION]
        follow(carried.string_value if carried is not None else None)

        def done(outcome: str, **more: Any) -> dict[str, Any]:
            return {"outcome": outcome, "ms": round((time.perf_counter() - started) * 1000, 2), **more}

        try:
            message = Message(json.loads(record.body), count, sent_at)
            try:
                handle(message)
                logger.info("message", extra=done("handled"))
            except Exception as error:
                delay = error.delay if isinstance(error, NotYet) else message.growing_delay()
                if isinstance(error, NotYet):
                    logger.info("message", extra=done("handed back", reason=str(error), delay=delay))
                else:
                    logger.exception("message", extra=done("failed", delay=delay))
                    metrics.emit("MessagesFailed", queue=queue)
                aws.sqs().change_message_visibility(
                    QueueUrl=queue_url, ReceiptHandle=record.receipt_handle, VisibilityTimeout=delay
                )
                raise
        finally:
            logger.thread_safe_clear_keys()

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=handle_record, processor=processor, context=context)
    return dict(answer)

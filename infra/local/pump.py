"""Hands queue messages and schedules to the app's handlers as Lambda's event source mappings and EventBridge would.

Consumers and schedules are found in the Chalice app itself. A batch is one invocation; records the handler names in
`batchItemFailures` stay in the queue until their visibility timeout ends, the others are deleted; a handler that raises
keeps its whole batch there. Redrive to the dead-letter queues is SQS's own doing.

The queue called `scan-small` in app.py is the one whose URL the setting SCAN_SMALL_QUEUE holds.
"""

import base64
import logging
import re
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from chalice.app import Chalice, ScheduledEventConfig, SQSEventConfig

from chalicelib.settings import settings
from infra.local.invocation import LambdaContext

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

logger = logging.getLogger(__name__)

# Marks the calls that Lambda's pollers would make, so that they are never counted as the app's own.
USER_AGENT = "event-pump"

_LONG_POLL = 2  # seconds; also how long stopping may take when nothing is going on
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class _Queue:
    url: str
    arn: str
    visibility_timeout: int


class Pump:
    """Delivers what waits in the app's queues.

    Args:
        app: the Chalice app. Its environment must stand: queue URLs come from the settings.
        concurrency: invocations at a time per consumer, for `run`.
        client: what asks the queues; one of its own when left out.
    """

    def __init__(self, app: Chalice, *, concurrency: int = 4, client: "SQSClient | None" = None) -> None:
        self._app = app
        self._concurrency = concurrency
        self._consumers = [source for source in app.event_sources if isinstance(source, SQSEventConfig)]
        self._schedules = [source for source in app.event_sources if isinstance(source, ScheduledEventConfig)]
        self._periods = {schedule.name: _period(schedule) for schedule in self._schedules}
        self._client = client or polling_client()
        self._queues: dict[str, _Queue] = {}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.errors: list[Exception] = []  # what handlers raised, oldest first

    # --- in threads, for the local cloud

    def run(self) -> None:
        """Start delivering in threads of their own, and return."""
        for consumer in self._consumers:
            self._queue(consumer)
            for number in range(self._concurrency):
                self._start(f"{consumer.name}-{number}", self._poll, consumer)
        for schedule in self._schedules:
            self._start(schedule.name, self._keep_time, schedule)

    def stop(self, timeout: float = 30.0) -> None:
        """Take nothing more, and wait up to `timeout` seconds for what is being handled."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _start(self, name: str, target: Any, argument: Any) -> None:
        thread = threading.Thread(target=target, args=(argument,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _poll(self, consumer: SQSEventConfig) -> None:
        while not self._stopping.is_set():
            try:
                self.deliver(consumer.name, wait=_LONG_POLL)
            except Exception:
                if not self._stopping.is_set():
                    logger.exception("cannot poll %s", consumer.queue)
                self._stopping.wait(1)

    def _keep_time(self, schedule: ScheduledEventConfig) -> None:
        while not self._stopping.is_set():
            self._fire(schedule)
            self._stopping.wait(self._periods[schedule.name])

    # --- on the spot, for tests

    def drain(self, *consumers: str) -> int:
        """Deliver everything visible until all queues are quiet.

        Args:
            consumers: names of the consumers to serve; all when none is named.

        Returns:
            Number of records delivered.
        """
        chosen = [consumer for consumer in self._consumers if not consumers or consumer.name in consumers]
        if unknown := set(consumers) - {consumer.name for consumer in chosen}:
            raise ValueError(f"the app has no consumer {', '.join(sorted(unknown))}")
        total = 0
        while delivered := sum(self.deliver(consumer.name) for consumer in chosen):
            total += delivered
        return total

    def run_schedules(self, *names: str) -> None:
        """Fire every schedule once, or only those named."""
        for schedule in self._schedules:
            if not names or schedule.name in names:
                self._fire(schedule)

    # --- one batch, one tick

    def receive(self, name: str, *, wait: int = 0) -> dict[str, Any] | None:
        """The event that Lambda would hand to a consumer next; None when nothing is visible. It stays in flight."""
        consumer = self._consumer(name)
        queue = self._queue(consumer)
        messages = self._client.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=min(consumer.batch_size, 10),
            WaitTimeSeconds=wait,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return {"Records": [_record(message, queue.arn) for message in messages]} if messages else None

    def invoke(self, name: str, event: dict[str, Any], *, timeout: float = 60) -> Any:
        """Hand an event to a function of the app, and return what it answers."""
        return self._app.handler_map[name](event, LambdaContext(name, timeout=timeout))

    def deliver(self, name: str, *, wait: int = 0) -> int:
        """Deliver one batch to a consumer; returns the number of records, 0 when nothing is visible."""
        event = self.receive(name, wait=wait)
        if event is None:
            return 0
        consumer = self._consumer(name)
        queue, records = self._queue(consumer), event["Records"]
        try:
            result = self.invoke(consumer.name, event, timeout=queue.visibility_timeout / 6)
        except Exception as error:
            logger.exception("%s failed", consumer.name)
            self.errors.append(error)
            return len(records)
        failed = _failed(result, {record["messageId"] for record in records})
        for record in records:
            if record["messageId"] not in failed:
                self._client.delete_message(QueueUrl=queue.url, ReceiptHandle=record["receiptHandle"])
        return len(records)

    def _fire(self, schedule: ScheduledEventConfig) -> None:
        try:
            self.invoke(schedule.name, _scheduled_event(schedule.name), timeout=60)
        except Exception as error:
            logger.exception("%s failed", schedule.name)
            self.errors.append(error)

    @staticmethod
    def _url(consumer: SQSEventConfig) -> str:
        url: str = getattr(settings(), f"{str(consumer.queue).replace('-', '_')}_queue")
        return url

    def _consumer(self, name: str) -> SQSEventConfig:
        return next(consumer for consumer in self._consumers if consumer.name == name)

    def _queue(self, consumer: SQSEventConfig) -> _Queue:
        name = str(consumer.queue)
        if name not in self._queues:
            url = self._url(consumer)
            attributes = self._client.get_queue_attributes(
                QueueUrl=url, AttributeNames=["QueueArn", "VisibilityTimeout"]
            )["Attributes"]
            self._queues[name] = _Queue(url, attributes["QueueArn"], int(attributes["VisibilityTimeout"]))
        return self._queues[name]


def polling_client() -> "SQSClient":
    """A client whose calls are those of Lambda's pollers."""
    client: SQSClient = boto3.client("sqs", config=Config(user_agent_extra=USER_AGENT, max_pool_connections=64))
    return client


def _record(message: Any, arn: str) -> dict[str, Any]:
    """A received message as Lambda words it."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _message_attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _message_attribute(value: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"dataType": value["DataType"], "stringListValues": [], "binaryListValues": []}
    if "StringValue" in value:
        result["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        result["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode("ascii")
    return result


def _failed(result: Any, ids: set[str]) -> set[str]:
    """The ids that stay in the queue. Like Lambda, a report that cannot be understood fails the whole batch."""
    if not result:
        return set()
    if not isinstance(result, dict):
        return ids
    failures = result.get("batchItemFailures") or []
    named = {str(failure.get("itemIdentifier")) if isinstance(failure, dict) else "" for failure in failures}
    return named if named <= ids else ids


def _period(schedule: ScheduledEventConfig) -> int:
    """Seconds between two ticks."""
    expression = schedule.schedule_expression
    text = expression if isinstance(expression, str) else expression.to_string()
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"the local cloud keeps only rates, and {schedule.name} is {text}")
    return int(match[1]) * _UNIT_SECONDS[match[2]]


def _scheduled_event(name: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:000000000000:rule/{name}"],
        "detail": {},
    }

"""A queue of a running product that does nothing but what a test lets it do, message by message.

While it is held, what the product sends there waits for as long as SQS delays a message at most; what the test sends
does not. A test so sees each step of a job for as long as it looks, and none of them depends on who is faster.
"""

import contextlib
import json
from collections.abc import Callable, Iterator

import boto3

from infra.local import within
from tests.support.product import Product

Let = Callable[..., None]
"""Sends a message at once, such as `let(job=job_id)`."""

LONGEST_DELAY = 900


@contextlib.contextmanager
def held(product: Product, queue: str) -> Iterator[Let]:
    """Hold a queue, named by the setting that has its URL, such as `WORK_QUEUE`. What waits by then is not held."""
    cloud = within.environment(product.state)
    session = boto3.Session(
        cloud["AWS_ACCESS_KEY_ID"], cloud["AWS_SECRET_ACCESS_KEY"], region_name=cloud["AWS_DEFAULT_REGION"]
    )
    sqs = session.client("sqs", endpoint_url=cloud["AWS_ENDPOINT_URL"])

    def delay(seconds: int) -> None:
        sqs.set_queue_attributes(QueueUrl=cloud[queue], Attributes={"DelaySeconds": str(seconds)})

    def let(**body: str) -> None:
        sqs.send_message(QueueUrl=cloud[queue], MessageBody=json.dumps(body), DelaySeconds=0)

    delay(LONGEST_DELAY)
    try:
        yield let
    finally:
        delay(0)

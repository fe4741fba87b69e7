"""The event pump of tests: it sees in the fake which queues are empty, and does not ask those; another engine it asks.

Most of what a test has delivered is in one queue of six, and asking is most of what delivering costs the fake.
"""

import functools
import os
from typing import Any

from chalice.app import Chalice
from moto.sqs.models import sqs_backends

from infra.local.pump import Pump, polling_client
from tests.support.cloud import ACCOUNT, REGION

_client = functools.cache(polling_client)


class FakePump(Pump):
    """A pump for what waits in moto's queues."""

    def __init__(self, app: Chalice) -> None:
        super().__init__(app, client=None if "AWS_ENDPOINT_URL" in os.environ else _client())

    def receive(self, name: str, *, wait: int = 0) -> dict[str, Any] | None:
        """As `Pump.receive`."""
        queues: dict[str, Any] = {} if "AWS_ENDPOINT_URL" in os.environ else sqs_backends[ACCOUNT][REGION].queues
        queue = queues.get(self._url(self._consumer(name)).rpartition("/")[2])
        return None if queue is not None and not queue._messages else super().receive(name, wait=wait)

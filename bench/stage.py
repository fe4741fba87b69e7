"""A product in this process on a fake cloud whose answers can be recorded and played again.

Played answers cost next to nothing, so that what is left of an operation is the product's own work and the SDK's.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from chalice.app import Chalice
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib import aws, identity, rows
from chalicelib.settings import settings
from infra.local.invocation import LambdaContext
from infra.resources import provision
from tests.support.calls import counting
from tests.support.client import Client, Reply
from tests.support.cloud import CREDENTIALS, PARAMETERS

Answer = tuple[int, dict[str, Any], Any]
Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of an operation: the calls it made, with their parameters, and how the cloud answered each."""

    calls: list[tuple[str, str, dict[str, Any]]]
    answers: list[Answer]


class Stage:
    """The product, and a client that may do everything."""

    def __init__(self, app: Chalice) -> None:
        self.app = app
        token, entry = identity.mint("bench", superuser=True, organisation="bench", groups=["bench"])
        self.uid = entry.principal.uid
        self.events: list[dict[str, Any]] = []
        self.client = self._client(token)

    def client_of(self, name: str, **principal: Any) -> Client:
        """A client of somebody else; `principal` as for `identity.mint`."""
        return self._client(identity.mint(name, **principal)[0])

    def _client(self, token: str) -> Client:
        return Client(self._call, {"Authorization": f"Bearer {token}"})  # type: ignore[arg-type]

    def _call(self, event: dict[str, Any], context: LambdaContext) -> Any:
        self.events.append(event)
        return self.app(event, context)

    def repeatable(self, send: Callable[[], Reply]) -> Act:
        """What sends a request the first time, and hands the very same event to the app from then on."""
        event: dict[str, Any] | None = None

        def act() -> object:
            nonlocal event
            if event is None:
                reply = send()
                assert reply.status < 400, reply.text
                event = self.events[-1]
                return reply
            return self.app(event, LambdaContext("api_handler"))

        return act

    def record(self, act: Act) -> Recording:
        """Do something once on the fake cloud, and keep what it asked and was answered."""
        answers: list[Answer] = []
        original = BotocoreStubber.process_request

        def keep(self: Any, request: Any) -> Any:
            answer = original(self, request)
            if answer is not None:
                status, headers, body = answer
                answers.append((status, dict(headers), body if isinstance(body, bytes) else str(body).encode()))
            return answer

        BotocoreStubber.process_request = keep  # type: ignore[method-assign]
        try:
            with counting() as calls:
                act()
        finally:
            BotocoreStubber.process_request = original  # type: ignore[method-assign]
        return Recording([(call.service, call.operation, dict(call.params)) for call in calls], answers)


@contextmanager
def stage() -> Iterator[Stage]:
    """A product on an empty cloud, for as long as the block runs."""
    before = dict(os.environ)
    mock = mock_aws()
    mock.start()
    try:
        os.environ.update(CREDENTIALS)
        os.environ.update(provision("local", parameters=PARAMETERS))
        os.environ.update(AUTH="required", POWERTOOLS_LOG_LEVEL="WARNING")
        boto3.DEFAULT_SESSION = None
        aws.s3.cache_clear()
        aws.sqs.cache_clear()
        rows.forget_connections()
        settings.cache_clear()
        from app import app

        yield Stage(app)
    finally:
        mock.stop()
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


@contextmanager
def played(recording: Recording) -> Iterator[Callable[[], None]]:
    """Have every call answered as it was recorded. Yields what begins the recording anew."""
    position = 0
    original = BotocoreStubber.process_request

    def play(self: Any, request: Any) -> Answer:
        nonlocal position
        answer = recording.answers[position]
        position += 1
        return answer

    def rewind() -> None:
        nonlocal position
        position = 0

    BotocoreStubber.process_request = play  # type: ignore[method-assign]
    try:
        yield rewind
    finally:
        BotocoreStubber.process_request = original  # type: ignore[method-assign]

"""A product in this process on a fake cloud whose answers can be recorded and played again.

Played answers come from another process over real connections, so that what is left of an operation is the product's
own work and all that the SDK has to do for its calls.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from chalice.app import Chalice
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from bench.player import Answer, Players, players
from chalicelib import aws, identity, rows
from chalicelib.apis.workspaces import access
from chalicelib.files import objects
from chalicelib.identity import tokens
from chalicelib.settings import settings
from chalicelib.web.request import Request
from infra.local.invocation import LambdaContext
from infra.local.pump import Pump
from infra.resources import provision
from tests.support.calls import counting
from tests.support.client import Client, Reply
from tests.support.cloud import CREDENTIALS, PARAMETERS, REGION

Act = Callable[[], object]

_AWS = ["*.amazonaws.com", f"*.{REGION}.amazonaws.com", "*.s3.amazonaws.com", f"*.s3.{REGION}.amazonaws.com"]
_players: list[Players] = []
_SIGNERS = ("generate_presigned_url", "generate_presigned_post")


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of an operation.

    Attributes:
        calls: service, operation and parameters of the calls it made.
        answers: how the cloud answered each.
        signed: what it signed without a call: the client's method with its arguments.
        remembered: which workspaces the process knew by their names before it; who knows one asks for less.
    """

    calls: list[tuple[str, str, dict[str, Any]]]
    answers: list[Answer]
    signed: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    remembered: dict[Any, Any] = field(default_factory=dict)


class Stage:
    """The product, and a client that may do everything."""

    def __init__(self, app: Chalice) -> None:
        self.app: Any = app
        token, entry = identity.mint("bench", superuser=True, organisation="bench", groups=["bench"])
        self.uid = entry.principal.uid
        self.events: list[dict[str, Any]] = []
        self.client = self._client(token)
        self._pump: Pump | None = None
        self._names = 100  # some names must have three letters
        self._shared: dict[Callable[[Stage], dict[str, str]], dict[str, str]] = {}

    def client_of(self, name: str, **principal: Any) -> Client:
        """A client of somebody else; `principal` as for `identity.mint`."""
        return self._client(identity.mint(name, **principal)[0])

    def sent(self, method: str, url: str, **options: Any) -> Reply:
        """The answer to a request that must succeed; arguments as for `Client.request`."""
        reply = self.client.request(method, url, **options)
        assert reply.status < 400, f"{method} {url}: {reply.status} {reply.text}"
        return reply

    def deliver(self, *consumers: str) -> None:
        """Hand out every message that waits for these consumers; small files are scanned if none is named."""
        if self._pump is None:
            self._pump = Pump(self.app)
        self._pump.drain(*(consumers or ("scan_small",)))
        assert not self._pump.errors, self._pump.errors

    def new_name(self) -> str:
        """A name that was not given before."""
        self._names += 1
        return f"n{self._names}"

    def shared(self, maker: Callable[["Stage"], dict[str, str]]) -> dict[str, str]:
        """What a maker made when it was first asked for: for those who only read."""
        if maker not in self._shared:
            self._shared[maker] = maker(self)
        return self._shared[maker]

    def forget(self) -> None:
        """Make shared worlds anew when they are next asked for: what was made is gone."""
        self._shared.clear()

    def routes_of(self, events: list[dict[str, Any]]) -> set[str]:
        """The routes that requests lead to, each as method and pattern."""
        found = set()
        for event in events:
            matched = self.app.router.match(Request(event).decode_path())
            assert matched is not None, event["path"]
            method = event["httpMethod"]
            found.add(f"{method if method in matched[0].methods else 'GET'} {matched[0].pattern}")
        return found

    def _client(self, token: str) -> Client:
        return Client(self._call, {"Authorization": f"Bearer {token}"})  # type: ignore[arg-type]

    def _call(self, event: dict[str, Any], context: LambdaContext) -> Any:
        self.events.append(event)
        return self.app(event, context)

    def repeatable(self, send: Callable[[], Reply], status: int | None = None) -> Act:
        """What sends a request the first time, and hands the very same event to the app from then on.

        The answer must have the `status`, or else be none of an error; and it must be the same every time.
        """
        event: dict[str, Any] = {}
        context = LambdaContext("api_handler")  # Lambda makes it, not the handler
        first: list[int] = []

        def act() -> object:
            if not event:
                reply = send()
                assert reply.status == status or (status is None and reply.status < 400), reply.text
                first.append(reply.status)
                event.update(self.events[-1])
                return reply
            answer = self.app(event, context)
            assert answer["statusCode"] == first[0], answer
            return answer

        return act

    def record(self, act: Act) -> Recording:
        """Do something once on the fake cloud, and keep what it asked and was answered."""
        answers: list[Answer] = []
        signed: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        original, remembered = BotocoreStubber.process_request, dict(access._remembered)

        def keep(self: Any, request: Any) -> Any:
            answer = original(self, request)
            if answer is not None:
                status, headers, body = answer
                answers.append((status, dict(headers), body if isinstance(body, bytes) else str(body).encode()))
            return answer

        BotocoreStubber.process_request = keep  # type: ignore[method-assign]
        try:
            with counting() as calls, _signing(signed):
                act()
        finally:
            BotocoreStubber.process_request = original  # type: ignore[method-assign]
        made = [(call.service, call.operation, dict(call.params)) for call in calls]
        return Recording(made, answers, signed, remembered)


@contextmanager
def remembering() -> Iterator[None]:
    """Let tokens be looked up once and never again while the block runs, however long that takes."""
    before = tokens.REMEMBERED
    tokens.REMEMBERED = 10**6
    try:
        yield
    finally:
        tokens.REMEMBERED = before


@contextmanager
def _signing(signed: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> Iterator[None]:
    """Keep what is signed while the block runs."""
    client = aws.s3()

    def watch(name: str) -> None:
        original = getattr(client, name)

        def sign(*args: Any, **kwargs: Any) -> Any:
            signed.append((name, args, kwargs))
            return original(*args, **kwargs)

        setattr(client, name, sign)

    for name in _SIGNERS:
        watch(name)
    try:
        yield
    finally:
        for name in _SIGNERS:
            delattr(client, name)


@contextmanager
def stage() -> Iterator[Stage]:
    """A product on an empty cloud, for as long as the block runs."""
    before = dict(os.environ)
    mock = mock_aws()
    mock.start()
    with ExitStack() as stack:
        stack.callback(_restore, before)
        stack.callback(mock.stop)
        server, authority = stack.enter_context(players(_AWS))
        _players.append(server)
        stack.callback(_players.remove, server)
        os.environ.update(CREDENTIALS, AWS_CA_BUNDLE=str(authority))
        os.environ.update(provision("local", parameters=PARAMETERS))
        os.environ.update(AUTH="required", POWERTOOLS_LOG_LEVEL="WARNING")
        boto3.DEFAULT_SESSION = None
        aws.s3.cache_clear()
        aws.sqs.cache_clear()
        rows.forget_connections()
        settings.cache_clear()
        from app import app

        stack.enter_context(remembering())
        objects.address(settings().intake_bucket, "")  # a warm handler knows where the bucket is
        yield Stage(app)


def _restore(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    settings.cache_clear()


@contextmanager
def played(recording: Recording) -> Iterator[Callable[[], None]]:
    """Have every call answered as it was recorded, by the stage's other process. Yields what begins the recording anew;
    it must have been played to its end by then."""
    position = 0
    original = BotocoreStubber.process_request

    def pass_on(self: Any, request: Any) -> None:
        nonlocal position
        position += 1

    def rewind() -> None:
        nonlocal position
        assert position in (0, len(recording.answers)), f"{position} calls were made of {len(recording.answers)}"
        position = 0
        access.forget()
        access._remembered.update(recording.remembered)

    BotocoreStubber.process_request = pass_on  # type: ignore[method-assign]
    try:
        with _players[-1].playing(recording.answers):
            yield rewind
    finally:
        BotocoreStubber.process_request = original  # type: ignore[method-assign]

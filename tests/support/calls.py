"""Watches the AWS calls of this process, whichever client makes them, PynamoDB's included.

`on_call` hooks in above the SDK's own retries: what `before` raises keeps the call from taking effect, what `after`
raises comes when the effect is there and the answer is lost. `lost_answers` hooks in below them: the SDK repeats the
call. Calls of the event pump stand for Lambda's pollers and are not seen here.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import botocore.client
import botocore.endpoint
from botocore.exceptions import ConnectionClosedError

from infra.local.pump import USER_AGENT


class Crash(BaseException):
    """The process dies here. No `except Exception` catches it, just as none catches a power cut."""


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call: the service's endpoint prefix (`s3`, `sqs`, `dynamodb`), the operation and its parameters."""

    service: str
    operation: str
    params: dict[str, Any] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


Hook = Callable[[Call], None]


@dataclass(frozen=True, slots=True)
class _Watch:
    before: Hook | None
    after: Hook | None


hooks_deep: ContextVar[int] = ContextVar("hooks_deep", default=0)
"""How many hooks are running inside one another. What a test's hook does is not the doing of whom it holds up."""

_watches: list[_Watch] = []
_base_client: Any = botocore.client.BaseClient
_original_call = _base_client._make_api_call


def _watched_call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
    if USER_AGENT in (self.meta.config.user_agent_extra or ""):
        return _original_call(self, operation_name, api_params)
    call = Call(self.meta.service_model.endpoint_prefix, operation_name, api_params)
    watches = list(_watches)
    for watch in watches:
        if watch.before:
            _hooked(watch.before, call)
    result = _original_call(self, operation_name, api_params)
    for watch in watches:
        if watch.after:
            _hooked(watch.after, call)
    return result


def _hooked(hook: Hook, call: Call) -> None:
    token = hooks_deep.set(hooks_deep.get() + 1)
    try:
        hook(call)
    finally:
        hooks_deep.reset(token)


_base_client._make_api_call = _watched_call


@contextmanager
def on_call(*, before: Hook | None = None, after: Hook | None = None) -> Iterator[None]:
    """Run `before` ahead of, and `after` behind, every AWS call of every thread while the block runs.

    `after` runs only when the call succeeded. Either may raise: before the effect, or with the answer lost.
    """
    watch = _Watch(before, after)
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.remove(watch)


class Recorder(list[Call]):
    """The calls that were made, in order of their start."""

    def names(self) -> list[str]:
        """The calls as `service.Operation`."""
        return [str(call) for call in self]

    def counts(self) -> Counter[str]:
        """How often each `service.Operation` was called."""
        return Counter(self.names())


@contextmanager
def counting() -> Iterator[Recorder]:
    """Record the AWS calls made while the block runs; what failed counts too."""
    recorder = Recorder()
    with on_call(before=recorder.append):
        yield recorder


@contextmanager
def lost_answers(which: Callable[[Call], bool], *, times: int = 1) -> Iterator[Recorder]:
    """Lose the answers of the first `times` calls that `which` picks: they take effect, then the connection breaks, and
    the SDK repeats them. Yields the calls whose answers were lost."""
    lost = Recorder()
    lock = threading.Lock()
    endpoint: Any = botocore.endpoint.Endpoint
    original = endpoint._get_response

    def get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        answer = original(self, request, operation_model, context)
        call = Call(operation_model.service_model.endpoint_prefix, operation_model.name, {})
        with lock:
            if len(lost) >= times or not which(call):
                return answer
            lost.append(call)
        return None, ConnectionClosedError(endpoint_url=request.url)

    endpoint._get_response = get_response
    try:
        yield lost
    finally:
        endpoint._get_response = original

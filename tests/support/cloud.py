"""The fixture `cloud`: moto in this process, made from the product's own template, with a function's environment set.

moto is not safe in threads, so one lock stands around it: threads interleave between calls, never inside one.
"""

import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.sqs.models import sqs_backends

from chalicelib import aws, rows
from chalicelib.settings import Settings, settings
from infra.resources import provision

REGION = "us-east-1"
ACCOUNT = "123456789012"
ORIGIN_SECRET = "origin-secret-of-the-tests-0123456789"
PARAMETERS = {
    "Scanner": "yara",
    "OriginSecret": ORIGIN_SECRET,
    "ApiOrigin": "http://api.test",
    "AssetsOrigin": "http://assets.test",
    "DraftAssetsOrigin": "http://draft-assets.test",
    "StoresOrigin": "http://stores.test",
}
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}

_one_at_a_time = threading.RLock()
_unguarded = BotocoreStubber.__call__


def _guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
    with _one_at_a_time:
        return _unguarded(self, *args, **kwargs)


BotocoreStubber.__call__ = _guarded  # type: ignore[method-assign]


@functools.cache
def _shared_session() -> boto3.session.Session:
    """One session for all tests: most of what a client costs is reading the service's description."""
    return boto3.session.Session()


@dataclass
class Cloud:
    """The cloud of one test."""

    monkeypatch: pytest.MonkeyPatch
    environment: dict[str, str]

    @property
    def settings(self) -> Settings:
        """The settings as they stand."""
        return settings()

    def set(self, **variables: str) -> None:
        """Set environment variables for the rest of the test and read the settings anew."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)
        settings.cache_clear()

    def hand_back(self) -> int:
        """End the visibility timeout of every message in flight, and the delay of every one that waits, as time would.

        Returns the number of messages that became visible."""
        count = 0
        for queue in sqs_backends[ACCOUNT][REGION].queues.values():
            for message in queue._messages:
                if message.visible_at > 0 or message.delayed_until > 0:
                    message.visible_at = 0
                    message.delayed_until = 0
                    count += 1
            queue.pending_messages.clear()
            queue.pending_message_groups.clear()
        return count


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An empty cloud of this test's own: tables, buckets and queues made, environment set, caches forgotten."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in _CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        for name, value in _CREDENTIALS.items():  # again, since moto sets its own
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", _shared_session())
        environment = provision("local", parameters=PARAMETERS)
        environment["AUTH"] = "required"
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        forget()
        yield Cloud(monkeypatch, environment)
    forget()


def forget() -> None:
    """Clear what the process remembers of its environment: settings, clients, connections."""
    settings.cache_clear()
    aws.s3.cache_clear()
    aws.sqs.cache_clear()
    rows.forget_connections()

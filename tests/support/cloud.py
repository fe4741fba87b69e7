"""The fixture `cloud`: moto in this process, made from the product's own template, and a function's environment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.model_instances import reset_model_data
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from chalicelib import aws, rows
from chalicelib.apis.workspaces import access
from chalicelib.settings import Settings, settings
from infra.resources import provision
from tests.support import fake, transactions

__all__ = ["fake", "transactions"]

REGION = "us-east-1"
ACCOUNT = "123456789012"
ORIGIN_SECRET = "origin-secret-of-the-tests-0123456789"
PARAMETERS = {
    "Scanner": "yara",
    "Edge": "none",
    "OriginSecret": ORIGIN_SECRET,
    "ApiOrigin": "http://api.test",
    "AssetsOrigin": "http://assets.test",
    "DraftAssetsOrigin": "http://draft-assets.test",
    "StoresOrigin": "http://stores.test",
    "DeviceBucket": "device-of-the-tests",
}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHAREDCREDENTIALS_FILE": "/dev/null",
}


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


@dataclass
class _Kept:
    """The cloud that tests share: made once, emptied before each test."""

    environment: dict[str, str] | None = None


_kept = _Kept()
_CONFIG: Any = {"core": {"reset_boto3_session": False}}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """An empty cloud: tables, buckets and queues made, environment set, nothing remembered.

    Making the resources takes longer than most tests, so they are kept and only emptied. A test marked `own_cloud`,
    which changes them, gets new ones.
    """
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    own = request.node.get_closest_marker("own_cloud") is not None or _kept.environment is None
    mock = mock_aws(config=_CONFIG)
    mock.start(reset=own)
    try:
        for name, value in CREDENTIALS.items():
            monkeypatch.setenv(name, value)
        if own:
            forget_clients()
            _kept.environment = {**provision("local", parameters=PARAMETERS), "AUTH": "required"}
        else:
            empty()
        environment = dict(_kept.environment or {})
        if request.node.get_closest_marker("own_cloud") is not None:
            _kept.environment = None
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        forget()
        yield Cloud(monkeypatch, environment)
    finally:
        mock.stop(remove_data=_kept.environment is None)
        forget()
        if _kept.environment is None:
            forget_clients()


def empty() -> None:
    """Take everything out of the kept tables, buckets and queues, behind the API's back."""
    reset_model_data()  # the fake keeps every object it ever made in a list, and gets slower with each
    for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
        table.items.clear()
    for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
        bucket.keys.clear()
        bucket.multiparts.clear()
    for queue in sqs_backends[ACCOUNT][REGION].queues.values():
        queue._messages.clear()
        queue.deleted_messages.clear()
        queue.pending_messages.clear()
        queue.pending_message_groups.clear()


def forget() -> None:
    """Forget what is read once a process: settings, and which workspaces identifiers name."""
    settings.cache_clear()
    access.forget()


def forget_clients() -> None:
    """Forget the clients and connections, which belong to the environment they were made in."""
    boto3.DEFAULT_SESSION = None
    aws.s3.cache_clear()
    aws.sqs.cache_clear()
    aws.cloudfront.cache_clear()
    rows.forget_connections()

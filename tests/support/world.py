"""The fixture `world`: the app in a cloud of its own, with a clock that tests move and messages they deliver by hand.

moto's S3 events lack the version that real ones of a versioned bucket name; here they have it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import boto3
import moto.s3.notifications
import pytest
from botocore.config import Config
from chalice.app import Chalice
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.s3.models import FakeDeleteMarker, s3_backends
from moto.sqs.models import sqs_backends

from chalicelib import clock
from chalicelib.settings import settings
from infra.local.pump import USER_AGENT
from tests.support.client import Client, Reply, Upload
from tests.support.cloud import ACCOUNT, REGION, Cloud
from tests.support.pumping import FakePump

SWEEP_SECONDS = 60.0
"""How often the sweep runs."""

TABLES = ("files_table", "assets_table", "stores_table", "productions_table", "workspaces_table", "jobs_table")
QUEUES = ("scan_small_queue", "scan_large_queue", "work_queue")
BUCKETS = ("intake_bucket", "library_bucket", "media_bucket")


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object, or a delete marker."""

    key: str
    version: str
    latest: bool
    is_marker: bool
    content: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


class World:
    """One app, one cloud, one clock.

    `inspect(service)` gives a client whose calls are nobody's: they are neither counted nor disturbed.
    """

    def __init__(self, cloud: Cloud, app: Chalice) -> None:
        self.cloud = cloud
        self.app = app
        self.client = Client(app)
        self.ahead = 0.0
        self._clients: dict[str, Any] = {}
        self._pump = FakePump(app)

    def now(self) -> datetime:
        """The time of day in this world."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def travel(self, seconds: float) -> None:
        """Let time pass; negative seconds take it back, as a worker's clock that stood still would."""
        self.ahead += seconds

    def inspect(self, service: str) -> Any:
        """A client for looking at the cloud from outside."""
        if service not in self._clients:
            config = Config(user_agent_extra=USER_AGENT, max_pool_connections=64)
            self._clients[service] = boto3.client(service, config=config)
        return self._clients[service]

    # --- what the cloud does by itself

    def deliver(self, *consumers: str, failing: bool = False) -> int:
        """Hand every visible message to its consumer until the queues are quiet; see `tests.support.client.deliver`."""
        self._pump.errors.clear()
        delivered = self._pump.drain(*consumers)
        if self._pump.errors and not failing:
            raise self._pump.errors[0]
        return delivered

    def deliver_batch(self, consumer: str) -> int:
        """Hand one batch to a consumer, which may fail; returns the number of messages."""
        return self._pump.deliver(consumer)

    def sweep(self, *, failing: bool = False) -> None:
        """Let the sweep run once; what it raises is raised here unless it may be `failing`."""
        self._pump.errors.clear()
        self._pump.run_schedules("sweep")
        if self._pump.errors and not failing:
            raise self._pump.errors[0]

    def repair(self, *, horizon: float = 2 * 3600, rounds: int = 12) -> None:
        """Do what the cloud does in the hours after a crash, until nothing is left to do.

        Messages become visible and are delivered, the sweep runs, time goes on to the next moment when a row is due.

        Args:
            horizon: rows due later than so many seconds from now are nobody's concern.
            rounds: how often at most; what is still not quiet then shows in the end state.
        """
        until = self.now().timestamp() + horizon
        for _ in range(rounds):
            self.cloud.hand_back()
            if self.waiting():
                self.deliver(failing=True)
            if any(at < self.now().timestamp() for at in self.due_times()):
                self.sweep()
                self.deliver(failing=True)
            due = [at for at in self.due_times() if at < until]
            if due:
                self.travel(max(SWEEP_SECONDS, min(due) + 1 - self.now().timestamp()))
            elif any(self.waiting().values()):
                self.travel(1000)
            else:
                return

    # --- what is to be seen of it, read from the fake itself: looking costs no call and takes no time

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, named by its setting, as plain values."""
        found = dynamodb_backends[ACCOUNT][REGION].tables[getattr(settings(), table)]
        return [_plain_item(item) for item in found.all_items()]

    def stamps(self, table: str) -> dict[tuple[str, str], str]:
        """Of each row of a table the id of its last write."""
        found = dynamodb_backends[ACCOUNT][REGION].tables[getattr(settings(), table)]
        return {
            (item.attrs["pk"].value, item.attrs["sk"].value): item.attrs["written_by"].value
            for below in found.items.values()
            for item in below.values()
        }

    def row(self, table: str, pk: str, sk: str) -> dict[str, Any] | None:
        """One row, or None."""
        found = dynamodb_backends[ACCOUNT][REGION].tables[getattr(settings(), table)]
        item = found.get_item(DynamoType({"S": pk}), DynamoType({"S": sk}))
        return None if item is None else _plain_item(item)

    def due_times(self) -> list[float]:
        """When rows are due, in epoch seconds."""
        return [float(row["due_at"]) for table in TABLES for row in self.rows(table) if "due_at" in row]

    def objects(self, bucket: str) -> list[Stored]:
        """Everything in a bucket, named by its setting: all versions and delete markers."""
        backend = s3_backends[ACCOUNT]["aws"]
        keys = backend.buckets[getattr(settings(), bucket)].keys
        found = []
        for key in keys:
            *older, newest = keys.getlist(key)
            found += [_stored(backend, version, latest=False) for version in older]
            found.append(_stored(backend, newest, latest=True))
        return found

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket, named by its setting, that a reader would find."""
        return [found.key for found in self.objects(bucket) if found.latest and not found.is_marker]

    def published(self) -> dict[str, bytes]:
        """Everything that is public: path to bytes."""
        return {f"/{found.key}": found.content for found in self.objects("media_bucket")}

    def bytes_of(self, library_key: str) -> bytes:
        """The bytes under a key of the library."""
        return next(found.content for found in self.objects("library_bucket") if found.key == library_key)

    def waiting(self) -> dict[str, int]:
        """How many messages each queue holds, in flight or not, dead letters included; empty queues are left out."""
        queues = sqs_backends[ACCOUNT][REGION].queues
        counts = {name: len(queue._messages) for name, queue in queues.items()}
        return {name: count for name, count in counts.items() if count}

    def messages(self, queue: str = "scan_small_queue") -> list[dict[str, Any]]:
        """The bodies of the messages in a queue, S3's own first test message left out."""
        waiting = sqs_backends[ACCOUNT][REGION].queues[getattr(settings(), queue).rpartition("/")[2]]._messages
        bodies = [json.loads(message.body) for message in waiting]
        return [body for body in bodies if body.get("Event") != "s3:TestEvent"]

    def send(self, body: dict[str, Any], queue: str = "scan_small_queue") -> None:
        """Put a message on a queue from outside."""
        self.inspect("sqs").send_message(QueueUrl=getattr(settings(), queue), MessageBody=json.dumps(body))

    def lose_messages(self, order: Random | None = None) -> None:
        """Let every message of every queue be lost, those in flight too; with an `order`, about every other one."""
        for queue in sqs_backends[ACCOUNT][REGION].queues.values():
            queue._messages[:] = [message for message in queue._messages if order and order.random() < 0.5]
            queue.pending_messages.clear()

    def disorder_messages(self, order: Random, share: float) -> None:
        """Send a share of the waiting messages a second time, and put all of them into another order."""
        for url in {getattr(settings(), name) for name in QUEUES}:
            queue = sqs_backends[ACCOUNT][REGION].queues[url.rpartition("/")[2]]
            for body in [message.body for message in queue._messages if order.random() < share]:
                self.inspect("sqs").send_message(QueueUrl=url, MessageBody=body)
            order.shuffle(queue._messages)

    def expire_arrivals(self, keys: set[str]) -> None:
        """What the lifecycle of the intake bucket does in the end: remove all versions under these keys."""
        for key in keys:
            s3_backends[ACCOUNT]["aws"].buckets[settings().intake_bucket].keys.pop(key)

    # --- what clients do

    def upload(self, content: bytes, name: str = "a.txt", **fields: Any) -> str:
        """POST /assets; returns the asset's id."""
        return self._created(self.client.post("/assets", form=_asset(fields), files=_file(content, name)))

    def upload_whitehall(self, content: bytes, path: str, **fields: Any) -> str:
        """POST /whitehall_assets; returns the asset's id."""
        form = _asset({"legacy_url_path": path, **fields})
        files = _file(content, path.rpartition("/")[2])
        return self._created(self.client.post("/whitehall_assets", form=form, files=files))

    def replace(self, asset_id: str, content: bytes, name: str = "a.txt", **fields: Any) -> Reply:
        """PUT /assets/:id with a file."""
        return self.client.put(f"/assets/{asset_id}", form=_asset(fields), files=_file(content, name))

    def change(self, asset_id: str, **fields: Any) -> Reply:
        """PUT /assets/:id without a file."""
        return self.client.put(f"/assets/{asset_id}", form=_asset(fields))

    def shown(self, asset_id: str) -> dict[str, Any]:
        """GET /assets/:id."""
        answer: dict[str, Any] = self.client.get(f"/assets/{asset_id}").json()
        return answer

    @staticmethod
    def _created(reply: Reply) -> str:
        assert reply.status == 201, reply.text
        return str(reply.json()["id"]).rpartition("/")[2]


def _stored(backend: Any, version: Any, *, latest: bool) -> Stored:
    if isinstance(version, FakeDeleteMarker):
        return Stored(version.name, version.version_id, latest, True)
    tags = tuple(sorted((tag["Key"], tag["Value"]) for tag in backend.get_object_tagging(version)["Tags"]))
    headers = tuple(sorted((name.lower(), str(value)) for name, value in version.metadata.items()))
    return Stored(version.name, str(version.version_id), latest, False, version.value, headers, tags)


def _plain_item(item: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in item.to_json()["Attributes"].items()}


def plain(value: dict[str, Any]) -> Any:
    """A DynamoDB value as a plain one."""
    ((kind, inner),) = value.items()
    match kind:
        case "N":
            return int(inner)
        case "NULL":
            return None
        case "L":
            return [plain(item) for item in inner]
        case "M":
            return {name: plain(item) for name, item in inner.items()}
    return inner


@pytest.fixture
def world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> World:
    """The app of `app.py` in an empty cloud, open to everybody, with the embedded scanner."""
    return open_world(cloud, monkeypatch)


def open_world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> World:
    """What the fixture `world` gives, for those who have no fixtures."""
    import app

    cloud.set(AUTH="open", STAGE="local")
    made = World(cloud, app.app)
    monkeypatch.setattr(clock, "now", made.now)
    unversioned: Any = moto.s3.notifications._get_s3_event

    def with_version(event_name: str, bucket: Any, key: Any, notification_id: str) -> Any:
        event = unversioned(event_name, bucket, key, notification_id)
        event["Records"][0]["s3"]["object"]["versionId"] = key.version_id
        return event

    monkeypatch.setattr(moto.s3.notifications, "_get_s3_event", with_version)
    return made


def _asset(fields: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(f"asset[{name}]", value) for name, value in fields.items()]


def _file(content: bytes, name: str) -> dict[str, Upload]:
    return {"asset[file]": Upload(content, name)}

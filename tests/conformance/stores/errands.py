"""Workers for tests, and tasks as clients see them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from app import app
from chalicelib import workers
from chalicelib.files.outputs import Output, WorkError
from chalicelib.jobs import queues
from chalicelib.settings import settings
from chalicelib.workers import Plan, Source, Work, Worker
from tests.conformance.stores.gallery import Gallery
from tests.support.client import Client, deliver
from tests.support.cloud import ACCOUNT, REGION
from tests.support.pumping import FakePump

QUEUE = "/api/workers/queue"


@dataclass
class Copyist:
    """What the worker `copy` does with a `.list` or `.tlp.gz` file: makes the files that it names, `PER_PART` a part.

    The file is a JSON object of paths and contents; the first is the index. Hooks let a test act at each step.
    """

    before_part: list[Callable[[int], None]] = field(default_factory=list)
    before_plan: list[Callable[[], None]] = field(default_factory=list)
    before_output: list[Callable[[str], None]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    """What is put into a file instead of what its list says."""

    leave_out: set[str] = field(default_factory=set)
    """What is not made although the list says so."""

    PER_PART = 3

    def plan(self, source: Source, parameters: dict[str, Any], work: Work) -> Plan:
        for hook in self.before_plan:
            hook()
        files = _read(source)
        if "plan" in parameters.get("fail", ""):
            raise WorkError("this list cannot be read")
        parts = [{"from": first} for first in range(0, len(files), self.PER_PART)]
        return Plan(parts, next(iter(files), None))

    def outputs(self, source: Source, parameters: dict[str, Any], part: dict[str, Any], work: Work) -> Iterator[Output]:
        for hook in self.before_part:
            hook(part["from"])
        files = list(_read(source).items())[part["from"] : part["from"] + self.PER_PART]
        for path, content in files:
            if path in self.leave_out:
                continue
            work.stop()
            if path == parameters.get("fail"):
                raise WorkError(f"{path} cannot be made")
            for output_hook in self.before_output:
                output_hook(path)
            self.made.append(path)
            yield Output(path, self.content.get(path, content.encode()))


def _read(source: Source) -> dict[str, str]:
    files: dict[str, str] = json.loads(source.read(0, source.size - 1))
    return files


def employ(monkeypatch: pytest.MonkeyPatch) -> Copyist:
    """Have the product's own workers be one: `copy`, also called `cp`."""
    copyist = Copyist()
    schema = {"type": "object", "properties": {"fail": {"type": "string"}}, "additionalProperties": False}
    worker = Worker(
        "copy", ("cp",), "makes what a list names", (".list", ".tlp.gz"), schema, "docs", copyist.plan, copyist.outputs
    )
    monkeypatch.setattr(workers, "BUILT_IN", (worker,))
    monkeypatch.setattr(workers, "find", lambda name: worker if name in ("copy", "cp") else None)
    return copyist


def listing(*paths: str, content: str = "") -> bytes:
    """A `.list` file that names these paths; each holds its own path, or this."""
    return json.dumps({path: content or path for path in paths}).encode()


def task(asset_id: str, **fields: Any) -> dict[str, Any]:
    """The body that schedules a task."""
    return {"worker_type": "copy", "store_id": "default", "project_id": "expo", "asset_id": asset_id, **fields}


class Office:
    """The queue as clients see it, of a product whose only worker of its own is `copy`."""

    def __init__(self, gallery: Gallery, copyist: Copyist) -> None:
        self.gallery = gallery
        self.copyist = copyist

    def schedule(self, asset_id: str = "map", *, by: Client | None = None, **fields: Any) -> str:
        """Schedule a task; its id."""
        reply = (by or self.gallery.alice).post(QUEUE, json=task(asset_id, **fields))
        assert (reply.status, reply.json()) == (200, {"Status": "OK"}), reply.text
        return reply.headers["X-Task-Id"]

    def tasks(self, query: str = "", *, by: Client | None = None) -> list[dict[str, Any]]:
        """The tasks that somebody sees."""
        reply = (by or self.gallery.alice).get(QUEUE + query)
        assert reply.status == 200, reply.text
        return list(reply.json())

    def task(self, task_id: str) -> dict[str, Any]:
        """One of them."""
        return next(task for task in self.tasks(by=self.gallery.admin) if task["_id"] == task_id)

    def cancel(self, task_id: str, *, by: Client | None = None) -> None:
        """Cancel a task."""
        reply = (by or self.gallery.alice).delete(QUEUE, json={"task_id": task_id})
        assert (reply.status, reply.json()) == (200, {"Status": "OK"})

    def reset(self, task_id: str, *, by: Client | None = None) -> None:
        """Reset a task."""
        reply = (by or self.gallery.alice).patch(QUEUE, json={"task_id": task_id})
        assert (reply.status, reply.json()) == (200, {"Status": "OK"})

    def names(self, asset_id: str = "map", query: str = "") -> list[str]:
        """The names of an asset's files."""
        return [file["name"] for file in self.gallery.files(asset_id, query)]

    def step(self) -> None:
        """Let the workers do what they have to do until their queue is quiet."""
        pump = FakePump(app)
        pump.drain("process")
        assert not pump.errors, pump.errors

    def one_message(self, *, last: bool = False) -> None:
        """Let the workers handle one message alone.

        Args:
            last: the one that was sent last, with all others kept back.
        """
        waiting = sqs_backends[ACCOUNT][REGION].queues[settings().process_queue.rpartition("/")[2]]
        chosen = waiting._messages[-1] if last else waiting._messages[0]
        kept = [message for message in waiting._messages if message is not chosen]
        waiting._messages[:] = [chosen]
        known = set(map(id, kept))
        pump = FakePump(app)
        pump.deliver("process")
        assert not pump.errors, pump.errors
        waiting._messages[:0] = [message for message in kept if id(message) in known]

    # --- what the cloud does, and what is to be seen of it

    def deliver_only(self, *consumers: str) -> None:
        """Let some consumers do what they have to do."""
        deliver(app, *consumers)

    def deliver_patiently(self) -> None:
        """Let everything that is queued happen, whatever waits for another worker handed back at once."""
        for _ in range(3):
            deliver(app)
            self.gallery.cloud.hand_back()

    def send(self, body: dict[str, Any], queue: str) -> None:
        """Put a message on a queue."""
        queues.send(getattr(settings(), queue), body)

    def lose_messages(self) -> None:
        """Let every message be lost."""
        for queue in sqs_backends[ACCOUNT][REGION].queues.values():
            queue._messages.clear()
            queue.pending_messages.clear()

    def rows(self) -> list[dict[str, Any]]:
        """All rows of stores."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[settings().stores_table]
        return [
            {name: next(iter(value.values())) for name, value in item.to_json()["Attributes"].items()}
            for item in table.all_items()
        ]

    def library(self) -> int:
        """How many objects the library holds."""
        return len(s3_backends[ACCOUNT]["aws"].buckets[settings().library_bucket].keys)

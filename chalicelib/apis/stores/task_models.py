"""The rows of the stores table that workers and their queue have.

| pk            | sk                 | row                                                         |
| ------------- | ------------------ | ----------------------------------------------------------- |
| `workers`     | `worker#<name>`    | `Registered`: a worker of another organisation              |
| `workers`     | `working#<name>`   | `Busy`: how many tasks a worker has, built-in ones too      |
| `queue`       | `task#<id>`        | `Task`: what was asked of a worker, and what became of it   |
| `lane#<lane>` | `wait#<rank>#<id>` | `Waiting`: a task that nobody has begun; the next one first |

A lane is a built-in worker's type, or `<type>/<extension>` of the others. A task has a row in a lane if and only if its
status is `new`; both change in one transaction. An id begins with the moment it was made, so that ids sort by age.
"""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.apis.stores.models import microseconds
from chalicelib.rows import Row

QUEUE = "queue"
WORKERS = "workers"
WAITING = "wait#"

HIGHEST_PRIORITY = 10**9 - 1


class Status(StrEnum):
    """Where a task stands. DONE, ERROR and CANCELED are its ends; a reset begins anew."""

    NEW = "new"
    PROCESSING = "processing"
    DONE = "done"
    ERROR = "error"
    CANCELED = "canceled"


class Stop(StrEnum):
    """Why a task that is being worked on is to stop at its next step, and what follows then."""

    CANCEL = "cancel"
    RESET = "reset"


class Registered(Row):
    """A worker of another organisation."""

    table_setting = "stores_table"

    type = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    extensions: ListAttribute[Any] = ListAttribute(null=True)
    parameters = JSONAttribute(null=True)
    docs = UnicodeAttribute(null=True)
    owner = UnicodeAttribute(null=True)
    registered_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, name: str) -> Self:
        """A blank row under the key of this worker."""
        return cls(pk=WORKERS, sk=f"worker#{name}")

    @property
    def name(self) -> str:
        """The worker's name."""
        return self.sk.removeprefix("worker#")


class Busy(Row):
    """How many tasks a worker has, and whether it lost the latest one because it was not heard of any more."""

    table_setting = "stores_table"

    tasks = NumberAttribute(null=True)
    lost = BooleanAttribute(null=True)

    @classmethod
    def at(cls, name: str) -> Self:
        """A blank row under the key of this worker."""
        return cls(pk=WORKERS, sk=f"working#{name}")

    @property
    def name(self) -> str:
        """The worker's name."""
        return self.sk.removeprefix("working#")


class Task(Row):
    """What was asked of a worker, and what became of it.

    `run` counts how often it was begun; whoever works on it speaks for one run alone. `place`, `output_run` and `side`
    say where the outputs of the run go. A built-in worker's run is the job `job_id`; another's holds a lease until its
    outputs have come, and from then on is a job too. `stop` asks for an end at the next step, `broken` says why a run
    cannot succeed any more.
    """

    table_setting = "stores_table"

    status = UnicodeAttribute(null=True)
    priority = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    started_at = UTCDateTimeAttribute(null=True)
    ended_at = UTCDateTimeAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    username = UnicodeAttribute(null=True)
    uid = UnicodeAttribute(null=True)
    store_id = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)
    asset_id = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)
    filename = UnicodeAttribute(null=True)
    extension = UnicodeAttribute(null=True)
    worker_type = UnicodeAttribute(null=True)
    lane = UnicodeAttribute(null=True)
    parameters = JSONAttribute(null=True)

    worker = UnicodeAttribute(null=True)
    run = NumberAttribute(null=True)
    stop = UnicodeAttribute(null=True)
    broken = UnicodeAttribute(null=True)
    error = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    output_run = NumberAttribute(null=True)
    side = UnicodeAttribute(null=True)
    index = UnicodeAttribute(null=True)
    job_id = UnicodeAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    leased_until = NumberAttribute(null=True)
    losses = NumberAttribute(null=True)

    @classmethod
    def at(cls, task_id: str) -> Self:
        """A blank row under the key of this task."""
        return cls(pk=QUEUE, sk=f"task#{task_id}")

    @classmethod
    def get_by_id(cls, task_id: str) -> Self | None:
        """The task with this id, read consistently."""
        return cls.find(QUEUE, f"task#{task_id}")

    @property
    def task_id(self) -> str:
        """The task's id: 24 hexadecimal digits."""
        return self.sk.removeprefix("task#")


class Waiting(Row):
    """A task that nobody has begun, in its lane."""

    table_setting = "stores_table"

    store_id = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)
    asset_id = UnicodeAttribute(null=True)

    @classmethod
    def of(cls, task: Task) -> Self:
        """A task's row in its lane, not yet written."""
        rank = f"{HIGHEST_PRIORITY - int(task.priority):010d}"
        row = cls(pk=lane_key(task.lane), sk=f"{WAITING}{rank}#{task.task_id}")
        row.store_id, row.project_id, row.asset_id = task.store_id, task.project_id, task.asset_id
        return row

    @property
    def task_id(self) -> str:
        """The task's id."""
        return self.sk.rpartition("#")[2]

    @property
    def lane(self) -> str:
        """Its lane."""
        return self.pk.removeprefix("lane#")


def lane_key(lane: str) -> str:
    """The partition of a lane."""
    return f"lane#{lane}"


def new_task_id(moment: datetime) -> str:
    """An id that sorts behind all ids of earlier moments."""
    return f"{microseconds(moment):014x}{secrets.token_hex(5)}"

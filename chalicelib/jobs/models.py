"""The rows of the jobs table.

| pk         | sk         | row                                                                     |
| ---------- | ---------- | ----------------------------------------------------------------------- |
| `job#<id>` | `job`      | `Job`: asynchronous work                                                |
| `job#<id>` | `part#<n>` | `Part`: a bounded piece of a long tree; `<n>` is written with leading zeros |
| `jobs`     | `listed#<second>#<id>` | `Listed`: there is a job                                    |
| `requester#<uid>`, `organisation#<id>` | the same | `Listed`: one that this principal, or a member, wanted |

Jobs and parts are due until they have ended. Two days after its end such a row vanishes by TTL, a listed one a week
after it was made.
"""

from enum import StrEnum
from typing import Self

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.rows import Row

WORK_QUEUE = "work_queue"
"""The setting that names the queue of all work that says nothing else."""


class JobState(StrEnum):
    """Where a job stands. DONE, FAILED and CANCELED are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


UNENDED = (JobState.QUEUED.value, JobState.RUNNING.value)


class Leased(Row):
    """What is done by one worker at a time, under a lease, in a bounded number of attempts."""

    table_setting = "jobs_table"

    arguments = JSONAttribute(null=True)
    queue = UnicodeAttribute(null=True)
    """The setting that names the queue its messages go to."""

    state = UnicodeAttribute(null=True)
    attempts = NumberAttribute(null=True)
    error = UnicodeAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    leased_until = NumberAttribute(null=True)
    ended_at = UTCDateTimeAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.pk.removeprefix("job#")

    @property
    def has_ended(self) -> bool:
        """Whether nothing will be done about it any more."""
        return self.state not in UNENDED

    @property
    def message(self) -> dict[str, str]:
        """The message that has it done."""
        raise NotImplementedError


class Job(Leased):
    """Asynchronous work: what, how far, how often tried, and what went wrong.

    Of a long tree, `total` counts its parts once all are planned, `done` those that ended, `failed` those of them that
    failed.
    """

    kind = UnicodeAttribute(null=True)
    done = NumberAttribute(null=True)
    total = NumberAttribute(null=True)
    failed = NumberAttribute(null=True)
    canceled = BooleanAttribute(null=True)
    requester = UnicodeAttribute(null=True)
    """Uid of the principal who wanted it; none for what the product does by itself."""

    requester_organisation = UnicodeAttribute(null=True)
    retry_of = UnicodeAttribute(null=True)
    """The failed job that this one does once more."""

    retried_as = UnicodeAttribute(null=True)
    """The job that does this one, which failed, once more."""

    created_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, job_id: str) -> Self:
        """A blank row under the key of this job."""
        return cls(pk=f"job#{job_id}", sk="job")

    @classmethod
    def get_by_id(cls, job_id: str) -> Self | None:
        """The job with this id, read consistently."""
        return cls.find(f"job#{job_id}", "job")

    @property
    def message(self) -> dict[str, str]:
        return {"job": self.job_id}

    @property
    def all_counted(self) -> bool:
        """Whether it is a tree that waits for none of its parts any more."""
        return self.total is not None and self.done >= self.total


class Listed(Row):
    """Says that there is a job, in one of the partitions that listings read."""

    table_setting = "jobs_table"

    expires_at = NumberAttribute(null=True)

    @classmethod
    def at(cls, partition: str, place: str) -> Self:
        """A blank row for the job whose place in the order of creation is `<second>#<id>`."""
        return cls(pk=partition, sk=f"listed#{place}")

    @property
    def place(self) -> str:
        """Its place in the order of creation: `<second>#<id>`."""
        return self.sk.removeprefix("listed#")

    @property
    def job_id(self) -> str:
        """The job that there is."""
        return self.place.partition("#")[2]


class Part(Leased):
    """A bounded piece of a long tree."""

    @classmethod
    def at(cls, job_id: str, number: int) -> Self:
        """A blank row under the key of this part."""
        return cls(pk=f"job#{job_id}", sk=f"part#{number:06d}")

    @property
    def number(self) -> int:
        """Which part of its job it is, from 1."""
        return int(self.sk.removeprefix("part#"))

    @property
    def message(self) -> dict[str, str]:
        return {"part": f"{self.job_id}/{self.number}"}

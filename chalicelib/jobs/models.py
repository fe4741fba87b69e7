"""The rows of the jobs table: pk `job#<id>`, sk `job`.

A job is due until it has ended; two days after its end the row vanishes by TTL.
"""

from enum import StrEnum
from typing import Self

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.rows import Row


class JobState(StrEnum):
    """Where a job stands. DONE and FAILED are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Row):
    """Asynchronous work: what, how far, how often tried, and what went wrong."""

    table_setting = "jobs_table"

    kind = UnicodeAttribute(null=True)
    arguments = JSONAttribute(null=True)
    state = UnicodeAttribute(null=True)
    attempts = NumberAttribute(null=True)
    done = NumberAttribute(null=True)
    total = NumberAttribute(null=True)
    error = UnicodeAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    leased_until = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    ended_at = UTCDateTimeAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    @classmethod
    def at(cls, job_id: str) -> Self:
        """A blank row under the key of this job."""
        return cls(pk=f"job#{job_id}", sk="job")

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.pk.removeprefix("job#")

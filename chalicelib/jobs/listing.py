"""Listings of jobs: all of them, those of a requester, those of an organisation; each a partition of its own.

A page is one Query of the rows that a job's transaction wrote, and one BatchGetItem of the jobs.
"""

from dataclasses import dataclass

from chalicelib.jobs.models import Job, Listed
from chalicelib.rows import Put, Step

ALL = "jobs"
KEPT_SECONDS = 7 * 86400


@dataclass(frozen=True, slots=True)
class Found:
    """A page of jobs; `last` is the place behind which the next one begins, None at the end."""

    jobs: list[Job]
    last: str | None


def requested_by(uid: str) -> str:
    """The partition of a requester's jobs."""
    return f"requester#{uid}"


def of_organisation(organisation: str) -> str:
    """The partition of the jobs that members of an organisation wanted."""
    return f"organisation#{organisation}"


def steps(job: Job) -> list[Step]:
    """The steps that list a planned job."""
    partitions = [ALL]
    if job.requester:
        partitions.append(requested_by(job.requester))
    if job.requester_organisation:
        partitions.append(of_organisation(job.requester_organisation))
    second = int(job.created_at.timestamp())
    rows = [Listed.at(partition, f"{second:010d}#{job.job_id}") for partition in partitions]
    for row in rows:
        row.expires_at = second + KEPT_SECONDS
    return [Put(row) for row in rows]


def page(partition: str, *, limit: int, after: str | None) -> Found:
    """The jobs of a partition, the newest first; those that have vanished by now are left out.

    Args:
        limit: at most so many, 100 at most.
        after: the place to begin behind.
    """
    start = None if after is None else f"listed#{after}"
    rows = list(Listed.below(partition, "listed#", limit=limit + 1, after=start, newest_first=True))
    shown = rows[:limit]
    keys = [(f"job#{row.job_id}", "job") for row in shown]
    jobs = {job.job_id: job for job in Job.find_many(keys)} if keys else {}
    there = [jobs[row.job_id] for row in shown if row.job_id in jobs]
    return Found(there, shown[-1].place if len(rows) > limit else None)

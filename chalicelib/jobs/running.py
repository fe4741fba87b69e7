"""Jobs: planned in the transaction that makes them necessary, run from the work queue, ended exactly once.

    row in the caller's transaction --> message --> lease --> the kind's function --> done
                 |                                    |
                 +-- no message came: the sweep sends one     +-- it raised: lease given up, tried again, at last failed

A kind's function may be run again from the start at any time, by two workers at once even, and must end the same.
"""

import uuid
from collections.abc import Callable
from typing import Any

from chalicelib import clock, metrics
from chalicelib.jobs import queues
from chalicelib.jobs.models import Job, JobState
from chalicelib.logs import logger
from chalicelib.rows import ConditionFailed, update
from chalicelib.settings import settings

ATTEMPTS = 8
LEASE_SECONDS = 150
_UNSENT_SECONDS = 60
_KEPT_SECONDS = 2 * 86400

_kinds: dict[str, Callable[[Job], None]] = {}


def register(kind: str, function: Callable[[Job], None]) -> None:
    """Let this function do the jobs of this kind."""
    _kinds[kind] = function


def plan(kind: str, arguments: dict[str, Any], *, job_id: str | None = None) -> Job:
    """A new job's row, for the transaction that makes the job necessary; `enqueue` it when that has committed.

    Args:
        job_id: the same for whoever plans the same job; a new one when left out.
    """
    job = Job.at(job_id or uuid.uuid4().hex)
    job.kind, job.arguments, job.state = kind, arguments, JobState.QUEUED.value
    job.attempts, job.done, job.created_at = 0, 0, clock.now()
    job.make_due(clock.epoch() + _UNSENT_SECONDS)
    return job


def enqueue(job_id: str) -> None:
    """Send the message that runs a job."""
    queues.send(settings().work_queue, {"job": job_id})


def run(job_id: str, function: Callable[[Job], None] | None = None) -> None:
    """Run a job, unless it has ended or somebody is at it.

    Args:
        function: what does it; None for the function registered for its kind.

    Raises:
        queues.NotYet: somebody is at it; come back when their lease ends.
        Exception: whatever its function raised, while attempts are left.
    """
    lease, now = uuid.uuid4().hex, clock.epoch()
    free = Job.leased_until.does_not_exist() | (Job.leased_until < now)
    unended = Job.state.is_in(JobState.QUEUED.value, JobState.RUNNING.value)
    row = Job.at(job_id)
    try:
        job = update(
            row,
            [
                Job.state.set(JobState.RUNNING.value),
                Job.lease.set(lease),
                Job.leased_until.set(now + LEASE_SECONDS),
                Job.attempts.set(Job.attempts + 1),
                *row.due_from(now + LEASE_SECONDS),
            ],
            unended & free,
        )
    except ConditionFailed as failure:
        old = failure.old
        if old is None or old.state in (JobState.DONE, JobState.FAILED):
            return
        raise queues.NotYet("another worker is at this job", max(1, int(old.leased_until) - now)) from None
    if job.attempts > ATTEMPTS:
        # It never got as far as raising: it takes its worker down with it.
        logger.error("job kept crashing", job_id=job_id, kind=job.kind)
        _end(row, lease, JobState.FAILED, "Crashed")
        return
    try:
        (function or _kinds[job.kind])(job)
    except Exception as error:
        logger.exception("job failed", job_id=job_id, kind=job.kind, attempts=int(job.attempts))
        _give_up(job, lease, error)
        if job.attempts < ATTEMPTS:
            raise
        return
    _end(row, lease, JobState.DONE)


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a due job: send its message again."""
    job = Job.find(pk, sk)
    if job is None or job.due_at is None:
        return
    update(Job.at(job.job_id), job.due_from(clock.epoch() + LEASE_SECONDS), Job.due_at == job.due_at)
    enqueue(job.job_id)


def _give_up(job: Job, lease: str, error: Exception) -> None:
    row = Job.at(job.job_id)
    if job.attempts >= ATTEMPTS:
        _end(row, lease, JobState.FAILED, type(error).__name__)
        metrics.emit("JobsFailed", kind=job.kind)
        return
    actions = [Job.state.set(JobState.QUEUED.value), Job.lease.remove(), Job.leased_until.remove()]
    try:
        update(row, [*actions, *row.due_from(clock.epoch() + _UNSENT_SECONDS)], Job.lease == lease)
    except ConditionFailed:
        logger.info("the job's lease had passed to another worker", job_id=job.job_id)


def _end(row: Job, lease: str, state: JobState, error: str | None = None) -> None:
    actions = [
        Job.state.set(state.value),
        Job.ended_at.set(clock.now()),
        Job.expires_at.set(clock.epoch() + _KEPT_SECONDS),
        Job.lease.remove(),
        Job.leased_until.remove(),
        *Job.no_longer_due(),
    ]
    if error is not None:
        actions.append(Job.error.set(error))
    try:
        update(row, actions, Job.lease == lease)
    except ConditionFailed:
        logger.info("the job's lease had passed to another worker", job_id=row.job_id)

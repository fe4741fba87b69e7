"""Jobs: planned in the transaction that makes them necessary, run from a queue, ended exactly once.

    row in the caller's transaction --> message --> lease --> the kind's function --> done
                 |                                    |
                 +-- no message came: the sweep sends one     +-- it raised: lease given up, tried again, at last failed

A kind's function may be run again from the start at any time, by two workers at once even, and must end the same.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib import clock, metrics
from chalicelib.identity import Principal
from chalicelib.jobs import leases, listing
from chalicelib.jobs.models import UNENDED, WORK_QUEUE, Job, JobState
from chalicelib.logs import logger
from chalicelib.rows import ConditionFailed, Put, Step, update

ATTEMPTS = leases.ATTEMPTS
LEASE_SECONDS = leases.LEASE_SECONDS[WORK_QUEUE]

Does = Callable[[Job], JobState | None]
"""Does a job, and says how it ended; None for `DONE`."""


class Unfinished(Exception):
    """The job is not done yet and nothing is wrong: run it again in `seconds`, and count no attempt."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"not done yet, again in {seconds} s")


class Hopeless(Exception):
    """Trying again is of no use. The text may be shown to whoever asks for the job."""


@dataclass(frozen=True, slots=True)
class _Kind:
    does: Does
    failed: Callable[[Job, str], None] | None


_kinds: dict[str, _Kind] = {}


def register(kind: str, does: Does, failed: Callable[[Job, str], None] | None = None) -> None:
    """Let this function do the jobs of this kind.

    Args:
        failed: told, with the reason, before a job ends failed because every attempt failed; told again if it raises.
    """
    _kinds[kind] = _Kind(does, failed)


def plan(
    kind: str,
    arguments: dict[str, Any],
    *,
    job_id: str | None = None,
    queue: str = WORK_QUEUE,
    requester: Principal | None = None,
) -> Job:
    """A new job's row, for the transaction that makes the job necessary; `enqueue` it when that has committed.

    Args:
        job_id: the same for whoever plans the same job; a new one when left out.
        queue: the setting that names the queue of its messages.
        requester: who wanted it, and may therefore see and cancel it; None for what nobody may cancel.
    """
    job = Job.at(job_id or uuid.uuid4().hex)
    job.kind, job.arguments, job.state, job.queue = kind, arguments, JobState.QUEUED.value, queue
    job.attempts, job.done, job.failed, job.created_at = 0, 0, 0, clock.now()
    if requester is not None:
        job.requester, job.requester_organisation = requester.uid, requester.organisation
    job.make_due(clock.epoch() + leases.UNSENT_SECONDS)
    return job


def steps(job: Job | None) -> list[Step]:
    """The steps that write a planned job and list it; none for none."""
    return [] if job is None else [Put(job), *listing.steps(job)]


def enqueue(job: Job) -> None:
    """Send the message that runs a planned job."""
    leases.send(job)


def cancel(job_id: str) -> bool:
    """Ask a job to stop: it sees `canceled` at its next step, and ends canceled. Returns whether it had not ended."""
    try:
        update(Job.at(job_id), [Job.canceled.set(True)], Job.state.is_in(*UNENDED))
    except ConditionFailed:
        return False
    return True


def run(job_id: str, does: Does | None = None, *, seconds: int = LEASE_SECONDS) -> None:
    """Run a job, unless it has ended or somebody is at it.

    Args:
        does: what does it; None for the function registered for its kind.
        seconds: how long it may take.

    Raises:
        queues.NotYet: somebody is at it; come back when their lease ends.
        Exception: whatever its function raised, while attempts are left.
    """
    job = leases.take(Job.at(job_id), seconds=seconds)
    if job is None:
        return
    if job.attempts > ATTEMPTS:
        # It never got as far as raising: it takes its worker down with it.
        logger.error("job kept crashing", job_id=job_id, kind=job.kind)
        _fail(job, "Crashed")
        return
    try:
        state = (does or _kinds[job.kind].does)(job)
    except Unfinished as unfinished:
        left = leases.give_back(job, seconds=unfinished.seconds, progressed=True)
        if left is not None and left.all_counted and not job.all_counted:
            leases.send(left)  # the last part was counted while the lease was still held
        return
    except Hopeless as hopeless:
        _fail(job, str(hopeless))
        return
    except Exception as error:
        logger.exception("job failed", job_id=job_id, kind=job.kind, attempts=int(job.attempts))
        if job.attempts >= ATTEMPTS:
            _fail(job, type(error).__name__)
            return
        leases.give_back(job, seconds=leases.UNSENT_SECONDS)
        raise
    _end(job, state or JobState.DONE)


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a due job."""
    leases.resend(Job, pk, sk)


def _fail(job: Job, reason: str) -> None:
    failed = _kinds[job.kind].failed if job.kind in _kinds else None
    if failed is not None:
        failed(job, reason)
    metrics.emit("JobsFailed", kind=job.kind)
    _end(job, JobState.FAILED, reason)


def _end(job: Job, state: JobState, error: str | None = None) -> None:
    metrics.emit("JobsEnded", state=state.value)
    try:
        update(job, leases.ending(job, state, error), Job.lease == job.lease)
    except ConditionFailed:
        logger.info("the job's lease had passed to another worker", job_id=job.job_id)

"""Doing a failed job once more: by a new job, begun in one transaction with what the kind's rows have to say of it.

    failed job --> transaction: retried_as=<new>, the new job, the kind's steps --> message
                        |                                                             |
                        +-- somebody was faster: their new job is the answer          +-- lost: the sweep sends one

The new job knows nothing of the parts of the old one: what that left is for the kind to know (`kinds.Retry`).
"""

from chalicelib.errors import Conflict, NotFound
from chalicelib.identity import Principal
from chalicelib.jobs import kinds, running
from chalicelib.jobs.models import WORK_QUEUE, Job, JobState
from chalicelib.rows import Update, contend, transact


def retry(job_id: str, principal: Principal) -> tuple[Job, bool]:
    """Have a failed job done once more; no matter if that was asked for before.

    Returns:
        The new job, and whether this call began it.

    Raises:
        NotFound: there is no such job.
        Conflict: it did not fail, or cannot be done once more; the text says why.
        Forbidden: what it does is not for this principal (any more).
    """
    job, is_new = contend(lambda: _attempt(job_id, principal))
    if is_new:
        running.enqueue(job)
    return job, is_new


def _attempt(job_id: str, principal: Principal) -> tuple[Job, bool]:
    failed = Job.get_by_id(job_id)
    if failed is None:
        raise NotFound
    if failed.retried_as:
        return _begun(failed), False
    if failed.state != JobState.FAILED:
        raise Conflict("only a job that failed can be retried")
    declared = kinds.retry_of(failed.kind)
    if declared.refused is not None:
        raise Conflict(declared.refused)
    job = running.plan(failed.kind, dict(failed.arguments), queue=failed.queue or WORK_QUEUE)
    job.requester, job.requester_organisation = failed.requester, failed.requester_organisation
    job.retry_of = failed.job_id
    try:
        more = declared.steps(failed, job, principal) if declared.steps is not None else []
    except Conflict:
        # What is in the way may be somebody else's retry, begun since the job was read: then that is the answer.
        now = Job.get_by_id(job_id)
        if now is None or not now.retried_as:
            raise
        return _begun(now), False
    unasked = (Job.state == JobState.FAILED.value) & Job.retried_as.does_not_exist()
    transact(Update(Job.at(job_id), [Job.retried_as.set(job.job_id)], unasked), *running.steps(job), *more)
    return job, True


def _begun(failed: Job) -> Job:
    found = Job.get_by_id(failed.retried_as)
    if found is None:
        raise Conflict("the job was retried, and how that ended is no longer known")
    return found

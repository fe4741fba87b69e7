"""Who may see, cancel and retry which job, and what the queues have to do and have given up.

A job is its requester's, and his organisation may look on; what the product does by itself is a superuser's to see and
to retry, and nobody's to cancel, since what follows from a change has to follow.
"""

import re
from dataclasses import fields

from chalicelib.errors import Conflict, Forbidden, MalformedRequest, NotFound
from chalicelib.identity import Principal
from chalicelib.jobs import dead, kinds, listing, queues, retrying, running
from chalicelib.jobs.dead import Dead
from chalicelib.jobs.listing import Found
from chalicelib.jobs.models import Job, JobState
from chalicelib.jobs.queues import Depths
from chalicelib.settings import Settings, settings
from chalicelib.web.paging import Page

MOST_REDRIVEN = 500
"""Messages that one request sends once more."""

_SUFFIX = "_queue"
_ID = re.compile(r"[\w.-]{1,200}", re.ASCII)


def page(principal: Principal, whose: str | None, wanted: Page) -> Found:
    """A page of jobs, the newest first.

    Args:
        whose: `mine`, `organisation` or `all`; None: all for a superuser, else mine.

    Raises:
        MalformedRequest: `whose` is something else.
        Forbidden: all are only a superuser's to see, and an organisation's its members'.
    """
    chosen = whose or ("all" if principal.superuser else "mine")
    if chosen == "mine":
        partition = listing.requested_by(principal.uid)
    elif chosen == "organisation":
        if not principal.organisation:
            raise Forbidden
        partition = listing.of_organisation(principal.organisation)
    elif chosen == "all":
        if not principal.superuser:
            raise Forbidden
        partition = listing.ALL
    else:
        raise MalformedRequest("whose must be mine, organisation or all")
    return listing.page(partition, limit=wanted.limit, after=wanted.after)


def show(principal: Principal, job_id: str) -> Job:
    """The job with this id, if this principal may see it.

    Raises:
        NotFound: there is none, or none for them.
    """
    job = Job.get_by_id(job_id) if _ID.fullmatch(job_id) else None
    if job is None or not _may_see(principal, job):
        raise NotFound
    return job


def cancel(principal: Principal, job_id: str) -> Job:
    """Ask a job to stop. It does so at its next step; no matter if it was asked before.

    Raises:
        NotFound
        Forbidden: it is somebody else's.
        Conflict: it has ended, or nobody wanted it.
    """
    job = show(principal, job_id)
    if job.requester is None:
        raise Conflict("the product needs this job done, it cannot be cancelled")
    if job.requester != principal.uid and not principal.superuser:
        raise Forbidden
    if not running.cancel(job_id):
        raise Conflict("the job has ended")
    return show(principal, job_id)


def may_cancel(principal: Principal, job: Job) -> bool:
    """Whether `cancel` would be of use to this principal."""
    return job.requester is not None and _is_for(principal, job) and not job.has_ended and not job.canceled


def retry(principal: Principal, job_id: str) -> tuple[Job, bool]:
    """Have a failed job done once more, by a new job; no matter if that was asked for before.

    Returns:
        The new job, and whether this call began it.

    Raises:
        NotFound
        Forbidden: it is somebody else's, or what it does is not for this principal any more.
        Conflict: it did not fail, or cannot be done once more.
    """
    if not _is_for(principal, show(principal, job_id)):
        raise Forbidden
    return retrying.retry(job_id, principal)


def may_retry(principal: Principal, job: Job) -> bool:
    """Whether `retry` may be of use to this principal."""
    if job.state != JobState.FAILED or job.retried_as or not _is_for(principal, job):
        return False
    return kinds.retry_of(job.kind).refused is None


def depths(principal: Principal) -> dict[str, Depths]:
    """How much there is to do, by the name of the queue. For superusers.

    Raises:
        Forbidden
    """
    _demand_superuser(principal)
    return {name: queues.depths(url) for name, url in _queues().items()}


def look(principal: Principal, name: str, limit: int) -> list[Dead]:
    """At most so many of the messages that a queue gave up. For superusers.

    Raises:
        Forbidden
        NotFound: there is no such queue.
    """
    return dead.look(_queue(principal, name), most=limit)


def redrive(principal: Principal, name: str) -> tuple[int, Depths]:
    """Send up to `MOST_REDRIVEN` of the messages that a queue gave up to it once more. For superusers.

    Returns:
        How many were, and how much there is to do and still given up now.

    Raises:
        Forbidden
        NotFound: there is no such queue.
    """
    url = _queue(principal, name)
    moved = dead.redrive(url, most=MOST_REDRIVEN)
    return moved, queues.depths(url)


def _queue(principal: Principal, name: str) -> str:
    _demand_superuser(principal)
    url = _queues().get(name)
    if url is None:
        raise NotFound
    return url


def _queues() -> dict[str, str]:
    """The URLs of all queues by their names."""
    names = [item.name for item in fields(Settings) if item.name.endswith(_SUFFIX)]
    return {name.removesuffix(_SUFFIX).replace("_", "-"): getattr(settings(), name) for name in names}


def _demand_superuser(principal: Principal) -> None:
    if not principal.superuser:
        raise Forbidden


def _is_for(principal: Principal, job: Job) -> bool:
    return principal.superuser or (job.requester is not None and job.requester == principal.uid)


def _may_see(principal: Principal, job: Job) -> bool:
    if _is_for(principal, job):
        return True
    return bool(job.requester_organisation) and job.requester_organisation == principal.organisation

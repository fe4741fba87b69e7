"""Who may see and cancel which job, and what the queues have to do.

A job is its requester's, and his organisation may look on; what the product does by itself is a superuser's to see and
nobody's to cancel, since what follows from a change has to follow.
"""

import re
from dataclasses import fields

from chalicelib.errors import Conflict, Forbidden, MalformedRequest, NotFound
from chalicelib.identity import Principal
from chalicelib.jobs import listing, queues, running
from chalicelib.jobs.listing import Found
from chalicelib.jobs.models import Job
from chalicelib.jobs.queues import Depths
from chalicelib.settings import Settings, settings
from chalicelib.web.paging import Page

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
    mine = job.requester is not None and (job.requester == principal.uid or principal.superuser)
    return mine and not job.has_ended and not job.canceled


def depths(principal: Principal) -> dict[str, Depths]:
    """How much there is to do, by the name of the queue. For superusers.

    Raises:
        Forbidden
    """
    if not principal.superuser:
        raise Forbidden
    names = [item.name for item in fields(Settings) if item.name.endswith(_SUFFIX)]
    return {name.removesuffix(_SUFFIX).replace("_", "-"): queues.depths(getattr(settings(), name)) for name in names}


def _may_see(principal: Principal, job: Job) -> bool:
    if principal.superuser or (job.requester is not None and job.requester == principal.uid):
        return True
    return bool(job.requester_organisation) and job.requester_organisation == principal.organisation

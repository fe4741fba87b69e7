"""The job that a project asset waits for: shown, and canceled (docs/apis/projectassets.md, "Copies")."""

from typing import Any

from chalicelib.apis.projectassets import access, copying, deleting, records
from chalicelib.apis.projectassets.models import Project
from chalicelib.errors import Conflict, NotFound
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.models import Job

_NAMES = {copying.KIND: "copy", deleting.KIND: "delete", deleting.CLEARING: "clear"}


def show(caller: Principal, raw_id: str) -> dict[str, Any]:
    """How far the job is that a project waits for, in parts.

    Raises:
        NotFound: there is no such project, or it waits for none.
    """
    job = _job_of(records.find(access.of(caller), raw_id))
    return {
        "id": job.job_id,
        "kind": _NAMES[job.kind],
        "state": job.state,
        "done": int(job.done),
        "total": None if job.total is None else int(job.total),
        "failed": int(job.failed),
    }


def cancel(caller: Principal, raw_id: str) -> None:
    """Cancel the copy that runs into a project: it ends as failed, and what was copied is deleted.

    Raises:
        NotFound: there is no such project, or it waits for nothing.
        Forbidden: the caller may not write in its production.
        Conflict: what it waits for is no copy, or has ended.
    """
    rights = access.of(caller)
    project = records.find(rights, raw_id)
    rights.demand_write(int(project.production))
    job = _job_of(project)
    if job.kind != copying.KIND or not running.cancel(job.job_id):
        raise Conflict("Only the copying of a project asset can be canceled.")


def _job_of(project: Project) -> Job:
    job_id = project.delete_job or project.copy_job
    job = Job.get_by_id(job_id) if job_id else None
    if job is None:
        raise NotFound(f"The project asset {project.number} waits for no job.")
    return job

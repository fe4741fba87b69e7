"""What of a project is public, and keeping the media bucket to it.

A project's access revision is the generation of what is said about its uploaded files; of what workers made, it and the
number of the worker's run together: both only grow. When a project becomes public or restricted, its row says so first,
and a job goes through its files: planned once, in parts of `PART` files each. Everybody reads the project after the
file: a verdict that falls meanwhile after it has written the file's row, a part of the job after it has read its files.
So either the job sees the file or the others see the new groups; and whoever comes late speaks with an older
generation, which is a no-op. A further change of the groups stops the job before it, whose parts would all say the same
as its own.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.apis.stores import addresses, shown, types
from chalicelib.apis.stores.models import Entry, Project
from chalicelib.errors import Conflict
from chalicelib.files import objects, publications
from chalicelib.files.models import Verdict
from chalicelib.files.publications import Edition
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job, JobState
from chalicelib.jobs.trees import Tree
from chalicelib.rows import Step, Update

KIND = "stores.republish"
PART = 200
"""Files that one message makes public or restricted."""

PUBLIC_CACHE = "max-age=300, public"


def edition_of(project: Project, entry: Entry) -> Edition | None:
    """What the media bucket is to hold for a file; None when nothing."""
    if not project.is_public or entry.state != Verdict.CLEAN:
        return None
    path = public_path(project, entry)
    return Edition(
        path=path,
        file_id=entry.file_id,
        library_key=entry.library_key,
        size=int(entry.size),
        content_type=types.served_as(path),
        content_disposition=objects.disposition(path.rpartition("/")[2]),
        cache_control=PUBLIC_CACHE,
    )


def public_path(project: Project, entry: Entry) -> str:
    """The decoded public path of a file."""
    _, _, asset_id, number, path = entry.place
    return addresses.file_path(project, asset_id, number, path)


def generation(project: Project, entry: Entry) -> int:
    """The generation of what is said about a file by somebody who has seen it and then this project."""
    return int(project.access_revision) + int(getattr(entry, "run", None) or 0)


def follow(entry: Entry) -> None:
    """Publish a file whose verdict has been written, if its project is public by now."""
    store_id, project_id, *_ = entry.place
    project = _project(store_id, project_id)
    edition = edition_of(project, entry)
    if edition is not None:
        publications.publish(edition.path, generation(project, entry), edition)


def planned(old: Project, new: Project) -> Job | None:
    """The job that a change of a project's groups makes necessary, noted in the changed row; None when nothing follows.

    One follows when the project becomes public or restricted, and when the job before it failed.
    """
    if old.is_public == new.is_public and not _has_failed(latest(old)):
        return None
    job = running.plan(KIND, {"store": new.store_id, "project": new.project_id})
    new.publishing_job = job.job_id
    return job


def begin(job: Job, old: Project) -> None:
    """Send a planned job that was written, and stop the one before it: what that has left to do, this one does too."""
    running.enqueue(job)
    if old.publishing_job is not None:
        running.cancel(old.publishing_job)


def latest(project: Project) -> Job | None:
    """The latest job that sees or saw to what is published of a project; None when there is none any more."""
    return None if project.publishing_job is None else Job.get_by_id(project.publishing_job)


def _has_failed(job: Job | None) -> bool:
    return job is not None and job.state == JobState.FAILED


def plan_republishing(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The files of a project that became public or restricted, in spans."""
    partition = Project.at(job.arguments["store"], job.arguments["project"]).partition
    return iter(shown.spans(partition, PART, behind=last))


def republish(job: Job, span: shown.Span) -> None:
    """Make the media bucket agree with what the project's row says now, for a span of its files."""
    store_id, project_id = job.arguments["store"], job.arguments["project"]
    entries = shown.within(Project.at(store_id, project_id).partition, span)
    project = _project(store_id, project_id)
    for entry in entries:
        edition = edition_of(project, entry)
        if edition is not None or not project.is_public:
            publications.publish(public_path(project, entry), generation(project, entry), edition)


def _again(failed: Job, job: Job, _: Principal) -> list[Step]:
    """The steps that let a project wait for a job that goes through its files once more."""
    project = _project(failed.arguments["store"], failed.arguments["project"])
    if project.publishing_job != failed.job_id:
        raise Conflict("a later change of the project's groups has seen to its files")
    told = [Project.publishing_job.set(job.job_id), Project.revision.set(Project.revision + 1)]
    row = Project.at(project.store_id, project.project_id)
    return [Update(row, told, Project.publishing_job == failed.job_id)]


TREE = Tree(plan_republishing, republish, lambda job: None)
RETRY = Retry(_again)


def _project(store_id: str, project_id: str) -> Project:
    key = Project.at(store_id, project_id)
    project = Project.find(key.pk, key.sk)
    assert project is not None, "projects are never deleted"
    return project

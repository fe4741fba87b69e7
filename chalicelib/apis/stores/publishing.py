"""What of a project is public, and keeping the media bucket to it.

A project's access revision is the generation of everything that is said about its files. When a project becomes public
or restricted, its row says so first, and a job goes through its files: planned once, in parts of `PART` files each. A
verdict that falls meanwhile reads the project after it has written the file's row, so that either the job sees a clean
file or the verdict sees the new groups; and whoever comes late speaks with an older generation, which is a no-op.
"""

import contextlib
from collections.abc import Iterator
from itertools import islice

from chalicelib.apis.stores import addresses, types
from chalicelib.apis.stores.models import Entry, Project
from chalicelib.files import objects, publications
from chalicelib.files.models import Verdict
from chalicelib.files.publications import Edition
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import ConditionFailed, Put, Step, create

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


def follow(entry: Entry) -> None:
    """Publish a file whose verdict has been written, if its project is public by now."""
    store_id, project_id, *_ = entry.place
    project = _project(store_id, project_id)
    edition = edition_of(project, entry)
    if edition is not None:
        publications.publish(edition.path, int(project.access_revision), edition)


def planned(old: Project, new: Project) -> Job | None:
    """The job that a change of a project's groups makes necessary; None when nothing follows."""
    if old.is_public == new.is_public:
        return None
    return running.plan(KIND, {"store": new.store_id, "project": new.project_id})


def steps(job: Job | None) -> list[Step]:
    """The steps that write a planned job."""
    return [] if job is None else [Put(job)]


def republish(job: Job) -> None:
    """Do a planned job, or one of its parts: make the media bucket agree with what the project's row says now."""
    store_id, project_id = job.arguments["store"], job.arguments["project"]
    first = job.arguments.get("first")
    partition = Project.at(store_id, project_id).partition
    if first is None:
        _fan_out(job, Entry.below(partition, "file#"))
        return
    last = job.arguments["last"]
    project = _project(store_id, project_id)
    for entry in Entry.below(partition, "file#", after=job.arguments["after"]):
        if entry.sk > last:
            break
        edition = edition_of(project, entry)
        if edition is not None or not project.is_public:
            publications.publish(public_path(project, entry), int(project.access_revision), edition)


def _fan_out(job: Job, entries: Iterator[Entry]) -> None:
    number, after = 0, "file#"
    while part := list(islice(entries, PART)):
        number += 1
        bounds = {"after": after, "first": part[0].sk, "last": part[-1].sk}
        planned = running.plan(KIND, job.arguments | bounds, job_id=f"{job.job_id}-{number}")
        with contextlib.suppress(ConditionFailed):  # an attempt before this one got as far
            create(planned)
        running.enqueue(planned)
        after = part[-1].sk


def _project(store_id: str, project_id: str) -> Project:
    key = Project.at(store_id, project_id)
    project = Project.find(key.pk, key.sk)
    assert project is not None, "projects are never deleted"
    return project

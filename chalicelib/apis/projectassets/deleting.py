"""Deleting project assets, and clearing what a failed copy left: long trees (docs/apis/projectassets.md, "Deletion").

    202 --> wait until no copy runs from it or to it --> files --> links --> record, in one transaction with its lists
                                                          |
                                                          +--> they cannot be deleted: the record stays, -1

From the 202 on nobody adds files, and nobody begins a copy. Linked media assets whose own file is one of the bundle
take it over first: a File goes when nobody refers to it any more.
"""

from collections.abc import Iterator

from chalicelib import clock
from chalicelib.apis.projectassets import access, bundles, links, listing, ranges, records
from chalicelib.apis.projectassets import media as media_assets
from chalicelib.apis.projectassets.models import (
    FAILED,
    BundleFile,
    Lease,
    LinkPage,
    Media,
    MediaType,
    Project,
)
from chalicelib.batches import batched
from chalicelib.errors import Conflict
from chalicelib.files import references
from chalicelib.files.models import Verdict
from chalicelib.identity import Principal
from chalicelib.jobs import running, trees
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job
from chalicelib.jobs.trees import Arguments, Tree
from chalicelib.logs import logger
from chalicelib.rows import (
    ConditionFailed,
    Delete,
    Step,
    TransactionCancelled,
    Update,
    contend,
    transact,
    update,
)

KIND = "projectassets.delete"
CLEARING = "projectassets.clear"

FILES = 1_000
"""Files of a part."""

_AGAIN_SECONDS = 30
_STEPS = 100


def plan(project: Project, requester: Principal | None = None) -> Job:
    """The job that deletes a project, for the transaction that marks the project with it.

    Args:
        requester: who wants it gone, and may cancel that; None when its time has come.
    """
    return running.plan(KIND, {"project": project.number}, requester=requester)


def plan_clearing(project: int, copy_job: str) -> Job:
    """The job that deletes what a failed copy left, for the transaction that says so in the project."""
    return running.plan(CLEARING, {"project": project, "copy": copy_job})


def _parts(job: Job, last: Arguments | None) -> Iterator[Arguments]:
    project = _find(job)
    if project is None:
        return
    if last is None:
        _wait(project)
        _keep_essences(project)
    yield from ranges.cut(project.number, FILES, behind=last)


def _clearing_parts(job: Job, last: Arguments | None) -> Iterator[Arguments]:
    if last is None and not trees.is_quiet(job.arguments["copy"]):
        raise running.Unfinished(_AGAIN_SECONDS)
    return ranges.cut(job.arguments["project"], FILES, behind=last)


def _do(job: Job, arguments: Arguments) -> None:
    """Give up a range of files: first what they refer to, then their rows."""
    number = job.arguments["project"]
    rows = list(ranges.rows(number, arguments))
    references.release_each((row.file_id, bundles.owner_of(number, row.path)) for row in rows)
    for some in batched(rows, _STEPS):
        gone = [Delete(BundleFile.at(number, row.path)) for row in some]
        contend(lambda gone=gone: transact(*gone))  # type: ignore[misc]


def _finish(job: Job) -> None:
    project = _find(job)
    if project is None or project.delete_job != job.job_id:
        return
    if job.canceled or job.failed:
        _abandon(job, job.error or "canceled")
        return
    links.unmark(project)
    for some in batched(links.pages_wanted(project), _STEPS):
        pages = [Delete(LinkPage.at(project.number, int(page.sk.rpartition("/")[2]))) for page in some]
        contend(lambda pages=pages: transact(*pages))  # type: ignore[misc]
    last = Delete(Project.at(project.number), Project.delete_job == job.job_id)

    def attempt() -> None:
        try:
            transact(last, *records.steps_removed(project))
        except TransactionCancelled as cancelled:
            if 0 not in cancelled.failed:
                raise
            logger.info("the project asset had been deleted before", job_id=job.job_id)

    contend(attempt)


def _finish_clearing(job: Job) -> None:
    """Let the project go; what could not be deleted goes when the project is deleted."""
    project = Project.at(job.arguments["project"])
    let_go = [Project.copy_job.remove(), Project.revision.set(Project.revision + 1)]
    try:
        left = update(project, let_go, Project.copy_job == job.job_id)
    except ConditionFailed:
        return
    if left.delete_job:
        running.enqueue(Job.at(left.delete_job))


def _abandon(job: Job, reason: str) -> None:
    facts = [
        Project.status_asset.set(FAILED),
        Project.is_production.set(False),
        Project.status_asset_description.set(f"The project asset could not be deleted: {reason}"),
        Project.date_mod.set(clock.now()),
        Project.delete_job.remove(),
        Project.revision.set(Project.revision + 1),
    ]
    try:
        update(Project.at(job.arguments["project"]), facts, Project.delete_job == job.job_id)
    except ConditionFailed:
        logger.info("the deletion had ended before", job_id=job.job_id)


def _wait(project: Project) -> None:
    """Wait until no copy runs to or from a project; a copy to it is canceled. Raises Unfinished."""
    if project.copy_job:
        running.cancel(project.copy_job)
        if not (_has_ended(project.copy_job) and trees.is_quiet(project.copy_job)):
            raise running.Unfinished(_AGAIN_SECONDS)
    for lease in Lease.below(project.pk, "lease#"):
        if not _has_ended(lease.job):
            raise running.Unfinished(_AGAIN_SECONDS)


def _has_ended(job_id: str) -> bool:
    job = Job.get_by_id(job_id)
    return job is None or job.has_ended


def _keep_essences(project: Project) -> None:
    """Let linked media assets without a file of their own have the file of the bundle that their path names."""
    linked = links.of(project, links.pages_of(project))
    for media in listing.fetch(Media.at(MediaType(kind), number) for kind, number in linked):
        path = (media.path_file or "").removeprefix(project.bundle_root)
        if not media.file_id and path != (media.path_file or ""):
            contend(lambda media=media, path=path: _take_over(project, media, path))  # type: ignore[misc]


def _take_over(project: Project, media: Media, path: str) -> None:
    key = BundleFile.at(project.number, path)
    entry = BundleFile.find(key.pk, key.sk)
    if entry is None:
        return
    status, told = media_assets.status_of(Verdict(entry.state))
    facts = [
        Media.status_asset.set(status),
        Media.status_asset_description.set(told),
        Media.file_id.set(entry.file_id),
        Media.state.set(entry.state),
        Media.content_type.set(entry.content_type),
        Media.revision.set(Media.revision + 1),
    ]
    if entry.library_key:
        facts.append(Media.library_key.set(entry.library_key))
    if entry.size is not None:
        facts.append(Media.size.set(entry.size))
    mine = Update(Media.at(media.media_type, media.number), facts, Media.pk.exists() & Media.file_id.does_not_exist())
    owner = media_assets.owner_of(media.media_type, media.number)
    try:
        transact(mine, *references.share(entry.file_id, owner, verdict=entry.state))
    except TransactionCancelled as cancelled:
        if 0 not in cancelled.failed:
            raise
        logger.info("the media asset has a file or is gone", type=media.media_type.value, asset=media.number)


def _find(job: Job) -> Project | None:
    key = Project.at(job.arguments["project"])
    return Project.find(key.pk, key.sk)


def _again(failed: Job, job: Job, caller: Principal) -> list[Step]:
    """The steps that mark a project that could not be deleted with a job that deletes it."""
    project = _find(failed)
    if project is None:
        raise Conflict("the project asset has been deleted")
    access.of(caller).demand_delete(int(project.production), "project")
    if project.delete_job:
        raise Conflict("the project asset is being deleted")
    if project.status_asset != FAILED:
        raise Conflict("the project asset is in use again; delete it where it is")
    marked = [Project.delete_job.set(job.job_id), Project.revision.set(Project.revision + 1)]
    return [Update(Project.at(project.number), marked, Project.revision == project.revision)]


TREE = Tree(_parts, _do, _finish, _abandon)
RETRY = Retry(_again)

CLEARING_TREE = Tree(_clearing_parts, _do, _finish_clearing, lambda job, reason: _finish_clearing(job))
CLEARING_RETRY = Retry(refused="what was left goes when the project asset is deleted")
"""Once a clearing has ended, the bundle may be used: what is in it then is not the copy's any more."""

"""Copying project assets: a long tree that gives the copy rows of its own (docs/apis/projectassets.md, "Copies").

    201 --> plan: a part for each 495 files --> files --> links, shares --> one write: 6, in production, files visible
                 |                                |
                 +------- canceled, failed -------+--> one transaction: -1 and the job that clears what was copied

The rows refer to the Files of the source; no byte is copied. Only where the target's device has a bucket of its own,
the bytes go there. A part takes each file as it is when the part comes to it. Every transaction of a part demands that
the part has not ended: who comes late writes nothing.

The lease on the source keeps its files until the copy has ended. Of the target's files nothing is seen until then.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.apis.projectassets import access, bundles, copied_files, deleting, links, ranges, sharing
from chalicelib.apis.projectassets.copied_files import Destination, Superseded
from chalicelib.apis.projectassets.models import DONE, FAILED, NEW, BundleFile, Device, Lease, Project
from chalicelib.batches import batched
from chalicelib.errors import Busy, Conflict
from chalicelib.files import library, making, objects
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import UNENDED, Job, Part
from chalicelib.jobs.running import Hopeless
from chalicelib.jobs.trees import Arguments, Tree
from chalicelib.logs import logger
from chalicelib.rows import (
    Check,
    ConditionFailed,
    Put,
    Step,
    TransactionCancelled,
    Update,
    absent,
    contend,
    delete,
    find_each,
    transact,
    update,
)
from chalicelib.web.failures import expected

KIND = "projectassets.copy"

FILES = 15 * copied_files.TOGETHER
"""Files of a part."""

BYTES = 32 * 1024**3
"""Bytes that one part copies; a file that does not fit into one CopyObject is a part of its own."""

SHARES = 50
"""Media assets that one part shares."""

_SHARE_AGAIN_SECONDS = 10


def plan(
    source: Project,
    target: Project,
    *,
    share: bool,
    reads: list[int] | None,
    requester: Principal | None = None,
) -> Job:
    """The job that copies a project, for the transaction that writes the target and its lease on the source.

    Args:
        share: whether linked media assets are to be shared with the target's production.
        reads: the productions whose media assets may be shared; None for all.
        requester: who wants the copy, and may cancel it.
    """
    arguments = {"source": source.number, "target": target.number, "share": share, "reads": reads}
    return running.plan(KIND, arguments, requester=requester)


def _parts(job: Job, last: Arguments | None) -> Iterator[Arguments]:
    """The parts of the copy: its files, then its links, then what is to be shared."""
    for number, arguments in enumerate(_wanted(job, last), start=last["number"] + 1 if last else 1):
        yield {**arguments, "number": number}


def _wanted(job: Job, last: Arguments | None) -> Iterator[Arguments]:
    target = _find(job.arguments["target"])
    if target is None or target.delete_job:
        return
    if last is None or "last" in last:
        bucket = _bucket_of(target)
        bounds: dict[str, Any] = {} if bucket is None else {"most_bytes": BYTES, "alone": objects.COPY_LIMIT}
        for one in ranges.cut(job.arguments["source"], FILES, behind=last, **bounds):
            yield {**one, "bucket": bucket}
        yield {"links": True}
    if job.arguments["share"]:
        wanted = sharing.wanted(target, job.arguments["reads"], int(target.production))
        after = tuple(last["share"][-1]) if last and "share" in last else None
        for some in batched(_behind(wanted, after), SHARES):
            yield {"share": [list(link) for link in some]}


def _behind(found: Iterator[links.Link], after: tuple[Any, ...] | None) -> Iterator[links.Link]:
    """What comes behind a link; what was shared meanwhile may be missing in front of it, and the link itself too."""
    rest = list(found)
    return iter(rest[rest.index(after) + 1 :] if after in rest else rest)


def _do(job: Job, arguments: Arguments) -> None:
    if "links" in arguments:
        target = _find(job.arguments["target"])
        if target is not None:
            links.mark(target)
    elif "share" in arguments:
        _share(job, arguments["share"])
    else:
        _copy(job, arguments)


def _copy(job: Job, arguments: Arguments) -> None:
    part = Part.at(job.job_id, arguments["number"])
    source, target, bucket = job.arguments["source"], job.arguments["target"], arguments["bucket"]
    rows, resumed = ranges.rows(source, arguments), False
    if bucket is not None:
        copied = {row.path for row in ranges.rows(target, arguments)}
        rows = (row for row in rows if row.path not in copied)
        begun = Part.find(part.pk, part.sk)
        resumed = bool(copied) or begun is None or begun.attempts > 1
    guard = Check(part, Part.state.is_in(*UNENDED))
    try:
        copied_files.copy_each(rows, Destination(target, job.job_id, guard, bucket, resumed))
    except Superseded:
        logger.info("the part had passed to another worker", job_id=job.job_id, part=arguments["number"])


def _share(job: Job, wanted: list[list[Any]]) -> None:
    """Share media assets. One that fails is withdrawn: it is nothing that the copy fails of. Where only AWS is out of
    reach, it is tried again later.
    """
    target = _find(job.arguments["target"])
    for kind, number in wanted if target is not None else ():
        assert target is not None
        link, production = (str(kind), int(number)), int(target.production)
        try:
            sharing.begin(link, production)
            sharing.complete(link, production)
        except Exception as error:
            if isinstance(expected(error), Busy):
                raise running.Unfinished(_SHARE_AGAIN_SECONDS) from error
            logger.exception("a media asset could not be shared", job_id=job.job_id, type=kind, asset=number)
            sharing.withdraw(link, production)


def _finish(job: Job) -> None:
    if job.canceled or job.failed:
        reason = "The copy was canceled." if job.canceled else f"The copy failed: {job.error}"
        _give_up(job, reason)
        first = Part.find(Part.at(job.job_id, 1).pk, Part.at(job.job_id, 1).sk)
        if first is not None and first.arguments.get("bucket"):
            making.unmake(job.job_id, first.arguments["bucket"])
    else:
        _end(job, [Project.status_asset.set(DONE), Project.is_production.set(True), Project.copy_job.remove()])
    _let_go(job)


def _abandon(job: Job, reason: str) -> None:
    _give_up(job, f"The copy failed: {reason}")
    _let_go(job)


def _give_up(job: Job, reason: str) -> None:
    """Let the target say why there is no copy, and plan the job that clears what was copied; both or neither.

    The target keeps its links, so what it links names it, however early the copy ended.
    """
    target = _find(job.arguments["target"])
    if target is not None and target.copy_job == job.job_id:
        links.mark(target)
    clearing = deleting.plan_clearing(job.arguments["target"], job.job_id)
    facts = [
        Project.status_asset.set(FAILED),
        Project.status_asset_description.set(reason),
        Project.copy_job.set(clearing.job_id),
    ]
    if _end(job, facts, clearing):
        running.enqueue(clearing)


def _end(job: Job, facts: Sequence[Action], planned: Job | None = None) -> bool:
    """Write how the copy ended, once. Returns whether this did; a target that is being deleted is only let go."""
    target = Project.at(job.arguments["target"])
    ours = Project.copy_job == job.job_id
    told = [*facts, Project.date_mod.set(clock.now()), Project.revision.set(Project.revision + 1)]

    def attempt() -> bool:
        try:
            alive = ours & Project.delete_job.does_not_exist()
            transact(Update(target, told, alive), *running.steps(planned))
        except TransactionCancelled as cancelled:
            if cancelled.failed:
                return False
            raise
        return True

    if contend(attempt):
        return True
    try:
        update(target, [Project.copy_job.remove()], ours)
    except ConditionFailed:
        logger.info("the copy had ended before", job_id=job.job_id)
    return False


def _let_go(job: Job) -> None:
    """Give the source back, and wake deletions that wait for this copy."""
    source, target = job.arguments["source"], job.arguments["target"]
    delete(Lease.at(source, target))
    for project in find_each(Project.at(source), Project.at(target)):
        if project is not None and project.delete_job:
            running.enqueue(Job.at(project.delete_job))


def _find(number: int) -> Project | None:
    key = Project.at(number)
    return Project.find(key.pk, key.sk)


def _bucket_of(target: Project) -> str | None:
    """The bucket that the bytes of a copy go to; None for a copy that refers to those of the source.

    Raises:
        Hopeless: it is none that devices may name.
    """
    key = Device.at(int(target.device or 0))
    device = Device.find(key.pk, key.sk) if target.device else None
    if device is None or not device.bucket:
        return None
    if device.bucket not in library.branches():
        raise Hopeless(f"The bucket of the device {target.device} is not one that devices may use.")
    return str(device.bucket)


def _again(failed: Job, job: Job, caller: Principal) -> list[Step]:
    """The steps that let a failed copy begin anew: its bundle is empty, as it was at first, and the source leased."""
    rights = access.of(caller)
    source, target = find_each(Project.at(failed.arguments["source"]), Project.at(failed.arguments["target"]))
    if target is None or target.delete_job:
        raise Conflict("the copy has been deleted")
    access.demand(caller, access.COPY)
    rights.demand_write(int(target.production))
    if failed.arguments["share"]:
        access.demand(caller, access.SHARE)
    if source is None or source.delete_job or not source.is_production:
        raise Conflict("what was to be copied is gone, or being deleted")
    if not rights.reads(int(source.production)):
        access.refuse()
    if target.copy_job:
        raise Conflict("what the failed copy left is still being cleared away; try again in a minute")
    if target.status_asset != FAILED or next(BundleFile.below(target.pk, bundles.FILES, limit=1), None) is not None:
        raise Conflict("the copy is in use by now; delete it and copy once more")
    if rights.productions is not None:
        asked = failed.arguments["reads"]
        job.arguments["reads"] = [one for one in rights.productions if asked is None or one in asked]
    begun = [
        Project.status_asset.set(NEW),
        Project.status_asset_description.remove(),
        Project.copy_job.set(job.job_id),
        Project.date_mod.set(clock.now()),
        Project.revision.set(Project.revision + 1),
    ]
    lease = Lease.at(source.number, target.number)
    lease.job = job.job_id
    return [
        Update(Project.at(target.number), begun, Project.revision == target.revision),
        Check(Project.at(source.number), Project.revision == source.revision),
        Put(lease, absent(Lease)),
    ]


TREE = Tree(_parts, _do, _finish, _abandon)
RETRY = Retry(_again)

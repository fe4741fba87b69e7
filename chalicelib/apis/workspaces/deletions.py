"""The job that takes away a deleted workspace: its rows, its references to Files, what principals keep of it.

Nothing is written to a workspace any more once it says that it is being deleted, so its rows can be gone through in
parts, and gone through again. Its own row goes last.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.apis.workspaces.models import Favourite, Mark, Resource, State, Workspace, partition
from chalicelib.batches import batched
from chalicelib.errors import Conflict
from chalicelib.files import references
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job
from chalicelib.jobs.trees import Tree
from chalicelib.rows import Check, Delete, Step, contend, delete, transact

KIND = "workspaces.delete"
_PART = 1_000
_TOGETHER = 50
_FIRST, _LAST = "!", "\U0010ffff"
_FAN = "fan#"


def planned(workspace: Workspace) -> Job:
    """The job that takes away a workspace."""
    return running.plan(KIND, {"guid": workspace.guid})


def _plan(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    after = last["last"] if last is not None else _FIRST
    for part in batched(_rows(job, after, _LAST), _PART):
        yield {"after": after, "last": part[-1].sk}
        after = part[-1].sk


def _do(job: Job, part: dict[str, Any]) -> None:
    _remove(list(_rows(job, part["after"], part["last"])))


def _finish(job: Job) -> None:
    """Take away what failed or skipped parts have left, and then the workspace's own row."""
    if job.failed or job.canceled:
        for part in batched(_rows(job, _FIRST, _LAST), _PART):
            _remove(part)
    delete(Workspace.at(job.arguments["guid"]))


def _again(failed: Job, job: Job, _: Principal) -> list[Step]:
    """What has to hold for a workspace to be taken away once more: something of it is left."""
    row = Workspace.at(failed.arguments["guid"])
    workspace = Workspace.find(row.pk, row.sk)
    if workspace is None or workspace.state != State.DELETING:
        raise Conflict("nothing of the workspace is left")
    return [Check(row, Workspace.state == State.DELETING.value)]


TREE = Tree(_plan, _do, _finish)
RETRY = Retry(_again)


def _rows(job: Job, after: str, last: str) -> Iterator[Resource]:
    """All rows behind one key and up to another but the workspace's own, as what only resources have is wanted of."""
    pk = partition(job.arguments["guid"])
    own = Workspace.at(job.arguments["guid"]).sk
    return (row for row in Resource.below(pk, "", first=f"{after}\0", last=last) if row.sk != own)


def _remove(rows: list[Resource]) -> None:
    references.release_each((row.file_id, row.owner) for row in rows if row.file_id is not None)
    for some in batched(rows, _TOGETHER):
        fans = [row for row in some if row.sk.startswith(_FAN)]
        steps = [
            *(Delete(Favourite.at(row.sk.removeprefix(_FAN), row.guid)) for row in fans),
            *(Delete(Mark(row.pk, row.sk)) for row in some),
        ]
        contend(lambda steps=steps: transact(*steps))  # type: ignore[misc]

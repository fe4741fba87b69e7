"""The job that takes away a deleted workspace: its rows, its references to Files, what principals keep of it.

Nothing is written to a workspace any more once it says that it is being deleted, so the rows can be gone through in
parts, one kind after the other, and gone through again.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from chalicelib.apis.workspaces.models import Favourite, Mark, Resource, Workspace, WorkspaceRow, partition
from chalicelib.batches import batched
from chalicelib.files import references
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.jobs.trees import Tree
from chalicelib.rows import Delete, contend, delete, transact

KIND = "workspaces.delete"
_KINDS = ("fan#", "faulty#", "id#", "loose#", "ref#", "unjudged#", "used#")
_PART = 1_000
_TOGETHER = 50


def planned(workspace: Workspace) -> Job:
    """The job that takes away a workspace."""
    return running.plan(KIND, {"guid": workspace.guid})


def _plan(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    pk = partition(job.arguments["guid"])
    for kind in _KINDS:
        if last is not None and kind < last["kind"]:
            continue
        after = last["last"] if last is not None and kind == last["kind"] else None
        for part in batched(WorkspaceRow.below(pk, kind, after=after), _PART):
            yield {"kind": kind, "after": after, "last": part[-1].sk}
            after = part[-1].sk


def _do(job: Job, part: dict[str, Any]) -> None:
    rows = Resource.below(partition(job.arguments["guid"]), part["kind"], after=part["after"])
    _remove(list(takewhile(lambda row: row.sk <= part["last"], rows)))


def _finish(job: Job) -> None:
    """Take away what failed parts have left, and then the workspace's own row."""
    guid = job.arguments["guid"]
    for kind in _KINDS if job.failed else ():
        for part in batched(Resource.below(partition(guid), kind), _PART):
            _remove(part)
    delete(Workspace.at(guid))


TREE = Tree(_plan, _do, _finish)


def _remove(rows: list[Resource]) -> None:
    references.release_each((row.file_id, row.owner) for row in rows if row.file_id is not None)
    for some in batched(rows, _TOGETHER):
        kept = [Favourite.at(row.sk.removeprefix("fan#"), row.guid) for row in some if row.sk.startswith("fan#")]
        steps = [*(Delete(one) for one in kept), *(Delete(Mark(row.pk, row.sk)) for row in some)]
        contend(lambda steps=steps: transact(*steps))  # type: ignore[misc]

"""What is the matter with a workspace (docs/apis/workspaces.md, "Statuses").

Nothing is stored of it but marks beside the resources that are not clean, so it is true at the moment it is told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from typing import Any

from chalicelib.apis.workspaces import access, resources, uses
from chalicelib.apis.workspaces.access import Right
from chalicelib.apis.workspaces.models import Mark, Resource, State, Workspace, partition, target
from chalicelib.batches import batched
from chalicelib.identity import Principal
from chalicelib.jobs.models import Job
from chalicelib.rows import find_each

ASSETS, WORKSPACE, GENERAL = "assets_validator", "workspace_validator", "general"
_MOST_TOLD = 100
_FEW = 20
_FAULTY, _UNJUDGED = "faulty#", "unjudged#"


class Finding(StrEnum):
    """What a look at one context finds."""

    VALID = "VALID"
    PENDING = "PENDING"
    INVALID = "INVALID"


DESCRIPTIONS = {
    Finding.VALID: "The validation succeeded!",
    Finding.PENDING: "The validation is pending!",
    Finding.INVALID: "The validation failed!",
}


@dataclass(frozen=True, slots=True)
class Status:
    """The status of one context."""

    state: Finding
    context: str
    info: dict[str, Any] = field(default_factory=dict)


def every(principal: Principal, identifier: str) -> list[Status]:
    """The status of each context of a workspace, for a reader: two Queries, and one more for each resource at fault, if
    these are few; for many, those that go through all uses of resources.

    Raises:
        NotFound
    """
    workspace = access.enter(principal, Right.READ, identifier).workspace
    return [_of_assets(workspace), _of_workspace(workspace)]


def general(found: list[Status]) -> Status:
    """What the statuses of all contexts come to: invalid if and only if one of them is."""
    guilty = next((one for one in found if one.state is Finding.INVALID), None)
    if guilty is None:
        return Status(Finding.VALID, GENERAL)
    return Status(Finding.INVALID, GENERAL, {"guilty_status": shown(guilty), "guilty_ref": guilty.context})


def shown(status: Status) -> dict[str, Any]:
    """A status as it is told."""
    return {
        "state": status.state.value,
        "context": status.context,
        "description": DESCRIPTIONS[status.state],
        "info": status.info,
    }


def _of_assets(workspace: Workspace) -> Status:
    """Invalid if an asset names a resource that will never be fetched, pending while a verdict is."""
    faults: dict[str, list[str]] = {}
    at_fault = _at_fault(workspace.guid)
    few = list(islice(at_fault, _FEW + 1))
    named = _named_by_each(few) if len(few) <= _FEW else _named_by_any(workspace.guid, chain(few, at_fault))
    for resource, users in named:
        for ref in users:
            sentences = faults.setdefault(ref, [])
            if (sentence := f"{resource.ref} is {resource.state}") not in sentences:
                sentences.append(sentence)
        if len(faults) >= _MOST_TOLD:
            break
    if faults:
        told = [{ref: ", ".join(sentences)} for ref, sentences in sorted(faults.items())]
        return Status(Finding.INVALID, ASSETS, {"assets": told})
    waiting = any(True for _ in Mark.below(partition(workspace.guid), _UNJUDGED, limit=1))
    return Status(Finding.PENDING if waiting else Finding.VALID, ASSETS)


def _at_fault(guid: str) -> Iterator[Resource]:
    for some in batched(Mark.below(partition(guid), _FAULTY), 100):
        blanks = [Resource(pk=mark.pk, sk=f"ref#{mark.sk.removeprefix(_FAULTY)}") for mark in some]
        yield from (row for row in find_each(*blanks) if row is not None)


def _named_by_each(at_fault: Iterable[Resource]) -> Iterator[tuple[Resource, list[str]]]:
    """Few resources, and the refs of the assets that name them: a Query for each."""
    return ((resource, resources.users_of(resource)) for resource in at_fault)


def _named_by_any(guid: str, at_fault: Iterable[Resource]) -> Iterator[tuple[Resource, list[str]]]:
    """The same of any number of resources: their mains by hundreds, and all uses of resources gone through once."""
    by_target: dict[str, Resource] = {}
    for some in batched(at_fault, 100):
        by_target |= {target(resource.ref): resource for resource in some}
        mains = uses.refs_of(guid, (resource.main_of for resource in some if resource.main_of is not None))
        yield from ((one, [mains[one.main_of]]) for one in some if one.main_of in mains)
    for used, ref in uses.of_resources(guid, by_target):
        yield by_target[used], [ref]


def _of_workspace(workspace: Workspace) -> Status:
    if workspace.state == State.FAILED:
        return Status(Finding.INVALID, WORKSPACE, {"error": workspace.error or ""})
    if workspace.state != State.CLONING:
        return Status(Finding.VALID, WORKSPACE)
    job = Job.get_by_id(workspace.job_id)
    if job is None or job.total is None:
        return Status(Finding.PENDING, WORKSPACE)
    return Status(Finding.PENDING, WORKSPACE, {"done": int(job.done), "total": int(job.total)})

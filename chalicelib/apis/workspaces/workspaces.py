"""The rules of workspaces: clone a project, delete what came of it (docs/apis/workspaces.md, "Workspaces")."""

import secrets
import uuid
from collections.abc import Container
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import cloning
from chalicelib.apis.workspaces import access, clones, deletions, errors, parameters, refs
from chalicelib.apis.workspaces.access import Right
from chalicelib.apis.workspaces.favourites import kept_steps
from chalicelib.apis.workspaces.models import Claim, State, Workspace
from chalicelib.errors import Busy
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import Delete, Put, TransactionCancelled, Update, absent, contend, transact

_LONGEST_DESCRIPTION = 20_000
_MASTER = "master"


def create(principal: Principal, fields: dict[str, Any], literals: Container[str]) -> Workspace:
    """Clone a project into a new workspace, and make that a favourite of the caller's.

    Args:
        fields: `file_uri`, `organization`, `project_name`, and if wanted `name`, `branch`, `description`.
        literals: the segments that the routes have in the place of a workspace's name.

    Raises:
        MalformedRequest
        NotFound: there is no such project or branch, or the caller may not read it.
        Forbidden: there is a workspace of this name, or at this file URI.
    """
    workspace = _described(principal, fields, literals)
    store_id, project_id = (_required(fields, name) for name in ("organization", "project_name"))
    branch = parameters.text(fields, "branch") or _MASTER
    try:
        source = cloning.open_source(principal, store_id, project_id, branch)
    except cloning.BranchUnknown:
        raise errors.not_found(errors.BRANCH, branch) from None
    except cloning.ProjectUnknown:
        raise errors.not_found(errors.PROJECT, f"{store_id}/{project_id}") from None
    workspace.store_id, workspace.project_id, workspace.branch = store_id, project_id, branch
    job = clones.planned(workspace, source, principal)
    found = clones.small(source)
    contend(lambda: _write(principal, workspace, job, is_named=fields.get("name") is not None))
    if found is None:
        running.enqueue(job)
        return workspace
    try:
        clones.fill(workspace, job, found)
    except Busy:
        running.enqueue(job)
    return workspace


def delete(principal: Principal, identifier: str) -> None:
    """Delete a workspace: hidden at once, and gone when its job is done.

    Raises:
        NotFound
        Forbidden: the caller may not write.
    """

    def attempt() -> tuple[Workspace, Job]:
        workspace = access.enter(principal, Right.WRITE, identifier, ready=False).workspace
        job = deletions.planned(workspace)
        hidden = [Workspace.state.set(State.DELETING.value), Workspace.sequence.set(Workspace.sequence + 1)]
        transact(
            Update(Workspace.at(workspace.guid), hidden, Workspace.state == workspace.state),
            *(Delete(claim, Claim.guid == workspace.guid) for claim in _claims(workspace)),
            *running.steps(job),
        )
        return workspace, job

    workspace, job = contend(attempt)
    if workspace.job_id is not None:
        running.cancel(workspace.job_id)
    running.enqueue(job)


def _described(principal: Principal, fields: dict[str, Any], literals: Container[str]) -> Workspace:
    """A new workspace's row, as far as the request tells it."""
    uri = _required(fields, "file_uri")
    if not refs.is_uri(uri) or len(refs.fold(uri).encode()) > refs.LONGEST_URI:
        raise errors.corrupted(errors.WORKSPACE, uri)
    name = parameters.text(fields, "name", refs.name_from(uri))
    if not refs.is_name(name) or name in literals:
        raise errors.corrupted(errors.WORKSPACE, name)
    description = parameters.text(fields, "description")
    if len(description.encode()) > _LONGEST_DESCRIPTION:
        raise errors.corrupted(errors.WORKSPACE, f"description of more than {_LONGEST_DESCRIPTION} bytes")
    row = Workspace.at(secrets.token_hex(20))
    row.name, row.description, row.file_uri = name, description, uri
    row.organisation, row.created_at = access.organisation_of(principal), clock.now()
    row.state, row.sequence, row.job_id = State.CLONING.value, 0, uuid.uuid4().hex
    return row


def _required(fields: dict[str, Any], name: str) -> str:
    value = parameters.text(fields, name)
    if not value:
        raise errors.corrupted(errors.WORKSPACE, name)
    return value


def _write(principal: Principal, workspace: Workspace, job: Job, *, is_named: bool) -> None:
    named, located = _claims(workspace)
    try:
        transact(
            Put(workspace, absent(Workspace)),
            Put(named, absent(Claim)),
            Put(located, absent(Claim)),
            *running.steps(job),
            *kept_steps(principal.uid, workspace),
        )
    except TransactionCancelled as cancelled:
        if 2 in cancelled.failed:
            raise errors.exists(workspace.file_uri) from None
        if 1 in cancelled.failed and is_named:
            raise errors.name_exists() from None
        if 1 in cancelled.failed:
            workspace.name = f"{refs.name_from(workspace.file_uri)[:93]}-{secrets.token_hex(3)}"
        raise


def _claims(workspace: Workspace) -> tuple[Claim, Claim]:
    """What keeps others from its name and its file URI."""
    named = Claim.name(workspace.organisation, workspace.name)
    located = Claim.uri(workspace.organisation, workspace.file_uri)
    for claim, value in ((named, workspace.name), (located, workspace.file_uri)):
        claim.value, claim.guid = value, workspace.guid
        claim.store_id, claim.project_id = workspace.store_id, workspace.project_id
    return named, located

"""The rules of favourites: which workspaces a principal keeps (docs/apis/workspaces.md, "Favourites").

Who has forgotten a workspace finds it by its file URI alone, until it is a favourite again.
"""

from collections.abc import Iterator

from chalicelib import clock
from chalicelib.apis.stores import cloning
from chalicelib.apis.workspaces import access, errors, refs, uses
from chalicelib.apis.workspaces.access import Right
from chalicelib.apis.workspaces.models import Favourite, Mark, Workspace
from chalicelib.batches import batched
from chalicelib.errors import NotFound
from chalicelib.identity import Principal
from chalicelib.rows import Put, Step, TransactionCancelled, contend, find_each, transact

_AT_ONCE = 50


def kept_steps(uid: str, workspace: Workspace) -> list[Step]:
    """The transaction steps that make a workspace a principal's favourite, unless it is one."""
    row = _row(uid, workspace)
    unknown = Favourite.pk.does_not_exist() | Favourite.forgotten_at.exists()
    return [Put(row, unknown), Put(Mark.fan(workspace.guid, uid))]


def add(principal: Principal, file_uri: str) -> Workspace:
    """Make the workspace at a file URI a favourite of the caller's.

    Raises:
        NotFound: there is none that the caller may read.
        Forbidden: it is one already.
        MalformedRequest: it is no file URI.
    """
    if not refs.is_uri(file_uri):
        raise errors.corrupted(errors.WORKSPACE, file_uri or "file_uri")

    def attempt() -> Workspace:
        try:
            entered = access.enter(principal, Right.READ, file_uri)
        except NotFound:
            raise errors.workspace_not_found(f"{file_uri} not found") from None
        workspace = entered.workspace
        try:
            transact(uses.is_there(workspace.guid), *kept_steps(principal.uid, workspace))
        except TransactionCancelled as cancelled:
            if 1 in cancelled.failed:
                raise errors.name_exists() from None
            raise
        return workspace

    return contend(attempt)


def forget(principal: Principal, identifier: str) -> None:
    """Make a workspace no favourite of the caller's any more; no matter if it is none, or if there is none."""

    def attempt() -> None:
        try:
            workspace = access.enter(principal, Right.READ, identifier, forgotten=True).workspace
        except NotFound:
            return
        _forget(principal.uid, workspace)

    contend(attempt)


def forget_all(principal: Principal) -> None:
    """Make no workspace a favourite of the caller's any more."""
    for workspace in kept(principal):
        contend(lambda workspace=workspace: _forget(principal.uid, workspace))  # type: ignore[misc]


def kept(principal: Principal) -> Iterator[Workspace]:
    """The caller's favourites that it may still read: one Query, and one BatchGetItem for each fifty."""
    own = f"principal#{principal.uid}"
    rows = (row for row in Favourite.below(own, "favourite#") if row.forgotten_at is None)
    for some in batched(rows, _AT_ONCE):
        found = find_each(
            *(
                blank
                for row in some
                for blank in (Workspace.at(row.guid), cloning.project_row(row.store_id, row.project_id))
            )
        )
        for workspace, project in zip(found[::2], found[1::2], strict=True):
            if access.may_read(principal, workspace, project):
                yield workspace


def _forget(uid: str, workspace: Workspace) -> None:
    row = _row(uid, workspace)
    row.forgotten_at = clock.now()
    try:
        transact(uses.is_there(workspace.guid), Put(row), Put(Mark.fan(workspace.guid, uid)))
    except TransactionCancelled as cancelled:
        if not cancelled.failed:
            raise


def _row(uid: str, workspace: Workspace) -> Favourite:
    row = Favourite.at(uid, workspace.guid)
    row.store_id, row.project_id = workspace.store_id, workspace.project_id
    return row

"""Which workspace an identifier means, and who may do what there (docs/apis/workspaces.md, "Access").

A workspace belongs to its creator's organisation, and is used with the groups of the project it was cloned from, as
they are at the moment of the call. One that a caller may not read and one that is not there are answered alike.

Where an identifier leads never changes as long as the workspace is there, so a process remembers it. What it remembers
is only where to look: the row that is read there decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.apis.stores import cloning
from chalicelib.apis.workspaces import errors, refs
from chalicelib.apis.workspaces.models import Claim, Favourite, State, Workspace
from chalicelib.errors import Forbidden
from chalicelib.identity import Principal
from chalicelib.rows import Row, find_each

_MOST_REMEMBERED = 2_000


class Right(StrEnum):
    """What a request wants of a workspace."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workspace is: its guid, and the project it comes from."""

    guid: str
    store_id: str
    project_id: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A workspace that the caller may use, what the caller thinks of it, and the further rows that were asked for."""

    workspace: Workspace
    favourite: Favourite | None
    rows: list[Any]
    may_write: bool


_remembered: dict[tuple[str, str], Place] = {}


def organisation_of(principal: Principal) -> str:
    """The organisation whose workspaces are the caller's; callers without one share an empty one."""
    return principal.organisation or ""


def enter(
    principal: Principal,
    right: Right,
    identifier: str,
    also: Callable[[str], Sequence[Row]] = lambda guid: (),
    *,
    ready: bool | None = None,
    forgotten: bool = False,
) -> Entered:
    """The workspace with this guid, name or file URI, for a caller who has this right.

    One BatchGetItem, and one GetItem before it unless this process has seen the identifier.

    Args:
        also: the blank rows to be read in the same call, at most 97, for the workspace's guid.
        ready: whether the workspace has to be ready; left out: for who writes.
        forgotten: let in by guid and name too whoever has forgotten the workspace.

    Raises:
        NotFound: there is none, or the caller may not read it, or has forgotten it.
        Forbidden: the caller may read it and not write; or it is locked.
    """
    remembered = _remembered.get((organisation_of(principal), identifier))
    entered = None
    if remembered is not None:
        entered = _entered(principal, identifier, remembered, also)
    if entered is None:
        place = _look_up(principal, identifier)
        entered = _entered(principal, identifier, place, also) if place is not None else None
        if entered is None or place is None:
            raise errors.workspace_not_found(identifier)
        _remember(principal, identifier, place)
    known = entered.favourite is None or entered.favourite.forgotten_at is None
    if not (known or forgotten or refs.is_uri(identifier)):
        raise errors.workspace_not_found(identifier)
    if right is Right.WRITE and not entered.may_write:
        raise Forbidden
    if (right is Right.WRITE if ready is None else ready) and entered.workspace.state != State.READY:
        raise errors.locked()
    return entered


def may_read(principal: Principal, workspace: Workspace | None, project: Any) -> bool:
    """Whether a workspace is there and the caller's to read, its project's row being this one."""
    if workspace is None or project is None or workspace.state == State.DELETING:
        return False
    if workspace.organisation != organisation_of(principal) and not principal.superuser:
        return False
    return cloning.may_read(principal, project.groups or ())


def _entered(
    principal: Principal, identifier: str, place: Place, also: Callable[[str], Sequence[Row]]
) -> Entered | None:
    workspace, project, favourite, *rows = find_each(
        Workspace.at(place.guid),
        cloning.project_row(place.store_id, place.project_id),
        Favourite.at(principal.uid, place.guid),
        *also(place.guid),
    )
    if not may_read(principal, workspace, project) or not _is_called(workspace, identifier):
        return None
    return Entered(workspace, favourite, rows, cloning.may_write(principal, project.groups or ()))


def _is_called(workspace: Workspace, identifier: str) -> bool:
    if refs.is_uri(identifier):
        return bool(refs.location(workspace.file_uri) == refs.location(identifier))
    return identifier in (workspace.guid, workspace.name)


def _look_up(principal: Principal, identifier: str) -> Place | None:
    if refs.is_guid(identifier):
        key = Workspace.at(identifier)
        workspace = Workspace.find(key.pk, key.sk)
        return None if workspace is None else Place(identifier, workspace.store_id, workspace.project_id)
    if refs.is_uri(identifier) and len(refs.fold(identifier).encode()) <= refs.LONGEST_URI:
        blank = Claim.uri(organisation_of(principal), identifier)
    elif refs.is_name(identifier):
        blank = Claim.name(organisation_of(principal), identifier)
    else:
        return None
    claim = Claim.find(blank.pk, blank.sk)
    return None if claim is None else Place(claim.guid, claim.store_id, claim.project_id)


def forget() -> None:
    """Forget which workspaces identifiers have named."""
    _remembered.clear()


def _remember(principal: Principal, identifier: str, place: Place) -> None:
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[organisation_of(principal), identifier] = place

"""Who may do what: the groups of a project decide (docs/apis/stores.md, "Access").

A project that a caller may not use and one that is not there are answered alike, to everybody but administrators.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from chalicelib.apis.stores import errors, ids
from chalicelib.apis.stores.models import DEFAULT_STORE, PUBLIC, Project, Store
from chalicelib.identity import Principal
from chalicelib.rows import Row, find_each

ADMINISTER = "Administer stores"
"""The permission to use every project, and to make stores and users."""


class Right(StrEnum):
    """What a request wants of a project."""

    READ = "READ"
    WRITE = "WRITE"
    ADMIN = "ADMIN"


def is_admin(principal: Principal) -> bool:
    """Whether the caller may do everything here."""
    return principal.has(ADMINISTER)


def may(principal: Principal, right: Right, groups: Collection[str]) -> bool:
    """Whether a project with these groups is the caller's to read or to write."""
    if is_admin(principal):
        return True
    if right is Right.READ:
        return PUBLIC in groups or not principal.groups.isdisjoint(groups)
    return right is Right.WRITE and not (principal.writes_for - {PUBLIC}).isdisjoint(groups)


def demand_admin(principal: Principal) -> None:
    """Refuse everybody but administrators.

    Raises:
        Unauthenticated
    """
    if not is_admin(principal):
        raise errors.access_required(Right.ADMIN)


def demand_create(principal: Principal, groups: Collection[str]) -> None:
    """Refuse the creation of a project that the creator could not write to.

    Raises:
        Unauthenticated
    """
    if not may(principal, Right.WRITE, groups):
        raise errors.access_required(Right.WRITE)


def enter(principal: Principal, right: Right, store_id: str, project_id: str, *also: Row) -> tuple[Project, list[Any]]:
    """The project, for a caller who has this right, and the rows under the keys of `also`, read in the same call.

    Raises:
        MalformedRequest: there is no such store; for administrators, no such project.
        Unauthenticated: the caller lacks the right, or there is no such project.
    """
    if not ids.is_segment(store_id, 63) or not ids.is_segment(project_id, 63):
        raise _absent(principal, right, store_id, project_id)
    project, *rows = find_each(Project.at(store_id, project_id), *also)
    if project is None:
        raise _absent(principal, right, store_id, project_id)
    if not may(principal, right, project.groups or ()):
        raise errors.access_required(right)
    return project, rows


def demand_store(store_id: str) -> None:
    """Refuse a store that is not there.

    Raises:
        MalformedRequest
    """
    if not store_exists(store_id):
        raise errors.store_not_found(store_id)


def store_exists(store_id: str) -> bool:
    """Whether there is such a store."""
    return store_id == DEFAULT_STORE or (ids.is_segment(store_id, 63) and Store.find(*_key(store_id)) is not None)


def _key(store_id: str) -> tuple[str, str]:
    row = Store.at(store_id)
    return row.pk, row.sk


def _absent(principal: Principal, right: Right, store_id: str, project_id: str) -> Exception:
    if not store_exists(store_id):
        return errors.store_not_found(store_id)
    return errors.project_not_found(store_id, project_id) if is_admin(principal) else errors.access_required(right)

"""The rules of users: who may see, make, change and end them, and how they log in."""

from typing import Any

from chalicelib.apis.stores import access, errors, parameters
from chalicelib.apis.stores.models import PUBLIC
from chalicelib.apis.stores.projects import demand_groups
from chalicelib.errors import Conflict, NotFound
from chalicelib.identity import Principal, users

TOKEN_SECONDS = 12 * 3600
"""How long the token lasts that somebody gets by logging in."""


def log_in(fields: dict[str, Any]) -> str | None:
    """A token for `user` and `password`; None if they are wrong.

    Raises:
        MalformedRequest: one is missing.
    """
    name, password = parameters.required_text(fields, "user"), parameters.required_text(fields, "password")
    if len(password.encode(errors="replace")) > users.LONGEST_PASSWORD:
        return None
    return users.log_in(name, password, seconds=TOKEN_SECONDS)


def everybody(principal: Principal) -> list[Principal]:
    """All users. Raises Unauthenticated: the caller is no administrator."""
    access.demand_admin(principal)
    return users.everybody()


def find(principal: Principal, name: str) -> Principal:
    """The user of this name. Raises Unauthenticated, MalformedRequest."""
    access.demand_admin(principal)
    found = users.find(name)
    if found is None:
        raise errors.user_not_found()
    return found


def groups() -> list[str]:
    """Every group that a user has, in order."""
    return sorted({group for user in users.everybody() for group in (*user.groups, *user.writes_for)})


def add(principal: Principal, fields: dict[str, Any]) -> None:
    """Make a user. Raises Unauthenticated, MalformedRequest, Conflict."""
    access.demand_admin(principal)
    name, password = parameters.required_text(fields, "user"), parameters.required_text(fields, "password")
    if len(name.encode(errors="replace")) > users.LONGEST_NAME or not name.isprintable():
        raise errors.invalid_name("user")
    _demand_password(password)
    try:
        users.add(
            name,
            password,
            groups=_groups(fields, "read_groups") or (),
            write_groups=_groups(fields, "write_groups") or (),
            permissions=_permissions(fields) or (),
        )
    except Conflict:
        raise errors.user_in_use(name) from None


def change(principal: Principal, fields: dict[str, Any]) -> None:
    """Change a user's groups, password, or whether it is an administrator; what is not there stays.

    Raises:
        Unauthenticated, MalformedRequest
    """
    access.demand_admin(principal)
    name = parameters.required_text(fields, "user")
    password = None
    if "password" in fields:
        password = parameters.required_text(fields, "password")
        _demand_password(password)
    changes = users.Changes(
        groups=_groups(fields, "read_groups"),
        write_groups=_groups(fields, "write_groups"),
        permissions=_permissions(fields),
        password=password,
    )
    try:
        users.change(name, changes)
    except NotFound:
        raise errors.user_not_found() from None


def remove(principal: Principal, fields: dict[str, Any]) -> None:
    """End a user; no matter if there is none. Raises Unauthenticated, MalformedRequest."""
    access.demand_admin(principal)
    users.remove(parameters.required_text(fields, "user"))


def shown(user: Principal) -> dict[str, Any]:
    """A user, or any caller, as this API shows it."""
    return {
        "user": user.name,
        "read_groups": sorted(user.groups),
        "write_groups": sorted(user.writes_for),
        "admin_access": access.is_admin(user),
    }


def _demand_password(password: str) -> None:
    if len(password.encode(errors="replace")) > users.LONGEST_PASSWORD:
        raise errors.invalid_data(f"A password has at most {users.LONGEST_PASSWORD} bytes.")


def _groups(fields: dict[str, Any], name: str) -> frozenset[str] | None:
    if fields.get(name) is None:
        return None
    found = demand_groups(fields[name])
    if PUBLIC in found:
        raise errors.invalid_data(f"The group {PUBLIC} is everybody's and cannot be given to a user.")
    return frozenset(found)


def _permissions(fields: dict[str, Any]) -> frozenset[str] | None:
    wanted = fields.get("admin_access")
    if wanted is None:
        return None
    if not isinstance(wanted, bool):
        raise errors.invalid_data("The admin_access has to be true or false.")
    return frozenset({access.ADMINISTER} if wanted else ())

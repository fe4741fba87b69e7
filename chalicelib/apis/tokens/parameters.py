"""What a request for a token says, read and checked (docs/access.md, "Over HTTP")."""

from dataclasses import dataclass
from typing import Any

from chalicelib.errors import MalformedRequest, ValidationFailed

LONGEST = 200
"""Bytes of a name, permission, group or organisation."""

MOST = 100
"""Permissions, and groups, of one principal."""

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Wanted:
    """The principal that is to have a token; `days` until it ends, None for never."""

    name: str
    permissions: list[str]
    groups: list[str]
    organisation: str | None
    superuser: bool
    days: int | None


def wanted(body: Any) -> Wanted:
    """The token that a JSON body asks for.

    Raises:
        MalformedRequest: it is no object.
        ValidationFailed: with all broken rules.
    """
    if not isinstance(body, dict):
        raise MalformedRequest("the body must be a JSON object")
    wrong: list[str] = []
    name, organisation = body.get("name"), body.get("organisation")
    if not _is_text(name):
        wrong.append(f"name must be a text of 1 to {LONGEST} bytes")
    if organisation is not None and not _is_text(organisation):
        wrong.append(f"organisation must be a text of 1 to {LONGEST} bytes")
    lists: dict[str, list[str]] = {}
    for field in ("permissions", "groups"):
        given = body.get(field) or []
        if not isinstance(given, list) or len(given) > MOST or not all(map(_is_text, given)):
            wrong.append(f"{field} must be a list of up to {MOST} texts")
        else:
            lists[field] = given
    superuser, days = body.get("superuser", False), body.get("days")
    if not isinstance(superuser, bool):
        wrong.append("superuser must be true or false")
    if days is not None and (type(days) is not int or not 0 < days <= MOST_DAYS):
        wrong.append(f"days must be a number from 1 to {MOST_DAYS}")
    if wrong:
        raise ValidationFailed(details=wrong)
    return Wanted(str(name), lists["permissions"], lists["groups"], organisation, superuser, days)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value.encode(errors="replace")) <= LONGEST

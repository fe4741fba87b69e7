"""The JSON answers about tokens and principals (docs/access.md, "Over HTTP")."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.identity import Principal, TokenEntry


def principal(who: Principal) -> dict[str, Any]:
    """Who a token stands for."""
    return {
        "uid": who.uid,
        "name": who.name,
        "permissions": sorted(who.permissions),
        "groups": sorted(who.groups),
        "write_groups": sorted(who.writes_for),
        "organisation": who.organisation,
        "superuser": who.superuser,
    }


def entry(token: TokenEntry) -> dict[str, Any]:
    """What is known of a token; it cannot be used by that."""
    ends = None if token.expires_at is None else _moment(token.expires_at)
    facts = {"id": token.id, "created_at": _moment(token.created_at), "expires_at": ends}
    return {**facts, **principal(token.principal)}


def _moment(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

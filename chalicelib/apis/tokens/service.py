"""The rules of tokens over HTTP: only superusers make, list and withdraw them."""

import re

from chalicelib import clock, identity
from chalicelib.apis.tokens.parameters import Wanted
from chalicelib.errors import Forbidden, NotFound
from chalicelib.identity import Principal, TokenEntry

_DAY = 86_400
_ID = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{12})?", re.ASCII)


def demand_superuser(principal: Principal) -> None:
    """Raises Forbidden: the principal is none."""
    if not principal.superuser:
        raise Forbidden


def entries(principal: Principal) -> list[TokenEntry]:
    """All tokens that have not expired. Raises Forbidden."""
    demand_superuser(principal)
    return identity.entries()


def create(principal: Principal, wanted: Wanted) -> tuple[str, TokenEntry]:
    """Make a principal with a token. Returns the token, and what will be listed of it. Raises Forbidden."""
    demand_superuser(principal)
    return identity.mint(
        wanted.name,
        permissions=wanted.permissions,
        groups=wanted.groups,
        organisation=wanted.organisation,
        superuser=wanted.superuser,
        expires_at=None if wanted.days is None else clock.epoch() + wanted.days * _DAY,
    )


def revoke(principal: Principal, identifier: str) -> int:
    """Withdraw a token, or a principal and all its tokens. Returns how many tokens.

    Raises:
        Forbidden
        NotFound: there is neither.
    """
    demand_superuser(principal)
    if not _ID.fullmatch(identifier):
        raise NotFound
    try:
        return identity.revoke(identifier)
    except NotFound:
        raise NotFound from None

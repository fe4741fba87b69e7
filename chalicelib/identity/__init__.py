"""Principals, API tokens and permissions."""

from chalicelib.identity.principal import LOCAL_SUPERUSER, SIGNIN, Principal
from chalicelib.identity.tokens import TokenEntry, authenticate, entries, mint, mint_another, revoke

__all__ = [
    "LOCAL_SUPERUSER",
    "SIGNIN",
    "Principal",
    "TokenEntry",
    "authenticate",
    "entries",
    "mint",
    "mint_another",
    "revoke",
]

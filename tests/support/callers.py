"""Principals with tokens, as clients of the app."""

from dataclasses import dataclass
from typing import Any

from app import app
from chalicelib.identity import mint
from tests.support.client import Client


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with a token."""

    client: Client
    uid: str
    token: str


def new_caller(name: str, **principal: Any) -> Caller:
    """Mint a principal with a token; `principal` as for `mint`."""
    token, entry = mint(name, **principal)
    return Caller(Client(app, {"Authorization": f"Bearer {token}"}), entry.principal.uid, token)

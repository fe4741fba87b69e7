"""API tokens: minted once, stored hashed, looked up at most once a minute, listed and revoked.

A token is `am_<principal id>_<secret>`. The secret has 256 random bits, so a plain SHA-256 is enough to store it by.
Authentication costs one BatchGetItem a minute per token and process; a token revoked or expired is refused everywhere
within that minute. A user's tokens are asked for every time instead. What is not valid is not remembered, so that a new
token works at once.
"""

import hashlib
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib import clock
from chalicelib.errors import NotFound
from chalicelib.identity.models import DIRECTORY, PRINCIPAL, Identity, principal_key, token_id, token_key
from chalicelib.identity.principal import SIGNIN, Principal
from chalicelib.rows import Check, Delete, Put, Step, absent, contend, delete, transact

REMEMBERED = 60  # seconds that a valid token is believed without asking again
_CACHE_SIZE = 1_000
_TOKEN = re.compile(r"am_([0-9a-f]{16})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """What may be shown of a token.

    Attributes:
        id: names it to `revoke`.
        principal: whose it is.
        created_at: epoch seconds.
        expires_at: epoch seconds, None for never.
    """

    id: str
    principal: Principal
    created_at: int
    expires_at: int | None


def mint(
    name: str,
    *,
    permissions: Iterable[str] = (),
    groups: Iterable[str] = (),
    write_groups: Iterable[str] | None = None,
    organisation: str | None = None,
    superuser: bool = False,
    expires_at: int | None = None,
) -> tuple[str, TokenEntry]:
    """Make a principal with a token. The permission `signin` is always granted.

    Args:
        write_groups: those in whose name it may write; None: all of `groups`.
        expires_at: epoch seconds at which the token ends; None for never.

    Returns:
        The token, which cannot be had again, and what will be listed of it.
    """
    uid = secrets.token_hex(8)
    principal = Principal(
        uid=uid,
        name=name,
        permissions=frozenset({SIGNIN, *permissions}),
        groups=frozenset(groups),
        write_groups=None if write_groups is None else frozenset(write_groups),
        organisation=organisation,
        superuser=superuser,
    )
    row = Identity(principal_key(uid), PRINCIPAL, created_at=clock.epoch())
    row.describe(principal)
    return _add(principal, expires_at, Put(row, absent(Identity)))


def mint_another(uid: str, *, expires_at: int | None = None) -> tuple[str, TokenEntry]:
    """One more token for a principal there is, so that a token can be replaced before the old one is revoked.

    Raises:
        NotFound: there is no such principal.
    """
    row = Identity.find(principal_key(uid), PRINCIPAL)
    if row is None:
        raise NotFound("there is no such principal")
    return _add(row.principal(uid), expires_at, Check(row, Identity.pk.exists()))


def entries() -> list[TokenEntry]:
    """All tokens that have not expired, by name and age."""
    now = clock.epoch()
    found = [
        TokenEntry(
            token_id(row), row.principal(_owner(token_id(row))), int(row.created_at or 0), _whole(row.expires_at)
        )
        for row in Identity.below(DIRECTORY, token_key(""))
        if not _expired(row, now)
    ]
    return sorted(found, key=lambda entry: (entry.principal.name, entry.created_at, entry.id))


def revoke(identifier: str) -> int:
    """Withdraw a token by its id, or a principal and all its tokens by the principal's id.

    Returns:
        How many tokens were withdrawn.

    Raises:
        NotFound: there is neither.
    """
    uid = _owner(identifier)
    whole = identifier == uid
    rows = list(Identity.below(DIRECTORY, token_key(f"{uid}-"))) if whole else []
    if not whole and (one := Identity.find(DIRECTORY, token_key(identifier))) is not None:
        rows = [one]
    for row in rows:
        _withdraw(uid, row)
    if whole:
        principal = Identity.find(principal_key(uid), PRINCIPAL)
        if principal is not None:
            delete(principal)
        elif not rows:
            raise NotFound("there is no such principal")
    elif not rows:
        raise NotFound("there is no such token")
    _cache.forget(uid)
    return len(rows)


def authenticate(token: str) -> Principal | None:
    """Whose token this is; None when it is nobody's, was revoked or has expired."""
    shape = _TOKEN.fullmatch(token)
    if shape is None:
        return None
    digest = _digest(token)
    now = clock.epoch()
    known = _cache.get(digest, now)
    if known is not None:
        return known
    partition = principal_key(shape[1])
    keys = [(partition, PRINCIPAL), (partition, token_key(digest))]
    rows = {row.sk: row for row in Identity.find_many(keys)}
    owner, row = rows.get(PRINCIPAL), rows.get(token_key(digest))
    if owner is None or row is None or _expired(row, now):
        return None
    principal = owner.principal(shape[1])
    if not owner.changeable:
        _cache.put(digest, principal, now, _whole(row.expires_at))
    return principal


def _add(principal: Principal, expires_at: int | None, *first: Step) -> tuple[str, TokenEntry]:
    token = f"am_{principal.uid}_{secrets.token_urlsafe(32)}"
    digest = _digest(token)
    entry = TokenEntry(f"{principal.uid}-{digest[:12]}", principal, clock.epoch(), expires_at)
    listed = Identity(DIRECTORY, token_key(entry.id), token_hash=digest)
    listed.describe(principal)
    row = Identity(principal_key(principal.uid), token_key(digest))
    for one in (row, listed):
        one.created_at, one.expires_at = entry.created_at, expires_at
    transact(*first, Put(row, absent(Identity)), Put(listed, absent(Identity)))
    return token, entry


def _owner(identifier: str) -> str:
    """The uid in the id of a token, or the uid itself."""
    return identifier.partition("-")[0]


def _withdraw(uid: str, listed: Identity) -> None:
    token = Identity(principal_key(uid), token_key(listed.token_hash or ""))
    contend(lambda: transact(Delete(token), Delete(listed)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _expired(row: Identity, now: int) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    since: int
    until: int


class _Cache:
    """Valid tokens by their hash. Safe in threads, and never larger than `_CACHE_SIZE`: the oldest entry goes."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def get(self, digest: str, now: int) -> Principal | None:
        known = self._known.get(digest)
        if known is None or not known.since <= now < known.until:
            return None
        return known.principal

    def put(self, digest: str, principal: Principal, now: int, expires_at: int | None) -> None:
        until = now + REMEMBERED if expires_at is None else min(now + REMEMBERED, expires_at)
        with self._lock:
            self._known.pop(digest, None)
            while len(self._known) >= _CACHE_SIZE:
                del self._known[next(iter(self._known))]
            self._known[digest] = _Known(principal, now, until)

    def forget(self, uid: str) -> None:
        with self._lock:
            self._known = {key: one for key, one in self._known.items() if one.principal.uid != uid}


_cache = _Cache()

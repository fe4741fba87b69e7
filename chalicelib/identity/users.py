"""Users: principals who have a name and a password, and get their tokens by those.

Names are unique. A password is kept as its scrypt hash with a salt of its own. A user's groups and permissions are
those of its principal, whose tokens are looked up at every use, so that a change or the user's end counts at once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib import clock
from chalicelib.errors import Conflict, NotFound
from chalicelib.identity import tokens
from chalicelib.identity.models import PRINCIPAL, USERS, Identity, User, principal_key
from chalicelib.identity.principal import SIGNIN, Principal
from chalicelib.rows import Delete, Put, TransactionCancelled, absent, contend, transact

LONGEST_NAME = 200
LONGEST_PASSWORD = 1_024
"""Both in bytes."""

_COST, _BLOCK, _PARALLEL = 2**14, 8, 1  # 16 MiB and some 50 ms for each guess
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to change of a user; None leaves it as it is."""

    groups: frozenset[str] | None = None
    write_groups: frozenset[str] | None = None
    permissions: frozenset[str] | None = None
    password: str | None = None


def add(
    name: str, password: str, *, groups: Iterable[str], write_groups: Iterable[str], permissions: Iterable[str]
) -> Principal:
    """Make a user. The permission `signin` is always granted.

    Raises:
        Conflict: the name is taken.
    """
    principal = Principal(
        uid=secrets.token_hex(8),
        name=name,
        permissions=frozenset({SIGNIN, *permissions}),
        groups=frozenset(groups),
        write_groups=frozenset(write_groups),
    )
    user = User.at(name)
    user.uid, user.password, user.revision = principal.uid, _hashed(password), 1

    def attempt() -> None:
        try:
            transact(Put(_described(user, principal), absent(User)), Put(_row(principal), absent(Identity)))
        except TransactionCancelled as cancelled:
            if 0 in cancelled.failed:
                raise Conflict("the name is taken") from None
            raise

    contend(attempt)
    return principal


def everybody() -> list[Principal]:
    """All users as principals, by name."""
    return [user.principal(user.uid) for user in User.below(USERS, "user#")]


def find(name: str) -> Principal | None:
    """The user of this name, None if there is none."""
    user = _find(name)
    return None if user is None else user.principal(user.uid)


def change(name: str, changes: Changes) -> Principal:
    """Change a user, which counts at once.

    Raises:
        NotFound: there is none of this name.
    """

    def attempt() -> Principal:
        user = _find(name)
        if user is None:
            raise NotFound("there is no such user")
        before = user.principal(user.uid)
        after = Principal(
            uid=before.uid,
            name=name,
            permissions=before.permissions if changes.permissions is None else changes.permissions | {SIGNIN},
            groups=before.groups if changes.groups is None else changes.groups,
            write_groups=before.write_groups if changes.write_groups is None else changes.write_groups,
        )
        unchanged = User.revision == user.revision
        if changes.password is not None:
            user.password = _hashed(changes.password)
        user.revision = user.revision + 1
        transact(Put(_described(user, after), unchanged), Put(_row(after), Identity.pk.exists()))
        return after

    return contend(attempt)


def remove(name: str) -> None:
    """End a user and all its tokens, at once; no matter if there is none."""

    def attempt() -> str | None:
        user = _find(name)
        if user is None:
            return None
        transact(Delete(user, User.revision == user.revision), Delete(Identity(principal_key(user.uid), PRINCIPAL)))
        return str(user.uid)

    uid = contend(attempt)
    if uid is not None:
        try:
            tokens.revoke(uid)
        except NotFound:
            return  # it had no token


def log_in(name: str, password: str, *, seconds: int) -> str | None:
    """A new token for the user of this name and password, which ends after so many seconds; None if they are wrong."""
    user = _find(name)
    if not _matches(password, user.password if user is not None else _NOBODYS) or user is None:
        return None
    try:
        token, _ = tokens.mint_another(user.uid, expires_at=clock.epoch() + seconds)
    except (NotFound, TransactionCancelled):
        return None  # the user ended this very moment
    return token


def _find(name: str) -> User | None:
    return User.find(USERS, User.at(name).sk) if 0 < len(name.encode(errors="replace")) <= LONGEST_NAME else None


def _described(user: User, principal: Principal) -> User:
    user.describe(principal)
    return user


def _row(principal: Principal) -> Identity:
    row = Identity(principal_key(principal.uid), PRINCIPAL, created_at=clock.epoch(), changeable=True)
    row.describe(principal)
    return row


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"scrypt-{_COST}-{_BLOCK}-{_PARALLEL}-{salt.hex()}-{_scrypt(password, salt, _COST, _BLOCK, _PARALLEL).hex()}"


def _matches(password: str, kept: str) -> bool:
    _, cost, block, parallel, salt, digest = kept.split("-")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(errors="replace"), salt=salt, n=cost, r=block, p=parallel, dklen=32)


# What a wrong name is compared with, so that it takes as long as a wrong password. No password has it.
_NOBODYS = f"scrypt-{_COST}-{_BLOCK}-{_PARALLEL}-{'00' * _SALT_BYTES}-{'00' * 32}"

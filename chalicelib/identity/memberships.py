"""Memberships: what users and groups may do in a production, beyond reading it.

A subject is `user/<uid>` or `group/<name>`; all its memberships are one row, so that everything a principal may do is
one BatchGetItem, asked for when it is first needed and then remembered as long as a token is. A change counts
everywhere within that minute, and at once in the process that made it.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib import clock
from chalicelib.identity.models import Memberships
from chalicelib.identity.principal import Principal
from chalicelib.identity.tokens import REMEMBERED
from chalicelib.rows import Put, Step, absent

_CACHE_SIZE = 1_000
_A_CALL = 100


@dataclass(frozen=True, slots=True)
class Membership:
    """What a member may do in a production beside reading it."""

    write: bool = False
    delete: bool = False

    def joined(self, other: "Membership") -> "Membership":
        """Everything that either of them allows."""
        return Membership(self.write or other.write, self.delete or other.delete)


def user(uid: str) -> str:
    """The subject that a principal is."""
    return f"user/{uid}"


def group(name: str) -> str:
    """The subject that a group is."""
    return f"group/{name}"


def of(principal: Principal) -> Mapping[int, Membership]:
    """What a principal may do by itself and by its groups, by production."""
    key = principal.uid, principal.groups
    known = _cache.get(key, clock.epoch())
    if known is not None:
        return known
    subjects = [user(principal.uid), *(group(name) for name in sorted(principal.groups))]
    found: dict[int, Membership] = {}
    for row in _rows(subjects):
        for number, given in (row.productions or {}).items():
            membership = Membership("w" in given, "d" in given)
            found[int(number)] = membership.joined(found.get(int(number), membership))
    _cache.put(key, found, clock.epoch())
    return found


def changed(subject: str, production: int, membership: Membership | None) -> Step:
    """The step that makes a subject a member of a production, or with None ends that; it fails if somebody else changes
    the subject's memberships meanwhile. Call `forget` once it has been done.
    """
    old = Memberships.find(Memberships.at(subject).pk, Memberships.at(subject).sk)
    row = Memberships.at(subject)
    given = dict(old.productions or {}) if old is not None else {}
    given.pop(str(production), None)
    if membership is not None:
        given[str(production)] = ("w" if membership.write else "") + ("d" if membership.delete else "")
    row.productions, row.revision = given, (old.revision if old is not None else 0) + 1
    return Put(row, absent(Memberships) if old is None else Memberships.revision == old.revision)


def forget() -> None:
    """Ask anew what everybody may do."""
    _cache.clear()


def _rows(subjects: Iterable[str]) -> list[Memberships]:
    keys = [(row.pk, row.sk) for row in map(Memberships.at, subjects)]
    found: list[Memberships] = []
    for first in range(0, len(keys), _A_CALL):
        found += Memberships.find_many(keys[first : first + _A_CALL])
    return found


_Key = tuple[str, frozenset[str]]


class _Cache:
    """What principals may do, for a while. Safe in threads; the oldest entry makes room."""

    def __init__(self) -> None:
        self._known: dict[_Key, tuple[int, dict[int, Membership]]] = {}
        self._lock = threading.Lock()

    def get(self, key: _Key, now: int) -> dict[int, Membership] | None:
        since, found = self._known.get(key, (0, {}))
        return found if since <= now < since + REMEMBERED else None

    def put(self, key: _Key, found: dict[int, Membership], now: int) -> None:
        with self._lock:
            self._known.pop(key, None)
            while len(self._known) >= _CACHE_SIZE:
                del self._known[next(iter(self._known))]
            self._known[key] = now, found

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


_cache = _Cache()

"""Index rows: below a tag or a group, what has it, in the order of ids. They change in the transactions of what has it.

Shelves are walked together by leaping: each is asked for its first key from a wanted one on, and where it has a gap the
others skip what lies in it. What is read is bounded by the shortest of the shelves that have to agree.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from chalicelib.rows import Delete, Put, Row, Step, find_each

MOST_CHANGES = 95
"""Index rows of one kind that one transaction can change beside the rest of it."""

_LARGEST_LOOK = 4_000
_AT_ONCE = 100

_R = TypeVar("_R", bound=Row)


def changed(before: Iterable[str], after: Iterable[str], below: Callable[[str], Row]) -> list[Step]:
    """The steps that keep the index rows in agreement with what something has.

    Args:
        below: the blank row for one thing that it has.
    """
    had, has = set(before), set(after)
    return [*(Put(below(one)) for one in sorted(has - had)), *(Delete(below(one)) for one in sorted(had - has))]


def found(keys: Iterable[str], blank: Callable[[str], _R], look: int | None = None) -> Iterator[_R]:
    """What sort keys of index rows lead to, in their order: one BatchGetItem for each hundred.

    Args:
        look: how many are wanted at first; no more keys are asked for than that takes.
    """
    return each_found((blank(key) for key in keys), look)


def each_found(blanks: Iterable[_R], look: int | None = None) -> Iterator[_R]:
    """The rows under the keys of blank ones, in their order; absent ones are left out. Calls as for `found`."""
    rest = iter(blanks)
    while some := list(islice(rest, min(look or _AT_ONCE, _AT_ONCE))):
        yield from (row for row in find_each(*some) if row is not None)


class Shelf:
    """The sort keys of one index partition in order, read as far as they are asked for.

    Args:
        blank: any row of it.
        prefix: what its sort keys begin with.
        look: how many keys to read at first; where that is not enough, ever more.
    """

    def __init__(self, blank: Row, prefix: str, look: int | None = None) -> None:
        self._blank = blank
        self._prefix = prefix
        self._look = min(look or _LARGEST_LOOK, _LARGEST_LOOK)
        self._keys: list[str] = []
        self._is_read_to_the_end = False

    def at_least(self, wanted: str) -> str | None:
        """Its first key that is `wanted` or behind it. What is wanted never goes back."""
        position = bisect_left(self._keys, wanted)
        if position == len(self._keys) and not self._is_read_to_the_end:
            self._read(wanted)
            position = 0
        return self._keys[position] if position < len(self._keys) else None

    def _read(self, wanted: str) -> None:
        rows = type(self._blank).below(self._blank.pk, self._prefix, first=wanted, limit=self._look)
        self._keys = [row.sk for row in rows]
        self._is_read_to_the_end = len(self._keys) < self._look
        self._look = min(4 * self._look, _LARGEST_LOOK)


def shared(prefix: str, after: str | None, *demands: Sequence[Shelf]) -> Iterator[str]:
    """The keys that stand on at least one shelf of each demand, in order.

    Args:
        prefix: what all keys begin with.
        after: begin behind this key.
    """
    wanted: str | None = prefix if after is None else _behind(after)
    while wanted is not None:
        candidate: str | None = wanted
        for demand in demands:
            candidate = None if candidate is None else _first(candidate, demand)
        if candidate is not None and all(_first(candidate, demand) == candidate for demand in demands[:-1]):
            yield candidate
            wanted = _behind(candidate)
        else:
            wanted = candidate


def _first(wanted: str, shelves: Sequence[Shelf]) -> str | None:
    there = (key for shelf in shelves if (key := shelf.at_least(wanted)) is not None)
    return min(there, default=None)


def _behind(key: str) -> str:
    return key + "\0"

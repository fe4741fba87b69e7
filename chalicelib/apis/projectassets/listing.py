"""Lists in the order of ids, without an index to lag behind: keys and counters, written in the transaction that makes
or removes what they list (see `models`).

A page costs one Query for the counters and one for the keys, of each production that the caller reads; a superuser's
costs one and one. Neither reads anything of the blocks before the page, and of the page's own block only keys.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.apis.projectassets.models import (
    BLOCK,
    COUNTED,
    EVERYTHING,
    LISTED,
    TOTAL,
    Counted,
    Listed,
    counted_below,
    found_by,
    listed_below,
    listed_key,
)
from chalicelib.apis.projectassets.parameters import Page
from chalicelib.rows import Delete, Put, Row, Step, Update, absent

_A_CALL = 100

_R = TypeVar("_R", bound=Row)


@dataclass(frozen=True, slots=True)
class Found:
    """What a list has: how many there are in all, and the ids of a page."""

    total: int
    ids: list[int]


def added(kind: str, number: int, production: int, found: Mapping[str, str]) -> list[Step]:
    """The steps that list something below its production, and make it found by the values of these fields."""
    steps: list[Step] = [
        Put(_at(Listed.below_production(kind, below, number), production), absent(Listed))
        for below in (production, EVERYTHING)
    ]
    steps += _counted(kind, number, production, 1)
    return steps + [_found(kind, number, production, field, value) for field, value in found.items() if value]


def removed(kind: str, number: int, production: int, found: Mapping[str, str]) -> list[Step]:
    """The steps that take back what `added` did; they fail if it was taken back before."""
    steps: list[Step] = [
        Delete(Listed.below_production(kind, below, number), Listed.pk.exists()) for below in (production, EVERYTHING)
    ]
    steps += _counted(kind, number, production, -1)
    return steps + [Delete(Listed.by(kind, field, value, number)) for field, value in found.items() if value]


def refound(kind: str, number: int, production: int, field: str, old: str, new: str) -> list[Step]:
    """The steps that make something found by another value of a field."""
    if old == new:
        return []
    steps: list[Step] = [Delete(Listed.by(kind, field, old, number))] if old else []
    return steps + ([_found(kind, number, production, field, new)] if new else [])


def page(kind: str, productions: Sequence[int] | None, wanted: Page) -> Found:
    """A page of what is listed below these productions, or with None below any."""
    below: Sequence[int | str] = [EVERYTHING] if productions is None else productions
    if wanted.offset == 0:
        counted = [row for one in below for row in Counted.below(counted_below(kind, one), TOTAL)]
        total, first, skipped = sum(int(row.live) for row in counted), 0, 0
    else:
        total, first, skipped = _behind(kind, below, wanted.offset)
    if wanted.size == 0 or wanted.offset >= total:
        return Found(total, [])
    over = wanted.offset - skipped
    after = listed_key(first * BLOCK - 1) if first else None
    keys = [Listed.below(listed_below(kind, one), LISTED, limit=over + wanted.size, after=after) for one in below]
    numbers = (row.number for row in heapq.merge(*keys, key=lambda row: row.sk))
    return Found(total, list(itertools.islice(numbers, over, over + wanted.size)))


def search(kind: str, field: str, value: str, readable: Callable[[int], bool], wanted: Page) -> Found:
    """A page of what has this value in a field and lies in a readable production.

    Reads the keys of all that have the value: they are few, since such a value is a path.
    """
    rows = Listed.below(found_by(kind, field, value), LISTED)
    ids = [row.number for row in rows if readable(int(row.production))]
    return Found(len(ids), ids[wanted.offset : wanted.offset + wanted.size])


def fetch(blanks: Iterable[_R]) -> Iterator[_R]:
    """The rows under the keys of these blank rows, in their order, 100 a call as they are asked for; absent ones are
    left out.
    """
    rest = iter(blanks)
    while some := list(itertools.islice(rest, _A_CALL)):
        found = {(row.pk, row.sk): row for row in type(some[0]).find_many([(row.pk, row.sk) for row in some])}
        for blank in some:
            row = found.get((blank.pk, blank.sk))
            if row is not None:
                yield row


def _behind(kind: str, below: Sequence[int | str], offset: int) -> tuple[int, int, int]:
    """How many there are in all, the block in which a page at this offset begins, and how many lie in those before."""
    blocks: Counter[int] = Counter()
    for one in below:
        for row in Counted.below(counted_below(kind, one), COUNTED):
            blocks[row.block] += int(row.live)
    skipped, first = 0, 0
    for block in sorted(blocks):
        first = block
        if skipped + blocks[block] > offset:
            break
        skipped += blocks[block]
    return blocks.total(), first, skipped


def _counted(kind: str, number: int, production: int, change: int) -> list[Step]:
    rows = [make(kind, below, number) for below in (production, EVERYTHING) for make in (Counted.of, Counted.in_all)]
    return [Update(row, [Counted.live.add(change)]) for row in rows]


def _found(kind: str, number: int, production: int, field: str, value: str) -> Step:
    return Put(_at(Listed.by(kind, field, value, number), production))


def _at(row: Listed, production: int) -> Listed:
    row.production = production
    return row

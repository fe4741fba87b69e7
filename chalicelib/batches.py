"""Long iterables in bounded pieces, for calls that take so many at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


def batched(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of at most `size`, read as they are asked for."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

"""Tags: kept on the row of what has them, and as a row below each tag, so that one Query finds a tag's things."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from chalicelib.apis.stores import errors, ids, parameters
from chalicelib.apis.stores.models import Tagged
from chalicelib.rows import Delete, Put, Row, Step, find_each

MOST = 90
"""Tags that one thing may have."""

_MOST_CHANGES = 95
_AT_ONCE = 100

_R = TypeVar("_R", bound=Row)


def demand(value: Any) -> list[str]:
    """A list of tags, each once.

    Raises:
        MalformedRequest
    """
    tags = parameters.texts(value, "tags")
    if not all(ids.is_tag(tag) for tag in tags):
        raise errors.invalid_data(f"A tag has 1 to {ids.LONGEST_TAG} bytes and no control characters.")
    if len(tags) > MOST:
        raise errors.invalid_data(f"There can be at most {MOST} tags.")
    return tags


def changed(before: Sequence[str], after: Sequence[str], below: Callable[[str], Tagged]) -> list[Step]:
    """The steps that keep the rows below the tags in agreement.

    Args:
        below: the blank row for one tag.

    Raises:
        MalformedRequest: these are more than fit into one transaction.
    """
    added, removed = set(after) - set(before), set(before) - set(after)
    if len(added) + len(removed) > _MOST_CHANGES:
        raise errors.invalid_data(f"At most {_MOST_CHANGES} tags can be changed at once.")
    return [*(Put(below(tag)) for tag in sorted(added)), *(Delete(below(tag)) for tag in sorted(removed))]


def found(tagged: Iterable[Tagged], blank: Callable[[Tagged], _R]) -> Iterator[_R]:
    """What the rows below a tag lead to, in their order: one BatchGetItem for each hundred."""
    rest = iter(tagged)
    while some := list(islice(rest, _AT_ONCE)):
        yield from (row for row in find_each(*(blank(one) for one in some)) if row is not None)

"""Tags: kept on the row of what has them, and as a row below each tag, so that one Query finds a tag's things."""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.apis.stores import errors, ids, parameters, shelves
from chalicelib.apis.stores.index_rows import Tagged
from chalicelib.rows import Step

MOST = 90
"""Tags that one thing may have."""


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
    steps = shelves.changed(before, after, below)
    if len(steps) > shelves.MOST_CHANGES:
        raise errors.invalid_data(f"At most {shelves.MOST_CHANGES} tags can be changed at once.")
    return steps

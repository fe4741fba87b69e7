"""Ids: whole numbers that ascend and are never given twice, each kind's for itself.

One atomic addition gives an id, whoever else asks. What becomes of it is the caller's matter: an id whose object was
never written is left out.
"""

from chalicelib.apis.projectassets.models import LastId
from chalicelib.rows import update

DEVICE, PRODUCTION, SHARE = "device", "production", "share"
"""The kinds of ids beside those of `models`: projects, imports and the types of media assets."""

BUILT_IN_DEVICE = 1
_TAKEN = {DEVICE: BUILT_IN_DEVICE}


def next_id(kind: str) -> int:
    """An id of this kind that nobody has or had."""
    row = LastId.at(kind)
    return int(update(row, [LastId.last.add(1)]).last) + _TAKEN.get(kind, 0)

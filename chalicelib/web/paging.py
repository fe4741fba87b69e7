"""Pages of listings that are ours: `limit`, and a `cursor` that the page before told.

A cursor is the base64 of the sort key, or its telling part, of the last row that was read. Who makes one up reads from
there, in a partition that is theirs anyway.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from chalicelib.errors import MalformedRequest
from chalicelib.web.request import Request

MOST = 100
"""Things on a page: what one BatchGetItem reads."""

USUAL = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a listing is wanted: at most `limit` things, behind the one that `after` tells."""

    limit: int = USUAL
    after: str | None = None


def wanted(request: Request, shape: re.Pattern[str]) -> Page:
    """The page that a request asks for.

    Args:
        shape: what a cursor of this listing looks like, decoded.

    Raises:
        MalformedRequest: `limit` or `cursor` is none.
    """
    text = request.query_params.get("limit")
    limit = USUAL
    if text is not None:
        limit = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        if not 0 < limit <= MOST:
            raise MalformedRequest(f"limit must be a number from 1 to {MOST}")
    given = request.query_params.get("cursor")
    return Page(limit, None if given is None else _decoded(str(given), shape))


def flag(request: Request, name: str) -> bool:
    """Whether a query parameter says `true`; it says `false` when it is not there.

    Raises:
        MalformedRequest: it says something else.
    """
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise MalformedRequest(f"{name} must be true or false")
    return bool(text == "true")


def cursor(last: str) -> str:
    """The cursor of what follows the thing that `last` tells."""
    return base64.urlsafe_b64encode(last.encode()).decode("ascii").rstrip("=")


def _decoded(text: str, shape: re.Pattern[str]) -> str:
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        found = ""
    if not shape.fullmatch(found):
        raise MalformedRequest("cursor is none that a page told")
    return found

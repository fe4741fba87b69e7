"""Serving bytes: validators, conditions, ranges and HEAD, for any object whose facts are known.

Conditions follow docs/apis/assets.md ("Serving"): when `If-None-Match` and `If-Modified-Since` are both sent, both
must hold for a 304. A range is a single one of bytes; anything else in `Range` is ignored, as RFC 9110 allows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from chalice.app import Response

from chalicelib.errors import RangeNotSatisfiable
from chalicelib.web.request import Request

_RANGE = re.compile(r"bytes\s*=\s*(?:(\d{1,18})\s*-\s*(\d{1,18})?|-\s*(\d{1,18}))\s*", re.ASCII | re.IGNORECASE)
_ETAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Representation:
    """What is known of the bytes before they are read.

    Attributes:
        content_type: as it is served, charset included.
        size: bytes.
        etag: quoted, strong.
        last_modified: aware; compared and sent in whole seconds.
        headers: further ones, such as Content-Disposition and Cache-Control.
    """

    content_type: str
    size: int
    etag: str
    last_modified: datetime
    headers: dict[str, str] = field(default_factory=dict)


def respond(request: Request, representation: Representation, read: Callable[[int, int], bytes]) -> Response:
    """The answer to a GET or HEAD of these bytes: 200, 206 or 304. A HEAD and a 304 read nothing.

    Args:
        read: gives `length` bytes from `start`, called as `read(start, length)` and at most once.

    Raises:
        RangeNotSatisfiable: the range lies outside the bytes.
    """
    headers = {**validators(representation), **representation.headers}
    if is_unmodified(request, representation):
        return Response(body=b"", status_code=304, headers=dict(headers))
    headers |= {"Content-Type": representation.content_type, "Accept-Ranges": "bytes"}
    wanted = None if request.method == "HEAD" else wanted_range(request, representation)
    start, length = wanted or (0, representation.size)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{representation.size}"
    if request.method == "HEAD":
        headers["Content-Length"] = str(length)
    body = read(start, length) if length and request.method != "HEAD" else b""
    return Response(body=body, status_code=200 if wanted is None else 206, headers=dict(headers))


def validators(representation: Representation) -> dict[str, str]:
    """`ETag` and `Last-Modified`."""
    return {"ETag": representation.etag, "Last-Modified": http_date(representation.last_modified)}


def is_unmodified(request: Request, representation: Representation) -> bool:
    """Whether the client's copy is good: every condition it sent holds, and it sent at least one."""
    held = request.headers.get("if-none-match")
    since = request.headers.get("if-modified-since")
    conditions = []
    if held is not None:
        conditions.append(matches(held, representation.etag))
    if since is not None:
        moment = parse_http_date(since)
        if moment is not None:
            conditions.append(_whole_seconds(representation.last_modified) <= moment)
    return bool(conditions) and all(conditions)


def matches(held: str, etag: str) -> bool:
    """Whether an `If-None-Match` names this ETag: `*`, or a list compared weakly."""
    if held.strip() == "*":
        return True
    return etag.removeprefix("W/") in _ETAG.findall(held)


def requested_range(request: Request) -> tuple[int | None, int | None] | None:
    """The single byte range asked for as (first, last); first is None in a suffix of `last` bytes; None without one."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None:
        return None
    if found[3] is not None:
        return None, int(found[3])
    first, last = int(found[1]), None if found[2] is None else int(found[2])
    return None if last is not None and last < first else (first, last)


def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it, in whole seconds."""
    return format_datetime(_whole_seconds(moment), usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """The moment an HTTP date names, None if it names none."""
    try:
        moment = parsedate_to_datetime(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def wanted_range(request: Request, representation: Representation) -> tuple[int, int] | None:
    """The range to answer a GET with as (start, length), None for all of it.

    Raises:
        RangeNotSatisfiable: it lies outside the bytes.
    """
    asked = requested_range(request)
    if asked is None or not _range_applies(request, representation):
        return None
    found = bounds(asked, representation.size)
    if found is None:
        raise RangeNotSatisfiable(details=[str(representation.size)])
    return found


def bounds(asked: tuple[int | None, int | None], size: int) -> tuple[int, int] | None:
    """What a requested range means of so many bytes, as (start, length); None where it lies outside them."""
    first, last = asked
    if first is None:
        length = min(last or 0, size)
        first = size - length
    else:
        length = (size if last is None else min(last + 1, size)) - first
    return (first, length) if length > 0 else None


def _range_applies(request: Request, representation: Representation) -> bool:
    """`If-Range`: the range counts only for the very bytes the client knows, by strong ETag or exact date."""
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    condition = condition.strip()
    if condition.startswith(('"', "W/")):
        return bool(condition == representation.etag) and not condition.startswith("W/")
    return parse_http_date(condition) == _whole_seconds(representation.last_modified)


def _whole_seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)

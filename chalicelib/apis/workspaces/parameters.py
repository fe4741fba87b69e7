"""What a request of the Bilrost API carries: identifiers, refs, moments and pages as that API understands them
(docs/apis/workspaces.md, "Requests").
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from chalicelib.apis.workspaces import errors, refs
from chalicelib.errors import MalformedRequest
from chalicelib.web import bodies
from chalicelib.web.media import parse_http_date
from chalicelib.web.request import Request

PAGE = 100
LARGEST_PAGE = 1_000
_FURTHEST_START = 1_000_000

_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a listing is wanted: from the `start`-th thing on, counted from 0, at most `most`."""

    start: int
    most: int


def json_value(request: Request) -> Any:
    """The JSON value of the body, whatever its content type; None for an empty body.

    Raises:
        MalformedRequest, BodyTooLarge
    """
    try:
        return bodies.json(request, any_type=True)
    except MalformedRequest as error:
        raise errors.corrupted(errors.MANAGER, f"SyntaxError: {error.message}") from None


def json_object(request: Request) -> dict[str, Any]:
    """The JSON object of the body; an empty body counts as an empty one.

    Raises:
        MalformedRequest: it is something else.
        BodyTooLarge
    """
    found = json_value(request)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise errors.corrupted(errors.MANAGER, "instance is not of a type(s) object")
    return found


def ref(request: Request, root: str, path: str) -> str:
    """The ref that a path names below `/assets/` or `/resources/`; a slash at its end makes it a namespace."""
    whole = f"{root}{path}/" if request.ends_with_slash else f"{root}{path}"
    return refs.single(whole)


def last_modified(request: Request) -> int | None:
    """The moment that the header `Last-Modified` names, as epoch milliseconds; None without one that names any."""
    text = request.headers.get("last-modified", "").strip()
    return moment(unquote(text)) if text else None


def moment(text: str) -> int | None:
    """The moment that a text names, as epoch milliseconds; None if it names none. Without a time zone it is UTC."""
    text = text.strip()
    short = _YEAR_OR_MONTH.fullmatch(text)
    try:
        if short is not None:
            found = datetime(int(short[1]), int(short[2] or 1), 1, tzinfo=UTC)
        else:
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        seconds = (found - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        by_http = parse_http_date(text)
        if by_http is None:
            return None
        seconds = by_http.timestamp()
    return round(seconds * 1_000_000) // 1_000


def page(request: Request) -> Page:
    """The page that `start` and `maxResults` ask for.

    Raises:
        MalformedRequest
    """
    return Page(_number(request, "start", 0, 0, _FURTHEST_START), _number(request, "maxResults", PAGE, 1, LARGEST_PAGE))


def after(request: Request) -> str:
    """The name that `after` tells to begin behind; empty for the beginning.

    Raises:
        MalformedRequest: nothing can be called that.
    """
    given = request.query_params.get("after") or ""
    if given and not refs.is_name(given):
        raise errors.corrupted(errors.BROWSER, "after")
    return str(given)


def flag(request: Request, name: str) -> bool:
    """Whether a query parameter says `true`; it says `false` when it is not there.

    Raises:
        MalformedRequest: it says something else.
    """
    given = request.query_params.get(name) or "false"
    if given not in ("true", "false"):
        raise errors.corrupted(errors.BROWSER, name)
    return bool(given == "true")


def text(fields: dict[str, Any], name: str, default: str = "") -> str:
    """A text that a body gives under a name; null counts as left out.

    Raises:
        MalformedRequest: it is no text.
    """
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise errors.corrupted(errors.WORKSPACE, f"instance.{name} is not of a type(s) string")
    return value


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None or given == "":
        return default
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
    if not least <= number:
        raise errors.corrupted(errors.BROWSER, name)
    return min(number, most)


def content(request: Request) -> tuple[bytes, str | None]:
    """The bytes of the body, or the id of the finished upload that `upload` names instead of them.

    Raises:
        MalformedRequest: there are both.
        BodyTooLarge
    """
    upload_id = request.query_params.get("upload") or None
    body = bodies.body(request)
    if upload_id is not None and body:
        raise errors.corrupted(errors.RESOURCE, "upload with a body")
    return body, upload_id

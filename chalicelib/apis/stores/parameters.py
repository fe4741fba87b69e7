"""What a request of the OVE API carries: who calls, and JSON, flags and pages as that API understands them
(docs/apis/stores.md, "Requests").
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from chalicelib.apis.stores import errors
from chalicelib.errors import InvalidToken, MalformedRequest, NotFound, UnsupportedMediaType
from chalicelib.identity import Principal, authenticate
from chalicelib.web import bodies
from chalicelib.web.authentication import credentials, principal
from chalicelib.web.hosts import Host, host_of
from chalicelib.web.rendering import MEDIALOOPSTER
from chalicelib.web.request import Request

LARGEST_PAGE = 1_000

JSON, OCTETS = "application/json", "application/octet-stream"

_TRUE, _FALSE = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0", ""}
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a listing is wanted. Without a limit all of it; `after` is the sort key to begin behind."""

    limit: int | None = None
    after: str | None = None

    @property
    def look(self) -> int | None:
        """How many rows tell the page and whether more follows; None for all."""
        return None if self.limit is None else self.limit + 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """An upload as it was asked for.

    Attributes:
        filename: empty to take the one of the finished upload.
        create: make the asset if it is not there.
        update: make a new version if the asset has a file already.
        content: the bytes of the body.
        upload_id: the finished upload to take instead of a body.
    """

    filename: str
    create: bool
    update: bool
    content: bytes = b""
    upload_id: str | None = None


def caller(request: Request, *content_types: str) -> Principal:
    """Who calls, once the request is one that this API answers at all.

    Args:
        content_types: those that a write may have; JSON when none is named.

    Raises:
        NotFound: it is not for the API's host, or below a literal that stands where a store's id would.
        Unauthenticated, InvalidToken
        NotAcceptable, UnsupportedMediaType
    """
    if host_of(request) is not Host.API or not MEDIALOOPSTER.isdisjoint(request.segments[1:2]):
        raise NotFound
    who = bearer(request)
    demand_readable(request, *content_types)
    return who


def bearer(request: Request) -> Principal:
    """Who calls: by any of the headers, else the query parameter, else the cookie `AUTH_TOKEN`.

    Raises:
        Unauthenticated, InvalidToken
    """
    if credentials(request) is None and (token := _carried(request)):
        found = authenticate(token)
        if found is None:
            raise InvalidToken
        request.principal = found
    return principal(request)


def carries_token(request: Request) -> bool:
    """Whether a request carries anything in the place of a token. Raises InvalidToken."""
    return credentials(request) is not None or bool(_carried(request))


def demand_readable(request: Request, *content_types: str) -> None:
    """Refuse what wants or brings anything else than this API speaks.

    Raises:
        NotAcceptable, UnsupportedMediaType
    """
    if not _takes_json(request.headers.get("accept", "")):
        raise errors.NotAcceptable(details=["This API answers with application/json."])
    if request.method in _WRITES and bodies.content_type(request) not in (content_types or (JSON,)):
        raise UnsupportedMediaType(
            "Unsupported media type",
            details=[f"The content type has to be {' or '.join(content_types or (JSON,))}."],
        )


def json_value(request: Request) -> Any:
    """The JSON value of the body; None for an empty body.

    Raises:
        MalformedRequest: it cannot be read.
        BodyTooLarge
    """
    try:
        return bodies.json(request)
    except MalformedRequest:
        raise errors.invalid_json() from None


def json_object(request: Request) -> dict[str, Any]:
    """The JSON object of the body; an empty body and null count as an empty one.

    Raises:
        MalformedRequest: it is something else.
        BodyTooLarge
    """
    found = json_value(request)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise errors.invalid_data("The body has to be a JSON object.")
    return found


def document(request: Request) -> Any:
    """The JSON value of the body, which has to be there. Raises MalformedRequest, BodyTooLarge."""
    if not bodies.body(request):
        raise errors.invalid_json()
    return json_value(request)


def required(fields: dict[str, Any], name: str) -> Any:
    """The value of a field that has to be there and to be something: not empty, null, zero or false.

    Raises:
        MalformedRequest
    """
    value = fields.get(name)
    if not value:
        raise errors.missing(name)
    return value


def required_text(fields: dict[str, Any], name: str) -> str:
    """As `required`, and a text. Raises MalformedRequest."""
    value = required(fields, name)
    if not isinstance(value, str):
        raise errors.invalid_data(f"The {name} has to be a text.")
    return value


def texts(value: Any, name: str) -> list[str]:
    """A list of texts, each once, in their order.

    Raises:
        MalformedRequest: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise errors.invalid_data(f"The {name} have to be a list of texts.")
    return list(dict.fromkeys(value))


def flag(request: Request, name: str) -> bool:
    """A flag in the query; false when it is not there.

    Raises:
        MalformedRequest: it is neither yes nor no.
    """
    text = request.query_params.get(name, "").lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise errors.invalid_data(f"The value of {name} has to be true or false.")


def page(request: Request, prefix: str) -> Page:
    """The page that `limit` and `cursor` ask for.

    Args:
        prefix: what the sort keys of what is listed begin with.

    Raises:
        MalformedRequest
    """
    text = request.query_params.get("limit")
    limit = None
    if text is not None:
        limit = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        if not 0 < limit <= LARGEST_PAGE:
            raise errors.invalid_data(f"The limit has to be a number from 1 to {LARGEST_PAGE}.")
    given = request.query_params.get("cursor")
    return Page(limit, None if given is None else prefix + _cursor(given))


def cursor(last: str) -> str:
    """The cursor that begins behind the thing with this id."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def filename(request: Request) -> str:
    """The name of an uploaded file: from the query, else from Content-Disposition; empty without either.

    Raises:
        MalformedRequest
    """
    given = request.query_params.get("filename")
    if given is not None:
        return str(given)
    try:
        return bodies.filename_of(request.headers.get("content-disposition", "")) or ""
    except MalformedRequest:
        raise errors.invalid_filename("The name in Content-Disposition cannot be read.") from None


def upload_types(request: Request) -> tuple[str, ...]:
    """The content types that an upload may have: bytes, or anything of ours when it names a finished upload."""
    return (OCTETS, JSON) if request.query_params.get("upload") else (OCTETS,)


def wanted(request: Request) -> Wanted:
    """The upload that a request asks for.

    Raises:
        MalformedRequest, BodyTooLarge
    """
    upload_id = request.query_params.get("upload") or None
    content = bodies.body(request)
    if upload_id is not None and content.strip() not in (b"", b"{}", b"null"):
        raise errors.invalid_data("An upload that is named comes without a body.")
    return Wanted(
        filename=filename(request),
        create=flag(request, "create"),
        update=flag(request, "update"),
        content=content if upload_id is None else b"",
        upload_id=upload_id,
    )


def version_number(text: str | None) -> int | None:
    """The number that `version` names, None for the current one.

    Raises:
        MalformedRequest: it is no number.
    """
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise errors.invalid_data("The version has to be a number.")
    return int(text)


def _cursor(text: str) -> str:
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise errors.invalid_data("The cursor is none that a listing gave.") from None
    if not found or len(found.encode()) > 900:
        raise errors.invalid_data("The cursor is none that a listing gave.")
    return found


def _carried(request: Request) -> str:
    token = request.query_params.get("AUTH_TOKEN")
    if token:
        return str(token)
    return request.cookie("AUTH_TOKEN") or ""


def text_of(value: Any, name: str, longest: int) -> str:
    """A text that a body gives under a name; null is the empty one.

    Raises:
        MalformedRequest: it is no text, or longer than `longest` bytes in UTF-8.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise errors.invalid_data(f"The {name} has to be a text.")
    if len(value.encode(errors="replace")) > longest:
        raise errors.invalid_data(f"The {name} has at most {longest} bytes.")
    return value


def _takes_json(accept: str) -> bool:
    if not accept.strip():
        return True
    for one in accept.split(","):
        kind, *options = (part.strip().lower() for part in one.split(";"))
        if kind in ("*/*", "application/*", JSON) and not any(re.fullmatch(r"q=0(\.0*)?", o) for o in options):
            return True
    return False

"""What a request of the medialoopster API carries: who calls, the version, the body, the page
(docs/apis/projectassets.md, "Requests").
"""

import re
from dataclasses import dataclass
from typing import Any

from chalicelib.apis.projectassets import errors
from chalicelib.apis.projectassets.fields import FALSE, TRUE, Fields
from chalicelib.errors import MalformedRequest, NotFound, UnsupportedMediaType
from chalicelib.identity import Principal
from chalicelib.web import bodies
from chalicelib.web.authentication import principal
from chalicelib.web.hosts import Host, host_of
from chalicelib.web.request import Request

PAGE = 1_000
"""Objects of one answer, at most and by default."""

TOO_LARGE = 10**12
"""No id is as large: row keys have room for twelve digits."""

_JSON, _FORMS = "application/json", ("multipart/form-data", "application/x-www-form-urlencoded")
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted: at most `limit` objects behind the first `offset`."""

    limit: int | None
    offset: int

    @property
    def size(self) -> int:
        """How many objects the answer may have."""
        return PAGE if self.limit is None else min(self.limit, PAGE)


def caller(request: Request) -> Principal:
    """Who calls, once the request is one that this API answers at all.

    Raises:
        NotFound: it is not for the API's host.
        Unauthenticated, InvalidToken
        NotAcceptable: it wants another version, or no JSON.
    """
    who = caller_for_bytes(request)
    demand_version(request.headers.get("accept", ""))
    return who


def caller_for_bytes(request: Request) -> Principal:
    """Who calls for bytes, which have types of their own: `Accept` is not looked at. Raises as `caller`."""
    if host_of(request) is not Host.API:
        raise NotFound
    return principal(request)


def demand_version(accept: str) -> None:
    """Refuse what wants anything but version 1 in JSON; who does not say takes what there is. Raises NotAcceptable."""
    if not accept.strip():
        return
    takes_json = False
    for one in accept.split(","):
        kind, *options = (part.strip().lower() for part in one.split(";"))
        if kind not in (_JSON, "application/*", "*/*") or any(re.fullmatch(r"q=0(\.0*)?", o) for o in options):
            continue
        versions = [option.partition("=")[2].strip(' "') for option in options if option.startswith("version=")]
        if not versions or versions[-1] == "1":
            return
        takes_json = True
    raise errors.NotAcceptable(None if takes_json else "Could not satisfy the request Accept header.")


def fields(request: Request) -> Fields:
    """The fields of a JSON or form body; no body has none.

    Raises:
        UnsupportedMediaType: it is neither.
        MalformedRequest, BodyTooLarge
        FaultsFound: it is JSON, but no object.
    """
    kind = bodies.content_type(request)
    if kind not in (_JSON, *_FORMS, "") and bodies.body(request):
        raise UnsupportedMediaType
    if kind in _FORMS:
        return Fields(bodies.parameters(request), is_form=True)
    return Fields(json_object(request), is_form=False)


def json_object(request: Request) -> dict[str, Any]:
    """The JSON object of a body; no body is an empty one. Raises MalformedRequest, BodyTooLarge, FaultsFound."""
    if not bodies.body(request).strip():
        return {}
    try:
        found = bodies.json(request)
    except MalformedRequest as error:
        raise MalformedRequest(f"JSON parse error - {error.message}") from None
    if not isinstance(found, dict):
        raise errors.not_dictionary(found)
    return found


def demand_json(request: Request) -> None:
    """Refuse a body of another type than JSON; one without a type counts as JSON. Raises UnsupportedMediaType."""
    if bodies.content_type(request) not in (_JSON, "") and bodies.body(request):
        raise UnsupportedMediaType


def page(request: Request) -> Page:
    """The page that `limit` and `offset` ask for; empty values count as none. Raises FaultsFound."""
    limit, offset = _number(request, "limit"), _number(request, "offset")
    return Page(limit, offset or 0)


def query_text(request: Request, name: str) -> str | None:
    """A parameter of the query; empty counts as not there, of several the last one counts."""
    return request.query_params.get(name) or None


def query_flag(request: Request, name: str) -> bool | None:
    """A yes or no of the query; None when it is not there, or empty. Raises FaultsFound."""
    text = query_text(request, name)
    if text is None:
        return None
    if text.lower() in TRUE or text.lower() in FALSE:
        return text.lower() in TRUE
    raise errors.invalid_parameter(name, "Must be a valid boolean.")


def query_number(request: Request, name: str) -> int | None:
    """A whole number of the query, None when it is not there. Raises FaultsFound."""
    return _number(request, name)


def id_of(raw_id: str) -> int | None:
    """The id in a path as it is written in answers; None if it can be none: no `01` for 1."""
    if not re.fullmatch(r"[1-9][0-9]{0,11}", raw_id):
        return None
    return int(raw_id)


def _number(request: Request, name: str) -> int | None:
    text = query_text(request, name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        if re.fullmatch(r"[0-9]+", text):
            return 10**15  # more than there can be of anything
        raise errors.invalid_parameter(name, "A valid integer is required.")
    return int(text)

"""How each API words an error: one small renderer per API, chosen by path prefix.

A renderer gets a domain error and the request (None when the event was no request) and gives a JSON body. Statuses
and headers are common to all; only the body and the challenge of a 401 differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from chalice.app import Response

from chalicelib.errors import (
    AssetManagerError,
    BodyTooLarge,
    Busy,
    Fault,
    FaultsFound,
    Forbidden,
    InvalidToken,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    RangeNotSatisfiable,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from chalicelib.web.request import Request
from chalicelib.web.responses import json_response

MEDIALOOPSTER = frozenset(
    {
        "asset",
        "audioassets",
        "devices",
        "imageassets",
        "importlogs",
        "ping",
        "productions",
        "projectassets",
        "videoassets",
    }
)  # the literals below /api that are medialoopster's; everything else there is a store


@dataclass(frozen=True, slots=True)
class Renderer:
    """One API's way with errors."""

    body: Callable[[AssetManagerError, Request | None], object]
    challenge: Callable[[AssetManagerError], str]


def render(error: AssetManagerError, request: Request | None) -> Response:
    """The answer that tells `error` in the shape of the API the request was for."""
    renderer = renderer_of(request.first_segments if request is not None else ())
    headers: dict[str, str | list[str]] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = renderer.challenge(error)
    elif isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.details)
    elif isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.details[0] if error.details else '*'}"
        headers["Accept-Ranges"] = "bytes"
    elif isinstance(error, Busy):
        headers["Retry-After"] = "1"
    status = error.head_status if request is not None and request.method == "HEAD" else None
    return json_response(renderer.body(error, request), status or error.status, headers)


def renderer_of(segments: tuple[str, ...]) -> Renderer:
    """Which API's errors a path gets."""
    first = segments[0] if segments else ""
    if first == "api" and len(segments) > 1 and segments[1] in MEDIALOOPSTER:
        return _PROJECTASSETS
    return _BY_FIRST_SEGMENT.get(first, _GOVUK)


def sentences(error: AssetManagerError) -> tuple[str, ...]:
    """The details that are sentences: a 405 keeps methods there and a 416 a size, which belong into headers."""
    return () if isinstance(error, MethodNotAllowed | RangeNotSatisfiable) else error.details


def _govuk(error: AssetManagerError, _: Request | None) -> object:
    """docs/apis/assets.md, "Answers": a sentence, or for a 422 the list of them; a 401 has a form of its own."""
    if error.status == 401:
        return {"message": _GOVUK_401.get(type(error), error.message)}
    status: object = _GOVUK_TEXTS.get(type(error), error.message)
    if error.status == 422:
        status = list(error.details) or [error.message]
    return {"_response_info": {"status": status}}


_GOVUK_TEXTS: dict[type[AssetManagerError], str] = {
    Forbidden: "Forbidden. You don't have permission to access this resource.",
    NotFound: "not found",
}
_GOVUK_401: dict[type[AssetManagerError], str] = {
    InvalidToken: "Bearer token does not appear to be valid",
    Unauthenticated: "No bearer token was given",
}


def _stores(error: AssetManagerError, _: Request | None) -> object:
    """ove-stores.md section 1: a title and a description. With details the message is the title they explain."""
    if details := sentences(error):
        return {"title": error.message, "description": " ".join(details)}
    if error.status == 401:
        return {
            "title": "Access token required",
            "description": "Please provide a valid access token as part of the request.",
        }
    return {"title": _STORES_TITLES.get(type(error)) or _phrase(error.status), "description": error.message}


_STORES_TITLES: dict[type[AssetManagerError], str] = {
    UnsupportedMediaType: "Unsupported media type",
    BodyTooLarge: "Request body too large",
}


def _projectassets(error: AssetManagerError, request: Request | None) -> object:
    """docs/apis/projectassets.md, "Errors": a list of error objects, each with a title."""
    if isinstance(error, FaultsFound):
        return {"errors": [_fault(error.status, fault) for fault in error.faults]}
    code, detail = _PROJECTASSETS_TEXTS.get(type(error), (error.code, error.message))
    if error.message != type(error).message:
        detail = error.message
    elif request is not None:
        content_type = request.headers.get("content-type", "")
        detail = detail.format(method=request.method, content_type=content_type)
    title = "Validation Error" if isinstance(error, ValidationFailed) else _phrase(error.status)
    return {
        "errors": [
            {"status": str(error.status), "code": code, "detail": one, "title": title}
            for one in sentences(error) or (detail,)
        ]
    }


def _fault(status: int, fault: Fault) -> dict[str, object]:
    """The keys come in the order of the API's document, though no client may care."""
    told: dict[str, object] = {"status": str(status)}
    if fault.pointer is not None:
        told["source"] = {"pointer": fault.pointer}
    elif fault.parameter is not None:
        told["source"] = {"parameter": fault.parameter}
    return {**told, "code": fault.code, "detail": fault.detail, "title": "Validation Error"}


_PROJECTASSETS_TEXTS: dict[type[AssetManagerError], tuple[str, str]] = {
    Unauthenticated: ("not_authenticated", "Authentication credentials were not provided."),
    InvalidToken: ("authentication_failed", "Invalid token."),
    Forbidden: ("permission_denied", "You do not have permission to perform this action."),
    NotFound: ("not_found", "Not found."),
    MalformedRequest: ("parse_error", "Malformed request."),
    MethodNotAllowed: ("method_not_allowed", 'Method "{method}" not allowed.'),
    UnsupportedMediaType: ("unsupported_media_type", 'Unsupported media type "{content_type}" in request.'),
}


def _workspaces(error: AssetManagerError, request: Request | None) -> object:
    """bilrost-workspaces.md section 1.1: a bare string. Its spelling of the unexpected is part of the protocol."""
    if error.status == 500:
        segments = request.first_segments if request is not None else ()
        name = "content browser" if segments[:1] == ("contentbrowser",) else "asset manager"
        return f'"{name}" encoutered an unexpected failure: {error.message}'
    return ",".join(sentences(error)) or error.message


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _plain_challenge(error: AssetManagerError) -> str:
    return "Bearer"


_GOVUK = Renderer(_govuk, lambda error: f'Bearer error="{error.code}"')
_STORES = Renderer(_stores, _plain_challenge)
_PROJECTASSETS = Renderer(_projectassets, lambda error: "Token")
_WORKSPACES = Renderer(_workspaces, _plain_challenge)

_BY_FIRST_SEGMENT = {
    "api": _STORES,
    "s3": _STORES,
    "stores": _STORES,
    "assetmanager": _WORKSPACES,
    "contentbrowser": _WORKSPACES,
}  # all other paths are GOV.UK's

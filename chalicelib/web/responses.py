"""Answers: how views make them, and the one place where an answer becomes an API Gateway result.

Every body leaves as base64 with `isBase64Encoded`, and the API declares `*/*` as binary, so that what a view returned
arrives byte for byte whatever the client's `Accept` says.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalice.app import Response

JSON = "application/json; charset=utf-8"
LARGEST_ANSWER = 4_500_000  # bytes; in base64 with its headers just below the 6 MB that Lambda returns

_Headers = Mapping[str, str | list[str]]
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_WITHOUT_BODY = {204, 304}


class AnswerTooLarge(Exception):
    """A view returned more bytes than Lambda can hand over."""


def json_response(body: object, status: int = 200, headers: _Headers | None = None) -> Response:
    """A JSON answer, UTF-8, without needless blanks."""
    return Response(body=encode(body), status_code=status, headers={"Content-Type": JSON, **(headers or {})})


def empty(status: int = 204, headers: _Headers | None = None) -> Response:
    """An answer without a body."""
    return Response(body=b"", status_code=status, headers=dict(headers or {}))


def redirect(location: str, status: int = 302, *, body: str | bytes = b"", headers: _Headers | None = None) -> Response:
    """A redirect. `location` is an absolute URL or path, percent-encoded already; a `body` is HTML."""
    content_type = {"Content-Type": "text/html; charset=utf-8"} if body else {}
    return Response(body=body, status_code=status, headers={"Location": location, **content_type, **(headers or {})})


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(body: object) -> bytes:
    """JSON text in UTF-8. NaN and infinities are refused: they are not JSON; half a surrogate pair becomes `?`."""
    return _encoder.encode(body).encode(errors="replace")


def result(response: Response, method: str) -> dict[str, Any]:
    """What Lambda returns to API Gateway for an answer.

    A HEAD has no body but the length of the one a GET would have. Answers without `Cache-Control` get
    `private, no-store`, and all of them `nosniff`.

    Raises:
        AnswerTooLarge: Lambda would refuse it.
        ValueError: a header's name is none, or the body is not JSON.
    """
    body = _bytes(response.body)
    single: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    given = set()
    for name, value in response.headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError("a header's name is not one")
        given.add(name.lower())
        if isinstance(value, list):
            several[name] = [header_value(one) for one in value]
        else:
            single[name] = header_value(value)
    if "cache-control" not in given:
        single["Cache-Control"] = "private, no-store"
    if "x-content-type-options" not in given:
        single["X-Content-Type-Options"] = "nosniff"
    if "content-type" not in given and body:
        single["Content-Type"] = JSON if not isinstance(response.body, str | bytes) else "text/plain; charset=utf-8"
    if response.status_code in _WITHOUT_BODY:
        body = b""
    elif method == "HEAD":
        if "content-length" not in given:
            single["Content-Length"] = str(len(body))
        body = b""
    if len(body) > LARGEST_ANSWER:
        raise AnswerTooLarge(f"{len(body)} bytes")
    return {
        "statusCode": response.status_code,
        "headers": single,
        "multiValueHeaders": several,
        "body": base64.b64encode(body).decode("ascii"),
        "isBase64Encoded": True,
    }


def header_value(value: object) -> str:
    """A header's value with everything percent-encoded that could end the line or is not printable ASCII."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" or c == "\t" else quote(c, safe="", errors="replace") for c in text)


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode(errors="replace")
    return b"" if body is None else encode(body)

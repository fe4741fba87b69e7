"""One HTTP request as API Gateway hands it over, and where the running request is found.

Every invocation has a request of its own in a ContextVar, so that the threads of the local gateway never see one
another's. Of the event only `httpMethod`, `path`, headers, query, body and `requestContext` are used; `resource` and
`pathParameters` are API Gateway's opinion of the route and are ignored.
"""

import base64
import binascii
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from chalice.app import MultiDict
from chalice.app import Request as ChaliceRequest

from chalicelib.errors import MalformedRequest, NotFound

if TYPE_CHECKING:
    from chalicelib.identity import Principal

running_request: ContextVar["Request | None"] = ContextVar("running_request", default=None)
running_context: ContextVar[Any] = ContextVar("running_context", default=None)


class Request(ChaliceRequest):
    """A request. Beside what Chalice offers:

    Attributes:
        raw_path: the path as sent, percent-encoded, slashes folded, without a trailing one; never a query.
        ends_with_slash: whether it was sent with a trailing slash, which means something to some APIs.
        segments: its segments, each decoded once; empty when the path cannot be decoded.
        principal: who calls, once authentication has found out; for the access log.
        query_params: decoded query parameters, empty when there are none.

    Header fields sent several times are joined as HTTP allows (`, `; cookies `; `).
    """

    query_params: MultiDict
    principal: "Principal | None" = None

    def __init__(self, event: Mapping[str, Any], lambda_context: Any = None) -> None:
        """Read an API Gateway proxy event.

        Raises:
            TypeError: it is not one; there is no path or method in it.
        """
        path, method = event.get("path"), event.get("httpMethod")
        if not isinstance(path, str) or not isinstance(method, str):
            raise TypeError("not an API Gateway proxy event")
        context = _mapping(event.get("requestContext"))
        super().__init__(
            {
                "multiValueQueryStringParameters": _query(event),
                "headers": _headers(event),
                "pathParameters": {},
                "requestContext": {**context, "httpMethod": method, "resourcePath": path},
                "body": event.get("body"),
                "isBase64Encoded": event.get("isBase64Encoded"),
                "stageVariables": _mapping(event.get("stageVariables")),
            },
            lambda_context,
        )
        raw = [part for part in path.split("/") if part]
        self.raw_path = "/" + "/".join(raw)
        self.ends_with_slash = path.endswith("/")
        self.segments: tuple[str, ...] = ()
        self._raw_segments = raw

    def decode_path(self) -> tuple[str, ...]:
        """The decoded segments, kept in `segments` as well. `%2F` stays inside its segment; `.` and `..` are ordinary.

        Raises:
            MalformedRequest: a segment is not UTF-8 once decoded.
            NotFound: a segment holds a NUL.
        """
        segments = tuple(self._raw_segments)
        if "%" in self.raw_path or not self.raw_path.isascii():
            try:
                segments = tuple(unquote(part, errors="strict") for part in segments)
                "".join(segments).encode()
            except UnicodeError:
                raise MalformedRequest("the path is not valid UTF-8") from None
        self.segments = segments
        if "\0" in "".join(segments):
            raise NotFound
        return segments

    @property
    def first_segments(self) -> tuple[str, ...]:
        """The decoded segments, or the raw ones when they cannot be decoded: enough to tell which API was meant."""
        return self.segments or tuple(self._raw_segments)

    @property
    def raw_body(self) -> bytes:
        """The body's bytes.

        Raises:
            MalformedRequest: the event's base64 is broken.
        """
        body = self._body
        if not body:
            return b""
        try:
            if self._is_base64_encoded:
                return base64.b64decode(body, validate=True)
            return body if isinstance(body, bytes) else str(body).encode()
        except (binascii.Error, UnicodeError, ValueError):
            raise MalformedRequest("the body cannot be decoded") from None

    def cookie(self, name: str) -> str | None:
        """The value of a cookie, None without it."""
        for pair in self.headers.get("cookie", "").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return str(value)
        return None

    @property
    def request_id(self) -> str:
        """API Gateway's id of this request, else Lambda's, else `-`."""
        found = self.context.get("requestId") or getattr(self.lambda_context, "aws_request_id", None)
        return str(found or "-")


def current_request() -> Request:
    """The request being answered in this thread.

    Raises:
        LookupError: none is.
    """
    request = running_request.get()
    if request is None:
        raise LookupError("there is no current request")
    return request


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    headers = {
        str(name).lower(): str(value) for name, value in _mapping(event.get("headers")).items() if value is not None
    }
    for name, values in _mapping(event.get("multiValueHeaders")).items():
        if isinstance(values, list) and values:
            lower = str(name).lower()
            headers[lower] = ("; " if lower == "cookie" else ", ").join(map(str, values))
    return headers


def _query(event: Mapping[str, Any]) -> dict[str, list[str]]:
    several = event.get("multiValueQueryStringParameters")
    if isinstance(several, dict):
        return {str(name): [str(v) for v in values] for name, values in several.items() if isinstance(values, list)}
    single = _mapping(event.get("queryStringParameters"))
    return {str(name): [str(value)] for name, value in single.items()}

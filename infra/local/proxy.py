"""HTTP to API Gateway's proxy event and back: pure functions, shared by the local gateway and the tests.

The event is what a REST API with a Lambda proxy integration, the resources `/` and `/{proxy+}` and the binary type
`*/*` hands over (payload version 1.0): bodies are base64, `path` stays percent-encoded, query strings come decoded,
headers come both as their last value and as all values.
"""

import base64
import binascii
import secrets
import time
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

Headers = Sequence[tuple[str, str]]

STAGE = "local"

# Spoken between two neighbours on the wire: API Gateway ends them.
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
}

# What API Gateway sends under a name of its own.
_REMAPPED = {"www-authenticate", "date", "server", "connection"}


class MalformedResult(Exception):
    """A function answered something that API Gateway cannot turn into a response (it would answer 502)."""


def proxy_event(
    method: str,
    target: str,
    headers: Headers,
    body: bytes,
    *,
    source_ip: str = "127.0.0.1",
    stage: str = STAGE,
    scheme: str = "http",
) -> dict[str, Any]:
    """The event for one HTTP request.

    Args:
        method: as sent.
        target: the request target as sent: percent-encoded path and query, or an absolute URL.
        headers: names and values in the order sent.
        body: the whole body, its transfer encoding removed.
        source_ip: the client's address.
        stage: name of the API's stage.
        scheme: `http` or `https`, for X-Forwarded-Proto.
    """
    path, query = split_target(target)
    request_id = str(uuid.uuid4())
    kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
    host = next((value for name, value in kept if name.lower() == "host"), "")
    forwarded = [value for name, value in kept if name.lower() == "x-forwarded-for"]
    kept = [
        (name, value)
        for name, value in kept
        if name.lower() not in ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-port")
    ]
    kept += [
        ("X-Forwarded-For", ", ".join([*forwarded, source_ip])),
        ("X-Forwarded-Proto", scheme),
        ("X-Forwarded-Port", host.rpartition(":")[2] if host.rpartition(":")[2].isdigit() else "80"),
        ("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"),
    ]
    many = _grouped(kept)
    parameters = _grouped(query_parameters(query))
    resource = "/" if path == "/" else "/{proxy+}"
    now = time.time()
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in many.items()},
        "multiValueHeaders": many,
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": None if path == "/" else {"proxy": unquote(path[1:])},
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host.rsplit(":", 1)[0],
            "domainPrefix": host.split(".", 1)[0],
            "extendedRequestId": secrets.token_urlsafe(12),
            "httpMethod": method,
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": source_ip,
                "user": None,
                "userAgent": next((value for name, value in kept if name.lower() == "user-agent"), None),
                "userArn": None,
            },
            "path": f"/{stage}{path}",
            "protocol": "HTTP/1.1",
            "requestId": request_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": "local",
            "resourcePath": resource,
            "stage": stage,
        },
        "body": base64.b64encode(body).decode("ascii") if body else None,
        "isBase64Encoded": bool(body),
    }


def split_target(target: str) -> tuple[str, str]:
    """Path (percent-encoded, leading slashes as sent) and query of a request target."""
    if not target.startswith("/"):
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path, _, query = target.partition("?")
    return (path if path.startswith("/") else "/" + path), query.partition("#")[0]


def query_parameters(query: str) -> list[tuple[str, str]]:
    """The decoded names and values of a query, in order; a name without `=` has an empty value."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


def http_response(result: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of the response that API Gateway makes of a function's result.

    Raises:
        MalformedResult: it can make none.
    """
    if not isinstance(result, dict) or not _is_status(result.get("statusCode")):
        raise MalformedResult("a result needs a statusCode")
    body = result.get("body")
    if body is None:
        body = ""
    if not isinstance(body, str):
        raise MalformedResult("a body is text, base64 where it is not")
    try:
        content = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode("utf-8")
    except binascii.Error:
        raise MalformedResult("the body is not base64") from None
    headers = [(_remapped(name), value) for name, value in _merged(result)]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return int(result["statusCode"]), headers, content


def _is_status(value: Any) -> bool:
    return str(value).isdigit() and 100 <= int(value) <= 599


def _merged(result: dict[str, Any]) -> list[tuple[str, str]]:
    """`multiValueHeaders` and `headers` in one list; a pair that stands in both counts once."""
    many = result.get("multiValueHeaders") or {}
    pairs = [(str(name), _header_value(value)) for name, values in many.items() for value in values]
    for name, value in (result.get("headers") or {}).items():
        pair = (str(name), _header_value(value))
        if pair not in pairs:
            pairs.append(pair)
    return pairs


def _header_value(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if any(character in text for character in "\r\n\0"):
        raise MalformedResult("a header value holds a line break")
    return text


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def _grouped(pairs: Headers) -> dict[str, list[str]]:
    """All values by name, in order."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped

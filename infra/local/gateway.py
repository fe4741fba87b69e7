"""API Gateway and Lambda on a laptop: HTTP becomes a proxy event, the app answers, its result becomes HTTP.

The limits are AWS's: 10 KB of headers and 10 MB a request at API Gateway, 6 MB an invocation at Lambda, either way.
What is refused here is answered with the template's own gateway responses.
"""

import json
import logging
from typing import Any

from chalice.app import Chalice

from infra.local.invocation import LambdaContext
from infra.local.proxy import http_response, proxy_event
from infra.local.server import HttpRequest, HttpResponse
from infra.template import Template

logger = logging.getLogger(__name__)

MAX_HEAD = 10_240  # bytes of request line and header values
MAX_REQUEST = 10 * 1024 * 1024
MAX_INVOCATION = 6 * 1024 * 1024

_VERBS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_TIMEOUT = 29.0  # seconds, API Gateway's own


class Gateway:
    """Answers HTTP requests by way of the app. Called from many threads at once.

    Args:
        app: the Chalice app.
        template: where the gateway responses stand.
    """

    def __init__(self, app: Chalice, template: Template | None = None) -> None:
        self._app = app
        self._template = template or Template()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response to one request. Never raises."""
        if len(request.target) + sum(len(value) for _, value in request.headers) > MAX_HEAD:
            return self.bad_request(431, "the request's headers are too large")
        if request.body is None:
            return self.refusal("REQUEST_TOO_LARGE", 413)
        if request.method not in _VERBS:
            return self.refusal("MISSING_AUTHENTICATION_TOKEN", 403)
        event = proxy_event(request.method, request.target, request.headers, request.body, source_ip=request.client)
        if _exceeds_invocation(event):
            return self.refusal("REQUEST_TOO_LARGE", 413)
        try:
            result = self._app(event, LambdaContext("api_handler", timeout=_TIMEOUT))
            status, headers, body = http_response(result)
        except Exception:
            logger.exception("%s failed", "api_handler")
            return self.refusal("DEFAULT_5XX", 502)
        if _exceeds_invocation(result):
            logger.error("a response of %d bytes is more than Lambda returns", len(body))
            return self.refusal("DEFAULT_5XX", 502)
        if request.method != "HEAD":  # API Gateway counts itself; only a HEAD's length is the app's to tell
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        headers.append(("x-amzn-RequestId", event["requestContext"]["requestId"]))
        return HttpResponse(status, headers, body)

    def refusal(self, kind: str, status: int, message: str = "") -> HttpResponse:
        """The template's gateway response of a kind; `status` counts when the template leaves it alone."""
        given, body = self._template.gateway_response(kind)
        body = body.replace("$context.error.messageString", json.dumps(message))
        return HttpResponse(given or status, [("Content-Type", "application/json")], body.encode("utf-8"))

    def bad_request(self, status: int, reason: str) -> HttpResponse:
        """The answer to what cannot be read as HTTP."""
        return self.refusal("DEFAULT_4XX", status, reason)


def _exceeds_invocation(payload: dict[str, Any]) -> bool:
    """Whether an event or a result is more than Lambda takes. Measured only where it comes near."""
    return len(payload.get("body") or "") > MAX_INVOCATION // 2 and len(json.dumps(payload)) > MAX_INVOCATION

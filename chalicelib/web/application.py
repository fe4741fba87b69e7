"""The Chalice application all APIs are mounted on: matching, per-request state, exact bytes, errors, the access log.

API Gateway hands everything over through `/{proxy+}` and `/`; which route is meant is decided here, from the method and
the percent-encoded `event["path"]` alone. That path never holds the stage: API Gateway strips it.
"""

import time
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, Response
from chalice.app import Request as ChaliceRequest

from chalicelib.errors import AssetManagerError, MethodNotAllowed, NotFound
from chalicelib.logs import logger
from chalicelib.web import cors
from chalicelib.web.failures import expected
from chalicelib.web.rendering import render
from chalicelib.web.request import Request, running_context, running_request
from chalicelib.web.responses import empty, header_value, result
from chalicelib.web.routing import Router, variables

VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class AssetManager(Chalice):
    """A Chalice app whose views get decoded path arguments, `{greedy+}` ones included.

    Views are registered as in Chalice. They raise domain errors (`chalicelib.errors`) and return a `Response`, or
    anything that is JSON. HEAD is answered by the GET view unless there is one of its own; OPTIONS by `Allow`. The
    415 check by route is off: `chalicelib.web.bodies` decides by what it can read.
    """

    def __init__(self, app_name: str, **options: Any) -> None:
        self._router: Router | None = None
        super().__init__(app_name, configure_logs=False, **options)
        self.api.binary_types = ["*/*"]
        for path in ("/", "/{proxy+}"):
            self.route(path, methods=list(VERBS), name="last_resort")(_last_resort)

    @property
    def current_request(self) -> Request | None:
        """The request being answered in this thread."""
        return running_request.get()

    @current_request.setter
    def current_request(self, value: ChaliceRequest | None) -> None:
        raise AttributeError("the current request is set by the application alone")

    @property
    def lambda_context(self) -> Any:
        """The Lambda context of the request being answered in this thread."""
        return running_context.get()

    @lambda_context.setter
    def lambda_context(self, value: Any) -> None:
        raise AttributeError("the Lambda context is set by the application alone")

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer one API Gateway proxy event. Never raises: what goes wrong is an error in its API's own shape."""
        started = time.perf_counter()
        request: Request | None = None
        status = 500
        in_context = running_context.set(context)
        in_request = running_request.set(None)
        try:
            request = Request(event, context)
            running_request.set(request)
            logger.thread_safe_append_keys(correlation_id=header_value(request.request_id))
            answer = result(cors.shared(self._answer(request), request), request.method)
            status = answer["statusCode"]
            return answer
        except Exception as error:  # noqa: BLE001 - the last line of defence: everything becomes an answer
            failure = cors.shared(_failure(error, request), request)
            answer = result(failure, request.method if request is not None else "")
            status = answer["statusCode"]
            return answer
        finally:
            _log_access(request, status, started)
            logger.thread_safe_clear_keys()
            running_request.reset(in_request)
            running_context.reset(in_context)

    @property
    def router(self) -> Router:
        """The matcher over all routes but the last resort, made at first use after a registration."""
        if self._router is None:
            table = {}
            for pattern, methods in self.routes.items():
                own = {verb: entry for verb, entry in methods.items() if entry.view_function is not _last_resort}
                if own:
                    table[pattern] = own
            self._router = Router(table)
        return self._router

    def _answer(self, request: Request) -> Response:
        matched = self.router.match(request.decode_path())
        if matched is None:
            raise NotFound
        route, arguments = matched
        entry = route.methods.get(request.method)
        if entry is None and request.method == "HEAD":
            entry = route.methods.get("GET")
        if entry is None:
            if request.method == "OPTIONS":
                return empty(204, {"Allow": route.allow})
            raise MethodNotAllowed(details=route.allow.split(", "))
        request.uri_params = arguments
        request.path = request.context["resourcePath"] = route.pattern
        answer = self._through_middleware(request, lambda _: entry.view_function(**arguments))
        return answer if isinstance(answer, Response) else Response(body=answer)

    def _through_middleware(self, request: Request, view: Callable[[Any], Any]) -> Any:
        for handler in reversed(list(self._get_middleware_handlers("http"))):
            view = _wrapped(handler, view)
        return view(request)

    def _register_route(self, name: str, user_handler: Callable[..., Any], kwargs: Any, **rest: Any) -> None:
        self._router = None
        kwargs["kwargs"].setdefault("content_types", ["*/*"])
        if kwargs["path"] == "/" and user_handler is not _last_resort:
            for method in kwargs["kwargs"].get("methods", ["GET"]):
                self.routes["/"].pop(method, None)
        super()._register_route(name, user_handler, kwargs, **rest)
        for pattern, methods in self.routes.items():
            if "+}" in pattern:  # Chalice takes the argument of a greedy variable for part of the literal path
                for entry in methods.values():
                    entry.view_args = variables(pattern)


def _last_resort(**_: str) -> Response:
    """What API Gateway sends everything to; the application itself finds the route."""
    raise NotFound


def _wrapped(handler: Callable[..., Any], view: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda request: handler(request, view)


def _failure(error: Exception, request: Request | None) -> Response:
    known = expected(error)
    if known is None:
        from chalicelib import metrics  # costs more to import than all that is imported for every request

        logger.error("unexpected error", exc_info=error)
        metrics.emit("Errors")
        known = AssetManagerError()
    elif known is not error:
        logger.warning("AWS is busy or out of reach", extra={"reason": type(error).__name__})
    return render(known, request)


def _log_access(request: Request | None, status: int, started: float) -> None:
    caller = request.principal if request is not None else None
    logger.info(
        "request",
        extra={
            "method": header_value(request.method) if request is not None else None,
            "path": header_value(request.raw_path) if request is not None else None,
            "status": status,
            "ms": round((time.perf_counter() - started) * 1000, 2),
            "uid": caller.uid if caller is not None else None,
        },
    )

"""The routes of the API reference (docs/reference.md). Nobody is asked who they are: it tells of the product alone."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.errors import NotFound
from chalicelib.lazy import Lazy
from chalicelib.web.hosts import Host, host_of, origin
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.reference import documents, pages
else:
    documents, pages = Lazy("chalicelib.reference.documents"), Lazy("chalicelib.reference.pages")

routes = Blueprint(__name__)

_PAGE = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-cache, public",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_FOR_AN_HOUR = "max-age=3600, public"


@routes.route("/reference", methods=["GET"])
def list_documents() -> Response:
    """The page that lists the API documents."""
    _request()
    return Response(pages.index(), dict(_PAGE))


@routes.route("/reference/{name}", methods=["GET"])
def show(name: str) -> Response:
    """The page of an API, `<api>.json` its OpenAPI document, or a file that the pages load."""
    request = _request()
    if name in documents.APIS:
        return Response(pages.page(name), dict(_PAGE))
    if name.removesuffix(".json") in documents.APIS:
        assert routes.current_app is not None
        servers = {host.value: origin(host, request) for host in Host}
        made = documents.document(name.removesuffix(".json"), routes.current_app.routes, servers)
        return json_response(made, headers={"Cache-Control": "no-cache, public"})
    found = pages.file(name)
    if found is None:
        raise NotFound
    content, content_type = found
    return Response(content, {"Content-Type": content_type, "Cache-Control": _FOR_AN_HOUR})


def _request() -> Request:
    """The running request. Raises NotFound: it is not for the API's host."""
    request = current_request()
    if host_of(request) is not Host.API:
        raise NotFound
    return request

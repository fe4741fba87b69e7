"""The routes of the console: its one page, and the files that it loads (docs/console.md)."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.errors import NotFound
from chalicelib.lazy import Lazy
from chalicelib.web.hosts import Host, host_of
from chalicelib.web.request import Request, current_request

if TYPE_CHECKING:
    from chalicelib.console import pages
else:
    pages = Lazy("chalicelib.console.pages")

routes = Blueprint(__name__)


@routes.route("/console", methods=["GET"])
def show_console() -> Response:
    """The page. What it shows is decided by its address, in the browser."""
    return _page(_request())


@routes.route("/console/{path+}", methods=["GET"])
def show_part(path: str) -> Response:
    """A file that the page loads; any other address is the page's own to understand."""
    request = _request()
    if not path.startswith("files/"):
        return _page(request)
    found = pages.file(path.removeprefix("files/"))
    if found is None:
        raise NotFound
    content, content_type = found
    return Response(content, {"Content-Type": content_type, **pages.OF_FILES})


def _request() -> Request:
    """The running request. Raises NotFound: it is not for the API's host."""
    request = current_request()
    if host_of(request) is not Host.API:
        raise NotFound
    return request


def _page(request: Request) -> Response:
    return Response(pages.page(), {**pages.headers(request)})

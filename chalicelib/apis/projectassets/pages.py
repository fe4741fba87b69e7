"""Answers that are pages of a list: the objects, the total, and links to the pages around
(docs/apis/projectassets.md, "Lists").
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from chalice.app import Response

from chalicelib.apis.projectassets.parameters import Page
from chalicelib.web.hosts import Host, origin
from chalicelib.web.request import Request
from chalicelib.web.responses import json_response


def answer(request: Request, page: Page, total: int, objects: Iterable[dict[str, Any]]) -> Response:
    """A page: as many objects as `objects` gives, which may be fewer than were wanted if they are large."""
    told = list(objects)
    headers = {"X-Total-Count": str(total)}
    if links := _links(request, page, total, len(told)):
        headers["Link"] = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in links)
    return json_response(told, headers=headers)


def cut(everything: Sequence[Any], page: Page) -> Sequence[Any]:
    """The page of a short list that was read whole."""
    return everything[page.offset : page.offset + page.size]


def _links(request: Request, page: Page, total: int, count: int) -> list[tuple[str, str]]:
    found = []
    size = page.size
    if count and page.offset + count < total:
        found.append(("next", page.offset + count))
    if page.offset and size:
        found.append(("prev", max(0, min(page.offset, total) - size)))
    if found and size:
        found.append(("first", 0))
        found.append(("last", (total - 1) // size * size if total else 0))
    return [(rel, _url(request, offset)) for rel, offset in found]


def _url(request: Request, offset: int) -> str:
    """This list's address with another offset, every other parameter as it came."""
    given = [(name, request.query_params[name]) for name in request.query_params if name != "offset"]
    query = urlencode([*given, *([("offset", offset)] if offset else [])])
    return f"{origin(Host.API, request)}{request.raw_path}/" + (f"?{query}" if query else "")

"""What requests for a bundle's files carry, and the answers with lists and bytes (docs/apis/projectassets.md,
"Bundles").
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote

from chalice.app import Response

from chalicelib.apis.projectassets import access, bundles, errors, parameters, paths, records
from chalicelib.apis.projectassets.bundles import Content, Place
from chalicelib.apis.projectassets.presenters import ROOM
from chalicelib.errors import NotFound
from chalicelib.files import names, objects
from chalicelib.files.models import Verdict
from chalicelib.identity import Principal
from chalicelib.web import bodies, delivery, policies
from chalicelib.web.authentication import principal
from chalicelib.web.hosts import Host, host_of, origin
from chalicelib.web.request import Request
from chalicelib.web.responses import encode, json_response

_EMPTY_BODIES = (b"", b"{}", b"null")
_WHY_NOT = {
    Verdict.PENDING: "has not been scanned yet",
    Verdict.INFECTED: "is infected",
    Verdict.UNSCANNABLE: "could not be scanned",
    Verdict.EXPIRED: "never arrived",
}


def caller(request: Request) -> Principal:
    """Who calls. Bytes have types of their own, so `Accept` is not looked at.

    Raises:
        NotFound: it is not for the API's host.
        Unauthenticated, InvalidToken
    """
    if host_of(request) is not Host.API:
        raise NotFound
    return principal(request)


def content(request: Request) -> Content:
    """What a request wants a file to hold: its body as it is, or a finished upload.

    Raises:
        MalformedRequest, BodyTooLarge, UnsupportedMediaType
        FaultsFound: an upload is named and there is a body too.
    """
    upload_id = parameters.query_text(request, "upload")
    body = bodies.body(request)
    if upload_id is None:
        return Content(body)
    if body.strip() not in _EMPTY_BODIES:
        raise errors.invalid_parameter("upload", "An upload that is named comes without a body.")
    return Content(upload_id=upload_id)


def listing(request: Request, who: Principal, raw_id: str) -> Response:
    """A page of a bundle's files: `limit` of them behind `cursor`, which the link to the next page carries.

    Raises:
        NotFound, FaultsFound
    """
    wanted = parameters.page(request).size
    after = parameters.query_text(request, "cursor")
    if after is not None and (len(after.encode(errors="replace")) > paths.LONGEST or not after.isprintable()):
        raise errors.invalid_parameter("cursor", "The cursor is none that a list gave.")
    project = records.find(access.of(who), raw_id)
    found = list(islice(bundles.entries(project, limit=wanted + 1, after=after), wanted + 1)) if wanted else []
    told = list(_fitting(bundles.presented(Place(project, row.path, row)) for row in found[:wanted]))
    headers = {}
    if len(found) > len(told):
        here = f"{origin(Host.API, request)}/api/projectassets/{project.number}/files/"
        query = f"limit={wanted}&cursor={quote(found[len(told) - 1].path, safe='')}"
        headers["Link"] = f'<{here}?{query}>; rel="next"'
    return json_response(told, headers=headers)


def _fitting(told: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As many of these as one answer has room for: paths may be long, and twice as long in JSON."""
    room = ROOM
    for one in told:
        room -= len(encode(one)) + 1
        if room < 0:
            return
        yield one


def serve(request: Request, who: Principal, raw_id: str, text: str) -> Response:
    """The answer to a GET or HEAD of a file.

    Raises:
        NotFound: there is no such project or file, or its bytes are not clean.
        FaultsFound, RangeNotSatisfiable
    """
    place = bundles.look(who, raw_id, text)
    entry = place.entry
    if entry is None:
        raise bundles.no_file(place)
    if entry.state != Verdict.CLEAN:
        raise NotFound(f"The file '{place.path}' {_WHY_NOT[Verdict(entry.state)]}.")
    name = place.path.rpartition("/")[2]
    parcel = delivery.Parcel(
        library_key=entry.library_key,
        published_at=None,
        name=name,
        content_type=names.served_as(entry.content_type),
        size=int(entry.size),
        etag=entry.sha256,
        headers={
            **policies.MEDIA,
            "Content-Disposition": objects.disposition(name, "attachment"),
            "Cache-Control": "private, no-store",
        },
    )
    return delivery.deliver(request, parcel)

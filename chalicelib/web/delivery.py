"""Answering with a clean File's bytes: inline up to a limit, larger ones by a signed URL.

What is published is read from the media bucket, so that we give the same validators as the edge, and otherwise from the
library. One S3 call in the ordinary case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from chalice.app import Response

from chalicelib.errors import NotFound
from chalicelib.files import library, objects, publications
from chalicelib.settings import MEBIBYTE
from chalicelib.web import media
from chalicelib.web.request import Request
from chalicelib.web.responses import redirect

INLINE_LIMIT = 4 * MEBIBYTE
"""Bytes that are answered inline; more go by a signed URL."""

_NO_STORE = "private, no-store"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A clean File and how it is handed over.

    Attributes:
        library_key: where its bytes are.
        published_at: decoded public path where the media bucket is to have them too; None if it is not.
        name, content_type: as they are told to the client; the type as it is served.
        size: bytes.
        headers: further ones, such as Content-Disposition and Cache-Control.
        etag, last_modified: instead of S3's own; the ETag without quotes.
        sites: whether it is of stores, whose scripts may run in a sandbox.
    """

    library_key: str
    published_at: str | None
    name: str
    content_type: str
    size: int
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: datetime | None = None
    sites: bool = False


def deliver(request: Request, parcel: Parcel) -> Response:
    """The answer to a GET or HEAD of these bytes.

    Raises:
        NotFound: they are gone.
        RangeNotSatisfiable
    """
    asked = media.requested_range(request)
    span = (0, parcel.size) if asked is None else media.bounds(asked, parcel.size)
    at_once = span is not None and span[1] <= INLINE_LIMIT and "if-range" not in request.headers
    if request.method == "HEAD" or parcel.size == 0 or not at_once:
        representation = _representation(parcel, _first_there(parcel, publications.describe, library.describe))
        if request.method == "HEAD" or parcel.size == 0 or media.is_unmodified(request, representation):
            return media.respond(request, representation, lambda start, length: b"")
        span = media.wanted_range(request, representation) or (0, parcel.size)
        if span[1] > INLINE_LIMIT:
            signed = library.signed_url(
                parcel.library_key, name=parcel.name, content_type=parcel.content_type, sites=parcel.sites
            )
            return redirect(signed, headers={**media.validators(representation), "Cache-Control": _NO_STORE})
    assert span is not None
    opened = _opened(parcel, *span)

    def read(start: int, length: int) -> bytes:
        stored = opened if (start, length) == (span[0], opened.length) else _opened(parcel, start, length)
        return stored.body.read() if stored.body is not None else b""

    return media.respond(request, _representation(parcel, opened), read)


def _opened(parcel: Parcel, start: int, length: int) -> objects.StoredObject:
    last = start + length - 1
    return _first_there(
        parcel,
        partial(publications.open_bytes, first=start, last=last),
        partial(library.open_bytes, first=start, last=last),
    )


def _first_there(
    parcel: Parcel,
    ask_published: Callable[[str], objects.StoredObject],
    ask_library: Callable[[str], objects.StoredObject],
) -> objects.StoredObject:
    """Ask the media bucket if the file is published, else or failing that the library."""
    if parcel.published_at is not None:
        try:
            return ask_published(parcel.published_at)
        except objects.Missing:
            pass  # being published this very moment
    try:
        return ask_library(parcel.library_key)
    except objects.Missing:
        raise NotFound from None


def _representation(parcel: Parcel, stored: objects.StoredObject) -> media.Representation:
    return media.Representation(
        content_type=parcel.content_type,
        size=stored.size,
        etag=f'"{parcel.etag}"' if parcel.etag else stored.etag,
        last_modified=parcel.last_modified or stored.last_modified,
        headers=parcel.headers,
    )

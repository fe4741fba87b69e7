"""Answering with a clean File's bytes: inline up to a limit, larger ones by a signed URL.

What is published is read from the media bucket, so that we give the same validators as the edge, and otherwise from the
library. One S3 call in the ordinary case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

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
    """

    library_key: str
    published_at: str | None
    name: str
    content_type: str
    size: int
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: datetime | None = None


def deliver(request: Request, parcel: Parcel) -> Response:
    """The answer to a GET or HEAD of these bytes.

    Raises:
        NotFound: they are gone.
        RangeNotSatisfiable
    """
    span = _span(request, parcel.size)
    at_once = span is not None and span[1] - span[0] < INLINE_LIMIT and "if-range" not in request.headers
    if request.method == "HEAD" or parcel.size == 0 or not at_once:
        described = _first_there(parcel, lambda stored: stored.describe())
        representation = _representation(parcel, described)
        if request.method == "HEAD" or parcel.size == 0 or media.is_unmodified(request, representation):
            return media.respond(request, representation, lambda start, length: b"")
        start, length = media.wanted_range(request, representation) or (0, parcel.size)
        if length > INLINE_LIMIT:
            signed = library.signed_url(parcel.library_key, name=parcel.name, content_type=parcel.content_type)
            return redirect(signed, headers={**media.validators(representation), "Cache-Control": _NO_STORE})
        span = start, start + length - 1
    assert span is not None
    first, last = span
    opened = _first_there(parcel, lambda stored: stored.open(first, last))

    def read(start: int, length: int) -> bytes:
        if (start, length) == (first, opened.length) and opened.body is not None:
            return opened.body.read()
        again = _first_there(parcel, lambda stored: stored.open(start, start + length - 1))
        return again.body.read() if again.body is not None else b""

    return media.respond(request, _representation(parcel, opened), read)


@dataclass(frozen=True, slots=True)
class _Stored:
    """One of the two places where a file's bytes are."""

    open: Callable[[int, int], objects.StoredObject]
    describe: Callable[[], objects.StoredObject]


def _first_there(parcel: Parcel, ask: Callable[[_Stored], objects.StoredObject]) -> objects.StoredObject:
    """Ask the media bucket if the file is published, else or failing that the library."""
    path, key = parcel.published_at, parcel.library_key
    if path is not None:
        try:
            return ask(
                _Stored(
                    lambda first, last: publications.open_bytes(path, first=first, last=last),
                    lambda: publications.describe(path),
                )
            )
        except objects.Missing:
            pass  # being published this very moment
    try:
        return ask(
            _Stored(lambda first, last: library.open_bytes(key, first=first, last=last), lambda: library.describe(key))
        )
    except objects.Missing:
        raise NotFound from None


def _span(request: Request, size: int) -> tuple[int, int] | None:
    """The first and last byte to open; None when the range asked for lies outside."""
    asked = media.requested_range(request)
    if asked is None:
        return 0, size - 1
    first, last = asked
    if first is None:
        first, last = max(0, size - (last or 0)), size - 1
    last = size - 1 if last is None else min(last, size - 1)
    return (first, last) if first <= last else None


def _representation(parcel: Parcel, stored: objects.StoredObject) -> media.Representation:
    return media.Representation(
        content_type=parcel.content_type,
        size=stored.size,
        etag=f'"{parcel.etag}"' if parcel.etag else stored.etag,
        last_modified=parcel.last_modified or stored.last_modified,
        headers=parcel.headers,
    )

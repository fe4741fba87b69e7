"""The bytes of media assets, for whoever may read the asset (docs/apis/projectassets.md, "Media assets")."""

from chalice.app import Response

from chalicelib.apis.projectassets.models import Media
from chalicelib.errors import NotFound
from chalicelib.files import names, objects
from chalicelib.files.models import Verdict
from chalicelib.web import delivery, policies
from chalicelib.web.request import Request


def serve(request: Request, row: Media) -> Response:
    """The answer to a GET or HEAD of a media asset's file.

    Raises:
        NotFound: it has none, or none that is clean.
        RangeNotSatisfiable
    """
    if row.state != Verdict.CLEAN or not row.library_key:
        raise NotFound
    name = names.clean(row.path_file)
    parcel = delivery.Parcel(
        library_key=row.library_key,
        published_at=None,
        name=name,
        content_type=names.served_as(row.content_type),
        size=int(row.size),
        headers={
            "Content-Disposition": objects.disposition(name),
            "Cache-Control": "private, no-store",
            **policies.MEDIA,
        },
    )
    return delivery.deliver(request, parcel)

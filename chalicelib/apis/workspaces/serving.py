"""Answering with the bytes of a resource (docs/apis/workspaces.md, "Resources")."""

from chalice.app import Response

from chalicelib.apis.workspaces import resources
from chalicelib.apis.workspaces.models import Resource
from chalicelib.files import objects
from chalicelib.web import delivery, policies
from chalicelib.web.request import Request


def serve(request: Request, row: Resource) -> Response:
    """The answer to a GET or HEAD of a clean resource.

    Raises:
        NotFound, RangeNotSatisfiable
    """
    name = row.ref.rpartition("/")[2]
    headers = {"Content-Disposition": objects.disposition(name), "Cache-Control": "private, no-store"}
    parcel = delivery.Parcel(
        library_key=row.library_key,
        published_at=None,
        name=name,
        content_type=resources.served_as(row),
        size=int(row.size),
        headers=headers,
    )
    answer = delivery.deliver(request, parcel)
    for header, value in policies.MEDIA.items():
        answer.headers.setdefault(header, value)
    return answer

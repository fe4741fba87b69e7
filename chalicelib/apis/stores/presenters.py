"""The JSON answers of the OVE API (docs/apis/stores.md, "Answers")."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from chalice.app import Response

from chalicelib.apis.stores import access, addresses, documents, errors, parameters
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.addresses import Reader
from chalicelib.apis.stores.models import Asset, Document, Entry, Project, microseconds
from chalicelib.apis.stores.named import NamedVersion
from chalicelib.apis.stores.parameters import Page
from chalicelib.apis.stores.projects import PROJECT_OBJECT
from chalicelib.identity import Principal
from chalicelib.jobs.models import Job
from chalicelib.web.responses import JSON, LARGEST_ANSWER, encode

NEXT = "X-Next-Cursor"
"""The header that tells the cursor of the next page."""

_T = TypeVar("_T")


def asset(project: Project, row: Asset, moments: Iterable[int], reader: Reader) -> dict[str, Any]:
    """An asset's meta.

    Args:
        moments: of its uploads, the newest last, as epoch microseconds.
    """
    return {
        "id": row.asset_id,
        "name": row.name,
        "project": row.project_id,
        "description": row.description or "",
        "index_file": index_file(project, row, reader),
        "version": str(row.version),
        "history": _history(row, list(moments)),
        "tags": list(row.tags),
        "worker": row.worker or "",
        "processing_status": row.processing_status or "",
        "processing_error": row.processing_error or "",
    }


def index_file(project: Project, row: Asset, reader: Reader) -> str:
    """Where the newest clean version of an asset begins; empty while there is none."""
    if row.index_version is None:
        return ""
    return addresses.file_url(reader, project, row.asset_id, int(row.index_version), row.index_path)


def project_in_list(row: Project) -> dict[str, Any]:
    """A project as a listing without metadata shows it."""
    return {"id": row.project_id, "name": row.name, "creationDate": day_and_time(row.created_at)}


def project_with_dates(row: Project, principal: Principal, reader: Reader) -> dict[str, Any]:
    """A project as a listing with metadata shows it."""
    dates = {"creationDate": day_and_time(row.created_at), "updateDate": day_and_time(row.updated_at)}
    return project(row, principal, reader, row.named_recently or "") | dates


def project(row: Project, principal: Principal, reader: Reader, versions: Any) -> dict[str, Any]:
    """A project's meta.

    Args:
        versions: its named versions, an empty text for none.
    """
    kind = "controller" if row.controller else "launcher" if row.has_sections else "none"
    return {
        "id": row.project_id,
        **documents.metadata(row),
        "versions": versions,
        "url": addresses.object_url(reader, row, PROJECT_OBJECT),
        "hasProject": True,
        "projectType": kind,
        "access": list(row.groups),
        "read_access": access.may(principal, Right.READ, row.groups),
        "write_access": access.may(principal, Right.WRITE, row.groups),
    }


def access_of(row: Project, job: Job | None) -> dict[str, Any]:
    """Who may use a project; beside it, how far the job is that last saw to what is published of it."""
    shown: dict[str, Any] = {"groups": list(row.groups)}
    if job is not None:
        total = None if job.total is None else int(job.total)
        shown["publishing"] = {
            "state": job.state,
            "done": int(job.done or 0),
            "total": total,
            "failed": int(job.failed or 0),
        }
    return shown


def named_version(version: NamedVersion) -> dict[str, Any]:
    """A named version of a project; `versions` is null where the answer has no room for them."""
    return {
        "name": version.name,
        "description": version.description,
        "date_added": exact_time(microseconds(version.added_at)),
        "versions": version.versions,
    }


def object_info(project: Project, row: Document, reader: Reader) -> dict[str, Any]:
    """Name and address of an object."""
    return {"name": row.object_id, "index_file": addresses.object_url(reader, project, row.object_id)}


def entry(project: Project, row: Entry, reader: Reader) -> dict[str, Any]:
    """A file of a version; the default one is the one that was uploaded."""
    _, _, asset_id, number, path = row.place
    return {
        "name": path,
        "url": addresses.file_url(reader, project, asset_id, number, path),
        "default": bool(row.uploaded),
        "state": row.state,
    }


def listing(
    rows: Iterable[_T], page: Page, show: Callable[[_T], object], id_of: Callable[[_T], str], wrapped: str | None = None
) -> Response:
    """A listing as a JSON array, with the next page's cursor in a header if there is one.

    Args:
        wrapped: name under which the array stands in an object; None for a bare array.

    Raises:
        MalformedRequest: it does not fit into one answer.
    """
    parts: list[bytes] = []
    size, last = 100, ""
    headers = {}
    for row in rows:
        if page.limit is not None and len(parts) == page.limit:
            headers[NEXT] = parameters.cursor(last)
            break
        parts.append(encode(show(row)))
        last, size = id_of(row), size + len(parts[-1]) + 1
        if size > LARGEST_ANSWER:
            raise errors.too_long_to_list()
    array = b"[" + b",".join(parts) + b"]"
    body = array if wrapped is None else b"{" + encode(wrapped) + b":" + array + b"}"
    return Response(body, {"Content-Type": JSON, **headers})


def day_and_time(moment: datetime) -> str:
    """A moment to the second, in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")


def exact_time(moment: int) -> str:
    """A moment, given in epoch microseconds, to the microsecond, in UTC."""
    seconds, fraction = divmod(moment, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{fraction:06}"


def _history(row: Asset, moments: list[int]) -> list[dict[str, Any]]:
    first = int(row.uploads) - len(moments) + 1
    updates = [
        {"Type": "Updated", "Time": exact_time(moment), "Version": number}
        for number, moment in enumerate(moments, first)
    ]
    if first > 1:
        return updates
    created = round(row.created_at.timestamp() * 1_000_000)
    return [{"Type": "Created", "Time": exact_time(created), "Version": 1}, *updates]

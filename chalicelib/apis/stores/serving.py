"""Reading files and objects on the stores host: who gets what, and the headers that keep unpacked sites harmless
(docs/apis/stores.md, "Reading").

Whoever may not read something is answered as if it were not there.
"""

from chalice.app import Response

from chalicelib.apis.stores import access, addresses, documents, parameters, publishing, shown, types
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.models import Asset, Document, Project
from chalicelib.errors import InvalidToken, NotFound
from chalicelib.files import objects
from chalicelib.files.models import Verdict
from chalicelib.identity import LOCAL_SUPERUSER
from chalicelib.rows import find_each
from chalicelib.web import delivery, policies
from chalicelib.web.hosts import Host, answering, host_of
from chalicelib.web.request import Request
from chalicelib.web.responses import JSON, encode

_NO_STORE = {"Cache-Control": "private, no-store"}
_LONGEST_PATH = 700


def serve(request: Request) -> Response:
    """The answer to a GET or HEAD below `/stores/`.

    Raises:
        NotFound: there is nothing, or nothing for this caller or host.
        Conflict: an object that is large and not clean.
        RangeNotSatisfiable
    """
    if host_of(request) is not answering(Host.STORES):
        raise NotFound
    segments = list(request.segments[1:])
    capability = segments.pop(0) if segments and segments[0].startswith("~") else ""
    if any("/" in segment for segment in segments[:4]):
        raise NotFound
    answer = _file(request, capability, segments) if len(segments) > 4 else _object(request, capability, segments)
    for name, value in policies.STORES.items():
        answer.headers.setdefault(name, value)
    return answer


def _file(request: Request, capability: str, segments: list[str]) -> Response:
    store_id, project_id, asset_id, number, *rest = segments
    path = "/".join(rest)
    if not (number.isascii() and number.isdigit() and not number.startswith("0") and len(number) < 10):
        raise NotFound
    if len("/".join(segments).encode()) > _LONGEST_PATH:
        raise NotFound
    wanted = shown.blanks(Asset.at(store_id, project_id, asset_id), asset_id, int(number), path)
    project, *rows = find_each(Project.at(store_id, project_id), *wanted)
    entry = shown.chosen(rows)
    _demand_reader(request, project, capability, f"{asset_id}/{number}")
    if entry is None or entry.state != Verdict.CLEAN:
        raise NotFound
    parcel = delivery.Parcel(
        library_key=entry.library_key,
        published_at=publishing.public_path(project, entry) if project.is_public else None,
        name=rest[-1],
        content_type=types.served_as(path),
        size=int(entry.size),
        headers={"Content-Disposition": objects.disposition(rest[-1]), **_cache(project)},
        sites=True,
    )
    return delivery.deliver(request, parcel)


def _object(request: Request, capability: str, segments: list[str]) -> Response:
    if len(segments) != 3 or not segments[2].endswith(".json") or len("/".join(segments).encode()) > _LONGEST_PATH:
        raise NotFound
    store_id, project_id, name = segments
    object_id = name.removesuffix(".json")
    if not object_id:
        raise NotFound
    project, row = find_each(Project.at(store_id, project_id), Document.at(store_id, project_id, object_id))
    _demand_reader(request, project, capability, name)
    if row is None:
        raise NotFound
    # Its address stays while it changes, so no copy of it may be kept.
    return Response(encode(documents.value_of(project, row)), {"Content-Type": JSON, **_NO_STORE})


def _demand_reader(request: Request, project: Project | None, capability: str, what: str) -> None:
    """Let pass whoever may read this: everybody in a public project, else by capability or token.

    A caller without either is nobody here, even where the API is open: what is restricted stays so on this host.
    """
    if project is None:
        raise NotFound
    if project.is_public or (capability and addresses.opens(capability, project, what)):
        return
    if not parameters.carries_token(request):
        raise NotFound
    try:
        caller = parameters.bearer(request)
    except InvalidToken:
        raise NotFound from None
    if caller is LOCAL_SUPERUSER or not access.may(caller, Right.READ, project.groups):
        raise NotFound


def _cache(project: Project) -> dict[str, str]:
    return {"Cache-Control": publishing.PUBLIC_CACHE} if project.is_public else _NO_STORE

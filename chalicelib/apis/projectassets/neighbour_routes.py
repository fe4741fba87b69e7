"""The routes beside project assets that make them usable: ping, productions, devices, media assets, imports. HTTP only
(docs/apis/projectassets.md).
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.errors import NotFound
from chalicelib.lazy import Lazy
from chalicelib.web.hosts import Host, host_of, origin
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import empty, json_response

if TYPE_CHECKING:
    from chalicelib.apis.projectassets import (
        access,
        changing,
        importing,
        media,
        media_serving,
        models,
        pages,
        parameters,
        presenters,
        productions,
        reading,
    )
else:
    access, changing = Lazy("chalicelib.apis.projectassets.access"), Lazy("chalicelib.apis.projectassets.changing")
    importing, media = Lazy("chalicelib.apis.projectassets.importing"), Lazy("chalicelib.apis.projectassets.media")
    media_serving = Lazy("chalicelib.apis.projectassets.media_serving")
    models, pages = Lazy("chalicelib.apis.projectassets.models"), Lazy("chalicelib.apis.projectassets.pages")
    parameters = Lazy("chalicelib.apis.projectassets.parameters")
    presenters = Lazy("chalicelib.apis.projectassets.presenters")
    productions = Lazy("chalicelib.apis.projectassets.productions")
    reading = Lazy("chalicelib.apis.projectassets.reading")

routes = Blueprint(__name__)

MEDIA = ("audioassets", "imageassets", "videoassets")


@routes.route("/api/ping", methods=["GET"])
def ping() -> Response:
    """Nothing, to whoever asks."""
    if host_of(current_request()) is not Host.API:
        raise NotFound
    return empty(204)


@routes.route("/api/productions", methods=["GET"])
def list_productions() -> Response:
    """The productions that the caller is a member of."""
    request, rights = _call()
    page = parameters.page(request)
    rows = productions.readable(rights, parameters.query_text(request, "storage_root"))
    shown = [presenters.production(row, rights) for row in pages.cut(rows, page)]
    return pages.answer(request, page, len(rows), shown)


@routes.route("/api/productions", methods=["POST"])
def create_production() -> Response:
    """Make a production; for superusers."""
    request, rights = _call()
    row = productions.create(rights.principal, parameters.fields(request))
    return json_response(presenters.production(row, rights), 201)


@routes.route("/api/productions/{production_id}", methods=["GET"])
def show_production(production_id: str) -> Response:
    """A production; superusers see its members."""
    _, rights = _call()
    row = productions.show(rights, production_id)
    members = productions.members(row) if rights.principal.superuser else []
    return json_response(presenters.production(row, rights, members))


@routes.route("/api/productions/{production_id}/members", methods=["POST"])
def enrol_member(production_id: str) -> Response:
    """Make a user or a group a member of a production, or change what it may do; for superusers."""
    request, rights = _call()
    row = productions.show(rights, production_id)
    member = productions.enrol(rights.principal, row, parameters.fields(request))
    return json_response(presenters.member(member))


@routes.route("/api/productions/{production_id}/members", methods=["DELETE"])
def expel_member(production_id: str) -> Response:
    """End the membership of the `user` or `group` in the query; for superusers."""
    request, rights = _call()
    row = productions.show(rights, production_id)
    user, group = (parameters.query_text(request, name) for name in ("user", "group"))
    productions.expel(rights.principal, row, user, group)
    return empty(204)


@routes.route("/api/devices", methods=["GET"])
def list_devices() -> Response:
    """All devices, or those with a path."""
    request, _ = _call()
    page, path = parameters.page(request), parameters.query_text(request, "path")
    rows = [row for row in productions.devices() if path is None or row.path == path]
    return pages.answer(request, page, len(rows), [presenters.device(row) for row in pages.cut(rows, page)])


@routes.route("/api/devices", methods=["POST"])
def create_device() -> Response:
    """Make a device; for superusers."""
    request, rights = _call()
    return json_response(
        presenters.device(productions.create_device(rights.principal, parameters.fields(request))), 201
    )


@routes.route("/api/devices/{device_id}", methods=["GET"])
def show_device(device_id: str) -> Response:
    """A device."""
    _call()
    return json_response(presenters.device(productions.show_device(device_id)))


@routes.route("/api/asset/import", methods=["POST"])
def import_asset() -> Response:
    """Import a media asset."""
    request, rights = _call()
    log = importing.run(rights, parameters.fields(request))
    return json_response({"asset_import_id": log.import_id}, 201)


@routes.route("/api/importlogs", methods=["GET"])
def list_imports() -> Response:
    """What imports did."""
    request, rights = _call()
    page = parameters.page(request)
    total, logs = importing.page(rights, parameters.query_text(request, "asset_path"), page)
    return pages.answer(request, page, total, [presenters.import_log(*log) for log in logs])


def list_media() -> Response:
    """The media assets of a type that the caller may read, in the order of their ids."""
    request, rights = _call()
    page = parameters.page(request)
    total, rows = reading.page_of_media(rights, _type(request), reading.wanted(request), page)
    return pages.answer(request, page, total, _viewer(request, rights).media_listed(rows))


def create_media() -> Response:
    """Make a media asset."""
    request, rights = _call()
    row = media.create(rights, _type(request), parameters.fields(request))
    return json_response(_viewer(request, rights).media(row), 201)


def show_media(asset_id: str) -> Response:
    """A media asset."""
    request, rights = _call()
    return json_response(_viewer(request, rights).media(media.find(rights, _type(request), asset_id)))


def change_media(asset_id: str) -> Response:
    """Change what may be changed of a media asset."""
    request, rights = _call()
    row = changing.change_media(rights, _type(request), asset_id, parameters.fields(request))
    return json_response(_viewer(request, rights).media(row))


def delete_media(asset_id: str) -> Response:
    """Delete a media asset."""
    request, rights = _call()
    media.delete(rights, _type(request), asset_id)
    return empty(202)


def read_media(asset_id: str) -> Response:
    """The bytes of a media asset."""
    request = current_request()
    rights = access.of(parameters.caller_for_bytes(request))
    return media_serving.serve(request, media.find(rights, _type(request), asset_id))


def list_nothing(asset_id: str) -> Response:
    """Shots or sequences of a video asset: nobody here looks for them, so there are none."""
    request, rights = _call()
    media.find(rights, _type(request), asset_id)
    return json_response([])


for _plural in MEDIA:
    routes.route(f"/api/{_plural}", methods=["GET"])(list_media)
    routes.route(f"/api/{_plural}", methods=["POST"])(create_media)
    routes.route(f"/api/{_plural}/{{asset_id}}", methods=["GET"])(show_media)
    routes.route(f"/api/{_plural}/{{asset_id}}", methods=["PATCH"])(change_media)
    routes.route(f"/api/{_plural}/{{asset_id}}", methods=["DELETE"])(delete_media)
    routes.route(f"/api/{_plural}/{{asset_id}}/file", methods=["GET"])(read_media)
for _part in ("shots", "sequences"):
    routes.route(f"/api/videoassets/{{asset_id}}/{_part}", methods=["GET"])(list_nothing)


def _call() -> "tuple[Request, access.Rights]":
    """The running request and its caller's rights. Raises as `parameters.caller`."""
    request = current_request()
    return request, access.of(parameters.caller(request))


def _type(request: Request) -> "models.MediaType":
    return models.MediaType(request.segments[1].removesuffix("assets"))


def _viewer(request: Request, rights: "access.Rights") -> "presenters.Viewer":
    return presenters.Viewer(rights, origin(Host.API, request))

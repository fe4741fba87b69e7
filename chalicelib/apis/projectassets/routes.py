"""The routes of project assets. HTTP only (docs/apis/projectassets.md).

Media assets, productions and devices are in `neighbour_routes`, files of bundles in `bundle_routes`.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.hosts import Host, origin
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import empty, json_response

if TYPE_CHECKING:
    from chalicelib.apis.projectassets import (
        access,
        adding,
        changing,
        creating,
        duplicating,
        errors,
        pages,
        parameters,
        presenters,
        reading,
        records,
    )
else:
    access, adding = Lazy("chalicelib.apis.projectassets.access"), Lazy("chalicelib.apis.projectassets.adding")
    changing, creating = Lazy("chalicelib.apis.projectassets.changing"), Lazy("chalicelib.apis.projectassets.creating")
    duplicating = Lazy("chalicelib.apis.projectassets.duplicating")
    errors, pages = Lazy("chalicelib.apis.projectassets.errors"), Lazy("chalicelib.apis.projectassets.pages")
    parameters = Lazy("chalicelib.apis.projectassets.parameters")
    presenters = Lazy("chalicelib.apis.projectassets.presenters")
    reading, records = Lazy("chalicelib.apis.projectassets.reading"), Lazy("chalicelib.apis.projectassets.records")

routes = Blueprint(__name__)


@routes.route("/api/projectassets", methods=["GET"])
def list_projects() -> Response:
    """The project assets that the caller may read, in the order of their ids."""
    request, rights = _call()
    page = parameters.page(request)
    total, projects = reading.page(rights, reading.wanted(request), page)
    return pages.answer(request, page, total, _viewer(request, rights).listed(projects))


@routes.route("/api/projectassets", methods=["POST"])
def create_project() -> Response:
    """Create a project asset, or with `copy_of` copy one."""
    request, rights = _call()
    fields = parameters.fields(request)
    if fields.has("copy_of"):
        duplicating.demand_copier(rights)
        share = bool(parameters.query_flag(request, "share_linked_assets"))
        project, linked = duplicating.copy(rights, fields, share=share)
    else:
        project, linked = creating.create(rights, fields), []
    answer = _viewer(request, rights).record(records.Record(project, linked))
    location = f"{origin(Host.API, request)}/api/projectassets/{project.number}/"
    return json_response(answer, 201, {"Location": location})


@routes.route("/api/projectassets/{asset_id}", methods=["GET"])
def show_project(asset_id: str) -> Response:
    """A project asset with its linked assets and files."""
    request, rights = _call()
    return json_response(_viewer(request, rights).record(records.read(rights, asset_id)))


@routes.route("/api/projectassets/{asset_id}", methods=["PATCH"])
def change_project(asset_id: str) -> Response:
    """Change what may be changed of a project asset."""
    request, rights = _call()
    changing.change(rights, asset_id, parameters.fields(request))
    return json_response(_viewer(request, rights).record(records.read(rights, asset_id)))


@routes.route("/api/projectassets/{asset_id}", methods=["DELETE"])
def delete_project(asset_id: str) -> Response:
    """Have a project asset and its files deleted. A body is allowed and means nothing."""
    _, rights = _call()
    changing.delete(rights, asset_id)
    return empty(202)


@routes.route("/api/projectassets/{asset_id}/addasset", methods=["POST"])
def add_assets(asset_id: str) -> Response:
    """Link media assets to a project asset."""
    request, rights = _call()
    parameters.demand_json(request)
    try:
        outcome = adding.add(rights, asset_id, parameters.json_object(request))
    except errors.AddRefused as refused:
        return json_response({"detail": refused.detail}, refused.status)
    return json_response(
        {
            "newly_linked_assets": outcome.new,
            "already_linked_assets": outcome.known,
            "invalid_assets": outcome.invalid,
        }
    )


def _call() -> "tuple[Request, access.Rights]":
    """The running request and its caller's rights. Raises as `parameters.caller`."""
    request = current_request()
    return request, access.of(parameters.caller(request))


def _viewer(request: Request, rights: "access.Rights") -> "presenters.Viewer":
    return presenters.Viewer(rights, origin(Host.API, request))

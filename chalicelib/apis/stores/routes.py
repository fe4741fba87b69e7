"""The routes of the OVE API below stores and projects. HTTP only (docs/apis/stores.md).

Users, workers and the queue are in `people_routes` and `worker_routes`; files are read by way of `file_routes`.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.application import AssetManager
from chalicelib.web.hosts import Host, origin
from chalicelib.web.rendering import MEDIALOOPSTER
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import empty, json_response

if TYPE_CHECKING:
    from chalicelib.apis.stores import (
        access,
        addresses,
        assets,
        documents,
        models,
        named,
        parameters,
        presenters,
        projects,
        publishing,
        serving,
        shown,
        uploads,
    )
    from chalicelib.identity import Principal
else:
    access = Lazy("chalicelib.apis.stores.access")
    addresses, assets = Lazy("chalicelib.apis.stores.addresses"), Lazy("chalicelib.apis.stores.assets")
    documents, models = Lazy("chalicelib.apis.stores.documents"), Lazy("chalicelib.apis.stores.models")
    named = Lazy("chalicelib.apis.stores.named")
    parameters, presenters = Lazy("chalicelib.apis.stores.parameters"), Lazy("chalicelib.apis.stores.presenters")
    projects, serving = Lazy("chalicelib.apis.stores.projects"), Lazy("chalicelib.apis.stores.serving")
    publishing = Lazy("chalicelib.apis.stores.publishing")
    shown, uploads = Lazy("chalicelib.apis.stores.shown"), Lazy("chalicelib.apis.stores.uploads")

routes = Blueprint(__name__)


@routes.route("/api/list", methods=["GET"])
def list_stores() -> Response:
    """The ids of all stores."""
    _call()
    return json_response(projects.list_stores())


@routes.route("/api/create", methods=["POST"])
def create_store() -> Response:
    """Make a store from `id`; for administrators."""
    request, caller = _call()
    store_id = parameters.json_object(request).get("id")
    return json_response({"Store": projects.create_store(caller, store_id, literal_store_ids())})


@routes.route("/api/{store_id}/list", methods=["GET"])
def list_projects(store_id: str) -> Response:
    """The projects that the caller may read; with `metadata` or `filterByTag` all that is known of them."""
    request, caller = _call()
    tag, page = request.query_params.get("filterByTag"), parameters.page(request, "project#")
    with_metadata = parameters.flag(request, "metadata") or tag is not None
    parameters.flag(request, "includeEmpty")
    rows = projects.list_projects(caller, store_id, tag, page)
    reader = _reader(request, caller)

    def show(row: "models.Project") -> object:
        return presenters.project_with_dates(row, caller, reader) if with_metadata else presenters.project_in_list(row)

    return presenters.listing(rows, page, show, lambda row: row.project_id)


@routes.route("/api/{store_id}/create", methods=["POST"])
def create_project(store_id: str) -> Response:
    """Make a project from `id`, `name` and `groups`."""
    request, caller = _call()
    literals = _literals_beside("/api/{store_id}/{project_id}")
    made = projects.create_project(caller, store_id, parameters.json_object(request), literals)
    return json_response({"Project": made})


@routes.route("/api/{store_id}/{project_id}/projectMeta", methods=["GET"])
def show_project(store_id: str, project_id: str) -> Response:
    """What is known of a project."""
    request, caller = _call()
    return _project(request, caller, projects.show(caller, store_id, project_id))


@routes.route("/api/{store_id}/{project_id}/projectMeta", methods=["POST"])
def change_project(store_id: str, project_id: str) -> Response:
    """Change what is known of a project."""
    request, caller = _call()
    changed = projects.change(caller, store_id, project_id, parameters.json_object(request))
    return _project(request, caller, changed)


@routes.route("/api/{store_id}/{project_id}/projectAccessMeta", methods=["GET"])
def show_groups(store_id: str, project_id: str) -> Response:
    """Who may use a project, and how far what is published of it follows."""
    _, caller = _call()
    project = projects.show(caller, store_id, project_id)
    return json_response(presenters.access_of(project, publishing.latest(project)))


@routes.route("/api/{store_id}/{project_id}/projectAccessMeta", methods=["POST"])
def change_groups(store_id: str, project_id: str) -> Response:
    """Change who may use a project; for administrators."""
    request, caller = _call()
    groups = parameters.json_object(request).get("groups")
    return json_response(presenters.access_of(*projects.change_groups(caller, store_id, project_id, groups)))


@routes.route("/api/{store_id}/{project_id}/version", methods=["POST"])
def name_version(store_id: str, project_id: str) -> Response:
    """Name the versions that all assets of a project have now."""
    request, caller = _call()
    project = named.add(caller, store_id, project_id, parameters.json_object(request))
    return _project(request, caller, project)


@routes.route("/api/{store_id}/{project_id}/list", methods=["GET"])
def list_assets(store_id: str, project_id: str) -> Response:
    """The assets of a project with all that is known of them, but for older history."""
    request, caller = _call()
    tag, page = request.query_params.get("filterByTag"), parameters.page(request, "asset#")
    parameters.flag(request, "includeEmpty")
    project, rows = assets.list_assets(caller, store_id, project_id, tag, page)
    reader = _reader(request, caller)
    return presenters.listing(
        rows, page, lambda row: presenters.asset(project, row, row.recent, reader), lambda row: row.asset_id, "Assets"
    )


@routes.route("/api/{store_id}/{project_id}/create", methods=["POST"])
def create_asset(store_id: str, project_id: str) -> Response:
    """Make an asset from `name`, or `id` and `name`."""
    request, caller = _call()
    made = assets.create_asset(caller, store_id, project_id, parameters.json_object(request))
    return json_response({"Asset": made})


@routes.route("/api/{store_id}/{project_id}/meta/{asset_id}", methods=["HEAD"])
def asset_exists(store_id: str, project_id: str, asset_id: str) -> Response:
    """Whether there is such an asset."""
    _, caller = _call()
    assets.show(caller, store_id, project_id, asset_id)
    return empty(200)


@routes.route("/api/{store_id}/{project_id}/meta/{asset_id}", methods=["GET"])
def show_asset(store_id: str, project_id: str, asset_id: str) -> Response:
    """All that is known of an asset."""
    request, caller = _call()
    project, asset = assets.show(caller, store_id, project_id, asset_id)
    return json_response(presenters.asset(project, asset, assets.history(asset), _reader(request, caller)))


@routes.route("/api/{store_id}/{project_id}/meta/{asset_id}", methods=["POST"])
def change_asset(store_id: str, project_id: str, asset_id: str) -> Response:
    """Change an asset's name, description and tags."""
    request, caller = _call()
    fields = parameters.json_object(request)
    project, asset = assets.change(caller, store_id, project_id, asset_id, fields)
    meta = presenters.asset(project, asset, assets.history(asset), _reader(request, caller))
    return json_response({"Status": "OK", **meta})


@routes.route("/api/{store_id}/{project_id}/files/{asset_id}", methods=["GET"])
def list_files(store_id: str, project_id: str, asset_id: str) -> Response:
    """The files of a version of an asset, the newest one's when none is named."""
    request, caller = _call()
    number = parameters.version_number(request.query_params.get("version"))
    project, asset, number = uploads.list_files(caller, store_id, project_id, asset_id, number)
    page = parameters.page(request, "")
    rows = shown.entries(project, asset_id, number, limit=page.look, after=page.after, processed=bool(asset.processed))
    reader = _reader(request, caller)
    return presenters.listing(rows, page, lambda row: presenters.entry(project, row, reader), lambda row: row.place[4])


@routes.route("/api/{store_id}/{project_id}/upload/{asset_id}", methods=["POST"])
def upload(store_id: str, project_id: str, asset_id: str) -> Response:
    """Make the body, or the finished upload that `upload` names, the next version of an asset."""
    request = current_request()
    caller = parameters.caller(request, *parameters.upload_types(request))
    name = uploads.upload(caller, store_id, project_id, asset_id, parameters.wanted(request))
    return json_response({"Status": "OK", "Asset": asset_id, "Filename": name})


@routes.route("/stores/{path+}", methods=["GET"])
def read(path: str) -> Response:
    """A file of an asset, or an object, on the stores host."""
    return serving.serve(current_request())


@routes.route("/api/{store_id}/{project_id}/tags/{asset_id}", methods=["GET"])
def show_tags(store_id: str, project_id: str, asset_id: str) -> Response:
    """An asset's tags."""
    _, caller = _call()
    return json_response(list(assets.show(caller, store_id, project_id, asset_id)[1].tags))


@routes.route("/api/{store_id}/{project_id}/tags/{asset_id}", methods=["POST"])
def replace_tags(store_id: str, project_id: str, asset_id: str) -> Response:
    """Give an asset the tags of a list."""
    request, caller = _call()
    return json_response(assets.replace_tags(caller, store_id, project_id, asset_id, parameters.json_value(request)))


@routes.route("/api/{store_id}/{project_id}/tags/{asset_id}", methods=["PATCH"])
def change_tags(store_id: str, project_id: str, asset_id: str) -> Response:
    """Add tags to an asset, or remove some."""
    request, caller = _call()
    return json_response(assets.change_tags(caller, store_id, project_id, asset_id, parameters.json_object(request)))


@routes.route("/api/{store_id}/{project_id}/tags/{asset_id}", methods=["DELETE"])
def remove_tags(store_id: str, project_id: str, asset_id: str) -> Response:
    """Take all tags off an asset."""
    _, caller = _call()
    return json_response(assets.replace_tags(caller, store_id, project_id, asset_id, []))


@routes.route("/api/{store_id}/{project_id}/object/{object_id}", methods=["HEAD"])
def object_exists(store_id: str, project_id: str, object_id: str) -> Response:
    """Whether there is such an object."""
    _, caller = _call()
    documents.find(caller, access.Right.READ, store_id, project_id, object_id)
    return empty(200)


@routes.route("/api/{store_id}/{project_id}/object/{object_id}", methods=["GET"])
def show_object(store_id: str, project_id: str, object_id: str) -> Response:
    """An object."""
    _, caller = _call()
    return json_response(documents.read(caller, store_id, project_id, object_id))


@routes.route("/api/{store_id}/{project_id}/object/{object_id}", methods=["POST"])
def create_object(store_id: str, project_id: str, object_id: str) -> Response:
    """Make an object of the body."""
    request, caller = _call()
    return json_response(documents.create(caller, store_id, project_id, object_id, parameters.document(request)))


@routes.route("/api/{store_id}/{project_id}/object/{object_id}", methods=["PUT"])
def replace_object(store_id: str, project_id: str, object_id: str) -> Response:
    """Replace an object by the body."""
    request, caller = _call()
    return json_response(documents.replace(caller, store_id, project_id, object_id, parameters.document(request)))


@routes.route("/api/{store_id}/{project_id}/object/{object_id}/info", methods=["GET"])
def show_object_info(store_id: str, project_id: str, object_id: str) -> Response:
    """Name and address of an object."""
    request, caller = _call()
    project, row = documents.find(caller, access.Right.READ, store_id, project_id, object_id)
    return json_response(presenters.object_info(project, row, _reader(request, caller)))


def literal_store_ids() -> frozenset[str]:
    """The segments that stand in the place of a store's id: those of this API, and of its neighbour below `/api`."""
    return _literals_beside("/api/{store_id}") | MEDIALOOPSTER


def _literals_beside(pattern: str) -> frozenset[str]:
    app = routes.current_app
    assert isinstance(app, AssetManager)
    return app.router.literals_beside(pattern)


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller. Raises as `parameters.caller`."""
    request = current_request()
    return request, parameters.caller(request)


def _reader(request: Request, caller: "Principal") -> "addresses.Reader":
    return addresses.Reader(caller.uid, origin(Host.STORES, request))


def _project(request: Request, caller: "Principal", row: "models.Project") -> Response:
    versions = [presenters.named_version(version) for version in named.of(row)]
    return json_response(presenters.project(row, caller, _reader(request, caller), versions or ""))

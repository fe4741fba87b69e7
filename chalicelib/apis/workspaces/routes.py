"""The routes of the Bilrost asset manager: what changes workspaces, assets, resources, favourites. HTTP only
(docs/apis/workspaces.md). What reads them is in `browser_routes`.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.application import AssetManager
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import empty, json_response

if TYPE_CHECKING:
    from chalicelib.apis.workspaces import (
        assets,
        errors,
        favourites,
        parameters,
        presenters,
        refs,
        resources,
        serving,
        statuses,
        workspaces,
    )
    from chalicelib.identity import Principal
    from chalicelib.web import authentication
else:
    authentication = Lazy("chalicelib.web.authentication")
    assets, errors = Lazy("chalicelib.apis.workspaces.assets"), Lazy("chalicelib.apis.workspaces.errors")
    favourites = Lazy("chalicelib.apis.workspaces.favourites")
    parameters, presenters = (
        Lazy("chalicelib.apis.workspaces.parameters"),
        Lazy("chalicelib.apis.workspaces.presenters"),
    )
    refs, resources = Lazy("chalicelib.apis.workspaces.refs"), Lazy("chalicelib.apis.workspaces.resources")
    serving, statuses = Lazy("chalicelib.apis.workspaces.serving"), Lazy("chalicelib.apis.workspaces.statuses")
    workspaces = Lazy("chalicelib.apis.workspaces.workspaces")

routes = Blueprint(__name__)

_OK = "Ok"


@routes.route("/assetmanager", methods=["GET"])
def describe() -> Response:
    """The description of this API."""
    _call()
    return json_response(presenters.api(errors.MANAGER))


@routes.route("/assetmanager/workspaces", methods=["POST"])
def create_workspace() -> Response:
    """Clone a project into a new workspace."""
    request, caller = _call()
    made = workspaces.create(caller, parameters.json_object(request), _literal_names())
    return json_response(presenters.metadata(made))


@routes.route("/assetmanager/workspaces", methods=["PUT"])
def replace_workspaces() -> Response:
    """Not supported, as in the original."""
    request, _ = _call()
    raise errors.not_supported(errors.WORKSPACE, request.raw_path)


@routes.route("/assetmanager/workspaces/{workspace}", methods=["PUT", "PATCH"])
def replace_workspace(workspace: str) -> Response:
    """Not supported, as in the original."""
    _call()
    raise errors.not_supported(errors.WORKSPACE, workspace)


@routes.route("/assetmanager/workspaces/{workspace}", methods=["DELETE"])
def delete_workspace(workspace: str) -> Response:
    """Delete a workspace with everything in it."""
    _, caller = _call()
    workspaces.delete(caller, workspace)
    return json_response(_OK)


@routes.route("/assetmanager/workspaces/favorites", methods=["POST"])
def add_favourite() -> Response:
    """Make the workspace at `file_uri` a favourite."""
    return _add_favourite()


@routes.route("/assetmanager/favorites", methods=["POST"])
def add_favourite_by_its_later_path() -> Response:
    """Make the workspace at `file_uri` a favourite."""
    return _add_favourite()


@routes.route("/assetmanager/workspaces/{workspace}/favorites", methods=["DELETE"])
def forget_favourite(workspace: str) -> Response:
    """Make a workspace no favourite any more."""
    return _forget_favourite(workspace)


@routes.route("/assetmanager/favorites/{workspace}", methods=["DELETE"])
def forget_favourite_by_its_later_path(workspace: str) -> Response:
    """Make a workspace no favourite any more."""
    return _forget_favourite(workspace)


@routes.route("/assetmanager/favorites/reset", methods=["POST"])
def forget_favourites() -> Response:
    """Make no workspace a favourite any more."""
    _, caller = _call()
    favourites.forget_all(caller)
    return json_response(_OK)


@routes.route("/assetmanager/workspaces/{workspace}/status", methods=["GET"])
def show_status(workspace: str) -> Response:
    """What the statuses of a workspace come to."""
    _, caller = _call()
    return json_response(statuses.shown(statuses.general(statuses.every(caller, workspace))))


@routes.route("/assetmanager/workspaces/{workspace}/statuses", methods=["GET"])
def show_statuses(workspace: str) -> Response:
    """The status of each context of a workspace."""
    _, caller = _call()
    return json_response([statuses.shown(one) for one in statuses.every(caller, workspace)])


@routes.route("/assetmanager/workspaces/{workspace}/assets", methods=["PUT"])
def put_all_assets(workspace: str) -> Response:
    """Refused: `/assets/` is a namespace."""
    return _put_asset(workspace, "/")


@routes.route("/assetmanager/workspaces/{workspace}/assets", methods=["DELETE"])
def delete_all_assets(workspace: str) -> Response:
    """Refused: `/assets/` is a namespace."""
    return _delete_asset(workspace, "/")


@routes.route("/assetmanager/workspaces/{workspace}/assets/{path+}", methods=["PUT"])
def put_asset(workspace: str, path: str) -> Response:
    """Make an asset, or replace what it holds."""
    return _put_asset(workspace, path)


@routes.route("/assetmanager/workspaces/{workspace}/assets/{path+}", methods=["DELETE"])
def delete_asset(workspace: str, path: str) -> Response:
    """Delete an asset that no other depends on."""
    return _delete_asset(workspace, path)


@routes.route("/assetmanager/workspaces/{workspace}/rename/assets/{path+}", methods=["POST"])
def rename_asset(workspace: str, path: str) -> Response:
    """Give an asset the ref `new`."""
    request, caller = _call()
    new = parameters.json_object(request).get("new")
    ref, seen = parameters.ref(request, refs.ASSETS, path), parameters.last_modified(request)
    return json_response(presenters.meta(assets.rename(caller, workspace, ref, new, seen)))


@routes.route("/assetmanager/workspaces/{workspace}/resources/{path+}", methods=["PUT"])
def put_resource(workspace: str, path: str) -> Response:
    """Put the body, or the finished upload that `upload` names, at a ref."""
    request, caller = _call()
    ref = parameters.ref(request, refs.RESOURCES, path)
    made, row = resources.put(caller, workspace, ref, *parameters.content(request))
    return json_response(presenters.resource(row), 201 if made else 200)


@routes.route("/assetmanager/workspaces/{workspace}/resources/{path+}", methods=["GET"])
def read_resource(workspace: str, path: str) -> Response:
    """The bytes of a resource."""
    request, caller = _call()
    ref = parameters.ref(request, refs.RESOURCES, path)
    return serving.serve(request, resources.find(caller, workspace, ref))


@routes.route("/assetmanager/workspaces/{workspace}/resources/{path+}", methods=["DELETE"])
def delete_resource(workspace: str, path: str) -> Response:
    """Delete a resource that no asset names."""
    request, caller = _call()
    resources.delete(caller, workspace, parameters.ref(request, refs.RESOURCES, path))
    return empty(204)


def _put_asset(workspace: str, path: str) -> Response:
    request, caller = _call()
    ref, body = parameters.ref(request, refs.ASSETS, path), parameters.json_value(request)
    made, shown = assets.put(caller, workspace, ref, body, parameters.last_modified(request))
    return json_response(presenters.meta(shown.asset), 201) if made else json_response(presenters.asset(shown))


def _delete_asset(workspace: str, path: str) -> Response:
    request, caller = _call()
    assets.delete(caller, workspace, parameters.ref(request, refs.ASSETS, path))
    return empty(204)


def _add_favourite() -> Response:
    request, caller = _call()
    uri = parameters.text(parameters.json_object(request), "file_uri")
    return json_response(presenters.metadata(favourites.add(caller, uri)))


def _forget_favourite(workspace: str) -> Response:
    _, caller = _call()
    favourites.forget(caller, workspace)
    return json_response(_OK)


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller. Raises as `authentication.api_caller`."""
    request = current_request()
    return request, authentication.api_caller(request)


def _literal_names() -> frozenset[str]:
    """The segments that stand in the place of a workspace's name."""
    app = routes.current_app
    assert isinstance(app, AssetManager)
    return app.router.literals_beside("/assetmanager/workspaces/{workspace}")

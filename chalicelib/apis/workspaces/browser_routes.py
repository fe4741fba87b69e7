"""The routes of the Bilrost content browser: what reads workspaces. HTTP only (docs/apis/workspaces.md, "Reading")."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.workspaces import access, assets, browsing, errors, parameters, presenters, refs
    from chalicelib.identity import Principal
    from chalicelib.web import authentication
else:
    authentication = Lazy("chalicelib.web.authentication")
    access, assets = Lazy("chalicelib.apis.workspaces.access"), Lazy("chalicelib.apis.workspaces.assets")
    browsing, errors = Lazy("chalicelib.apis.workspaces.browsing"), Lazy("chalicelib.apis.workspaces.errors")
    parameters, refs = Lazy("chalicelib.apis.workspaces.parameters"), Lazy("chalicelib.apis.workspaces.refs")
    presenters = Lazy("chalicelib.apis.workspaces.presenters")

routes = Blueprint(__name__)

_WORKSPACES = "/contentbrowser/workspaces"
_MASTER = "master"


@routes.route("/contentbrowser", methods=["GET"])
def describe() -> Response:
    """The description of this API."""
    _call()
    return json_response(presenters.api(errors.BROWSER))


@routes.route("/contentbrowser/workspaces", methods=["GET"])
def list_workspaces() -> Response:
    """The caller's favourites; with `all=true` what it may read in its organisation."""
    request, caller = _call()
    page, pattern = parameters.page(request), request.query_params.get("name")
    if parameters.flag(request, "all"):
        names, more = browsing.shared(caller, pattern, page.most, parameters.after(request))
        return json_response(presenters.shared(names, _WORKSPACES, page, pattern, more=more))
    found, more = browsing.workspaces(caller, pattern, page)
    query = {} if pattern is None else {"name": pattern}
    listing = presenters.Listing("workspace-list", _WORKSPACES, page, query)
    return json_response(listing.answer(map(presenters.workspace, found), more=more))


@routes.route("/contentbrowser/workspaces/{workspace}", methods=["GET"])
def show_workspace(workspace: str) -> Response:
    """A workspace, as a listing of one."""
    request, caller = _call()
    row = access.enter(caller, access.Right.READ, workspace).workspace
    listing = presenters.Listing("workspace-list", request.raw_path, parameters.page(request))
    return json_response(listing.answer([presenters.workspace(row)], more=False))


@routes.route("/contentbrowser/workspaces/{workspace}/assets", methods=["GET"])
def list_all_assets(workspace: str) -> Response:
    """The assets directly below `/assets/`, or with `q` those that a search finds."""
    request, caller = _call()
    return _assets(request, caller, workspace, refs.ASSETS)


@routes.route("/contentbrowser/workspaces/{workspace}/assets/{path+}", methods=["GET"])
def show_asset(workspace: str, path: str) -> Response:
    """An asset; behind a slash at the end the assets of a namespace, or with `q` those that a search finds."""
    request, caller = _call()
    ref = parameters.ref(request, refs.ASSETS, path)
    if refs.is_namespace(ref):
        return _assets(request, caller, workspace, ref)
    shown = assets.show(caller, workspace, ref)
    return json_response(presenters.asset(shown), headers={"Content-Type": presenters.asset_type(shown.asset)})


@routes.route("/contentbrowser/workspaces/{workspace}/resources", methods=["GET"])
def list_all_resources(workspace: str) -> Response:
    """The resources directly below `/resources/`."""
    request, caller = _call()
    return _resources(request, caller, workspace, refs.RESOURCES)


@routes.route("/contentbrowser/workspaces/{workspace}/resources/{path+}", methods=["GET"])
def show_resource(workspace: str, path: str) -> Response:
    """What is known of a resource, or of those directly in a namespace."""
    request, caller = _call()
    return _resources(request, caller, workspace, parameters.ref(request, refs.RESOURCES, path))


@routes.route("/contentbrowser/workspaces/{workspace}/branch", methods=["GET"])
def show_branch(workspace: str) -> Response:
    """The name of the branch that was cloned."""
    _, caller = _call()
    return json_response(access.enter(caller, access.Right.READ, workspace).workspace.branch or _MASTER)


@routes.route("/contentbrowser/workspaces/{workspace}/branches", methods=["GET"])
def list_branches(workspace: str) -> Response:
    """The branch that was cloned: there is no other in a workspace."""
    _, caller = _call()
    return json_response(presenters.branches(access.enter(caller, access.Right.READ, workspace).workspace))


@routes.route("/contentbrowser/projects", methods=["GET"])
def list_projects() -> Response:
    """Not supported, as in the original."""
    request, _ = _call()
    raise errors.not_supported(errors.PROJECT, request.raw_path)


def _assets(request: Request, caller: "Principal", workspace: str, namespace: str) -> Response:
    page, query = parameters.page(request), request.query_params.get("q", "").strip()
    if query:
        return json_response(presenters.hits(browsing.hits(caller, workspace, namespace, query)))
    pattern = request.query_params.get("ref")
    empty = parameters.flag(request, "empty")
    found = browsing.assets(caller, workspace, namespace, page, empty=empty)
    path = f"{_WORKSPACES}/{quote(workspace, safe='')}{quote(namespace)}"
    return json_response(presenters.asset_page(found, path, page, pattern))


def _resources(request: Request, caller: "Principal", workspace: str, ref: str) -> Response:
    page = parameters.page(request)
    found = browsing.files(caller, workspace, ref, page)
    path = f"{_WORKSPACES}/{quote(workspace, safe='')}{quote(ref)}"
    beside = presenters.namespaces(found.workspace.guid, found.namespaces)
    listing = presenters.Listing("file-list", path, page, beside=beside)
    return json_response(listing.answer(map(presenters.resource, found.found), more=found.more))


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller. Raises as `authentication.api_caller`."""
    request = current_request()
    return request, authentication.api_caller(request)

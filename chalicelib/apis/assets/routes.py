"""The routes of the GOV.UK API. HTTP only: the rules are in `service` and `serving` (docs/apis/assets.md)."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.errors import BodyTooLarge, NotFound
from chalicelib.lazy import Lazy
from chalicelib.settings import MEBIBYTE, settings
from chalicelib.web.hosts import Host, origin
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.assets import (
        health,
        listing,
        models,
        parameters,
        placeholder,
        presenters,
        service,
        serving,
        whitehall,
    )
    from chalicelib.identity import Principal
    from chalicelib.web import authentication, bodies, paging
else:
    authentication, bodies = Lazy("chalicelib.web.authentication"), Lazy("chalicelib.web.bodies")
    health, listing = Lazy("chalicelib.apis.assets.health"), Lazy("chalicelib.apis.assets.listing")
    models, paging = Lazy("chalicelib.apis.assets.models"), Lazy("chalicelib.web.paging")
    parameters, placeholder = Lazy("chalicelib.apis.assets.parameters"), Lazy("chalicelib.apis.assets.placeholder")
    presenters, service = Lazy("chalicelib.apis.assets.presenters"), Lazy("chalicelib.apis.assets.service")
    serving, whitehall = Lazy("chalicelib.apis.assets.serving"), Lazy("chalicelib.apis.assets.whitehall")

routes = Blueprint(__name__)

_FRESH = {"Cache-Control": "no-cache, private, no-store"}
_FOR_A_DAY = {"Cache-Control": "max-age=86400, public"}


@routes.route("/assets", methods=["GET"])
def list_assets() -> Response:
    """The assets that the caller may manage, the newest first; with `deleted=true` those that are deleted, with
    `replaced_by` those that this asset replaces.
    """
    request, caller = _api_call()
    deleted, page = paging.flag(request, "deleted"), paging.wanted(request, models.ID)
    replacement = request.query_params.get("replaced_by")
    if replacement is None:
        found = listing.page(caller, page, deleted=deleted)
    else:
        service.show(caller, _asset_id(replacement))
        found = listing.replaced_by(caller, page, replacement)
    api, assets = origin(Host.API, request), origin(Host.ASSETS, request)
    results = [presenters.facts(asset, api=api, assets=assets) for asset in found.assets]
    after = None if found.last is None else paging.cursor(found.last)
    return json_response({"_response_info": {"status": "ok"}, "results": results, "next_cursor": after}, 200, _FRESH)


@routes.route("/assets", methods=["POST"])
def create_asset() -> Response:
    """Create an asset from `asset[file]` or `asset[upload]`: 201."""
    request, caller = _api_call()
    asset = service.create(caller, _changes(request))
    return _answer(request, asset, "created", 201, with_access=True)


@routes.route("/whitehall_assets", methods=["POST"])
def create_whitehall_asset() -> Response:
    """Create an asset that is served under `asset[legacy_url_path]`: 201."""
    request, caller = _api_call()
    asset = service.create_whitehall(caller, _changes(request))
    return _answer(request, asset, "created", 201, with_access=True)


@routes.route("/assets/{id}", methods=["GET"])
def show_asset(id: str) -> Response:
    """What is known of an asset."""
    request, caller = _api_call()
    return _answer(request, service.show(caller, _asset_id(id)), "ok")


@routes.route("/assets/{id}", methods=["PUT"])
def update_asset(id: str) -> Response:
    """Change an asset; with a file, replace its file."""
    request, caller = _api_call()
    _demand_size(request)
    seen = service.demand_changeable(caller, _asset_id(id))
    asset = service.change(caller, seen, _changes(request))
    return _answer(request, asset, "success", with_access=True)


@routes.route("/assets/{id}", methods=["DELETE"])
def delete_asset(id: str) -> Response:
    """Mark an asset as deleted."""
    request, caller = _api_call()
    return _answer(request, service.remove(caller, _asset_id(id)), "success")


@routes.route("/assets/{id}/restore", methods=["POST"])
def restore_asset(id: str) -> Response:
    """Take a deletion back."""
    request, caller = _api_call()
    return _answer(request, service.restore(caller, _asset_id(id)), "success")


@routes.route("/media/{id}/{filename+}", methods=["GET"])
def media(id: str, filename: str) -> Response:
    """The file of an asset, to whoever may have it on this host."""
    wanted = serving.Wanted(id if models.ID.fullmatch(id) else None, filename)
    return serving.serve(current_request(), wanted)


@routes.route("/government/uploads/{path+}", methods=["GET"])
def whitehall_media(path: str) -> Response:
    """The file of a whitehall asset. A path without an extension is never found."""
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    asset_id = whitehall.holder_of(f"/government/uploads/{path}") if dot and extension else None
    return serving.serve(current_request(), serving.Wanted(asset_id, None))


@routes.route("/government/placeholder", methods=["GET"])
def placeholder_page() -> Response:
    """The page shown in the place of a document that is still being scanned."""
    return Response(placeholder.PAGE, {"Content-Type": "text/html; charset=utf-8", **_FOR_A_DAY})


@routes.route("/asset-manager/{name}", methods=["GET"])
def placeholder_picture(name: str) -> Response:
    """The picture shown in the place of a picture that is still being scanned."""
    if name != placeholder.picture_name():
        raise NotFound
    return Response(placeholder.picture(), {"Content-Type": "image/png", **_FOR_A_DAY})


@routes.route("/healthcheck/live", methods=["GET"])
def live() -> Response:
    """200 as long as the function answers."""
    return Response("OK", {"Content-Type": "text/plain; charset=utf-8"})


@routes.route("/healthcheck/ready", methods=["GET"])
def ready() -> Response:
    """200 with what each part says of itself."""
    return json_response(health.report())


def _api_call() -> "tuple[Request, Principal]":
    """The running request and its caller, who must be signed in.

    Raises:
        NotFound: the request is not for the API's host.
        Unauthenticated, InvalidToken, Forbidden
    """
    request = current_request()
    return request, authentication.api_caller(request)


def _changes(request: Request) -> "parameters.Changes":
    _demand_size(request)
    is_json = not request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form"))
    return parameters.read(bodies.parameters(request), is_json=is_json)


def _demand_size(request: Request) -> None:
    """Refuse a body that is too large, before anything else is looked at.

    Raises:
        BodyTooLarge
    """
    if len(bodies.body(request)) > settings().max_file_size_mb * MEBIBYTE:
        raise BodyTooLarge


def _asset_id(text: str) -> str:
    if not models.ID.fullmatch(text):
        raise NotFound
    return text


def _answer(
    request: Request, asset: "models.Asset", status: str, code: int = 200, *, with_access: bool = False
) -> Response:
    body = presenters.asset(
        asset,
        status,
        api=origin(Host.API, request),
        assets=origin(Host.ASSETS, request),
        with_access=with_access,
    )
    return json_response(body, code, _FRESH)

"""The routes of bundles' files and of the job that a project asset waits for. HTTP only (docs/apis/projectassets.md,
"Bundles").

This API's document knows none of them.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.request import current_request
from chalicelib.web.responses import empty, json_response

if TYPE_CHECKING:
    from chalicelib.apis.projectassets import bundle_serving as serving
    from chalicelib.apis.projectassets import bundles, parameters, progress
else:
    bundles = Lazy("chalicelib.apis.projectassets.bundles")
    parameters = Lazy("chalicelib.apis.projectassets.parameters")
    progress = Lazy("chalicelib.apis.projectassets.progress")
    serving = Lazy("chalicelib.apis.projectassets.bundle_serving")

routes = Blueprint(__name__)


@routes.route("/api/projectassets/{asset_id}/files", methods=["GET"])
def list_files(asset_id: str) -> Response:
    """The files of a bundle in the order of their paths, a page at a time."""
    request = current_request()
    return serving.listing(request, parameters.caller(request), asset_id)


@routes.route("/api/projectassets/{asset_id}/files/{path+}", methods=["GET"])
def read_file(asset_id: str, path: str) -> Response:
    """The bytes of a file."""
    request = current_request()
    return serving.serve(request, serving.caller(request), asset_id, path)


@routes.route("/api/projectassets/{asset_id}/files/{path+}", methods=["PUT"])
def put_file(asset_id: str, path: str) -> Response:
    """Put the body, or the finished upload that `upload` names, into the bundle."""
    request = current_request()
    caller = serving.caller(request)
    place, is_new = bundles.put(caller, asset_id, path, serving.content(request))
    return json_response(bundles.presented(place), 201 if is_new else 200)


@routes.route("/api/projectassets/{asset_id}/files/{path+}", methods=["DELETE"])
def remove_file(asset_id: str, path: str) -> Response:
    """Remove a file from the bundle."""
    bundles.remove(serving.caller(current_request()), asset_id, path)
    return empty(204)


@routes.route("/api/projectassets/{asset_id}/job", methods=["GET"])
def show_job(asset_id: str) -> Response:
    """How far the copying or deleting of a project asset is."""
    return json_response(progress.show(parameters.caller(current_request()), asset_id))


@routes.route("/api/projectassets/{asset_id}/job", methods=["DELETE"])
def cancel_job(asset_id: str) -> Response:
    """Cancel the copying of a project asset."""
    progress.cancel(parameters.caller(current_request()), asset_id)
    return empty(202)

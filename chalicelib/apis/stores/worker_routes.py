"""The routes of the OVE API for workers and their queue. HTTP only (docs/apis/stores.md, "Workers")."""

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.request import current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.stores import parameters, queue
    from chalicelib.identity import Principal
else:
    parameters, queue = Lazy("chalicelib.apis.stores.parameters"), Lazy("chalicelib.apis.stores.queue")

routes = Blueprint(__name__)

_OK = {"Status": "OK"}


@routes.route("/api/workers", methods=["GET"])
def list_workers() -> Response:
    """The names of the registered workers, with `metadata` all that is known of them."""
    request = current_request()
    parameters.caller(request)
    parameters.flag(request, "metadata")
    return json_response([])


@routes.route("/api/workers", methods=["DELETE"])
def unregister_worker() -> Response:
    """Take the worker `name` off the list; for administrators."""
    caller, fields = _written()
    queue.unregister(caller, fields)


@routes.route("/api/workers/status", methods=["GET"])
def show_statuses() -> Response:
    """What each worker is doing."""
    parameters.caller(current_request())
    return json_response({})


@routes.route("/api/workers/queue", methods=["GET"])
def list_tasks() -> Response:
    """The tasks of projects that the caller may write to."""
    parameters.caller(current_request())
    return json_response([])


@routes.route("/api/workers/queue", methods=["POST"])
def schedule_task() -> Response:
    """Have a worker process an asset."""
    caller, fields = _written()
    queue.schedule(caller, fields)


@routes.route("/api/workers/queue", methods=["DELETE"])
def cancel_task() -> Response:
    """Cancel the task `task_id`."""
    _, fields = _written()
    queue.demand_task(fields)
    return json_response(_OK)


@routes.route("/api/workers/queue", methods=["PATCH"])
def reset_task() -> Response:
    """Have the task `task_id` done once more."""
    _, fields = _written()
    queue.demand_task(fields)
    return json_response(_OK)


def _written() -> "tuple[Principal, dict[str, Any]]":
    """The caller and the fields of the body. Raises as `parameters.caller` and `parameters.json_object`."""
    request = current_request()
    return parameters.caller(request), parameters.json_object(request)

"""The routes of the OVE API for workers and their queue. HTTP only (docs/apis/stores.md, "Workers")."""

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.application import AssetManager
from chalicelib.web.request import current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.stores import parameters, presenters, queue, registry, remote, task_presenters
    from chalicelib.identity import Principal
else:
    parameters, presenters = Lazy("chalicelib.apis.stores.parameters"), Lazy("chalicelib.apis.stores.presenters")
    queue, registry = Lazy("chalicelib.apis.stores.queue"), Lazy("chalicelib.apis.stores.registry")
    remote, task_presenters = Lazy("chalicelib.apis.stores.remote"), Lazy("chalicelib.apis.stores.task_presenters")

routes = Blueprint(__name__)

_OK = {"Status": "OK"}


@routes.route("/api/workers", methods=["GET"])
def list_workers() -> Response:
    """The names of all workers, with `metadata` all that is known of them; with `name` only that one."""
    request = current_request()
    parameters.caller(request)
    with_metadata = parameters.flag(request, "metadata")
    offers = registry.offers(request.query_params.get("name"))
    return json_response([task_presenters.worker(offer) if with_metadata else offer.name for offer in offers])


@routes.route("/api/workers", methods=["POST"])
def register_worker() -> Response:
    """Put a worker of another organisation on the list."""
    caller, fields = _written()
    app = routes.current_app
    assert isinstance(app, AssetManager)
    literals = app.router.literals_beside("/api/workers/{name}")
    return json_response({**_OK, "Worker": registry.register(caller, fields, literals)})


@routes.route("/api/workers", methods=["DELETE"])
def unregister_worker() -> Response:
    """Take the worker `name` off the list; for administrators."""
    caller, fields = _written()
    registry.unregister(caller, fields)
    return json_response(_OK)


@routes.route("/api/workers/status", methods=["GET"])
def show_statuses() -> Response:
    """What each worker is doing."""
    request = current_request()
    parameters.caller(request)
    return json_response({offer.name: offer.status for offer in registry.offers(request.query_params.get("name"))})


@routes.route("/api/workers/queue", methods=["GET"])
def list_tasks() -> Response:
    """The tasks of projects that the caller may write to, and how far those are that are under way.

    `newest` has the newest first, `store_id`, `project_id` and `asset_id` only those of one store, project or asset.
    """
    request = current_request()
    caller, page = parameters.caller(request), parameters.page(request, "task#")
    place = {name: request.query_params[name] for name in queue.PLACE if name in request.query_params}
    found = queue.list_tasks(caller, page, newest_first=parameters.flag(request, "newest"), place=place)
    return presenters.listing(found, page, lambda one: task_presenters.listed(*one), lambda one: one[0].task_id)


@routes.route("/api/workers/queue", methods=["POST"])
def schedule_task() -> Response:
    """Have a worker process an asset."""
    caller, fields = _written()
    answer = json_response(_OK)
    answer.headers["X-Task-Id"] = queue.schedule(caller, fields)
    return answer


@routes.route("/api/workers/queue", methods=["DELETE"])
def cancel_task() -> Response:
    """Cancel the task `task_id`."""
    caller, fields = _written()
    queue.cancel(caller, fields)
    return json_response(_OK)


@routes.route("/api/workers/queue", methods=["PATCH"])
def reset_task() -> Response:
    """Have the task `task_id` done once more."""
    caller, fields = _written()
    queue.reset(caller, fields)
    return json_response(_OK)


@routes.route("/api/workers/{name}/claim", methods=["POST"])
def claim_task(name: str) -> Response:
    """The next task for a worker of another organisation, with a lease and the file; 204 when there is none."""
    caller, _ = _written()
    begun = remote.claim(caller, name)
    if begun is None:
        return Response(b"", {"Retry-After": str(remote.RETRY_SECONDS)}, status_code=204)
    return json_response(task_presenters.claimed(begun, remote.source_url(begun), remote.LEASE_SECONDS))


@routes.route("/api/workers/{name}/tasks/{task_id}/heartbeat", methods=["POST"])
def keep_task(name: str, task_id: str) -> Response:
    """Renew the lease of a task, and hear whether it is still wanted."""
    caller, fields = _written()
    canceled = remote.heartbeat(caller, name, task_id, fields)
    return json_response({**_OK, "canceled": canceled, "lease_seconds": 0 if canceled else remote.LEASE_SECONDS})


@routes.route("/api/workers/{name}/tasks/{task_id}/finish", methods=["POST"])
def finish_task(name: str, task_id: str) -> Response:
    """Hand in the outputs of a task, as uploads, or say why there are none."""
    caller, fields = _written()
    return json_response({**_OK, "canceled": remote.finish(caller, name, task_id, fields)})


def _written() -> "tuple[Principal, dict[str, Any]]":
    """The caller and the fields of the body. Raises as `parameters.caller` and `parameters.json_object`."""
    request = current_request()
    return parameters.caller(request), parameters.json_object(request)

"""The rules of workers and their queue as far as they hold while no worker is registered: there is none to list, and a
task is refused once everything else about it has been found right.
"""

from typing import Any, NoReturn

from chalicelib.apis.stores import access, assets, errors, parameters
from chalicelib.apis.stores.access import Right
from chalicelib.errors import Unauthenticated
from chalicelib.identity import Principal


def unregister(principal: Principal, fields: dict[str, Any]) -> NoReturn:
    """Take a worker off the list.

    Raises:
        Unauthenticated: the caller is no administrator.
        MalformedRequest: there is no such worker.
    """
    access.demand_admin(principal)
    parameters.required_text(fields, "name")
    raise errors.worker_not_found()


def schedule(principal: Principal, fields: dict[str, Any]) -> NoReturn:
    """Have a worker of a type process an asset.

    Raises:
        MalformedRequest: something is missing or not there, or no worker can take the task.
        Unauthenticated: the caller may not write to the project.
    """
    store_id, project_id, asset_id, worker_type = (
        parameters.required_text(fields, name) for name in ("store_id", "project_id", "asset_id", "worker_type")
    )
    if not isinstance(fields.get("parameters", {}), dict):
        raise errors.invalid_data("The parameters have to be a JSON object.")
    priority = fields.get("priority", 1)
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise errors.invalid_data("The priority has to be a whole number.")
    try:
        assets.find(principal, Right.WRITE, store_id, project_id, asset_id)
    except Unauthenticated:
        raise errors.processing_refused() from None
    raise errors.no_worker(worker_type)


def demand_task(fields: dict[str, Any]) -> None:
    """The task that is to be cancelled or reset has to be named; one that is not there is no error.

    Raises:
        MalformedRequest
    """
    parameters.required_text(fields, "task_id")

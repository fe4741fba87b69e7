"""The JSON answers about workers and tasks (docs/apis/stores.md, "Workers")."""

from typing import Any

from chalicelib.apis.stores.beginnings import Begun
from chalicelib.apis.stores.presenters import day_and_time
from chalicelib.apis.stores.registry import Offer
from chalicelib.apis.stores.task_models import Task
from chalicelib.jobs.models import Job


def worker(offer: Offer) -> dict[str, Any]:
    """All that is known of a worker."""
    return {
        "name": offer.name,
        "type": offer.type,
        "description": offer.description,
        "extensions": list(offer.extensions),
        "status": offer.status,
        "docs": offer.docs,
        "parameters": offer.parameters,
    }


def task(row: Task) -> dict[str, Any]:
    """A task. Nothing in it opens anything: leases and capabilities stay out."""
    shown = {
        "_id": row.task_id,
        "createdOn": day_and_time(row.created_at),
        "startTime": None if row.started_at is None else day_and_time(row.started_at),
        "endTime": None if row.ended_at is None else day_and_time(row.ended_at),
        "priority": int(row.priority),
        "status": row.status,
        "username": row.username,
        "storeID": row.store_id,
        "projectID": row.project_id,
        "assetID": row.asset_id,
        "filename": row.filename,
        "extension": row.extension,
        "workerType": row.worker_type,
        "taskOptions": row.parameters or {},
        "workerName": row.worker,
        "error": row.error,
    }
    return {name: value for name, value in shown.items() if value is not None}


def listed(row: Task, job: Job | None) -> dict[str, Any]:
    """A task in the queue, and how far it is if a job is at it."""
    if job is None:
        return task(row)
    total = None if job.total is None else int(job.total)
    return task(row) | {"progress": {"done": int(job.done or 0), "total": total}}


def claimed(begun: Begun, url: str, lease_seconds: int) -> dict[str, Any]:
    """A task for the worker that just claimed it.

    Args:
        url: where it gets the file.
    """
    path = str(begun.task.filename)
    return {
        "task": task(begun.task),
        "lease": begun.task.lease,
        "lease_seconds": lease_seconds,
        "source": {
            "name": path.rpartition("/")[2],
            "size": int(begun.source.size),
            "sha256": begun.source.sha256,
            "url": url,
        },
    }

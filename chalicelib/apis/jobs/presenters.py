"""The JSON answers about jobs and queues (docs/apis/jobs.md)."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.apis.jobs import service
from chalicelib.identity import Principal
from chalicelib.jobs.models import Job
from chalicelib.jobs.queues import Depths


def job(row: Job, principal: Principal) -> dict[str, Any]:
    """A job as this principal sees it."""
    return {
        "id": row.job_id,
        "kind": row.kind,
        "state": row.state,
        "done": int(row.done or 0),
        "total": None if row.total is None else int(row.total),
        "failed": int(row.failed or 0),
        "attempts": int(row.attempts or 0),
        "error": row.error,
        "cancel_requested": bool(row.canceled),
        "may_cancel": service.may_cancel(principal, row),
        "requester": row.requester,
        "created_at": moment(row.created_at),
        "ended_at": None if row.ended_at is None else moment(row.ended_at),
    }


def queue(name: str, depths: Depths) -> dict[str, Any]:
    """About how many messages a queue has."""
    return {
        "name": name,
        "waiting": depths.waiting,
        "in_flight": depths.in_flight,
        "delayed": depths.delayed,
        "dead": depths.dead,
    }


def moment(at: datetime) -> str:
    """A moment to the second, in UTC, as RFC 3339 writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

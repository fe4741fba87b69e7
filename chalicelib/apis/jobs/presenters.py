"""The JSON answers about jobs, queues and dead letters (docs/apis/jobs.md)."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.apis.jobs import service
from chalicelib.identity import Principal
from chalicelib.jobs.dead import Dead
from chalicelib.jobs.models import Job
from chalicelib.jobs.queues import Depths

_SUBJECTS = {
    "job": "job",
    "part": "part",
    "upload": "file",
    "publication": "publication",
    "path": "publication",
    "next": "worker",
}
"""What the names in a message's body are the names of. Of all other messages nothing is told."""

_LONGEST_SUBJECT = 1_000


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
        "may_retry": service.may_retry(principal, row),
        "retry_of": row.retry_of,
        "retried_as": row.retried_as,
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


def dead(letter: Dead) -> dict[str, Any]:
    """A message that was given up: what it speaks of, never what else it says."""
    what, subject = _subject(letter.body or {})
    return {
        "id": letter.message_id,
        "what": what,
        "subject": None if subject is None else subject[:_LONGEST_SUBJECT],
        "attempts": letter.received,
        "sent_at": moment(letter.sent_at),
        "first_received_at": moment(letter.first_received_at),
    }


def _subject(body: dict[str, Any]) -> tuple[str, str | None]:
    """What a message speaks of: its kind, and the id, key or path."""
    for name, what in _SUBJECTS.items():
        if isinstance(body.get(name), str):
            return what, body[name]
    for way in (("Records", 0, "s3", "object", "key"), ("detail", "s3ObjectDetails", "objectKey")):
        found: Any = body
        try:
            for step in way:
                found = found[step]
        except (KeyError, IndexError, TypeError):
            continue
        if isinstance(found, str):
            return "arrival", unquote_plus(found) if way[0] == "Records" else found
    return "unknown", None


def moment(at: datetime) -> str:
    """A moment to the second, in UTC, as RFC 3339 writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""What the reference says of jobs and queues (docs/apis/jobs.md)."""

from typing import Any

from chalicelib.reference import assets
from chalicelib.reference.documents import Answer, Call, Parameter, Words
from chalicelib.reference.schemas import arr, flag, obj, one_of, or_null, ref, text, whole

_MOMENT = text(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
_JOB = {
    "id": text(),
    "kind": text("What it does."),
    "state": one_of("queued", "running", "done", "failed", "canceled", note="The last three are final."),
    "done": whole("Parts that ended.", minimum=0),
    "total": or_null(whole("Parts that there are; null until all are known, or without parts.", minimum=0)),
    "failed": whole("Parts that failed.", minimum=0),
    "attempts": whole(minimum=0),
    "error": or_null(text("Why it, or a part, failed.")),
    "cancel_requested": flag(),
    "may_cancel": flag("Whether the caller may cancel it now."),
    "may_retry": flag("Whether it failed and the caller may have it done once more."),
    "retry_of": or_null(text("The failed job that this one does once more.")),
    "retried_as": or_null(text("The job that does this one, which failed, once more.")),
    "requester": or_null(text("Uid of who wanted it; null for what the product needs for itself.")),
    "created_at": _MOMENT,
    "ended_at": or_null(_MOMENT),
}
_ONE: dict[str, Any] = {
    "id": "5f0c8a7e6e5b4a51b1f2f0a3c9d8e7f6",
    "kind": "projectassets.copy",
    "state": "running",
    "done": 3,
    "total": 12,
    "failed": 0,
    "attempts": 1,
    "error": None,
    "cancel_requested": False,
    "may_cancel": True,
    "may_retry": False,
    "retry_of": None,
    "retried_as": None,
    "requester": "0123456789abcdef",
    "created_at": "2026-01-02T03:04:05Z",
    "ended_at": None,
}
_AGAIN: dict[str, Any] = {
    **_ONE,
    "id": "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
    "state": "queued",
    "done": 0,
    "total": None,
    "attempts": 0,
    "retry_of": _ONE["id"],
}
_QUEUE: dict[str, Any] = {"name": "work", "waiting": 0, "in_flight": 0, "delayed": 0, "dead": 0}
_DEAD: dict[str, Any] = {
    "id": "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
    "what": "job",
    "subject": _ONE["id"],
    "attempts": 8,
    "sent_at": "2026-01-02T03:04:05Z",
    "first_received_at": "2026-01-02T03:14:05Z",
}


def _told(status: str, **fields: Any) -> dict[str, Any]:
    return {"_response_info": {"status": status}, **fields}


def _info(status: str) -> dict[str, Any]:
    return obj({"status": {"type": "string", "const": status}})


WORDS = Words(
    title="Jobs",
    description="What takes longer than a request: how far it is, why it failed, stopping it, doing it once more.",
    calls={
        "GET /jobs": Call(
            {200: Answer(ref("Page"), _told("ok", results=[_ONE], next_cursor=None))},
            (400, 403),
            (
                Parameter(
                    "whose", one_of("mine", "organisation", "all"), "All are superusers' to see.", example="mine"
                ),
                Parameter("limit", whole(minimum=1, maximum=100), "Results on a page; 50 if left out.", example=20),
                Parameter("cursor", text(), "`next_cursor` of the page before."),
            ),
            note="The newest first, a week back.",
        ),
        "GET /jobs/queues": Call({200: Answer(ref("Queues"), _told("ok", queues=[_QUEUE]))}, (403,)),
        "GET /jobs/queues/{name}/dead": Call(
            {200: Answer(ref("DeadLetters"), _told("ok", results=[_DEAD]))},
            (400, 403),
            (Parameter("limit", whole(minimum=1, maximum=100), "Messages at most; 50 if left out.", example=20),),
            note="For superusers. They stay where they are, and their order means nothing.",
        ),
        "POST /jobs/queues/{name}/redrive": Call(
            {200: Answer(ref("Redriven"), _told("success", moved=1, queue={**_QUEUE, "waiting": 1}))},
            (403,),
            note="For superusers. Up to 500 messages; ask again as long as there are more.",
        ),
        "GET /jobs/{id}": Call({200: Answer(ref("Shown"), _told("ok", **_ONE))}, (403,)),
        "POST /jobs/{id}/cancel": Call(
            {200: Answer(ref("Changed"), _told("success", **{**_ONE, "cancel_requested": True, "may_cancel": False}))},
            (403, 409),
        ),
        "POST /jobs/{id}/retry": Call(
            {
                200: Answer(ref("Changed"), _told("success", **_AGAIN)),
                201: Answer(ref("Changed"), _told("success", **_AGAIN)),
            },
            (403, 409),
            note="Only of a job that failed. The answer is the new job: 201, or 200 if it had been retried before.",
        ),
    },
    schemas={
        "Job": obj(_JOB),
        "Shown": obj({"_response_info": _info("ok"), **_JOB}),
        "Changed": obj({"_response_info": _info("success"), **_JOB}),
        "Page": obj(
            {
                "_response_info": _info("ok"),
                "results": arr(ref("Job"), maxItems=100),
                "next_cursor": or_null(text("What goes into `cursor` for the next page; null at the end.")),
            }
        ),
        "Queues": obj(
            {
                "_response_info": _info("ok"),
                "queues": arr(ref("Queue")),
            }
        ),
        "Queue": obj(
            {
                "name": text(),
                "waiting": whole(minimum=0),
                "in_flight": whole(minimum=0),
                "delayed": whole(minimum=0),
                "dead": whole("Given up, in the dead-letter queue.", minimum=0),
            }
        ),
        "DeadLetters": obj({"_response_info": _info("ok"), "results": arr(ref("DeadLetter"), maxItems=100)}),
        "DeadLetter": obj(
            {
                "id": text("The message's own."),
                "what": one_of("job", "part", "file", "publication", "worker", "arrival", "unknown"),
                "subject": or_null(text("Id, path or key of what it speaks of; null if that is not known.")),
                "attempts": whole("How often it was received, looks at it included.", minimum=1),
                "sent_at": _MOMENT,
                "first_received_at": _MOMENT,
            }
        ),
        "Redriven": obj(
            {"_response_info": _info("success"), "moved": whole("Messages sent once more."), "queue": ref("Queue")}
        ),
    },
    error=assets.WORDS.error,
    unauthenticated=assets.WORDS.unauthenticated,
    examples={
        **assets.WORDS.examples,
        400: {"_response_info": {"status": "limit must be a number from 1 to 100"}},
        409: {"_response_info": {"status": "the job has ended"}},
    },
    variables={
        "id": (text(pattern=r"^[\w.-]{1,200}$"), _ONE["id"]),
        "name": (one_of("scan-small", "scan-large", "work", "process", "edge"), "work"),
    },
)

"""The operations on jobs, of the console and of the reference."""

from bench.operations.building import Names, Operation, Requests
from bench.operations.projectassets import PROJECTS, copying
from bench.stage import Stage
from chalicelib import aws
from chalicelib.jobs import queues, running
from chalicelib.rows import transact
from chalicelib.settings import settings


def job(stage: Stage) -> Names:
    """A job that waits."""
    names = copying(stage)
    return {"job": stage.sent("GET", f"{PROJECTS}{names['copy']}/job/").json()["id"]}


def failed(stage: Stage) -> Names:
    """A job that failed, behind the API's back."""
    row = running.plan("assets.relink", {"asset": "0" * 24, "published": False})
    row.state, row.error, row.ended_at = "failed", "it failed", row.created_at
    row.due_at = row.due_shard = None
    transact(*running.steps(row))
    return {"job": row.job_id}


def given_up(stage: Stage) -> Names:
    """A message that the queue of work gave up."""
    aws.sqs().send_message(QueueUrl=queues.dead_letters(settings().work_queue), MessageBody='{"job": "0"}')
    return {}


_request, _console, _reference = Requests("jobs"), Requests("console"), Requests("reference")
OPERATIONS: list[Operation] = [
    _request("a page of jobs", "GET", "/jobs", job),
    _request("a job", "GET", "/jobs/<job>", job),
    _request("cancel a job", "POST", "/jobs/<job>/cancel", job),
    _request("have a failed job done once more", "POST", "/jobs/<job>/retry", failed),
    _request("how full the queues are", "GET", "/jobs/queues"),
    _request("a look at dead letters", "GET", "/jobs/queues/work/dead", given_up),
    _request("send dead letters once more", "POST", "/jobs/queues/work/redrive", given_up),
    _console("the page", "GET", "/console"),
    _console("the page at another address", "GET", "/console/assets"),
    _reference("the documents there are", "GET", "/reference"),
    _reference("a document", "GET", "/reference/assets.json"),
]

"""The operations on jobs, of the console and of the reference."""

from bench.operations.building import Names, Operation, Requests
from bench.operations.projectassets import copying
from bench.stage import Stage


def job(stage: Stage) -> Names:
    """A job that waits."""
    copying(stage)
    return {"job": stage.sent("GET", "/jobs?limit=1").json()["results"][0]["id"]}


_request, _console, _reference = Requests("jobs"), Requests("console"), Requests("reference")
OPERATIONS: list[Operation] = [
    _request("a page of jobs", "GET", "/jobs", job),
    _request("a job", "GET", "/jobs/<job>", job),
    _request("cancel a job", "POST", "/jobs/<job>/cancel", job),
    _request("how full the queues are", "GET", "/jobs/queues"),
    _console("the page", "GET", "/console"),
    _console("the page at another address", "GET", "/console/assets"),
    _reference("the documents there are", "GET", "/reference"),
    _reference("a document", "GET", "/reference/assets.json"),
]

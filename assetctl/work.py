"""Commands about work: jobs and queues, workers and their tasks."""

import json
from typing import Annotated, Any

import typer

from assetctl import output, places, watching
from assetctl.failures import NotClean, WrongUsage
from assetctl.options import DryRun, Json, Limit, Seconds, deployment, would
from assetctl.places import InStore

jobs = typer.Typer(help="Jobs and queues.", no_args_is_help=True)
workers = typer.Typer(help="Workers and their tasks.", no_args_is_help=True)

JOB = ("id", "kind", "state", "done", "total", "failed", "error", "created_at")
DEAD = ("what", "subject", "attempts", "first_received_at", "id")
QUEUE = ("name", "waiting", "in_flight", "delayed", "dead")
WORKER = ("name", "type", "status", "extensions", "description")
TASK = ("_id", "status", "workerType", "storeID", "projectID", "assetID", "filename", "error")

JobId = Annotated[str, typer.Argument(help="The job's id.")]
QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue's name, as `jobs queues` tells it.")]
TaskId = Annotated[str, typer.Argument(help="The task's id.")]
Whose = Annotated[str | None, typer.Option(help="`mine`, `organisation` or, for superusers, `all`.")]


@jobs.command("list")
def list_jobs(context: typer.Context, whose: Whose = None, limit: Limit = 50, as_json: Json = False) -> None:
    """List jobs, the newest first."""
    with deployment(context) as api:
        found = list(api.pages("/jobs", {"whose": whose} if whose else {}, limit))
    output.rows(found, JOB, as_json=as_json)


@jobs.command("show")
def show_job(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Tell how far a job is."""
    with deployment(context) as api:
        found = api.json("GET", f"/jobs/{job}")
    output.facts(_bare(found), as_json=as_json)


@jobs.command("watch")
def watch_job(context: typer.Context, job: JobId, timeout: Seconds = 3600, as_json: Json = False) -> None:
    """Wait until a job has ended; exits with 6 if it is not done."""

    def look() -> tuple[str, Any]:
        found = api.json("GET", f"/jobs/{job}")
        return found["state"], found

    with deployment(context) as api:
        state, found = watching.until(look, watching.ENDED, timeout)
    output.facts(_bare(found), as_json=as_json)
    if state != "done":
        raise NotClean(f"the job is {state}: {found['error'] or 'it was cancelled'}")


@jobs.command("cancel")
def cancel_job(context: typer.Context, job: JobId, as_json: Json = False, dry_run: DryRun = False) -> None:
    """Ask a job to stop."""
    _ask(context, "cancel", job, as_json=as_json, dry_run=dry_run)


@jobs.command("retry")
def retry_job(context: typer.Context, job: JobId, as_json: Json = False, dry_run: DryRun = False) -> None:
    """Have a job that failed done once more; tells the new job."""
    _ask(context, "retry", job, as_json=as_json, dry_run=dry_run)


@jobs.command("queues")
def show_queues(context: typer.Context, as_json: Json = False) -> None:
    """Tell how much there is to do, and what was given up (superusers)."""
    with deployment(context) as api:
        found = api.json("GET", "/jobs/queues")["queues"]
    output.rows(found, QUEUE, as_json=as_json)


@jobs.command("dead")
def show_dead(context: typer.Context, queue: QueueName, limit: Limit = 50, as_json: Json = False) -> None:
    """Tell what messages that a queue gave up speak of (superusers)."""
    with deployment(context) as api:
        found = api.json("GET", f"/jobs/queues/{queue}/dead", params={"limit": str(min(limit, 100))})["results"]
    output.rows(found, DEAD, as_json=as_json)


@jobs.command("redrive")
def redrive(context: typer.Context, queue: QueueName, as_json: Json = False, dry_run: DryRun = False) -> None:
    """Send messages that a queue gave up to it once more (superusers)."""
    if dry_run:
        would(f"send what {queue} gave up once more", as_json=as_json)
        return
    with deployment(context) as api:
        found = api.json("POST", f"/jobs/queues/{queue}/redrive")
    output.facts({"moved": found["moved"], **found["queue"]}, as_json=as_json)


@workers.command("list")
def list_workers(context: typer.Context, as_json: Json = False) -> None:
    """List the workers there are."""
    with deployment(context) as api:
        found = api.json("GET", "/api/workers", params={"metadata": "true"})
    output.rows(found, WORKER, as_json=as_json)


@workers.command("tasks")
def list_tasks(
    context: typer.Context,
    place: Annotated[str, typer.Argument(help="stores/STORE[/PROJECT[/ASSET]], for its tasks alone.")] = "stores",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List tasks, the newest first."""
    whose = places.find(place)
    if not isinstance(whose, InStore) or whose.file:
        raise WrongUsage(f"{place} has no tasks of its own")
    ids = {"store_id": whose.store, "project_id": whose.project, "asset_id": whose.asset}
    asked = {name: value for name, value in ids.items() if value} | {"newest": "true", "limit": str(min(limit, 1000))}
    with deployment(context) as api:
        found = api.json("GET", "/api/workers/queue", params=asked)
    output.rows(found, TASK, as_json=as_json)


@workers.command("run")
def run_worker(
    context: typer.Context,
    worker_type: Annotated[str, typer.Argument(metavar="TYPE", help="Type of the worker, as `workers list` tells it.")],
    thing: Annotated[str, typer.Argument(help="stores/STORE/PROJECT/ASSET.")],
    parameters: Annotated[str, typer.Option(help="The worker's parameters, as JSON.")] = "{}",
    priority: Annotated[int | None, typer.Option(help="More urgent ones come first.")] = None,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Have a worker process an asset of a store."""
    place = places.find(thing)
    if not isinstance(place, InStore) or not place.asset or place.file:
        raise WrongUsage(f"{thing} is no asset of a store")
    try:
        options = json.loads(parameters)
    except ValueError:
        raise WrongUsage("--parameters is no JSON") from None
    fields: dict[str, Any] = {"store_id": place.store, "project_id": place.project, "asset_id": place.asset}
    fields |= {"worker_type": worker_type, "parameters": options} | ({} if priority is None else {"priority": priority})
    if dry_run:
        would(f"have {worker_type} process {thing}", as_json=as_json)
        return
    with deployment(context) as api:
        reply = api.call("POST", "/api/workers/queue", json=fields)
    output.facts({"task": reply.headers.get("X-Task-Id", "")}, as_json=as_json)


@workers.command("cancel")
def cancel_task(context: typer.Context, task: TaskId, as_json: Json = False, dry_run: DryRun = False) -> None:
    """Cancel a task."""
    _tell(context, "DELETE", "cancel", task, as_json=as_json, dry_run=dry_run)


@workers.command("reset")
def reset_task(context: typer.Context, task: TaskId, as_json: Json = False, dry_run: DryRun = False) -> None:
    """Have a task done once more."""
    _tell(context, "PATCH", "reset", task, as_json=as_json, dry_run=dry_run)


def _ask(context: typer.Context, verb: str, job: str, *, as_json: bool, dry_run: bool) -> None:
    if dry_run:
        would(f"{verb} job {job}", as_json=as_json)
        return
    with deployment(context) as api:
        found = api.json("POST", f"/jobs/{job}/{verb}")
    output.facts(_bare(found), as_json=as_json)


def _tell(context: typer.Context, method: str, verb: str, task: str, *, as_json: bool, dry_run: bool) -> None:
    if dry_run:
        would(f"{verb} task {task}", as_json=as_json)
        return
    with deployment(context) as api:
        api.call(method, "/api/workers/queue", json={"task_id": task})
    output.facts({"task": task, "asked": verb}, as_json=as_json)


def _bare(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "_response_info"}

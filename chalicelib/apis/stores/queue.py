"""The rules of the queue for those who ask: schedule, list, cancel and reset tasks (docs/apis/stores.md, "Tasks").

A task that is being worked on is stopped by asking: `stop` in its row, which its worker sees at its next step. Only the
end of the run changes what the task is then (`chalicelib.apis.stores.runs`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib import clock, workers
from chalicelib.apis.stores import assets, errors, parameters, projects, registry, runs, shown
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.models import Asset, Project
from chalicelib.apis.stores.parameters import Page
from chalicelib.apis.stores.registry import Match
from chalicelib.apis.stores.task_models import HIGHEST_PRIORITY, QUEUE, Status, Stop, Task, Waiting, new_task_id
from chalicelib.batches import batched
from chalicelib.errors import Unauthenticated
from chalicelib.files.models import Verdict
from chalicelib.identity import Principal
from chalicelib.jobs.models import Job
from chalicelib.rows import Delete, Put, Update, absent, contend, transact, update

LARGEST_PARAMETERS = 20_000
"""Bytes of JSON that a task's parameters have at most."""

PLACE = ("store_id", "project_id", "asset_id")
"""What says whose a task is, as requests and rows call it."""

_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_USABLE = (Verdict.PENDING, Verdict.CLEAN)


def schedule(principal: Principal, fields: dict[str, Any]) -> str:
    """Have a worker of a type process a file of an asset's newest version. Returns the task's id.

    Raises:
        MalformedRequest: something is missing or not there, or no worker can take the task.
        Unauthenticated: the caller may not write to the project.
    """
    store_id, project_id, asset_id, worker_type = (
        parameters.required_text(fields, name) for name in (*PLACE, "worker_type")
    )
    options, priority = _options(fields), _priority(fields)
    try:
        project, asset = assets.find(principal, Right.WRITE, store_id, project_id, asset_id)
    except Unauthenticated:
        raise errors.processing_refused() from None
    filename = _filename(options, asset)
    match = registry.match(worker_type, filename)
    _demand_usable(match, options)
    _demand_file(project, asset, filename)
    task = _new(principal, asset, match, filename, options, priority)
    waiting = runs.waiting(task)
    contend(lambda: transact(Put(task, absent(Task)), Put(waiting, absent(Waiting))))
    runs.hint(task)
    return task.task_id


def list_tasks(
    principal: Principal, page: Page, *, newest_first: bool = False, place: Mapping[str, str] | None = None
) -> Iterator[tuple[Task, Job | None]]:
    """The tasks of projects that the caller may write to, in the order in which they were asked for, each with its job.

    One Query a started MB of the queue, for callers who are no administrators one BatchGetItem for each hundred
    projects, and one for each hundred tasks if a job is at any of them.

    Args:
        newest_first: in the opposite order.
        place: only tasks that have these ids, by their names in PLACE. What else is in the queue is read too.
    """
    known: dict[tuple[str, str], bool] = {}
    wanted = dict(place or {}).items()
    every = Task.below(QUEUE, "task#", after=page.after, newest_first=newest_first)
    found = (task for task in every if all(getattr(task, name) == value for name, value in wanted))
    for some in batched((task for task in found if not _has_vanished(task)), 100):
        asked = {(task.store_id, task.project_id) for task in some} - known.keys()
        writable = projects.writable(principal, asked) if asked else set()
        known |= {pair: pair in writable for pair in asked}
        theirs = [task for task in some if known[task.store_id, task.project_id]]
        jobs = _jobs_of(theirs)
        yield from ((task, jobs.get(task.task_id)) for task in theirs)


def cancel(principal: Principal, fields: dict[str, Any]) -> None:
    """Cancel a task: at once if nobody has begun it, else at its worker's next step.

    A task that is not there, has ended, or is not the caller's to cancel is no error.

    Raises:
        MalformedRequest
    """
    task_id = _task_id(fields)
    contend(lambda: _cancel(_writable(principal, task_id)))


def reset(principal: Principal, fields: dict[str, Any]) -> None:
    """Have a task done once more; one that is being worked on is stopped first. Errors as for `cancel`."""
    task_id = _task_id(fields)
    task = contend(lambda: _reset(_writable(principal, task_id)))
    if task is not None:
        runs.hint(task)


def _cancel(task: Task | None) -> None:
    if task is None:
        return
    if task.status == Status.PROCESSING:
        _ask(task, Stop.CANCEL)
    elif task.status == Status.NEW:
        transact(
            Delete(Waiting.of(task), Waiting.pk.exists()),
            Update(Task.at(task.task_id), runs.ended(Status.CANCELED), Task.status == Status.NEW.value),
        )


def _reset(task: Task | None) -> Task | None:
    if task is None or task.status == Status.NEW:
        return None
    if task.status == Status.PROCESSING:
        _ask(task, Stop.RESET)
        return None
    transact(
        Put(runs.waiting(task), absent(Waiting)),
        Update(Task.at(task.task_id), runs.begun_anew(), Task.status == task.status),
    )
    return task


def _ask(task: Task, stop: Stop) -> None:
    same = (Task.status == Status.PROCESSING.value) & (Task.run == task.run)
    update(Task.at(task.task_id), [Task.stop.set(stop.value)], same)


def _jobs_of(tasks: list[Task]) -> dict[str, Job]:
    """The jobs that are at some tasks, by the tasks' ids."""
    at_work = {task.job_id: task.task_id for task in tasks if task.status == Status.PROCESSING and task.job_id}
    jobs = Job.find_many([(job.pk, job.sk) for job in map(Job.at, at_work)])
    return {at_work[job.job_id]: job for job in jobs}


def _writable(principal: Principal, task_id: str) -> Task | None:
    task = Task.get_by_id(task_id)
    if task is None or _has_vanished(task):
        return None
    pair = task.store_id, task.project_id
    return task if pair in projects.writable(principal, [pair]) else None


def _has_vanished(task: Task) -> bool:
    return task.expires_at is not None and task.expires_at <= clock.epoch()


def _task_id(fields: dict[str, Any]) -> str:
    task_id = parameters.required_text(fields, "task_id")
    if not _ID.fullmatch(task_id.lower()):
        raise errors.invalid_data("A task_id has 24 hexadecimal digits.")
    return task_id.lower()


def _options(fields: dict[str, Any]) -> dict[str, Any]:
    options = fields.get("parameters", {})
    if not isinstance(options, dict):
        raise errors.invalid_data("The parameters have to be a JSON object.")
    if len(json.dumps(options)) > LARGEST_PARAMETERS:
        raise errors.invalid_data(f"The parameters have at most {LARGEST_PARAMETERS} bytes.")
    return options


def _priority(fields: dict[str, Any]) -> int:
    priority = fields.get("priority", 1)
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise errors.invalid_data("The priority has to be a whole number.")
    if abs(priority) > HIGHEST_PRIORITY:
        raise errors.invalid_data(f"The priority is between {-HIGHEST_PRIORITY} and {HIGHEST_PRIORITY}.")
    return priority


def _filename(options: dict[str, Any], asset: Asset) -> str:
    filename = options.get("filename")
    if filename is None or filename == "":
        return str(asset.filename or "")
    if not isinstance(filename, str):
        raise errors.invalid_data("The filename has to be a text.")
    return filename


def _demand_usable(match: Match, options: dict[str, Any]) -> None:
    given = {name: value for name, value in options.items() if name != "filename"}
    schema = match.parameters.get("schema")
    find = workers.problems if match.built_in else workers.problems_by_registered
    if schema and (problems := find(schema, given)):
        raise errors.invalid_data(" ".join(f"{problem}." for problem in problems))


def _demand_file(project: Project, asset: Asset, filename: str) -> None:
    entry = shown.find(project, asset.asset_id, asset.version, filename)
    if entry is None:
        raise errors.invalid_filename(f"The asset's newest version has no file '{filename}'.")
    if entry.state not in _USABLE:
        raise errors.invalid_data(f"The file '{filename}' is {entry.state} and cannot be processed.")


def _new(
    principal: Principal, asset: Asset, match: Match, filename: str, options: dict[str, Any], priority: int
) -> Task:
    moment = clock.now()
    task = Task.at(new_task_id(moment))
    task.status, task.priority, task.created_at = Status.NEW.value, priority, moment
    task.username, task.uid = principal.name, principal.uid
    task.store_id, task.project_id, task.asset_id = asset.store_id, asset.project_id, asset.asset_id
    task.number, task.filename, task.extension = asset.version, filename, match.extension
    task.worker_type, task.lane, task.parameters, task.run = match.type, match.lane, options, 0
    return task

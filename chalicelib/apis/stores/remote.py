"""Workers of other organisations: they ask for a task, say that they are still at it, and hand in what they made
(docs/apis/stores.md, "Workers elsewhere").

    claim --> lease --> heartbeat, heartbeat ... --+--> finish: their uploads become outputs by a job, then all is shown
                |                                  +--> finish with an error, or told that it was canceled: the run ends
                +-- silence: the sweep lets the task wait again

A lease names one run. Whoever comes with an older one is told that the task is not his any more.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import claims, errors, ids, outputs, parameters, processing, registry, runs, types
from chalicelib.apis.stores.beginnings import Begun, Claimant
from chalicelib.apis.stores.output_models import Output
from chalicelib.apis.stores.runs import Taken
from chalicelib.apis.stores.task_models import Status, Task
from chalicelib.files import library, receiving
from chalicelib.files.outputs import WorkError
from chalicelib.identity import Principal
from chalicelib.jobs import running, trees
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job
from chalicelib.rows import ConditionFailed, Put, TransactionCancelled, Update, absent, contend, transact, update

KIND = "stores.adopt"
LEASE_SECONDS = 300
RETRY_SECONDS = 10
"""How long a worker for whom there is nothing may wait before it asks again."""

MOST_TASKS = 100
MOST_OUTPUTS = 1_000
PER_PART = 25
LONGEST_ERROR = 1_000

_LARGEST_MANIFEST = 300_000
_MOST_LOSSES = 5
_SOURCE_SECONDS = 3600


def claim(principal: Principal, name: str) -> Begun | None:
    """Begin the next task that a worker can take; None when there is none.

    Raises:
        MalformedRequest: there is no such worker, or not for this caller.
    """
    row = registry.owned(principal, name)
    claimant = Claimant(name, MOST_TASKS, lease_seconds=LEASE_SECONDS)
    begun, _ = claims.next_task(registry.lanes_of(row), lambda _: claimant)
    return begun


def source_url(begun: Begun) -> str:
    """Where a worker gets the file, for an hour."""
    path = str(begun.task.filename)
    return library.signed_url(
        begun.source.library_key,
        name=path.rpartition("/")[2],
        content_type=types.served_as(path),
        seconds=_SOURCE_SECONDS,
    )


def heartbeat(principal: Principal, name: str, task_id: str, fields: dict[str, Any]) -> bool:
    """Renew a lease. Returns whether the work is no longer wanted; the run has ended then.

    Raises:
        MalformedRequest
        Conflict: the lease is not the task's, or not any more.
    """
    task = _held(principal, name, task_id, fields)
    if task.job_id is not None:
        return False
    if task.stop is not None:
        return _ended(task, Status.CANCELED)
    until = clock.epoch() + LEASE_SECONDS
    mine = runs.same_run(task) & (Task.lease == task.lease) & Task.job_id.does_not_exist()
    row = Task.at(task_id)
    try:
        update(row, [Task.leased_until.set(until), *row.due_from(until)], mine)
    except ConditionFailed:
        raise errors.task_lost() from None
    return False


def finish(principal: Principal, name: str, task_id: str, fields: dict[str, Any]) -> bool:
    """Take what a worker made, or its word that it failed. Returns whether the work was no longer wanted.

    Raises:
        MalformedRequest
        Conflict: the lease is not the task's, or not any more.
    """
    error = parameters.text_of(fields.get("error"), "error", LONGEST_ERROR)
    manifest = [] if error else _manifest(fields)
    index = None if error else _index(fields, manifest)
    task = _held(principal, name, task_id, fields)
    if task.job_id is not None:
        return False  # said before
    if task.stop is not None:
        return _ended(task, Status.CANCELED)
    if error:
        return _ended(task, Status.ERROR, error if error.startswith("Error: ") else f"Error: {error}")
    arguments = {"task": task_id, "run": int(task.run), "uploader": principal.uid, "outputs": manifest}
    job = running.plan(KIND, arguments, job_id=f"{task_id}-{int(task.run)}")
    facts = [
        Task.job_id.set(job.job_id),
        Task.leased_until.remove(),
        Task.index.remove() if index is None else Task.index.set(index),
        *Task.no_longer_due(),
    ]
    mine = runs.same_run(task) & (Task.lease == task.lease) & Task.job_id.does_not_exist() & Task.stop.does_not_exist()
    try:
        contend(lambda: _hand_in(Update(Task.at(task_id), facts, mine), job))
    except Taken:
        return finish(principal, name, task_id, fields)  # told to stop, or said before
    running.enqueue(job)
    return False


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a task whose worker has fallen silent: it waits again, but not for ever."""
    task = Task.find(pk, sk)
    if task is None or task.due_at is None or task.status != Status.PROCESSING or task.job_id is not None:
        return
    if task.leased_until > clock.epoch():
        return
    lost_too_often = (task.losses or 0) + 1 >= _MOST_LOSSES
    try:
        if lost_too_often:
            runs.end(task, Status.ERROR, error="Error: its workers were not heard of any more.", lost=True)
        else:
            runs.end(task, Status.NEW, lost=True)
    except Taken:
        return


# --- the job that takes uploads over as outputs


def plan(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The outputs in numbered parts of `PER_PART`."""
    for number, first in enumerate(range(0, len(job.arguments["outputs"]), PER_PART), 1):
        if last is None or number > last["number"]:
            yield {"number": number, "first": first}


def do(job: Job, part: dict[str, Any]) -> None:
    """Take over the uploads of a part."""
    task = processing.wanted(job)
    if task is None:
        return
    first = part["first"]
    try:
        for path, upload_id in job.arguments["outputs"][first : first + PER_PART]:
            contend(partial(_adopt, job, task, part["number"], path, upload_id))
    except WorkError as error:
        processing.break_off(task, str(error))
        raise running.Hopeless(str(error)) from None


TREE = trees.Tree(plan, do, processing.finish, processing.abandon)
RETRY = Retry(refused="its task has ended; have the task done again (PATCH /api/workers/queue)")


def _adopt(job: Job, task: Task, number: int, path: str, upload_id: str) -> None:
    key = Output.on(runs.tree_of(task), task.side, path)
    there = Output.find(key.pk, key.sk)
    if there is not None and there.run == task.output_run:
        return
    owner = outputs.owner_of(task, path)
    try:
        file, steps = receiving.use_upload(upload_id, owner=owner, uploader=job.arguments["uploader"])
    except receiving.UploadUnknown:
        raise WorkError(f"the upload of {path} is unknown, has not arrived, or was used before") from None
    row = outputs.row_of(task, path, file)
    try:
        transact(processing.guard(job, number), Put(row, absent(Output)), *steps)
    except TransactionCancelled as cancelled:
        if 0 not in cancelled.failed:
            raise


def _held(principal: Principal, name: str, task_id: str, fields: dict[str, Any]) -> Task:
    """The task that a worker holds by the lease it shows."""
    registry.owned(principal, name)
    lease = parameters.required_text(fields, "lease")
    task = Task.get_by_id(task_id)
    if task is None or task.status != Status.PROCESSING or task.worker != name or task.lease != lease:
        raise errors.task_lost()
    return task


def _ended(task: Task, status: Status, error: str | None = None) -> bool:
    """End a run. Returns whether the work was no longer wanted."""
    try:
        return runs.end(task, status, error=error).stop is not None
    except Taken:
        raise errors.task_lost() from None


def _hand_in(handed: Update, job: Job) -> None:
    try:
        transact(handed, Put(job, absent(Job)))
    except TransactionCancelled as cancelled:
        if cancelled.failed:
            raise Taken from None
        raise


def _manifest(fields: dict[str, Any]) -> list[list[str]]:
    """The outputs that a worker names, each as path and upload."""
    given = fields.get("outputs")
    if not isinstance(given, list) or not given:
        raise errors.missing("outputs")
    if len(given) > MOST_OUTPUTS:
        raise errors.invalid_data(
            f"A task has at most {MOST_OUTPUTS} outputs; more come as an archive to be extracted."
        )
    named = [[_text(one, "path"), _text(one, "upload")] for one in given]
    for path, _ in named:
        if not all(ids.is_segment(segment, ids.LONGEST_FILENAME) for segment in path.split("/")):
            raise errors.invalid_data("The path of an output is relative, without empty segments, '.' and '..'.")
    if any(len({pair[position] for pair in named}) < len(named) for position in (0, 1)):
        raise errors.invalid_data("Each path and each upload can be named once.")
    if len(json.dumps(named)) > _LARGEST_MANIFEST:
        raise errors.invalid_data("The paths of the outputs are too long together.")
    return named


def _text(one: Any, field: str) -> str:
    value = one.get(field) if isinstance(one, dict) else None
    if not isinstance(value, str) or not value:
        raise errors.invalid_data("Each output has a path and the id of an upload.")
    return value


def _index(fields: dict[str, Any], manifest: list[list[str]]) -> str | None:
    index = fields.get("index")
    if index is None:
        return None
    if index not in [path for path, _ in manifest]:
        raise errors.invalid_data("The index has to be the path of an output.")
    return str(index)

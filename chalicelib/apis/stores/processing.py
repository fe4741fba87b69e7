"""Runs of the product's own workers: each a tree job on a queue and a function of its own.

    task begun --> plan: the worker looks at the file --> parts: it makes files, scanned and kept as clean
                                                            --> finish: all of it is shown, or none of it stays

Everybody looks at the task before each step. What stops a run, a user's word or a part that cannot be done, stands in
the task's row; the parts that have not begun are skipped, and the finish clears away what the others wrote.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from chalicelib import workers
from chalicelib.apis.stores import outputs, runs, types
from chalicelib.apis.stores.models import Entry
from chalicelib.apis.stores.runs import Stopped, Taken
from chalicelib.apis.stores.task_models import Status, Task
from chalicelib.files import making
from chalicelib.files.outputs import WorkError
from chalicelib.jobs import running, trees
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import UNENDED, Job, Part
from chalicelib.logs import logger
from chalicelib.rows import Check, ConditionFailed, Put, absent, update
from chalicelib.workers import Source, Work, Worker

KIND = "stores.process"
QUEUE = "process_queue"

FAILED = "the worker failed on this file"
_LOOK_SECONDS = 3.0


def job_of(task: Task, source: Entry) -> Job:
    """The job that a run of a task over a file is."""
    arguments = {
        "task": task.task_id,
        "run": int(task.run),
        "name": task.filename.rpartition("/")[2],
        "size": int(source.size),
        "library_key": source.library_key,
    }
    return running.plan(KIND, arguments, job_id=f"{task.task_id}-{int(task.run)}", queue=QUEUE)


def plan(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """What the task's worker makes of looking at its file: numbered parts."""
    task = current(job)
    if task is None or task.stop is not None:
        return
    with _lent(job) as work:
        try:
            planned = _worker(task).plan(_source(job), _parameters(task), work)
        except Stopped:
            return
        except WorkError as error:
            break_off(task, str(error))
            raise running.Hopeless(str(error)) from None
    index = Task.index.remove() if planned.index is None else Task.index.set(planned.index)
    update(Task.at(task.task_id), [index], runs.same_run(task))
    for number, part in enumerate(planned.parts, 1):
        if last is None or number > last["number"]:
            yield {"number": number, "part": part}


def do(job: Job, arguments: dict[str, Any]) -> None:
    """Make the files of a part."""
    task = wanted(job)
    if task is None:
        return
    run = making.Run(
        run_id=job.job_id,
        owner=lambda path: outputs.owner_of(task, path),
        rows=lambda path, file: [Put(row := outputs.row_of(task, path, file), absent(type(row)))],
        uploader=task.uid,
        guards=[guard(job, arguments["number"])],
        content_type=types.served_as,
    )
    with _lent(job) as work:
        try:
            made = making.make(run, _worker(task).outputs(_source(job), _parameters(task), arguments["part"], work))
        except (Stopped, making.Unwanted):
            return
        except WorkError as error:
            break_off(task, str(error))
            raise running.Hopeless(str(error)) from None
    logger.info("part made", task_id=task.task_id, files=made.count, bytes=made.bytes)


def finish(job: Job) -> None:
    """Show what was made, if all of it was and is clean and nobody asked for an end; else give it up."""
    task = current(job)
    if task is None:
        return
    wrong = task.broken or (FAILED if job.failed else None)
    if wrong is None and task.stop is None:
        wrong = outputs.unjudged(job, task)
        if wrong is None and _shown(task):
            return
    _dropped(task, wrong)


def abandon(job: Job, reason: str) -> None:
    """End a run that could be neither planned nor finished."""
    task = current(job)
    if task is not None:
        _dropped(task, FAILED)


TREE = trees.Tree(plan, do, finish, abandon)
RETRY = Retry(refused="its task has ended; have the task done again (PATCH /api/workers/queue)")


def current(job: Job) -> Task | None:
    """The task that a job is a run of; None if that run has ended."""
    task = Task.get_by_id(job.arguments["task"])
    if task is None or task.status != Status.PROCESSING or task.run != job.arguments["run"]:
        return None
    return task


def wanted(job: Job) -> Task | None:
    """The task that a part is to be done for; None if nobody wants it any more.

    Raises:
        running.Hopeless: another part failed, so this one need not be done.
    """
    task = current(job)
    if task is None or task.stop is not None:
        return None
    if task.broken is not None:
        raise running.Hopeless(task.broken)
    return task


def guard(job: Job, number: int) -> Check:
    """The transaction step that fails once a part has been counted off: what comes later is nobody's."""
    return Check(Part.at(job.job_id, number), Part.state.is_in(*UNENDED))


def break_off(task: Task, why: str) -> None:
    """Write down why a run cannot succeed, so that its other parts are skipped."""
    try:
        update(Task.at(task.task_id), [Task.broken.set(why)], runs.same_run(task) & Task.broken.does_not_exist())
    except ConditionFailed:
        logger.info("the run has ended, or had failed before", task_id=task.task_id)


def _shown(task: Task) -> bool:
    """End a run as done. Returns False if somebody asked for an end just before."""
    follower, steps = outputs.shown(task)
    try:
        runs.end(task, Status.DONE, steps=steps)
    except Stopped:
        return False
    except Taken:
        return True
    running.enqueue(follower)
    return True


def _dropped(task: Task, wrong: str | None) -> None:
    """End a run that came to nothing."""
    follower, steps = outputs.dropped(task)
    error = None if wrong is None else f"Error: {wrong}."
    try:
        runs.end(task, Status.ERROR if wrong is not None else Status.CANCELED, error=error, steps=steps)
    except Taken:
        return
    running.enqueue(follower)


def _worker(task: Task) -> Worker:
    worker = workers.find(task.worker_type)
    if worker is None:
        raise WorkError("there is no such worker any more")
    return worker


def _source(job: Job) -> Source:
    given = job.arguments
    return Source(name=given["name"], size=given["size"], library_key=given["library_key"])


def _parameters(task: Task) -> dict[str, Any]:
    return {name: value for name, value in (task.parameters or {}).items() if name != "filename"}


@contextmanager
def _lent(job: Job) -> Iterator[Work]:
    """What a worker is lent: an empty directory, and the word to stop, for which the task is read now and then."""
    looked = monotonic()

    def stop() -> None:
        nonlocal looked
        if monotonic() - looked < _LOOK_SECONDS:
            return
        looked = monotonic()
        task = current(job)
        if task is None or task.stop is not None or task.broken is not None:
            raise Stopped

    with tempfile.TemporaryDirectory() as directory:
        yield Work(Path(directory), stop)

"""The beginning and the end of a run of a task: one transaction each, over everything that changes with it.

    new ---begin---> processing ---end---> done, error, canceled; new again, if it was reset or its worker was lost
     |                    |
    row in its lane       the asset names the task, the worker counts it, its tree has one run more

`begin` (`chalicelib.apis.stores.beginnings`) demands that the task still waits, that nobody works on its asset, and
that what an earlier run left behind has been taken away; of two who begin, one wins. `end` demands the run it speaks
for: whoever is late changes nothing. Of the asset only what belongs to the run is written, so what users edit meanwhile
stays.
"""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.apis.stores.models import Asset, Version
from chalicelib.apis.stores.output_models import OutputTree
from chalicelib.apis.stores.task_models import Busy, Status, Stop, Task, Waiting
from chalicelib.jobs import queues
from chalicelib.rows import Put, Step, Update, absent, contend, find_each, transact
from chalicelib.settings import settings

KEPT_SECONDS = 2 * 86400
"""How long an ended task can be seen."""

MOST_AT_ONCE = 8
"""Tasks of one built-in worker that are under way at once: so long a more urgent one waits at most."""

NEXT = "next"
"""The message that says: a built-in worker may have something to do."""

_UNSENT_SECONDS = 60


class Taken(Exception):
    """Somebody else began this task, or it was cancelled; or its run has ended."""


class Stopped(Exception):
    """The work is no longer wanted: somebody cancelled the task or reset it, or a part of it failed."""


def is_built_in(lane: str) -> bool:
    """Whether the tasks of a lane are for the product's own workers."""
    return "/" not in lane


def waiting(task: Task) -> Waiting:
    """A task's row in its lane, not yet written; due for the sweep, should no message come."""
    row = Waiting.of(task)
    if is_built_in(task.lane):
        row.make_due(clock.epoch() + _UNSENT_SECONDS)
    return row


def hint(task: Task) -> None:
    """Tell the product's own workers that there may be something to do."""
    if is_built_in(task.lane):
        queues.send(settings().process_queue, {NEXT: task.lane})


def ended(status: Status, error: str | None = None) -> list[Action]:
    """The actions that end a task."""
    return [
        Task.status.set(status.value),
        Task.ended_at.set(clock.now()),
        Task.expires_at.set(clock.epoch() + KEPT_SECONDS),
        Task.error.remove() if error is None else Task.error.set(error),
        *_let_go(),
    ]


def begun_anew() -> list[Action]:
    """The actions that have a task wait again."""
    past = (Task.started_at, Task.ended_at, Task.expires_at)
    return [Task.status.set(Status.NEW.value), *(one.remove() for one in past), *_let_go()]


def end(
    task: Task, status: Status, *, error: str | None = None, steps: Sequence[Step] = (), lost: bool = False
) -> Task:
    """End the run that a task is at, unless somebody did. Returns the task as it was when it ended.

    Args:
        status: how it ended; whoever asked for a stop meanwhile has the last word, but not against `done`.
        error: why it failed, for users.
        steps: what else changes at that moment.
        lost: its worker was not heard of since it was read.

    Raises:
        Stopped: it did not end, since a stop was asked for before it was done.
        Taken: the run had ended before.
    """
    ended_task = contend(lambda: _end(task, status, error, steps, lost))
    # Whoever had the task, one of the product's own workers may have waited for its asset.
    queues.send(settings().process_queue, {NEXT: ended_task.lane})
    return ended_task


def task_asset(task: Task) -> Asset:
    """A blank row under the key of a task's asset."""
    return Asset.at(task.store_id, task.project_id, task.asset_id)


def tree_of(task: Task) -> OutputTree:
    """A blank row under the key of the tree that a run of a task writes to."""
    return OutputTree.at(task.store_id, task.project_id, task.asset_id, int(task.number), task.place)


def same_run(task: Task) -> Condition:
    """The condition that a task is still at the run it was at when it was read."""
    same: Condition = (Task.status == Status.PROCESSING.value) & (Task.run == task.run)
    return same


def _end(task: Task, status: Status, error: str | None, steps: Sequence[Step], lost: bool) -> Task:
    now, asset_key = Task.at(task.task_id), task_asset(task)
    current: Task | None
    current, asset = find_each(now, asset_key)
    if current is None or current.status != Status.PROCESSING or current.run != task.run:
        raise Taken
    if current.stop is not None:
        if status is Status.DONE:
            raise Stopped
        status, error = (Status.NEW if current.stop == Stop.RESET else Status.CANCELED), None
    more: list[Step] = list(steps)
    if status is Status.NEW:
        actions = begun_anew()
        more.append(Put(waiting(current), absent(Waiting)))
    else:
        actions = ended(status, error)
    if lost:
        actions.append(Task.losses.set(int(current.losses or 0) + 1))
    unasked = Task.stop.does_not_exist() if current.stop is None else (Task.stop == current.stop)
    if lost:
        unasked &= Task.leased_until == task.leased_until
        if current.leased_until != task.leased_until:
            raise Taken
    counted = [Busy.tasks.add(-1), *([Busy.lost.set(True)] if lost else [])]
    transact(
        Update(now, actions, same_run(current) & unasked),
        *told(current, asset, status, error, Asset.task == current.task_id),
        Update(Busy.at(current.worker), counted),
        *more,
    )
    return current


def told(task: Task, asset: Asset, status: Status, error: str | None, condition: Condition) -> list[Step]:
    """The steps that let go of a task's asset and say on it how the run ended."""
    word = {Status.DONE: "done", Status.ERROR: "error"}.get(status)
    actions: list[Action] = [
        Asset.task.remove(),
        Asset.worker.remove(),
        Asset.revision.set(Asset.revision + 1),
        *status_of(task, asset, word, error),
    ]
    steps: list[Step] = []
    if status is Status.DONE and task.index:
        index = f"{task.place}/{task.index}"
        version = Version.at(task.store_id, task.project_id, task.asset_id, int(task.number))
        steps.append(Update(version, [Version.index_path.set(index)], Version.filename.exists()))
        if asset.index_version == task.number:
            actions.append(Asset.index_path.set(index))
    unmoved = (Asset.uploads == asset.uploads) & (
        Asset.index_version.does_not_exist()
        if asset.index_version is None
        else (Asset.index_version == asset.index_version)
    )
    return [Update(task_asset(task), actions, condition & unmoved), *steps]


def status_of(task: Task, asset: Asset, word: str | None, error: str | None) -> list[Action]:
    """What a run says about its asset; nothing once the asset has a newer version, which speaks for itself."""
    if asset.version != task.number:
        return []
    return [
        Asset.processing_status.remove() if word is None else Asset.processing_status.set(word),
        Asset.processing_error.remove() if error is None else Asset.processing_error.set(error),
    ]


def _let_go() -> list[Action]:
    held = (Task.lease, Task.leased_until, Task.job_id, Task.stop, Task.broken)
    return [*(one.remove() for one in held), *Task.no_longer_due()]

"""The beginning and the end of a run of a task: one transaction each, over everything that changes with it.

    new ---begin---> processing ---end---> done, error, canceled; new again, if it was reset or its worker was lost
     |                    |
    row in its lane       the asset names the task, the worker counts it, its tree has one run more

`begin` demands that the task still waits, that nobody works on its asset, and that what an earlier run left behind has
been taken away; of two who begin, one wins. `end` demands the run it speaks for: whoever is late changes nothing. Of
the asset only what belongs to the run is written, so what users edit meanwhile stays.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clock, workers
from chalicelib.apis.stores import ids, output_models, shown
from chalicelib.apis.stores.models import Asset, Entry, Project, Version
from chalicelib.apis.stores.output_models import OutputTree
from chalicelib.apis.stores.task_models import Busy, Status, Stop, Task, Waiting
from chalicelib.files.models import Verdict
from chalicelib.jobs import queues, running
from chalicelib.jobs.models import Job
from chalicelib.rows import Delete, Put, Step, TransactionCancelled, Update, absent, contend, find_each, transact
from chalicelib.settings import settings

KEPT_SECONDS = 2 * 86400
"""How long an ended task can be seen."""

MOST_AT_ONCE = 8
"""Tasks of one built-in worker that are under way at once: so long a more urgent one waits at most."""

NEXT = "next"
"""The message that says: a built-in worker may have something to do."""

_UNSENT_SECONDS = 60
_MOST_ALIKE = 20
_OF_A_RUN = (
    Task.status, Task.started_at, Task.worker, Task.run, Task.place, Task.output_run, Task.side, Task.stop, Task.broken,
    Task.error, Task.index, Task.job_id, Task.lease, Task.leased_until,
)  # fmt: skip


class Taken(Exception):
    """Somebody else began this task, or it was cancelled; or its run has ended."""


class Stopped(Exception):
    """The work is no longer wanted: somebody cancelled the task or reset it, or a part of it failed."""


class MustWait(Exception):
    """The task cannot be begun now: its asset is busy, its file is not judged, or an earlier run is being cleared away.

    `soon` says that this will pass by itself in a moment, `full` that the worker has as many tasks as it may.
    """

    def __init__(self, why: str, *, soon: bool = False, full: bool = False) -> None:
        self.soon, self.full = soon, full
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who begins a task.

    Attributes:
        name: the worker's name.
        most: how many tasks it may have at once.
        job_of: the job that a run over a file is; None for a worker elsewhere, which holds a lease.
        lease_seconds: how long it may be silent.
    """

    name: str
    most: int
    job_of: Callable[[Task, Entry], Job] | None = None
    lease_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A task as it is at the beginning of a run, the file to process, and the job that the run is."""

    task: Task
    source: Entry
    job: Job | None


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


def begin(row: Waiting, claimant: Claimant) -> Begun:
    """Begin a waiting task for a worker.

    Raises:
        Taken, MustWait
    """
    begun = contend(lambda: _begin(row, claimant))
    if begun.job is not None:
        running.enqueue(begun.job)
    return begun


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


def refuse(row: Waiting, task: Task, why: str) -> None:
    """End a task that has not begun and never can, and say so on its asset."""

    def attempt() -> None:
        asset = Asset.find(task_asset(task).pk, task_asset(task).sk)
        assert asset is not None, "assets are never deleted"
        transact(
            Delete(row, Waiting.pk.exists()),
            Update(Task.at(task.task_id), ended(Status.ERROR, why), Task.status == Status.NEW.value),
            *_told(task, asset, Status.ERROR, why, Asset.task.does_not_exist()),
        )

    try:
        contend(attempt)
    except Taken:
        return


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


def _begin(row: Waiting, claimant: Claimant) -> Begun:
    task = Task.get_by_id(row.task_id)
    if task is None or task.status != Status.NEW:
        raise Taken
    asset, source, tree = _looked_up(task)
    if asset.task is not None:
        raise MustWait("somebody works on the asset")
    if source is not None and source.state == Verdict.PENDING:
        raise MustWait("the file is not judged yet", soon=True)
    if tree is None or source is None or source.state != Verdict.CLEAN:
        refuse(row, task, "Error: there is no clean file of this name, or there are too many alike.")
        raise Taken
    if tree.pending is not None:
        raise MustWait("what was to be seen before is being taken away", soon=True)
    unchanged = OutputTree.runs.does_not_exist() if tree.runs is None else (OutputTree.runs == tree.runs)
    actions, job = _beginning(task, source, tree, claimant)
    try:
        transact(
            Delete(row, Waiting.pk.exists()),
            Update(Task.at(task.task_id), actions, Task.status == Status.NEW.value),
            Update(
                task_asset(task),
                [
                    Asset.task.set(task.task_id),
                    Asset.worker.set(claimant.name),
                    Asset.processed.set(True),
                    Asset.revision.set(Asset.revision + 1),
                    *_status_of(task, asset, Status.PROCESSING.value, None),
                ],
                Asset.task.does_not_exist() & (Asset.uploads == asset.uploads),
            ),
            Update(
                tree_of(task),
                [
                    OutputTree.source.set(task.filename),
                    OutputTree.runs.set(task.output_run),
                    OutputTree.awaited.remove(),
                ],
                unchanged & OutputTree.pending.does_not_exist(),
            ),
            Update(
                Busy.at(claimant.name),
                [Busy.tasks.add(1), Busy.lost.remove()],
                Busy.tasks.does_not_exist() | (Busy.tasks < claimant.most),
            ),
            *([] if job is None else [Put(job)]),
        )
    except TransactionCancelled as cancelled:
        if 4 in cancelled.failed:
            raise MustWait("the worker has enough to do", full=True) from None
        raise  # read again: that tells what has changed
    return Begun(task, source, job)


def _beginning(task: Task, source: Entry, tree: OutputTree, claimant: Claimant) -> tuple[list[Action], Job | None]:
    """Make a task what it is once it has begun; the actions that do so to its row, and the job that its run is."""
    task.status, task.started_at, task.worker, task.run = (
        Status.PROCESSING.value,
        clock.now(),
        claimant.name,
        int(task.run) + 1,
    )
    task.place = tree.sk.removeprefix(output_models.made_prefix(task.asset_id, int(task.number))).rstrip("/")
    task.output_run, task.side = int(tree.runs or 0) + 1, tree.other_side
    task.stop = task.broken = task.error = task.index = task.job_id = task.lease = task.leased_until = None
    job, due = None, Task.no_longer_due()
    if claimant.job_of is not None:
        job = claimant.job_of(task, source)
        task.job_id = job.job_id
    else:
        task.lease, task.leased_until = uuid.uuid4().hex, clock.epoch() + claimant.lease_seconds
        due = Task.at(task.task_id).due_from(task.leased_until)
    facts = [(one, getattr(task, one.attr_name)) for one in _OF_A_RUN]
    return [*(one.remove() if value is None else one.set(value) for one, value in facts), *due], job


def _looked_up(task: Task) -> tuple[Asset, Entry | None, OutputTree | None]:
    """The asset of a task, the file to process, and the tree that its outputs go to: one BatchGetItem.

    There is no tree if too many files of one name have been processed.
    """
    asset_key = task_asset(task)
    wanted = shown.blanks(asset_key, task.asset_id, int(task.number), task.filename)
    trees = [
        OutputTree.at(task.store_id, task.project_id, task.asset_id, int(task.number), place) for place in _places(task)
    ]
    asset, *found = find_each(asset_key, *wanted, *trees)
    source, there = shown.chosen(found[: len(wanted)]), found[len(wanted) :]
    free = (row or blank for blank, row in zip(trees, there, strict=True) if row is None or row.source == task.filename)
    return asset, source, next(free, None)


def _places(task: Task) -> list[str]:
    """Where the outputs of a task may go: below the stem of its file, or what comes next to it."""
    name = task.filename.rpartition("/")[2]
    built_in = workers.find(task.worker_type)
    stem = built_in.stem(name) if built_in is not None else name[: len(name) - len(task.extension)]
    first = stem if ids.is_segment(stem, ids.LONGEST_FILENAME) else name
    alike = [first, name, *(f"{name}-{number}" for number in range(2, _MOST_ALIKE))]
    return [f"{task.worker_type}/{one}" for one in dict.fromkeys(alike)]


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
        *_told(current, asset, status, error, Asset.task == current.task_id),
        Update(Busy.at(current.worker), counted),
        *more,
    )
    return current


def _told(task: Task, asset: Asset, status: Status, error: str | None, condition: Condition) -> list[Step]:
    """The steps that let go of a task's asset and say on it how the run ended."""
    word = {Status.DONE: "done", Status.ERROR: "error"}.get(status)
    actions: list[Action] = [
        Asset.task.remove(),
        Asset.worker.remove(),
        Asset.revision.set(Asset.revision + 1),
        *_status_of(task, asset, word, error),
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


def _status_of(task: Task, asset: Asset, word: str | None, error: str | None) -> list[Action]:
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


def project_of(task: Task) -> Project:
    """A blank row under the key of a task's project."""
    return Project.at(task.store_id, task.project_id)

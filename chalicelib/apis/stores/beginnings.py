"""The beginning of a run of a task: see `chalicelib.apis.stores.runs`."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pynamodb.expressions.update import Action

from chalicelib import clock, workers
from chalicelib.apis.stores import ids, output_models, runs, shown
from chalicelib.apis.stores.models import Asset, Entry
from chalicelib.apis.stores.output_models import OutputTree
from chalicelib.apis.stores.runs import Taken
from chalicelib.apis.stores.task_models import Busy, Status, Task, Waiting
from chalicelib.files.models import Verdict
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import Delete, Put, TransactionCancelled, Update, contend, find_each, transact

_MOST_ALIKE = 20
_OF_A_RUN = (
    Task.status, Task.started_at, Task.worker, Task.run, Task.place, Task.output_run, Task.side, Task.stop, Task.broken,
    Task.error, Task.index, Task.job_id, Task.lease, Task.leased_until,
)  # fmt: skip


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


def begin(row: Waiting, claimant: Claimant) -> Begun:
    """Begin a waiting task for a worker.

    Raises:
        Taken, MustWait
    """
    begun = contend(lambda: _begin(row, claimant))
    if begun.job is not None:
        running.enqueue(begun.job)
    return begun


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
        _refuse(row, task, "Error: there is no clean file of this name, or there are too many alike.")
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
                runs.task_asset(task),
                [
                    Asset.task.set(task.task_id),
                    Asset.worker.set(claimant.name),
                    Asset.processed.set(True),
                    Asset.revision.set(Asset.revision + 1),
                    *runs.status_of(task, asset, Status.PROCESSING.value, None),
                ],
                Asset.task.does_not_exist() & (Asset.uploads == asset.uploads),
            ),
            Update(
                runs.tree_of(task),
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
    asset_key = runs.task_asset(task)
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


def _refuse(row: Waiting, task: Task, why: str) -> None:
    """End a task that has not begun and never can, and say so on its asset."""

    def attempt() -> None:
        asset = Asset.find(runs.task_asset(task).pk, runs.task_asset(task).sk)
        assert asset is not None, "assets are never deleted"
        transact(
            Delete(row, Waiting.pk.exists()),
            Update(Task.at(task.task_id), runs.ended(Status.ERROR, why), Task.status == Status.NEW.value),
            *runs.told(task, asset, Status.ERROR, why, Asset.task.does_not_exist()),
        )

    try:
        contend(attempt)
    except Taken:
        return

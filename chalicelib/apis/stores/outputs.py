"""What workers made: who refers to it, when it is to be seen, and the job that publishes and clears away.

    run writes to the side not seen --+--> all clean: the tree shows the run --> job: publish it, clear the other side
                                      +--> failed, canceled: the run ends ----> job: clear its own side

The tree's row names that job as long as it is under way, and no run begins on the tree meanwhile. What is to be public
follows `chalicelib.apis.stores.publishing`: the generation of an output is its project's access revision and the number
of its run together, so that a later run's file takes the path over from an earlier one's.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import ids, publishing, runs
from chalicelib.apis.stores.models import Project
from chalicelib.apis.stores.output_models import Output, OutputTree
from chalicelib.apis.stores.task_models import Task
from chalicelib.batches import batched
from chalicelib.files import making, publications, references
from chalicelib.files.models import File, Verdict
from chalicelib.files.outputs import WorkError
from chalicelib.jobs import leases, queues, running, trees
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job
from chalicelib.logs import logger
from chalicelib.rows import (
    ConditionFailed,
    Delete,
    Put,
    Step,
    TransactionCancelled,
    Update,
    contend,
    find_each,
    transact,
    update,
)
from chalicelib.settings import settings

KIND = "stores.outputs"
OWNER = "made"
PART = 200
"""Outputs that one message publishes or clears away."""

LONGEST_PATH = 700
"""Bytes of `<store>/<project>/<asset>/<version>/<path>`, which has to be a key of the media bucket too."""

_LONGEST_SEGMENT = 255
_AGAIN_SECONDS = 86400
_LOOK_AGAIN_SECONDS = 300


def row_of(task: Task, path: str, file: File) -> Output:
    """The row of an output of a task's run, not yet written.

    Raises:
        WorkError: nothing can be served under such a path.
    """
    row = Output.on(runs.tree_of(task), task.side, path)
    public = "/".join(str(one) for one in row.place)
    if len(public.encode()) > LONGEST_PATH or not all(ids.is_segment(one, _LONGEST_SEGMENT) for one in path.split("/")):
        raise WorkError(f"an output has a path that is too long or cannot be served: {path[:100]}")
    row.file_id, row.size, row.state, row.run = file.file_id, file.size, file.verdict, task.output_run
    row.sha256, row.library_key, row.uploaded = file.sha256, file.library_key, False
    return row


def owner_of(task: Task, path: str) -> str:
    """How an output of a task's run is named as the owner of a reference to its File."""
    return _owner(Output.on(runs.tree_of(task), task.side, path))


def unjudged(job: Job, task: Task) -> str | None:
    """What is wrong with a run whose outputs have all been written: None when all are clean.

    Raises:
        running.Unfinished: a verdict has not fallen; the run's job is told when it does.
    """
    tree = runs.tree_of(task)
    for row in _below(tree, task.side):
        if row.state == Verdict.PENDING:
            _await(job, tree, row)
            row = Output.find(row.pk, row.sk) or row
        if row.state == Verdict.PENDING:
            raise running.Unfinished(_LOOK_AGAIN_SECONDS)
        if row.state != Verdict.CLEAN:
            return f"{row.relative_path} is {row.state} and will not be served"
    return None


def shown(task: Task) -> tuple[Job, list[Step]]:
    """The steps that show a run of a task instead of what was to be seen, and the job that follows."""
    return _followed(task, [OutputTree.shown.set(task.output_run), OutputTree.side.set(task.side)], was_shown=True)


def dropped(task: Task) -> tuple[Job, list[Step]]:
    """The steps that give up what a run of a task wrote, and the job that clears it away."""
    return _followed(task, [], was_shown=False)


def hear_verdict(place: Sequence[str], file: File) -> None:
    """Write the verdict on an output that came as an upload into its row, and wake the job that waits for it."""
    row = _parsed(place)
    facts = [Output.state.set(file.verdict)]
    for fact in (Output.library_key, Output.size, Output.sha256):
        value: Any = getattr(file, fact.attr_name)
        if value is not None:
            facts.append(fact.set(value))
    try:
        update(row, facts, (Output.file_id == file.file_id) & (Output.state == Verdict.PENDING.value))
    except ConditionFailed:
        return  # heard before, or given up meanwhile
    tree = OutputTree.find(row.pk, row.tree_key)
    if tree is not None and tree.awaited is not None:
        job_id, _, awaited = tree.awaited.partition(" ")
        job = Job.get_by_id(job_id) if awaited == row.sk else None
        if job is not None:
            leases.send(job)


def may_release(place: Sequence[str], file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether an output still needs its File; None if it does not."""
    key = _parsed(place)
    row = Output.find(key.pk, key.sk)
    return clock.epoch() + _AGAIN_SECONDS if row is not None and row.file_id == file_id else None


# --- the job that follows


def plan(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The outputs to publish and those to clear away, in spans of at most `PART`."""
    tree = _tree(job)
    for deed in ("publish", "clear"):
        side = job.arguments.get(deed)
        if side is None or (deed == "publish" and not _project(tree).is_public):
            continue
        if last is not None and (last["deed"], deed) == ("clear", "publish"):
            continue
        after = last["last"] if last is not None and last["deed"] == deed else f"{tree.sk}{side}/"
        rows = Output.below(tree.pk, f"{tree.sk}{side}/", after=after)
        while part := list(islice(rows, PART)):
            yield {"deed": deed, "after": after, "last": part[-1].sk}
            after = part[-1].sk


def do(job: Job, part: dict[str, Any]) -> None:
    """Publish a span of outputs, or clear one away."""
    key = _tree(job)
    tree = OutputTree.find(key.pk, key.sk)
    assert tree is not None, "it names this job"
    side = job.arguments[part["deed"]]
    below = Output.below(tree.pk, f"{tree.sk}{side}/", after=part["after"])
    rows = [row for row in islice(below, PART) if row.sk <= part["last"]]
    if part["deed"] == "clear":
        _clear(tree, rows, was_shown=job.arguments["was_shown"])
    else:
        _publish(tree, rows)


def finish(job: Job) -> None:
    """Let the tree be written to again."""
    if job.failed:
        abandon(job, "parts failed")
        return
    if job.arguments["run_id"]:
        making.unmake(job.arguments["run_id"])
    try:
        update(_tree(job), [OutputTree.pending.remove()], OutputTree.pending == job.job_id)
    except ConditionFailed:
        return
    if runs.is_built_in(job.arguments["lane"]):
        queues.send(settings().process_queue, {runs.NEXT: job.arguments["lane"]})


def abandon(job: Job, reason: str) -> None:
    """Begin again with a new job: nothing may be left of what is not to be seen. No matter if that was done before."""
    again = running.plan(KIND, job.arguments)
    tree = Update(_tree(job), [OutputTree.pending.set(again.job_id)], OutputTree.pending == job.job_id)

    def attempt() -> bool:
        try:
            transact(Put(again), tree)
        except TransactionCancelled as cancelled:
            if cancelled.failed:
                return False
            raise
        return True

    if contend(attempt):
        running.enqueue(again)
    else:
        logger.info("the outputs wait for another job", job_id=job.job_id)


TREE = trees.Tree(plan, do, finish, abandon)
RETRY = Retry(refused="another job has taken its place by itself")


def _followed(task: Task, actions: list[Any], *, was_shown: bool) -> tuple[Job, list[Step]]:
    tree = runs.tree_of(task)
    other = "b" if task.side == "a" else "a"
    job = running.plan(
        KIND,
        {
            "tree": [tree.pk, tree.sk],
            "publish": task.side if was_shown else None,
            "clear": other if was_shown else task.side,
            "was_shown": was_shown,
            "run_id": None if was_shown else task.job_id,
            "lane": task.lane,
        },
    )
    mine = OutputTree.runs == task.output_run
    told = [*actions, OutputTree.pending.set(job.job_id), OutputTree.awaited.remove()]
    return job, [Put(job), Update(tree, told, mine)]


def _publish(tree: OutputTree, rows: Iterable[Output]) -> None:
    """Publish outputs that are to be seen. The project is read after them (see `publishing`)."""
    project = _project(tree)
    for row in rows:
        edition = publishing.edition_of(project, row) if row.run == tree.shown else None
        if edition is not None:
            publications.publish(edition.path, publishing.generation(project, row), edition)


def _clear(tree: OutputTree, rows: Sequence[Output], *, was_shown: bool) -> None:
    """Take away outputs that are not to be seen: what has no successor from the media bucket, then all rows."""
    if was_shown:
        project = _project(tree)
        for some in batched(rows, 100):
            successors = find_each(*(Output.on(tree, tree.side, row.relative_path) for row in some))
            for row, successor in zip(some, successors, strict=True):
                if successor is None or successor.run != tree.shown:
                    generation = int(project.access_revision) + int(tree.shown)
                    publications.publish(publishing.public_path(project, row), generation, None)
    references.release_each((row.file_id, _owner(row)) for row in rows)
    for some in batched(rows, 100):
        transact(*(Delete(Output(pk=row.pk, sk=row.sk)) for row in some))


def _await(job: Job, tree: OutputTree, row: Output) -> None:
    """Write down which verdict a job waits for. Whoever hears it looks there after writing it."""
    update(tree, [OutputTree.awaited.set(f"{job.job_id} {row.sk}")], OutputTree.runs.exists())


def _below(tree: OutputTree, side: str) -> Iterator[Output]:
    return Output.below(tree.pk, f"{tree.sk}{side}/")


def _owner(row: Output) -> str:
    return f"stores:{OWNER}/{row.pk.removeprefix('project#')}/{row.sk.removeprefix('made#')}"


def _parsed(place: Sequence[str]) -> Output:
    store_id, project_id, rest = place[0], place[1], "/".join(place[2:])
    return Output(pk=f"project#{store_id}/{project_id}", sk=f"made#{rest}")


def _tree(job: Job) -> OutputTree:
    pk, sk = job.arguments["tree"]
    return OutputTree(pk=pk, sk=sk)


def _project(tree: OutputTree) -> Project:
    store_id, _, project_id = tree.pk.removeprefix("project#").partition("/")
    key = Project.at(store_id, project_id)
    project = Project.find(key.pk, key.sk)
    assert project is not None, "projects are never deleted"
    return project

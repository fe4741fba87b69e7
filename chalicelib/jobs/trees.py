"""Long trees - copies, deletions, unpackings, clones: planned once, fanned out in bounded parts, counted off.

    job message --> plan: one row and one message a part --> wait
                                     |
    part message --> lease --> do ---+--> ended and counted off in one transaction; the last one sends the job message
                                     +--> it raised: tried again, at last counted as failed
    job message --> every part counted --> finish --> done, failed or canceled

What a worker leaves undone is due: the sweep sends a part's message again, and the job's as long as it has not ended. A
part may be done again from the start at any time, by two workers at once even, and must end the same. Cancelling skips
the parts that have not begun; what they would have done is for `finish` to know.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib import clock, metrics
from chalicelib.batches import batched
from chalicelib.jobs import leases, queues, running
from chalicelib.jobs.models import UNENDED, WORK_QUEUE, Job, JobState, Part
from chalicelib.logs import logger
from chalicelib.rows import Put, TransactionCancelled, Update, absent, contend, transact, update
from chalicelib.settings import settings

_AT_ONCE = 25
_LOOK_AGAIN_SECONDS = 300

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tree:
    """What a kind of tree does.

    Args:
        plan: the arguments of each part, in a stable order. It is handed the arguments of the last part that an attempt
            before this one planned, None at first, and goes on behind it. `running.Hopeless` ends the planning there.
        do: does one part, bounded work; idempotent. `running.Unfinished` has it tried again later, no attempt counted;
            `running.Hopeless` has it counted as failed at once.
        finish: what is left to do once no part is waited for, after cancelling and failures too: `job.canceled`,
            `job.failed` and `job.error` tell. Idempotent.
        abandon: the last resort, told the reason, when planning or finishing failed in every attempt: one simple write
            that says so where the owner looks.
    """

    plan: Callable[[Job, Arguments | None], Iterator[Arguments]]
    do: Callable[[Job, Arguments], None]
    finish: Callable[[Job], None]
    abandon: Callable[[Job, str], None] | None = None


_trees: dict[str, Tree] = {}


def register(kind: str, tree: Tree) -> None:
    """Let the jobs of this kind be done as this tree."""
    _trees[kind] = tree
    running.register(kind, _advance, tree.abandon)


def run_part(name: str, *, seconds: int = running.LEASE_SECONDS) -> None:
    """Do the part `<job id>/<number>`, unless it has ended or somebody is at it.

    Args:
        seconds: how long it may take.

    Raises:
        queues.NotYet: somebody is at it, or it waits for something.
        Exception: whatever its function raised, while attempts are left.
    """
    job_id, _, number = name.rpartition("/")
    part = leases.take(Part.at(job_id, int(number)), seconds=seconds)
    if part is None:
        return
    job = Job.get_by_id(job_id)
    if job is None or job.has_ended:
        update(part, leases.ending(part, JobState.CANCELED, None), Part.lease == part.lease)
        return
    if part.attempts > leases.ATTEMPTS:
        logger.error("part kept crashing", job_id=job_id, kind=job.kind, part=part.number)
        _count_off(job, part, "Crashed")
        return
    try:
        if not job.canceled:
            _trees[job.kind].do(job, part.arguments)
    except running.Unfinished as unfinished:
        leases.give_back(part, seconds=unfinished.seconds + leases.UNSENT_SECONDS, progressed=True)
        raise queues.NotYet(str(unfinished), unfinished.seconds) from None
    except running.Hopeless as hopeless:
        _count_off(job, part, str(hopeless))
        return
    except Exception as error:
        logger.exception("part failed", job_id=job_id, kind=job.kind, part=part.number, attempts=int(part.attempts))
        if part.attempts < leases.ATTEMPTS:
            leases.give_back(part, seconds=leases.UNSENT_SECONDS)
            raise
        metrics.emit("PartsFailed", kind=job.kind)
        _count_off(job, part, type(error).__name__)
        return
    _count_off(job, part)


def is_canceled(job_id: str) -> bool:
    """Whether a job was canceled meanwhile, or has ended: what a long part asks between its steps."""
    job = Job.get_by_id(job_id)
    return job is None or job.has_ended or bool(job.canceled)


def is_quiet(job_id: str) -> bool:
    """Whether no worker can be at any part of a job: what was begun has ended, or its lease has run out."""
    now = clock.epoch()
    return all(part.leased_until is None or part.leased_until < now for part in Part.below(f"job#{job_id}", "part#"))


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a due part."""
    leases.resend(Part, pk, sk)


def _advance(job: Job) -> JobState:
    tree = _trees[job.kind]
    if job.total is None:
        job = _planned(job, tree)
    if not job.all_counted:
        raise running.Unfinished(_LOOK_AGAIN_SECONDS)
    tree.finish(job)
    if job.canceled:
        return JobState.CANCELED
    return JobState.FAILED if job.failed else JobState.DONE


def _planned(job: Job, tree: Tree) -> Job:
    """Write the parts that are missing and send the messages of all. Returns the job as it is then."""
    parts = list(Part.below(job.pk, "part#"))
    facts: list[Action] = []
    if not job.canceled:
        numbers = count(len(parts) + 1)
        try:
            for arguments in batched(tree.plan(job, parts[-1].arguments if parts else None), _AT_ONCE):
                fresh = [_blank(job, next(numbers), one) for one in arguments]
                transact(*(Put(part, absent(Part)) for part in fresh))
                parts += fresh
        except running.Hopeless as hopeless:
            facts = [Job.failed.set(1), Job.error.set(str(hopeless))]
    planned = update(Job.at(job.job_id), [Job.total.set(len(parts)), *facts], Job.lease == job.lease)
    queue = getattr(settings(), job.queue or WORK_QUEUE)
    queues.send_each(queue, [part.message for part in parts if not part.has_ended])
    return planned


def _blank(job: Job, number: int, arguments: Arguments) -> Part:
    part = Part.at(job.job_id, number)
    part.arguments, part.queue, part.state, part.attempts = arguments, job.queue, JobState.QUEUED.value, 0
    part.make_due(clock.epoch() + leases.UNSENT_SECONDS)
    return part


def _count_off(job: Job, part: Part, error: str | None = None) -> None:
    """End a part and count it, in one transaction; the last one has the job finished."""
    counted = [Job.done.set(Job.done + 1)]
    if error is not None:
        counted += [Job.failed.set(Job.failed + 1), Job.error.set(error)]
    ended = leases.ending(part, JobState.DONE if error is None else JobState.FAILED, error)

    def attempt() -> None:
        try:
            transact(
                Update(part, ended, Part.lease == part.lease),
                Update(Job.at(job.job_id), counted, Job.state.is_in(*UNENDED)),
            )
        except TransactionCancelled as cancelled:
            if not cancelled.failed:
                raise
            logger.info("the part had passed to another worker", job_id=job.job_id, part=part.number)

    contend(attempt)
    counted_job = Job.get_by_id(job.job_id)
    if counted_job is not None and counted_job.all_counted and not counted_job.has_ended:
        leases.send(counted_job)

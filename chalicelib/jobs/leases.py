"""Leases on jobs and their parts: one worker at a time, and a bounded number of attempts.

take ----> work ----+--> ended by whoever holds the lease
  |                 +--> given back: it raised, or is not done yet; tried again
  +-- held by another: handed back until the lease ends
  +-- the worker died: the lease runs out, and message or sweep brings it back
"""

import uuid
from typing import TypeVar

from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.jobs import queues
from chalicelib.jobs.models import UNENDED, WORK_QUEUE, JobState, Leased
from chalicelib.logs import logger
from chalicelib.rows import ConditionFailed, update
from chalicelib.settings import settings

ATTEMPTS = 8
LEASE_SECONDS = {WORK_QUEUE: 150, "process_queue": 960}
"""How long a worker may take, by the setting of its queue: its function's time and a little more."""

UNSENT_SECONDS = 60
"""After so long without a lease, the sweep takes it that no message came."""

KEPT_SECONDS = 2 * 86400

_L = TypeVar("_L", bound=Leased)


def send(row: Leased) -> None:
    """Send the message that has a job or part done."""
    queues.send(getattr(settings(), row.queue or WORK_QUEUE), row.message)


def take(row: _L, *, seconds: int) -> _L | None:
    """Take the lease of the row under this row's key, for so many seconds, and count an attempt.

    Returns:
        The row as it is now; None if it has ended or was never there.

    Raises:
        queues.NotYet: somebody is at it; come back when their lease ends.
    """
    cls, now = type(row), clock.epoch()
    free = cls.leased_until.does_not_exist() | (cls.leased_until < now)
    actions = [
        cls.state.set(JobState.RUNNING.value),
        cls.lease.set(uuid.uuid4().hex),
        cls.leased_until.set(now + seconds),
        cls.attempts.set(cls.attempts + 1),
        *row.due_from(now + seconds),
    ]
    try:
        return update(row, actions, cls.state.is_in(*UNENDED) & free)
    except ConditionFailed as failure:
        old = failure.old
        if old is None or old.has_ended:
            return None
        raise queues.NotYet("another worker is at this", max(1, int(old.leased_until) - now)) from None


def give_back(held: _L, *, seconds: int, progressed: bool = False) -> _L | None:
    """Give a lease up; without a message the sweep has the row tried again after so many seconds.

    Args:
        progressed: nothing went wrong, and no attempt counts.

    Returns:
        The row as it is now; None if the lease had passed to another worker.
    """
    cls = type(held)
    actions = [cls.state.set(JobState.QUEUED.value), cls.lease.remove(), cls.leased_until.remove()]
    if progressed:
        actions.append(cls.attempts.set(0))
    try:
        return update(held, [*actions, *held.due_from(clock.epoch() + seconds)], cls.lease == held.lease)
    except ConditionFailed:
        logger.info("the lease had passed to another worker", job_id=held.job_id)
        return None


def ending(held: Leased, state: JobState, error: str | None) -> list[Action]:
    """The actions that end a row, for the holder of its lease."""
    cls = type(held)
    actions: list[Action] = [
        cls.state.set(state.value),
        cls.ended_at.set(clock.now()),
        cls.expires_at.set(clock.epoch() + KEPT_SECONDS),
        cls.lease.remove(),
        cls.leased_until.remove(),
        *cls.no_longer_due(),
    ]
    if error is not None:
        actions.append(cls.error.set(error))
    return actions


def resend(cls: type[Leased], pk: str, sk: str) -> None:
    """What the sweep does with a due row: send its message again."""
    row = cls.find(pk, sk)
    if row is None or row.due_at is None:
        return
    later = clock.epoch() + LEASE_SECONDS[row.queue or WORK_QUEUE]
    update(cls(pk, sk), row.due_from(later), cls.due_at == row.due_at)
    send(row)

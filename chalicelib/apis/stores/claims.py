"""Who works next: the most urgent task that can be begun, the oldest first among equals.

A message only says that there may be something to do. Whoever gets it walks the lanes in their common order, passes
over what has to wait, and begins the first task that can be. What was passed over gets its turn when the task that it
waited for ends, which sends a message too; and the sweep sends one for whatever has waited long.
"""

import heapq
from collections.abc import Callable, Sequence

from chalicelib import clock, workers
from chalicelib.apis.stores import beginnings, processing, runs
from chalicelib.apis.stores.beginnings import Begun, Claimant, MustWait
from chalicelib.apis.stores.models import Asset
from chalicelib.apis.stores.runs import Taken
from chalicelib.apis.stores.task_models import WAITING, Busy, Waiting, lane_key
from chalicelib.batches import batched
from chalicelib.jobs import queues
from chalicelib.jobs.queues import Message, NotYet
from chalicelib.rows import find_each, update
from chalicelib.settings import settings

LOOK = 200
"""Waiting tasks of a lane that are looked at, at most, for one that can be begun."""

_AT_ONCE = 25
_PATIENT_RECEIVES = 5
_LOOK_AGAIN_SECONDS = 120


def serve(message: Message) -> None:
    """Begin the next task of the product's own workers, if there is one.

    Raises:
        NotYet: one will be there in a moment.
    """
    busy = [Busy.at(worker.name) for worker in workers.BUILT_IN]
    free = [row is None or row.tasks < runs.MOST_AT_ONCE for row in find_each(*busy)]
    lanes = [worker.type for worker, room in zip(workers.BUILT_IN, free, strict=True) if room]
    begun, soon = next_task(lanes, lambda lane: Claimant(lane, runs.MOST_AT_ONCE, processing.job_of))
    if begun is None and soon and message.receive_count <= _PATIENT_RECEIVES:
        raise NotYet("a task cannot be begun yet", message.growing_delay())


def next_task(lanes: Sequence[str], claimant: Callable[[str], Claimant]) -> tuple[Begun | None, bool]:
    """Begin the next task of some lanes.

    Args:
        claimant: who begins a task of a lane.

    Returns:
        What was begun, None when nothing can be, and whether something can be in a moment.
    """
    soon, full = False, set()
    queued = [Waiting.below(lane_key(lane), WAITING, limit=LOOK) for lane in lanes]
    for some in batched(heapq.merge(*queued, key=lambda row: str(row.sk)), _AT_ONCE):
        assets = find_each(*(Asset.at(row.store_id, row.project_id, row.asset_id) for row in some))
        for row, asset in zip(some, assets, strict=True):
            if asset is None or asset.task is not None or row.lane in full:
                continue
            try:
                return beginnings.begin(row, claimant(row.lane)), soon
            except MustWait as wait:
                soon = soon or wait.soon
                if wait.full:
                    full.add(row.lane)
            except Taken:
                continue
    return None, soon


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a task that waits: its message may have been lost."""
    row = Waiting.find(pk, sk)
    if row is None or row.due_at is None:
        return
    update(row, row.due_from(clock.epoch() + _LOOK_AGAIN_SECONDS), Waiting.due_at == row.due_at)
    queues.send(settings().process_queue, {runs.NEXT: row.lane})

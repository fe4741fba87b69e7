"""Long trees: planned once, fanned out, every part counted off exactly once, finished once (invariants 4 and 5)."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.jobs import leases, running, trees
from chalicelib.jobs.models import Job, JobState, Part
from chalicelib.jobs.trees import Arguments, Tree
from chalicelib.rows import Put, transact
from tests.support.calls import Call, Crash, counting, on_call
from tests.support.world import World

KIND = "tests.tree"
PARTS = 30


@dataclass
class Forest:
    """What the trees of these tests did."""

    planned: list[Any] = field(default_factory=list)
    did: Counter[int] = field(default_factory=Counter)
    finished: list[Job] = field(default_factory=list)
    abandoned: list[str] = field(default_factory=list)
    on_part: Callable[[Job, int], None] = lambda job, number: None
    on_finish: Callable[[Job], None] = lambda job: None

    def plan(self, job: Job, last: Arguments | None) -> Iterator[Arguments]:
        self.planned.append(last)
        yield from ({"n": number} for number in range((last["n"] if last else 0) + 1, job.arguments["parts"] + 1))

    def do(self, job: Job, arguments: Arguments) -> None:
        self.on_part(job, arguments["n"])
        self.did[arguments["n"]] += 1

    def finish(self, job: Job) -> None:
        self.on_finish(job)
        self.finished.append(job)


@pytest.fixture
def forest(world: World) -> Iterator[Forest]:
    made = Forest()
    trees.register(KIND, Tree(made.plan, made.do, made.finish, lambda job, reason: made.abandoned.append(reason)))
    yield made
    trees._trees.pop(KIND, None)
    running._kinds.pop(KIND, None)


def started(parts: int = PARTS) -> str:
    job = running.plan(KIND, {"parts": parts})
    transact(Put(job))
    running.enqueue(job)
    return job.job_id


def job_of(job_id: str) -> Job:
    job = Job.get_by_id(job_id)
    assert job is not None
    return job


def parts_of(job_id: str) -> list[Part]:
    return list(Part.below(f"job#{job_id}", "part#"))


def ended(job_id: str) -> tuple[str, int, int, int]:
    """State, total, done and failed of a job that is not due any more, nor any of its parts."""
    job = job_of(job_id)
    assert job.due_at is None
    assert [part.number for part in parts_of(job_id) if part.due_at is not None or not part.has_ended] == []
    return job.state, int(job.total), int(job.done), int(job.failed)


def test_every_part_is_done_once_and_then_the_tree_is_finished_once(world: World, forest: Forest) -> None:
    job_id = started()
    world.deliver()
    assert ended(job_id) == (JobState.DONE, PARTS, PARTS, 0)
    assert forest.did == Counter(range(1, PARTS + 1))
    assert len(forest.finished) == 1


def test_a_tree_without_parts_is_finished(world: World, forest: Forest) -> None:
    job_id = started(parts=0)
    world.deliver()
    assert ended(job_id) == (JobState.DONE, 0, 0, 0)
    assert len(forest.finished) == 1


def test_progress_can_be_read_while_it_runs(world: World, forest: Forest) -> None:
    seen: list[tuple[int, int]] = []
    forest.on_part = lambda job, number: seen.append((int(job_of(job.job_id).done), int(job.total)))
    started(parts=4)
    world.deliver()
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_messages_that_come_again_and_again_in_any_order_count_nothing_twice(world: World, forest: Forest) -> None:
    job_id = started(parts=12)
    running.run(job_id)
    messages = [("part", f"{job_id}/{number}") for number in range(1, 13)] * 3 + [("job", job_id)] * 3
    random.Random(7).shuffle(messages)
    for name, argument in messages:
        (trees.run_part if name == "part" else running.run)(argument)
    running.run(job_id)
    assert ended(job_id) == (JobState.DONE, 12, 12, 0)
    assert set(forest.did.values()) == {1}
    assert len(forest.finished) == 1


def test_messages_that_never_come_are_sent_by_the_sweep(world: World, forest: Forest) -> None:
    job = running.plan(KIND, {"parts": 3})
    transact(Put(job))
    world.travel(leases.UNSENT_SECONDS + 1)
    world.sweep()
    lost: list[str] = []

    def lose(call: Call) -> None:
        if call.operation == "SendMessageBatch":
            lost.append(str(call))
            raise Crash

    with on_call(before=lose), suppress(Crash):
        world.deliver(failing=True)
    assert lost
    world.repair()
    assert ended(job.job_id) == (JobState.DONE, 3, 3, 0)
    assert set(forest.did.values()) == {1}


def test_a_finish_that_waits_is_not_run_again_at_once(world: World, forest: Forest) -> None:
    def wait(job: Job) -> None:
        if len(forest.finished) < 2:
            forest.finished.append(job)
            raise running.Unfinished(300)

    forest.on_finish = wait
    job_id = started(parts=2)
    world.deliver()
    assert len(forest.finished) == 1
    world.travel(301)
    world.sweep()
    world.deliver()
    assert len(forest.finished) == 2
    world.travel(301)
    world.sweep()
    world.deliver()
    assert ended(job_id)[0] == JobState.DONE


def test_a_part_that_keeps_failing_is_counted_as_failed_and_the_others_are_done(world: World, forest: Forest) -> None:
    def fail(job: Job, number: int) -> None:
        if number == 2:
            raise ValueError("secret details")

    forest.on_part = fail
    job_id = started(parts=3)
    world.repair(rounds=25)
    assert ended(job_id) == (JobState.FAILED, 3, 3, 1)
    assert job_of(job_id).error == "ValueError"
    assert forest.did == Counter([1, 3])
    assert len(forest.finished) == 1
    assert forest.finished[0].failed == 1


def test_a_hopeless_part_is_not_tried_again_and_says_why(world: World, forest: Forest) -> None:
    tries: list[int] = []

    def fail(job: Job, number: int) -> None:
        tries.append(number)
        raise running.Hopeless("The file is gone.")

    forest.on_part = fail
    job_id = started(parts=1)
    world.deliver()
    assert ended(job_id) == (JobState.FAILED, 1, 1, 1)
    assert job_of(job_id).error == "The file is gone."
    assert tries == [1]


def test_a_plan_that_is_hopeless_is_finished_with_what_went_wrong(world: World, forest: Forest) -> None:
    def plan(job: Job, last: Arguments | None) -> Iterator[Arguments]:
        yield {"n": 1}
        raise running.Hopeless("The archive is damaged.")

    trees.register(KIND, Tree(plan, forest.do, forest.finish))
    job_id = started()
    world.deliver()
    assert job_of(job_id).state == JobState.FAILED
    assert job_of(job_id).error == "The archive is damaged."
    assert len(forest.finished) == 1


def test_a_part_that_waits_uses_up_no_attempt(world: World, forest: Forest) -> None:
    waits = iter(range(3 * leases.ATTEMPTS))

    def wait(job: Job, number: int) -> None:
        if next(waits, None) is not None:
            raise running.Unfinished(5)

    forest.on_part = wait
    job_id = started(parts=1)
    world.repair(rounds=4 * leases.ATTEMPTS)
    assert ended(job_id) == (JobState.DONE, 1, 1, 0)


def test_cancelling_stops_at_the_next_part_and_finishes_once(world: World, forest: Forest) -> None:
    def cancel(job: Job, number: int) -> None:
        if number == 3:
            assert running.cancel(job.job_id)

    forest.on_part = cancel
    job_id = started(parts=20)
    world.deliver()
    assert ended(job_id) == (JobState.CANCELED, 20, 20, 0)
    assert len(forest.did) < 20
    assert [bool(job.canceled) for job in forest.finished] == [True]
    assert not running.cancel(job_id)


def test_a_tree_cancelled_before_its_planning_does_nothing(world: World, forest: Forest) -> None:
    job_id = started()
    running.cancel(job_id)
    world.deliver()
    assert ended(job_id) == (JobState.CANCELED, 0, 0, 0)
    assert not forest.did
    assert len(forest.finished) == 1


def test_a_finish_that_keeps_failing_is_abandoned_with_a_reason(world: World, forest: Forest) -> None:
    def fail(job: Job) -> None:
        raise ValueError

    forest.on_finish = fail
    job_id = started(parts=1)
    world.repair(rounds=25)
    assert job_of(job_id).state == JobState.FAILED
    assert forest.abandoned == ["ValueError"]


def test_a_death_at_any_call_leaves_nothing_undone_and_counts_nothing_twice(world: World, forest: Forest) -> None:
    job_id = started(parts=3)
    with counting() as calls:
        world.deliver()
    assert ended(job_id)[0] == JobState.DONE
    for moment in ("before", "after"):
        for number in range(len(calls)):
            forest.did.clear()
            job_id = started(parts=3)
            deaths = _die_at(world, number, moment)
            world.repair()
            assert deaths == 1
            assert ended(job_id) == (JobState.DONE, 3, 3, 0), f"{moment} {calls[number]}"
            assert set(forest.did) == {1, 2, 3}


def _die_at(world: World, number: int, moment: str) -> int:
    seen, deaths = -1, 0

    def before(call: Call) -> None:
        nonlocal seen, deaths
        seen += 1
        if seen == number and moment == "before":
            deaths += 1
            raise Crash

    def after(call: Call) -> None:
        nonlocal deaths
        if seen == number and moment == "after" and not deaths:
            deaths += 1
            raise Crash

    with on_call(before=before, after=after), suppress(Crash):
        world.deliver(failing=True)
    return deaths

"""Jobs: run once at a time, tried a bounded number of times, and ended exactly once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.jobs import queues, running
from chalicelib.jobs.models import Job, JobState
from chalicelib.rows import Put, transact
from tests.support.calls import Crash
from tests.support.world import World

KIND = "tests.job"

Does = Callable[[Callable[[Job], None]], None]


@pytest.fixture
def does() -> Iterator[Does]:
    """Says what the jobs of these tests do."""
    running.register(KIND, lambda job: None)
    yield lambda function: running.register(KIND, function)
    running._kinds.pop(KIND, None)


def planned(arguments: dict[str, Any] | None = None) -> str:
    job = running.plan(KIND, arguments or {})
    transact(Put(job))
    return job.job_id


def enqueue(job_id: str) -> None:
    running.enqueue(job_of(job_id))


def job_of(job_id: str) -> Job:
    job = Job.find(f"job#{job_id}", "job")
    assert job is not None
    return job


def test_a_planned_job_whose_message_comes_is_done(world: World, does: Does) -> None:
    seen: list[Any] = []
    does(lambda job: seen.append(job.arguments))
    job_id = planned({"a": [1, None]})
    enqueue(job_id)
    world.deliver()
    job = job_of(job_id)
    assert seen == [{"a": [1, None]}]
    assert (job.state, int(job.attempts)) == (JobState.DONE, 1)
    assert job.due_at is None
    assert job.lease is None
    assert job.expires_at > world.now().timestamp()


def test_a_job_whose_message_was_never_sent_is_run_by_the_sweep(world: World, does: Does) -> None:
    job_id = planned()
    world.sweep()
    assert world.waiting().get("assetmanager-local-work") is None
    world.travel(61)
    world.sweep()
    world.deliver()
    assert job_of(job_id).state == JobState.DONE


def test_a_job_that_ended_is_not_run_again(world: World, does: Does) -> None:
    runs: list[Job] = []
    does(runs.append)
    job_id = planned()
    for _ in range(3):
        running.run(job_id)
    running.run("0" * 32)
    assert len(runs) == 1


def test_two_workers_at_once_are_one(world: World, does: Does) -> None:
    job_id = planned()
    delays: list[int] = []

    def second(job: Job) -> None:
        with pytest.raises(queues.NotYet) as refused:
            running.run(job_id)
        delays.append(refused.value.delay)

    does(second)
    running.run(job_id)
    assert len(delays) == 1
    assert 100 < delays[0] <= running.LEASE_SECONDS
    assert job_of(job_id).state == JobState.DONE


def test_a_job_that_fails_is_tried_again_and_at_last_failed(world: World, does: Does) -> None:
    runs: list[int] = []

    def fail(job: Job) -> None:
        runs.append(int(job.attempts))
        raise ValueError("secret details")

    does(fail)
    job_id = planned()
    enqueue(job_id)
    world.repair(rounds=20)
    job = job_of(job_id)
    assert runs == list(range(1, running.ATTEMPTS + 1))
    assert (job.state, job.error) == (JobState.FAILED, "ValueError")
    assert job.due_at is None
    assert world.waiting() == {}


def test_a_job_that_fails_once_is_done_the_second_time(world: World, does: Does) -> None:
    runs: list[int] = []

    def fail_once(job: Job) -> None:
        runs.append(1)
        if len(runs) == 1:
            raise ValueError

    does(fail_once)
    job_id = planned()
    enqueue(job_id)
    world.repair()
    assert job_of(job_id).state == JobState.DONE
    assert len(runs) == 2


def test_a_job_that_kills_its_worker_every_time_ends_failed(world: World, does: Does) -> None:
    runs: list[int] = []

    def die(job: Job) -> None:
        runs.append(1)
        raise Crash

    does(die)
    job_id = planned()
    for _ in range(running.ATTEMPTS + 3):
        world.travel(running.LEASE_SECONDS + 1)
        try:
            running.run(job_id)
        except Crash:
            continue
    assert len(runs) == running.ATTEMPTS
    assert job_of(job_id).state == JobState.FAILED


def test_a_worker_whose_lease_ran_out_does_not_end_anothers_job(world: World, does: Does) -> None:
    job_id = planned()
    states: list[str] = []

    def overtaken(job: Job) -> None:
        if states:
            return
        states.append("first")
        world.travel(running.LEASE_SECONDS + 1)
        running.run(job_id)
        states.append(job_of(job_id).state)
        raise ValueError("too late")

    does(overtaken)
    with pytest.raises(ValueError, match="too late"):
        running.run(job_id)
    assert states == ["first", JobState.DONE]
    assert job_of(job_id).state == JobState.DONE

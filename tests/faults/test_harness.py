"""The harness of crash points sees a write that is lost, and an effect that there is twice."""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import pytest

from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import ConditionFailed, Put, Row, create, transact
from tests.support import kinds, troubles
from tests.support.crashes import Report, Scenario, survive
from tests.support.world import World

KIND = "tests.harness"


class Mark(Row):
    """What a job leaves."""

    table_setting = "jobs_table"


def once(job: Job) -> None:
    with contextlib.suppress(ConditionFailed):
        create(Mark("mark", "mark"))


def again_and_again(job: Job) -> None:
    create(Mark("mark", uuid.uuid4().hex))


def if_it_may_be(job: Job) -> None:
    with contextlib.suppress(Exception):
        create(Mark("mark", "mark"))


def planned(world: World) -> None:
    job = running.plan(KIND, {})
    transact(Put(job))
    running.enqueue(job)


@pytest.fixture
def survived(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Job], None]], Report]]:
    """Has a job that does this survive everything there is."""
    monkeypatch.setattr(troubles, "EVERY", True)

    def lead(does: Callable[[Job], None]) -> Report:
        running.register(KIND, does)
        return survive(world, Scenario(does.__name__, planned, lambda w, _: w.deliver(), "message"))

    yield lead
    running._kinds.pop(KIND, None)


Lead = Callable[[Callable[[Job], None]], Report]


def test_what_is_done_once_bears_every_failure(survived: Lead) -> None:
    report = survived(once)
    assert report.failures == []
    assert report.calls == ["dynamodb.UpdateItem", "dynamodb.PutItem", "dynamodb.UpdateItem"]
    assert report.crash_points == 2 * 3
    assert report.troubles == 5 * 3
    assert {"consumer work", "message job", f"job {KIND}"} <= kinds.failed


def test_a_double_effect_is_seen(survived: Lead) -> None:
    failures = survived(again_and_again).failures
    assert any("loses its answer after call 2" in failure for failure in failures)
    assert any("died after call 2" in failure for failure in failures)


def test_a_lost_write_is_seen(survived: Lead) -> None:
    failures = survived(if_it_may_be).failures
    assert failures
    assert all(" before call 2 (dynamodb.PutItem)" in failure for failure in failures)

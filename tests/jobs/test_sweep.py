"""The sweep: looks after every due row, whatever one of them does."""

from collections.abc import Callable

import pytest

from chalicelib import clock
from chalicelib.files.models import File
from chalicelib.jobs import sweep
from chalicelib.jobs.models import Job
from chalicelib.rows import DUE_SHARDS, ConditionFailed, create, update
from tests.support.calls import Call, on_call
from tests.support.troubles import failing
from tests.support.world import World

Attending = Callable[[Callable[[str, str], None]], None]


@pytest.fixture
def attending(world: World, monkeypatch: pytest.MonkeyPatch) -> Attending:
    """Says what is done with due rows of the jobs table whose sort key is `test`; nothing else is attended to."""
    world.sweep()  # makes the app's own attendants known first
    monkeypatch.setattr(sweep, "_attendants", [])
    return lambda attend: sweep.register(sweep.Attendant(Job, "test", attend))


def due_row(name: str, at: int | None = None) -> Job:
    row = Job(f"row#{name}", "test")
    row.make_due(clock.epoch() - 1 if at is None else at)
    create(row)
    return row


def done(pk: str, sk: str) -> None:
    update(Job(pk, sk), Job.no_longer_due())


def test_only_what_is_due_is_looked_after(world: World, attending: Attending) -> None:
    seen: list[str] = []
    attending(lambda pk, sk: seen.append(pk))
    due_row("now")
    due_row("later", clock.epoch() + 100)
    assert sweep.sweep() == 1
    assert seen == ["row#now"]


def test_a_row_that_fails_blocks_no_other_and_comes_again_later(world: World, attending: Attending) -> None:
    seen: list[str] = []

    def attend(pk: str, sk: str) -> None:
        seen.append(pk)
        if pk == "row#bad":
            raise ValueError
        done(pk, sk)

    attending(attend)
    due_row("bad", clock.epoch() - 100)
    for number in range(20):
        due_row(f"good{number}")
    sweep.sweep()
    assert len(seen) == 21
    seen.clear()
    sweep.sweep()
    assert seen == []
    world.travel(301)
    sweep.sweep()
    assert seen == ["row#bad"]


def test_a_row_that_moved_on_by_itself_is_left_alone(world: World, attending: Attending) -> None:
    def moved_on(pk: str, sk: str) -> None:
        done(pk, sk)
        raise ConditionFailed(None)

    attending(moved_on)
    due_row("a")
    sweep.sweep()
    assert sweep.sweep() == 0


def test_more_rows_than_a_page_are_looked_after_by_the_sweeps_that_follow(
    world: World, attending: Attending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 3)
    seen: list[str] = []

    def attend(pk: str, sk: str) -> None:
        seen.append(pk)
        done(pk, sk)

    attending(attend)
    for number in range(30):
        due_row(str(number), clock.epoch() - 1000 + number)
    sweeps = 0
    while sweep.sweep():
        sweeps += 1
    assert sweeps >= 3
    assert sorted(seen) == sorted(f"row#{number}" for number in range(30))


def test_a_failing_page_does_not_starve_the_rows_behind_it(
    world: World, attending: Attending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 2)
    seen: list[str] = []

    def attend(pk: str, sk: str) -> None:
        if "bad" in pk:
            raise ValueError
        seen.append(pk)
        done(pk, sk)

    attending(attend)
    for number in range(16):
        due_row(f"bad{number}", clock.epoch() - 1000)
    due_row("good")
    for _ in range(10):
        sweep.sweep()
    assert seen == ["row#good"]


def test_a_table_that_cannot_be_read_keeps_no_other_waiting_and_is_told(
    world: World, attending: Attending, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    sweep.register(sweep.Attendant(File, "file", lambda pk, sk: None))
    attending(lambda pk, sk: seen.append(pk))
    due_row("waits")

    def throttled(call: Call) -> None:
        if call.operation == "Query" and call.params["TableName"] == File.table_name():
            raise failing("throttled", call)

    capsys.readouterr()
    with on_call(before=throttled), pytest.raises(Exception, match="Throttling"):
        sweep.sweep()
    assert seen == ["row#waits"]
    assert caplog.messages.count("a shard could not be looked after") == DUE_SHARDS
    assert "SweepLookedAfter" not in capsys.readouterr().out, "the alarm is to hear of it"
    assert sweep.sweep() == 1
    assert "SweepLookedAfter" in capsys.readouterr().out


def test_every_kind_of_due_row_of_the_app_has_somebody_who_looks_after_it(world: World) -> None:
    world.sweep()
    kinds = {(attendant.table.table_setting, attendant.prefix) for attendant in sweep._attendants}
    assert {
        ("files_table", "file"),
        ("files_table", "ref#"),
        ("files_table", "publication"),
        ("jobs_table", "job"),
        ("assets_table", "asset"),
    } <= kinds

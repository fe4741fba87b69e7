"""What the product makes itself: judged before it is stored, written once, gone entirely when given up."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute

from chalicelib.files import making, owners, references
from chalicelib.files.making import Made, Output, Run
from chalicelib.files.models import File
from chalicelib.files.scanners import ScannerUnavailable
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import Check, Put, Row, absent, create, delete, transact, update
from tests.files.scanners.samples import EICAR, encrypted, zipped
from tests.support import permissions
from tests.support.calls import counting
from tests.support.cloud import Cloud
from tests.support.crashes import Scenario, survive
from tests.support.snapshots import disagreements
from tests.support.world import World

API = "tests"
KIND = "tests.making"


class Order(Row):
    """Says which run is wanted; among the jobs, as the product's own runs are guarded."""

    table_setting = "jobs_table"

    run = UnicodeAttribute(null=True)


class Shelf(Row):
    """The things that somebody has had made."""

    table_setting = "stores_table"

    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)


ORDER = Order("order", "order")


@pytest.fixture(autouse=True)
def heard(world: World) -> Iterator[list[tuple[str, str]]]:
    """The verdicts that owners were told."""
    told: list[tuple[str, str]] = []
    owners.register(
        API,
        owners.Owner(lambda owner_id, file: told.append((owner_id, file.verdict)), lambda owner_id, file_id: None),
    )
    order = Order("order", "order")
    order.run = "run-1"
    create(order)
    yield told
    owners._owners.pop(API)


def run(run_id: str = "run-1") -> Run:
    def rows(path: str, file: File) -> list[Any]:
        thing = Shelf("shelf", f"thing#{path}")
        thing.file_id, thing.library_key = file.file_id, file.library_key
        return [Put(thing, absent(Shelf))]

    return Run(run_id, lambda path: f"{API}:{path}", rows, "u1", [Check(ORDER, Order.run == run_id)])


def outputs(count: int, content: bytes = b"content of ") -> list[Output]:
    return [Output(f"d/{number:05}.txt", content + str(number).encode()) for number in range(count)]


def things() -> dict[str, Any]:
    return {thing.sk.removeprefix("thing#"): thing for thing in Shelf.below("shelf", "thing#")}


def give_up() -> None:
    """What an owner does with a run that failed or was canceled."""
    update(ORDER, [Order.run.remove()])
    had = things()
    references.release_each((thing.file_id, f"{API}:{path}") for path, thing in had.items())
    for thing in had.values():
        delete(thing)
    making.unmake("run-1")


def stored(world: World) -> dict[str, bytes]:
    return {found.key: found.content for found in world.objects("library_bucket")}


def test_an_output_becomes_a_clean_file_with_its_owner(world: World) -> None:
    made = making.make(run(), [Output("site/pages/index.html", b"<p>hello")])
    assert made == Made(1, 8)
    ((path, thing),) = things().items()
    file = File.get_by_id(thing.file_id)
    assert file is not None
    assert (path, file.name, file.content_type, file.size) == ("site/pages/index.html", "index.html", "text/html", 8)
    assert (file.verdict, file.settled) == ("clean", True)
    assert file.due_at is None
    assert file.sha256 == hashlib.sha256(b"<p>hello").hexdigest()
    assert stored(world) == {file.library_key: b"<p>hello"}
    assert disagreements(world) == []


def test_an_output_on_disk_is_streamed_into_the_library(world: World, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"0123456789abcdef" * 1_000_000)
    assert making.make(run(), [Output("large.bin", large)]).bytes == 16_000_000
    assert [hashlib.sha256(content).digest() for content in stored(world).values()] == [
        hashlib.sha256(large.read_bytes()).digest()
    ]


def test_a_hundred_outputs_cost_a_put_each_and_four_transactions(world: World) -> None:
    with counting() as calls:
        making.make(run(), outputs(100))
    assert calls.counts() == {"s3.PutObject": 100, "dynamodb.TransactWriteItems": 4}
    assert len(things()) == 100
    assert disagreements(world) == []


def test_few_outputs_are_open_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given, kept, most = 0, 0, 0
    lock, keep = threading.Lock(), making._kept

    def counted(*arguments: Any) -> Any:
        nonlocal kept
        result = keep(*arguments)
        with lock:
            kept += 1
        return result

    def counting_outputs() -> Iterator[Output]:
        nonlocal given, most
        for output in outputs(100):
            given += 1
            most = max(most, given - kept)
            yield output

    monkeypatch.setattr(making, "_kept", counted)
    making.make(run(), counting_outputs())
    assert 1 < most <= making.THREADS


def test_a_part_that_comes_again_writes_nothing_twice(world: World) -> None:
    making.make(run(), outputs(40))
    before = {path: thing.file_id for path, thing in things().items()}
    making.make(run(), outputs(40))
    assert {path: thing.file_id for path, thing in things().items()} == before
    assert len(stored(world)) == 40
    assert disagreements(world) == []


def test_a_part_that_got_halfway_writes_what_is_missing(world: World) -> None:
    making.make(run(), outputs(20))
    assert making.make(run(), outputs(50)).count == 50
    assert len(things()) == len(stored(world)) == 50
    assert disagreements(world) == []


def test_a_worker_that_makes_other_bytes_the_second_time_leaves_no_orphan(world: World) -> None:
    making.make(run(), outputs(3, b"first "))
    making.make(run(), outputs(3, b"second "))
    assert sorted(stored(world).values()) == [b"first 0", b"first 1", b"first 2"]
    assert disagreements(world) == []


def test_two_runs_never_share_a_file(world: World) -> None:
    making.make(run(), outputs(1))
    update(ORDER, [Order.run.set("run-2")])
    delete(things()["d/00000.txt"])
    making.make(run("run-2"), outputs(1))
    assert len(stored(world)) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [(EICAR, "infected: eicar"), (encrypted(zipped({"a": b"secret"})), "unscannable: encrypted_archive")],
)
def test_what_is_not_clean_is_kept_nowhere_and_named(world: World, content: bytes, reason: str) -> None:
    with pytest.raises(making.Unclean) as refused:
        making.make(run(), [*outputs(2), Output("d/bad.bin", content), Output("e.txt", b"fine")])
    assert [path for path, _ in refused.value.found] == ["d/bad.bin"]
    assert reason.partition(":")[0] in str(refused.value)
    assert "d/bad.bin" in str(refused.value)
    assert content not in stored(world).values()
    assert "d/bad.bin" not in things()
    give_up()
    assert (stored(world), things()) == ({}, {})
    assert disagreements(world) == []


def test_every_unclean_output_of_a_part_is_named_up_to_a_handful(world: World) -> None:
    bad = [Output(f"{number}.com", EICAR) for number in range(8)]
    with pytest.raises(making.Unclean) as refused:
        making.make(run(), [*bad[:4], *outputs(40), *bad[4:]])
    assert len(refused.value.found) == 8
    assert things() == {}, "a run that has failed writes nothing more"
    assert str(refused.value).endswith("and 3 more")


def test_a_scanner_that_cannot_answer_stores_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: Any, **__: Any) -> Any:
        raise ScannerUnavailable("no answer")

    monkeypatch.setattr(making, "scan", unavailable)
    with pytest.raises(ScannerUnavailable):
        making.make(run(), outputs(3))
    assert (stored(world), things()) == ({}, {})


def test_nothing_is_written_for_a_run_that_was_given_up(world: World) -> None:
    making.make(run(), outputs(5))
    update(ORDER, [Order.run.remove()])
    with pytest.raises(making.Unwanted):
        making.make(run(), outputs(50))
    assert len(things()) == 5
    give_up()
    assert (stored(world), things()) == ({}, {})
    assert disagreements(world) == []


def test_a_file_that_was_purged_does_not_come_back(world: World) -> None:
    making.make(run(), outputs(1))
    thing = things()["d/00000.txt"]
    references.release(thing.file_id, f"{API}:d/00000.txt")
    delete(thing)
    with pytest.raises(making.Unwanted):
        making.make(run(), outputs(1))
    making.unmake("run-1")
    assert stored(world) == {}


def test_what_the_owner_refuses_is_not_tried_for_ever(world: World) -> None:
    create(Shelf("shelf", "thing#d/00001.txt"))
    with pytest.raises(making.RowsRefused):
        making.make(run(), outputs(3))


def test_unmaking_keeps_what_has_a_file(world: World) -> None:
    making.make(run(), outputs(3))
    making.unmake("run-1")
    assert len(stored(world)) == 3


def test_guardduty_judges_what_was_made_like_an_upload(
    cloud: Cloud, world: World, heard: list[tuple[str, str]]
) -> None:
    """Nothing can be judged in this process then, so nothing may get into the library from here."""
    cloud.set(SCANNER="guardduty")
    making.make(run(), outputs(2))
    assert stored(world) == {}
    assert [things()[path].library_key for path in sorted(things())] == [None, None]
    making.make(run(), outputs(2))
    assert len(things()) == 2
    cloud.set(SCANNER="yara")  # it stands for the verdicts that would come as events
    world.repair()
    assert set(heard) == {("d/00000.txt", "clean"), ("d/00001.txt", "clean")}
    assert sorted(stored(world).values()) == [b"content of 0", b"content of 1"]
    assert disagreements(world) == []


def planned(world: World) -> str:
    """A job that makes five Files in two transactions, its message waiting."""

    def do(job: Job) -> None:
        with permissions.acting("process"):  # whose function makes outputs
            making.make(run(), outputs(5))

    running.register(KIND, do)
    job = running.plan(KIND, {})
    transact(Put(job))
    running.enqueue(job)
    return job.job_id


def given_up(world: World) -> str:
    """A job that takes back what a part made that died halfway, its message waiting."""
    making.make(run(), outputs(3))
    update(ORDER, [Order.run.set("run-2")])
    with pytest.raises(making.Unwanted):
        making.make(run(), outputs(5))
    update(ORDER, [Order.run.remove()])

    def do(job: Job) -> None:
        had = things()
        references.release_each((thing.file_id, f"{API}:{path}") for path, thing in had.items())
        for thing in had.values():
            delete(thing)
        making.unmake("run-1")

    running.register(KIND, do)
    job = running.plan(KIND, {})
    transact(Put(job))
    running.enqueue(job)
    return job.job_id


@pytest.mark.parametrize("arrange", [planned, given_up])
def test_a_crash_at_any_call_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch, arrange: Any) -> None:
    monkeypatch.setattr(making, "THREADS", 1)  # so that nothing is under way beside the call that dies
    monkeypatch.setattr(making, "_STEPS", 10)
    report = survive(world, Scenario(arrange.__name__, arrange, lambda w, _: w.deliver(), "message"))
    assert report.crash_points > 10
    assert report.failures == []

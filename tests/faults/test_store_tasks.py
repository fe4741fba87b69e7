"""Tasks of stores survive a crash at any AWS call (invariant 5)."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.files import intake
from chalicelib.files.models import File
from chalicelib.settings import settings
from tests.conformance.stores.errands import QUEUE, Copyist, employ, listing, task
from tests.faults import stores
from tests.support.calls import Call, Crash, on_call
from tests.support.crashes import Scenario, survive
from tests.support.snapshots import disagreements
from tests.support.world import World

EVENT = json.loads(Path("tests/events/guardduty_scan_result.json").read_text(encoding="utf-8"))
COPYISTS: list[Copyist] = []
"""The worker of the test that runs."""


@pytest.fixture(autouse=True)
def copyist(monkeypatch: pytest.MonkeyPatch) -> None:
    COPYISTS[:] = [employ(monkeypatch)]


def uploaded(world: World, name: str = "all.list", *groups: str) -> None:
    stores.project(world, "g1", *groups)
    stores.put(world, listing("a.txt", "b.txt"), name=name)
    world.deliver()


def schedule(world: World, **fields: Any) -> str:
    reply = world.client.post(QUEUE, json=task("map", **fields))
    assert reply.status == 200, reply.text
    return reply.headers["X-Task-Id"]


def scheduled(world: World, **fields: Any) -> str:
    uploaded(world)
    return schedule(world, **fields)


def done(world: World, *groups: str) -> str:
    uploaded(world, "all.list", *groups)
    task_id = schedule(world)
    world.deliver()
    return task_id


def again(world: World) -> str:
    """A task of a public project that was done and is to be done again, with other outcome."""
    task_id = done(world, "public")
    COPYISTS[0].content, COPYISTS[0].leave_out = {"a.txt": b"anew"}, {"b.txt"}
    reset(world, task_id)
    return task_id


def stopped(world: World) -> str:
    """A task whose cancelling was asked for when some of its outputs had been written."""
    task_id = scheduled(world)
    COPYISTS[0].before_output.append(lambda path: cancel(world, task_id) if path == "b.txt" else None)
    return task_id


def cancel(world: World, task_id: str) -> None:
    assert world.client.delete(QUEUE, json={"task_id": task_id}).status == 200


def reset(world: World, task_id: str) -> None:
    assert world.client.patch(QUEUE, json={"task_id": task_id}).status == 200


def registered(world: World) -> str:
    record = {"name": "tracer", "type": "trace", "extensions": [".svg"]}
    assert world.client.post("/api/workers", json=record).status == 200
    uploaded(world, "a.svg")
    return schedule(world, worker_type="trace")


def claim(world: World) -> Any:
    reply = world.client.post("/api/workers/tracer/claim", json={})
    assert reply.status in (200, 204), reply.text
    return reply.json() if reply.status == 200 else None


def claimed(world: World) -> tuple[Any, list[dict[str, str]]]:
    registered(world)
    outputs = []
    for name in ("a.txt", "b.txt"):
        upload_id = world.client.get(f"/s3/params?filename={name}").json()["id"]
        file = File.get_by_id(upload_id)
        assert file is not None
        aws.s3().put_object(Bucket=settings().intake_bucket, Key=file.intake_key, Body=name.encode())
        outputs.append({"path": name, "upload": upload_id})
    world.deliver("scan_small", "scan_large")
    return claim(world), outputs


def hand_in(world: World, held: tuple[Any, list[dict[str, str]]]) -> None:
    work, outputs = held
    path = f"/api/workers/tracer/tasks/{work['task']['_id']}/finish"
    reply = world.client.post(path, json={"lease": work["lease"], "outputs": outputs, "index": "a.txt"})
    assert reply.status == 200, reply.text


def handed_in(world: World) -> None:
    hand_in(world, claimed(world))


MESSAGES = [
    Scenario("failing run", lambda w: scheduled(w, parameters={"fail": "plan"}), lambda w, _: w.deliver(), "message"),
    Scenario("run again", again, lambda w, _: w.deliver(), "message"),
    Scenario("adoption of uploads", handed_in, lambda w, _: w.deliver(), "message"),
]
REQUESTS = [
    Scenario("schedule", uploaded, lambda w, _: schedule(w)),
    Scenario("cancel", scheduled, cancel, repeatable=True),
    Scenario("reset", done, reset, repeatable=True),
    Scenario("hand in", claimed, hand_in, repeatable=True),
]


@pytest.mark.parametrize("scenario", [*MESSAGES, *REQUESTS], ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, stores.disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures)


def test_a_crash_of_a_run_that_is_canceled_leaves_nothing(world: World) -> None:
    stopped(world)
    world.deliver()
    world.repair()
    assert stores.disagreements(world) == []
    assert [row["status"] for row in world.rows("stores_table") if row["pk"] == "queue"] == ["canceled"]


def test_a_claim_whose_answer_was_lost_comes_back_by_its_lease(world: World) -> None:
    registered(world)
    assert claim(world) is not None
    assert claim(world) is None
    world.travel(310)
    world.sweep()
    assert claim(world) is not None
    assert stores.disagreements(world) == []


def test_a_part_that_is_done_again_with_other_bytes_leaves_none_behind(world: World) -> None:
    scheduled(world)
    deaths: list[Call] = []

    def die(call: Call) -> None:
        if (
            not deaths
            and call.operation == "TransactWriteItems"
            and "made#map/000000001/copy/all/a/" in str(call.params)
        ):
            deaths.append(call)
            raise Crash

    with on_call(after=die), pytest.raises(Crash):
        world.deliver()
    COPYISTS[0].content = {"a.txt": b"anew"}
    world.travel(1000)
    world.repair()
    assert stores.disagreements(world) == disagreements(world) == []
    assert world.published() == {}
    meta = world.client.get(f"{stores.PROJECT}/meta/map").json()
    assert world.client.get(meta["index_file"]).body == b"a.txt"


@pytest.mark.parametrize("limit", [intake.SMALL_LIMIT, 3])
def test_what_is_made_waits_for_the_verdicts_of_a_scanner_elsewhere(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    task_id = scheduled(world)
    monkeypatch.setattr(intake, "SMALL_LIMIT", limit)
    world.cloud.set(SCANNER="guardduty")
    world.deliver()
    status = {row["sk"][5:]: row["status"] for row in world.rows("stores_table") if row["pk"] == "queue"}
    assert status == {task_id: "processing"}
    for found in world.objects("intake_bucket"):
        event = json.loads(json.dumps(EVENT))
        event["detail"]["s3ObjectDetails"] |= {"objectKey": found.key, "versionId": found.version}
        event["detail"]["scanResultDetails"] = {"scanResultStatus": "NO_THREATS_FOUND", "threats": None}
        world.send(event, "scan_large_queue" if intake.is_large(found.key) else "scan_small_queue")
        world.deliver()
    files = world.client.get(f"{stores.PROJECT}/files/map").json()
    assert [file["name"] for file in files] == ["all.list", "copy/all/a.txt", "copy/all/b.txt"]
    assert stores.disagreements(world) == []

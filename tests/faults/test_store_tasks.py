"""Tasks of stores survive a crash at any AWS call (invariant 5)."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.apis.stores import outputs
from chalicelib.files import intake
from chalicelib.files.models import File
from chalicelib.jobs.leases import ATTEMPTS
from chalicelib.jobs.models import Job
from chalicelib.rows import update
from chalicelib.settings import settings
from tests.conformance.stores.errands import QUEUE, Copyist, employ, listing, task
from tests.faults import stores
from tests.files.scanners.samples import EICAR
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
    register(world)
    uploaded(world, "a.svg")
    return schedule(world, worker_type="trace")


def claim(world: World) -> Any:
    reply = world.client.post("/api/workers/tracer/claim", json={})
    assert reply.status in (200, 204), reply.text
    return reply.json() if reply.status == 200 else None


def claimed(world: World) -> tuple[Any, list[dict[str, str]]]:
    registered(world)
    made = []
    for name in ("a.txt", "b.txt"):
        upload_id = world.client.get(f"/s3/params?filename={name}").json()["id"]
        file = File.get_by_id(upload_id)
        assert file is not None
        aws.s3().put_object(Bucket=settings().intake_bucket, Key=file.intake_key, Body=name.encode())
        made.append({"path": name, "upload": upload_id})
    world.deliver("scan_small", "scan_large")
    return claim(world), made


def hand_in(world: World, held: tuple[Any, list[dict[str, str]]]) -> None:
    work, outputs = held
    path = f"/api/workers/tracer/tasks/{work['task']['_id']}/finish"
    reply = world.client.post(path, json={"lease": work["lease"], "outputs": outputs, "index": "a.txt"})
    assert reply.status == 200, reply.text


def handed_in(world: World) -> None:
    hand_in(world, claimed(world))


RECORD = {"name": "tracer", "type": "trace", "extensions": [".svg"]}


def register(world: World, _: object = None) -> None:
    assert world.client.post("/api/workers", json=RECORD).status == 200


def unregister(world: World, _: object) -> None:
    assert world.client.delete("/api/workers", json={"name": "tracer"}).status in (200, 400)


def beat(world: World, held: tuple[Any, list[dict[str, str]]]) -> None:
    work, _ = held
    path = f"/api/workers/tracer/tasks/{work['task']['_id']}/heartbeat"
    assert world.client.post(path, json={"lease": work["lease"]}).status == 200


def stop(world: World, held: tuple[Any, list[dict[str, str]]]) -> None:
    cancel(world, held[0]["task"]["_id"])


def forgotten(world: World) -> None:
    """A task whose message was lost."""
    scheduled(world)
    world.lose_messages()
    world.travel(3600)


def of_an_infected_file(world: World) -> None:
    """A task that can never begin; nobody knows that yet."""
    stores.project(world, "g1")
    stores.put(world, EICAR, name="all.list")
    schedule(world)


def handed_in_before_the_scan(world: World) -> None:
    """What was handed in waits for its verdicts."""
    registered(world)
    work = claim(world)
    made = []
    for name in ("a.txt", "b.txt"):
        upload_id = world.client.get(f"/s3/params?filename={name}").json()["id"]
        file = File.get_by_id(upload_id)
        assert file is not None
        aws.s3().put_object(Bucket=settings().intake_bucket, Key=file.intake_key, Body=name.encode())
        made.append({"path": name, "upload": upload_id})
    hand_in(world, (work, made))
    world.deliver("work", "process")


def claimed_by_one_who_fell_silent(world: World) -> None:
    registered(world)
    assert claim(world) is not None
    world.travel(310)


def cleared_in_vain(world: World) -> None:
    """A run has ended, and every attempt but the last was made to put what it made in order."""
    scheduled(world)
    world.deliver("process")
    [job] = [row["pk"] for row in world.rows("jobs_table") if row.get("kind") == outputs.KIND]
    update(Job.at(job.removeprefix("job#")), [Job.attempts.set(ATTEMPTS)])


MESSAGES = [
    Scenario("task whose worker fell silent", claimed_by_one_who_fell_silent, lambda w, _: w.sweep(), "message"),
    Scenario("task whose message was lost", forgotten, lambda w, _: w.sweep(), "message"),
    Scenario("task of an infected file", of_an_infected_file, lambda w, _: w.deliver(), "message"),
    Scenario("adoption before the scan", handed_in_before_the_scan, lambda w, _: w.deliver(), "message"),
    Scenario("outputs that could not be put in order", cleared_in_vain, lambda w, _: w.deliver("work"), "message"),
    Scenario("failing run", lambda w: scheduled(w, parameters={"fail": "plan"}), lambda w, _: w.deliver(), "message"),
    Scenario("run again", again, lambda w, _: w.deliver(), "message"),
    Scenario("adoption of uploads", handed_in, lambda w, _: w.deliver(), "message"),
]
REQUESTS = [
    Scenario("schedule", uploaded, lambda w, _: schedule(w)),
    Scenario("cancel", scheduled, cancel, repeatable=True),
    Scenario("reset", done, reset, repeatable=True),
    Scenario("hand in", claimed, hand_in, repeatable=True),
    Scenario("registration", lambda w: None, register, repeatable=True),
    Scenario("end of a registration", register, unregister, repeatable=True),
    Scenario("heartbeat", claimed, beat, repeatable=True),
    Scenario("cancel of what is being done", claimed, stop, repeatable=True),
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

"""The OVE API survives a crash at any AWS call (invariant 5)."""

from typing import Any

import pytest

from chalicelib import aws
from chalicelib.files.receiving import begin_upload
from chalicelib.rows import transact
from chalicelib.settings import settings
from tests.faults import stores
from tests.faults.stores import OCTETS, PROJECT, groups, project, public, put
from tests.files.scanners.samples import EICAR
from tests.support.crashes import Scenario, survive
from tests.support.world import World


def uploaded(world: World, *names: str) -> None:
    project(world, *names)
    put(world)
    world.deliver()


def waiting(world: World, content: bytes = b"first") -> None:
    public(world)
    put(world, content)


def restricted(world: World) -> None:
    uploaded(world, "g1", "public")
    groups(world, "g1")


def opened(world: World) -> None:
    uploaded(world, "g1")
    groups(world, "g1", "public")


def finished_upload(world: World) -> str:
    public(world)
    file, step = begin_upload(name="a.txt", content_type="text/plain", size=5, uploader="local")
    transact(step)
    aws.s3().put_object(Bucket=settings().intake_bucket, Key=file.intake_key, Body=b"first")
    return file.file_id


def judged_upload(world: World) -> str:
    upload_id = finished_upload(world)
    world.deliver()
    return upload_id


def use(world: World, upload_id: str) -> None:
    path = f"{PROJECT}/upload/map?create=true&upload={upload_id}"
    assert world.client.post(path, headers=OCTETS).status == 200


def tag(world: World, _: Any) -> None:
    world.client.post(f"{PROJECT}/meta/map", json={"tags": ["b", "c"]})


def tagged(world: World) -> None:
    uploaded(world, "g1")
    world.client.post(f"{PROJECT}/meta/map", json={"tags": ["a", "b"]})


def large_object(world: World) -> None:
    project(world, "g1")
    world.client.post(f"{PROJECT}/object/layout", json="x" * 400_000)
    world.deliver()


def replace_object(world: World, _: Any) -> None:
    world.client.put(f"{PROJECT}/object/layout", json="y" * 400_000)


def replaced_object(world: World) -> None:
    large_object(world)
    replace_object(world, None)
    world.deliver()
    world.travel(2)


def waiting_object(world: World) -> None:
    project(world, "g1")
    world.client.post(f"{PROJECT}/object/layout", json="x" * 400_000)


def create_store(world: World, _: Any) -> None:
    assert world.client.post("/api/create", json={"id": "second"}).status == 200


def create_asset(world: World, _: Any) -> None:
    assert world.client.post(f"{PROJECT}/create", json={"id": "map", "name": "Map"}).status == 200


def create_object(world: World, _: Any) -> None:
    assert world.client.post(f"{PROJECT}/object/small", json={"a": 1}).status == 200


MESSAGES = [
    Scenario("release of a replaced object", replaced_object, lambda w, _: w.sweep(), "message"),
    Scenario("verdict on a large object", waiting_object, lambda w, _: w.deliver(), "message"),
    Scenario("verdict on a public file", waiting, lambda w, _: w.deliver(), "message"),
    Scenario("infected file", lambda w: waiting(w, EICAR), lambda w, _: w.deliver(), "message"),
    Scenario("withdrawing what was public", restricted, lambda w, _: w.deliver(), "message"),
    Scenario("publishing what was restricted", opened, lambda w, _: w.deliver(), "message"),
]
REQUESTS = [
    Scenario("project", lambda w: None, lambda w, _: project(w, "g1")),
    Scenario("first version", public, lambda w, _: put(w)),
    Scenario("next version", lambda w: uploaded(w, "g1", "public"), lambda w, _: put(w, b"third")),
    Scenario("use of an upload", finished_upload, use),
    Scenario("use of a judged upload", judged_upload, use),
    Scenario("tags", tagged, tag, repeatable=True),
    Scenario("restricting", lambda w: uploaded(w, "g1", "public"), lambda w, _: groups(w, "g1"), repeatable=True),
    Scenario("large object", large_object, replace_object),
    Scenario("small object", lambda w: project(w, "g1"), create_object),
    Scenario("store", lambda w: None, create_store),
    Scenario("asset without a file", lambda w: project(w, "g1"), create_asset),
]


@pytest.mark.parametrize("scenario", [*MESSAGES, *REQUESTS], ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, stores.disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures)


def test_the_check_sees_what_is_wrong(world: World) -> None:
    uploaded(world, "g1", "public")
    assert stores.disagreements(world) == []
    world.inspect("s3").delete_object(Bucket=settings().media_bucket, Key="stores/default/expo/map/1/a.txt")
    assert len(stores.disagreements(world)) == 1

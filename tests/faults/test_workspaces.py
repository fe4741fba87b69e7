"""The Bilrost API survives a crash at any AWS call, many writers at once, and disorder (invariants 4 to 6)."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.apis.stores import cloning
from chalicelib.apis.stores.cloning import ClonedAsset, Source
from chalicelib.apis.workspaces import clones, refs, uses
from chalicelib.files.receiving import begin_upload
from chalicelib.rows import transact
from chalicelib.settings import settings
from tests.faults import workspaces
from tests.faults.test_concurrency import at_once
from tests.faults.workspaces import ISLAND, MANAGER, clone, cloned, modified, project, put, replace, upload
from tests.files.scanners.samples import EICAR
from tests.support.calls import Call, Crash, on_call
from tests.support.crashes import Scenario, survive
from tests.support.world import World

MAIN = "/resources/ship0/a.obj"


def large(world: World, assets: int = 2) -> None:
    """A project that is not cloned within the request."""
    patch = world.cloud.monkeypatch
    for name, value in (("SMALL", 1), ("_PART", 1), ("_FILES_TOGETHER", 1), ("_ASSETS_TOGETHER", 1)):
        patch.setattr(clones, name, value)
    project(world, assets)


def being_cloned(world: World, assets: int = 2) -> None:
    large(world, assets)
    clone(world)


def linked(world: World) -> None:
    """Assets that depend on others and on resources."""
    cloned(world)
    upload(world, "/resources/x")
    upload(world, "/resources/y")
    put(world, "/assets/a")
    put(world, "/assets/b", dependencies=["/assets/a", "/resources/x"], main="/resources/y")
    world.deliver()


def widely_linked(world: World) -> None:
    """An asset with more dependencies than one transaction takes."""
    world.cloud.monkeypatch.setattr(uses, "_TOGETHER", 2)
    world.cloud.monkeypatch.setattr(uses, "_AT_ONCE", 2)
    cloned(world)
    for name in "abcde":
        put(world, f"/assets/{name}")
    put(world, "/assets/all", dependencies=[f"/assets/{name}" for name in "abc"])


def being_deleted(world: World) -> None:
    cloned(world)
    upload(world, "/resources/x")
    world.deliver()
    assert world.client.delete(ISLAND).status == 200


def deleted_while_cloned(world: World) -> None:
    being_cloned(world, 1)
    assert world.client.delete(ISLAND).status == 200


def waiting(world: World, content: bytes = b"bytes") -> None:
    cloned(world)
    upload(world, "/resources/x", content)
    put(world, "/assets/a", main="/resources/x")


def finished_upload(world: World) -> str:
    cloned(world)
    file, step = begin_upload(name="x", content_type="image/png", size=5, uploader="local")
    transact(step)
    aws.s3().put_object(Bucket=settings().intake_bucket, Key=file.intake_key, Body=b"bytes")
    return file.file_id


def use(world: World, upload_id: str) -> None:
    assert world.client.put(f"{ISLAND}/resources/x?upload={upload_id}").status == 201


def rename(world: World, seen: str) -> None:
    headers = {"Last-modified": seen}
    reply = world.client.post(f"{ISLAND}/rename/assets/a", json={"new": "/assets/z"}, headers=headers)
    assert reply.status == 200, reply.text


def linked_and_seen(world: World) -> str:
    linked(world)
    return modified(world, "/assets/a")


def remove(path: str) -> Callable[[World, Any], None]:
    def act(world: World, _: Any) -> None:
        reply = world.client.delete(ISLAND + path)
        assert reply.status in (200, 204), reply.text

    return act


def unused(world: World) -> None:
    cloned(world)
    upload(world, "/resources/x")
    world.deliver()


def forgotten(world: World) -> None:
    cloned(world)
    assert world.client.delete(f"{ISLAND}/favorites").status == 200


def replaced(world: World) -> None:
    linked(world)
    upload(world, "/resources/x", b"other")
    world.deliver()
    world.travel(2)


def with_loose_ends(world: World) -> None:
    """Who put an asset died when the row was written that says which uses may be left of it."""
    widely_linked(world)

    def die(call: Call) -> None:
        if "loose#" in str(call.params):
            raise Crash

    with on_call(after=die), pytest.raises(Crash):
        put(world, "/assets/new", dependencies=[f"/assets/{name}" for name in "abcde"])
    world.travel(max(world.due_times()) + 1 - world.now().timestamp())


MESSAGES = [
    Scenario("release of a replaced resource", replaced, lambda w, _: w.sweep(), "message"),
    Scenario("loose ends", with_loose_ends, lambda w, _: w.sweep(), "message"),
    Scenario("large clone", being_cloned, lambda w, _: w.deliver(), "message"),
    Scenario("deletion", being_deleted, lambda w, _: w.deliver(), "message"),
    Scenario("deletion during a clone", deleted_while_cloned, lambda w, _: w.deliver(), "message"),
    Scenario("verdict", waiting, lambda w, _: w.deliver(), "message"),
    Scenario("infected resource", lambda w: waiting(w, EICAR), lambda w, _: w.deliver(), "message"),
]
REQUESTS = [
    Scenario("clone", lambda w: project(w, 2), lambda w, _: clone(w)),
    Scenario("large clone begun", large, lambda w, _: clone(w)),
    Scenario("asset", linked, lambda w, _: put(w, "/assets/c", dependencies=["/assets/b", MAIN])),
    Scenario("replacement", linked, lambda w, _: replace(w, "/assets/b", main="", dependencies=["/resources/y"])),
    Scenario("rename", linked_and_seen, rename),
    Scenario("deleted asset", linked, remove("/assets/b")),
    Scenario("resource", cloned, lambda w, _: upload(w, "/resources/new")),
    Scenario("replaced resource", linked, lambda w, _: upload(w, "/resources/x", b"other")),
    Scenario("resource of an upload", finished_upload, use),
    Scenario("deleted resource", unused, remove("/resources/x")),
    Scenario("forgotten favourite", cloned, remove("/favorites"), repeatable=True),
    Scenario("favourite", forgotten, lambda w, _: w.client.post(f"{MANAGER}/favorites", json={"file_uri": "file:///island"})),
    Scenario("deleted workspace", linked, remove("")),
    Scenario(
        "many new dependencies",
        widely_linked,
        lambda w, _: put(w, "/assets/new", dependencies=[f"/assets/{name}" for name in "abcde"]),
    ),
    Scenario(
        "many other dependencies",
        widely_linked,
        lambda w, _: replace(w, "/assets/all", dependencies=["/assets/d", "/assets/e"]),
    ),
    Scenario("deleted asset with many dependencies", widely_linked, remove("/assets/all")),
]  # fmt: skip


@pytest.mark.parametrize("scenario", [*MESSAGES, *REQUESTS], ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, workspaces.disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures)


def test_the_check_sees_what_is_wrong(world: World) -> None:
    linked(world)
    assert workspaces.disagreements(world) == []
    dynamodb = world.inspect("dynamodb")
    table = settings().workspaces_table
    for prefix, problems in (("used#", 1), ("id#", 2), ("ref#/resources//x", 3)):
        row = next(row for row in world.rows("workspaces_table") if row["sk"].startswith(prefix))
        dynamodb.delete_item(TableName=table, Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}})
        assert len(workspaces.disagreements(world)) >= problems


# --- many at once


def valid(world: World) -> None:
    """Everything agrees, and the statuses say so."""
    world.repair()
    assert workspaces.disagreements(world) == []
    assert world.client.get(f"{ISLAND}/status").json()["state"] == "VALID"


def test_fifty_writers_at_once_leave_a_valid_workspace(world: World) -> None:
    cloned(world)
    for number in range(5):
        put(world, f"/assets/shared{number}")
        upload(world, f"/resources/r{number}")
    dates = {f"/assets/shared{number}": modified(world, f"/assets/shared{number}") for number in range(5)}

    def create(number: int) -> Any:
        body = {"dependencies": [f"/assets/shared{number % 5}"], "main": f"/resources/r{number % 5}"}
        return world.client.put(f"{ISLAND}/assets/new{number}", json=body)

    def same(number: int) -> Any:
        return world.client.put(f"{ISLAND}/assets/{'Same' if number % 2 else 'same'}", json={})

    def rename_one(number: int) -> Any:
        ref = f"/assets/shared{number % 5}"
        headers = {"Last-modified": dates[ref]}
        return world.client.post(f"{ISLAND}/rename{ref}", json={"new": f"/assets/moved{number}"}, headers=headers)

    def remove_one(number: int) -> Any:
        return world.client.delete(f"{ISLAND}/assets/shared{number % 5}")

    def remove_resource(number: int) -> Any:
        return world.client.delete(f"{ISLAND}/resources/r{number % 5}")

    deeds = [
        lambda deed=deed, number=number: deed(number)
        for deed in (create, same, rename_one, remove_one, remove_resource)
        for number in range(10)
    ]
    replies = at_once(*deeds, lambda: world.deliver(failing=True))[:-1]
    outcomes = Counter(reply.status for reply in replies)
    print(f"50 writers: {dict(outcomes)}")
    assert set(outcomes) <= {200, 201, 204, 400, 403, 404, 412}
    assert sum(reply.status == 201 for reply in replies[10:20]) == 1, "one name, one winner"
    valid(world)


def test_fifty_independent_writers_are_fifty_assets(world: World) -> None:
    cloned(world)
    put(world, "/assets/base")

    def create(number: int) -> Any:
        return world.client.put(f"{ISLAND}/assets/n/{number}", json={"dependencies": ["/assets/base"]})

    replies = at_once(*(lambda number=number: create(number) for number in range(50)))
    assert Counter(reply.status for reply in replies) == {201: 50}
    listed = world.client.get("/contentbrowser/workspaces/island/assets/n/").json()
    assert listed["totalItems"] == 50
    valid(world)


def test_of_many_replacements_that_saw_the_same_one_wins(world: World) -> None:
    cloned(world)
    seen = put(world, "/assets/a")

    def replace_it(number: int) -> Any:
        body = {"comment": str(number)}
        return world.client.put(f"{ISLAND}/assets/a", json=body, headers={"Last-modified": seen})

    replies = at_once(*(lambda number=number: replace_it(number) for number in range(20)))
    assert Counter(reply.status for reply in replies) == {200: 1, 412: 19}
    winner = next(number for number, reply in enumerate(replies) if reply.status == 200)
    assert world.client.get("/contentbrowser/workspaces/island/assets/a").json()["comment"] == str(winner)


def test_of_many_clones_of_one_name_or_place_one_wins(world: World) -> None:
    project(world)

    def create(number: int) -> Any:
        place = f"file:///{'A' if number % 2 else 'a'}" if number < 10 else f"file:///{number}"
        name = f"n{number}" if number < 10 else ("Name" if number % 2 else "name")
        body = {"file_uri": place, "name": name, "organization": "default", "project_name": "expo"}
        return world.client.post(MANAGER, json=body)

    replies = at_once(*(lambda number=number: create(number) for number in range(20)))
    assert Counter(reply.status for reply in replies[:10]) == {200: 1, 403: 9}
    assert Counter(reply.status for reply in replies[10:]) == {200: 1, 403: 9}
    world.repair()
    assert workspaces.disagreements(world) == []


def test_a_dependency_and_the_deletion_of_what_it_needs_never_both_happen(world: World) -> None:
    cloned(world)
    for number in range(8):
        put(world, f"/assets/x{number}")
        upload(world, f"/resources/x{number}")

    def depend(number: int) -> Any:
        body = {"dependencies": [f"/assets/x{number}", f"/resources/x{number}"]}
        return world.client.put(f"{ISLAND}/assets/user{number}", json=body)

    deeds: list[Callable[[], Any]] = []
    for number in range(8):
        deeds += [
            lambda number=number: depend(number),  # type: ignore[misc]
            lambda number=number: world.client.delete(f"{ISLAND}/assets/x{number}"),  # type: ignore[misc]
            lambda number=number: world.client.delete(f"{ISLAND}/resources/x{number}"),  # type: ignore[misc]
        ]
    at_once(*deeds)
    valid(world)


# --- disorder


def test_messages_twice_and_late_end_the_same(world: World) -> None:
    being_cloned(world)
    first = world.messages("work_queue")
    world.deliver()
    put(world, "/assets/after")
    replace(world, "/assets/ship0", comment="changed")
    before = sorted(map(str, world.rows("workspaces_table")))
    for body in first * 2:
        world.send(body, "work_queue")
    world.deliver()
    assert sorted(map(str, world.rows("workspaces_table"))) == before
    valid(world)


def to_be_cloned() -> list[ClonedAsset]:
    """What a clone of the project `expo` takes over."""
    source = Source("default", "expo", "Expo", "master", None, ("g1",), False)
    return [asset for page in cloning.pages(source) for asset in page.assets]


def guid_of(world: World) -> str:
    """The guid of the only workspace."""
    (row,) = [row for row in world.rows("workspaces_table") if row["sk"] == "workspace"]
    return str(row["pk"].removeprefix("workspace#"))


def test_a_late_part_of_a_clone_overwrites_nothing(world: World) -> None:
    being_cloned(world)
    guid, found = guid_of(world), to_be_cloned()
    assert [asset.asset_id for asset in found] == ["ship0", "ship1"]
    world.deliver()
    seen = modified(world, "/assets/ship0")
    headers = {"Last-modified": seen}
    assert world.client.put(f"{ISLAND}/assets/ship0", json={"comment": "mine"}, headers=headers).status == 200
    before = sorted(map(str, world.rows("workspaces_table")))
    clones.write(guid, found)
    assert sorted(map(str, world.rows("workspaces_table"))) == before


def test_a_main_that_had_to_move_is_followed_though_others_are_at_it(world: World) -> None:
    being_cloned(world)
    guid, found = guid_of(world), to_be_cloned()
    files = [dataclasses.replace(one.files[0], path=path) for one, path in zip(found, ("A.obj", "a.obj"), strict=True)]
    asset = dataclasses.replace(found[0], asset_id="both", index_path="a.obj", files=files)
    conflicts: list[str] = []

    def before(call: Call) -> None:
        for item in call.params.get("TransactItems", []):
            key = item.get("Update", {}).get("Key", {}).get("sk", {}).get("S")
            if key == "ref#/assets//both" and len(conflicts) < 3:
                conflicts.append(key)
                raise ClientError({"Error": {"Code": "TransactionConflictException", "Message": "x"}}, call.operation)

    with on_call(before=before):
        clones.write(guid, [asset])
    assert len(conflicts) == 3
    rows = {row["sk"]: row for row in world.rows("workspaces_table")}
    main = rows["ref#/assets//both"]["main"]
    assert main != "/resources/both/a.obj"
    assert rows[f"ref#{refs.key(main)}"]["main_of"] == rows["ref#/assets//both"]["asset_id"]


def test_a_main_whose_file_goes_during_the_clone_is_none(world: World) -> None:
    being_cloned(world)
    guid, (asset, *_) = guid_of(world), to_be_cloned()
    gone = dataclasses.replace(asset.files[0], file_id="0" * 32)
    clones.write(guid, [dataclasses.replace(asset, asset_id="lost", index_path="a.obj", files=[gone])])
    world.deliver()
    assert world.client.get("/contentbrowser/workspaces/island/assets/lost").json()["main"] == ""
    replace(world, "/assets/lost", comment="mended")
    assert world.client.delete(f"{ISLAND}/assets/lost").status == 204
    valid(world)


@pytest.mark.parametrize("before", [None, "first.obj"], ids=["none then", "another then"])
def test_a_clone_that_is_tried_again_gives_an_asset_the_main_that_it_has_by_now(
    world: World, before: str | None
) -> None:
    being_cloned(world)
    guid, found = guid_of(world), to_be_cloned()
    first, second = (
        dataclasses.replace(one.files[0], path=path)
        for one, path in zip(found, ("first.obj", "second.obj"), strict=True)
    )
    asset = dataclasses.replace(found[0], asset_id="late", index_path=before, files=[first] if before else [])
    clones.write(guid, [asset])
    clones.write(guid, [dataclasses.replace(asset, index_path="second.obj", files=[first, second])])
    rows = {row["sk"]: row for row in world.rows("workspaces_table")}
    assert rows["ref#/assets//late"]["main"] == "/resources/late/second.obj"
    mains = {row["ref"] for row in rows.values() if row.get("main_of") == rows["ref#/assets//late"]["asset_id"]}
    assert mains == {"/resources/late/second.obj"}


def test_a_verdict_on_what_was_replaced_counts_for_nothing(world: World) -> None:
    cloned(world)
    upload(world, "/resources/x", EICAR)
    upload(world, "/resources/x", b"clean")
    put(world, "/assets/a", main="/resources/x")
    world.deliver()
    assert world.client.get(f"{ISLAND}/resources/x").body == b"clean"
    valid(world)

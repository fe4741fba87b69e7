"""The medialoopster API's requests survive a death at any AWS call, and many at once lose nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.test_concurrency import at_once
from tests.support import listings
from tests.support.client import Upload
from tests.support.crashes import Scenario, survive
from tests.support.world import World

PROJECTS = "/api/projectassets/"


def begun(world: World) -> None:
    """A production and a device."""
    make_production(world)
    make_device(world)


def make_production(world: World) -> Any:
    return done(world.client.post("/api/productions/", json={"name": "News", "codename": "news"}))


def make_device(world: World) -> Any:
    return done(world.client.post("/api/devices/", json={"name": "Edit", "path": "/mnt/"}))


def done(reply: Any) -> Any:
    assert reply.status < 300, reply.text
    return reply


def create(world: World, name: str = "p") -> Any:
    body = {"name": name, "bundle_root": f"/mnt/{name}/", "production_id": 1, "path_file": f"/mnt/{name}/p.fcp"}
    return done(world.client.post(PROJECTS, json=body))


def create_media(world: World, content: bytes | None = b"bytes") -> Any:
    form = {"name": "clip", "production_id": "1", "path_file": "/mnt/clip.mov"}
    files = {"file": Upload(content, "a")} if content is not None else None
    return done(world.client.post("/api/videoassets/", form=form, files=files))


def populated(world: World) -> None:
    begun(world)
    create(world)
    for _ in range(3):
        create_media(world, None)


def linked(world: World) -> None:
    populated(world)
    add(world, 1, 2)


def filed(world: World) -> None:
    begun(world)
    create_media(world)
    world.deliver()


def shared(world: World) -> None:
    from chalicelib.apis.projectassets import sharing

    filed(world)
    done(world.client.post("/api/productions/", json={"name": "Sport", "codename": "sport"}))
    sharing.begin(("video", 1), 2)


def add(world: World, *numbers: int) -> Any:
    entries = [{"asset_id": number, "type": "video"} for number in numbers]
    return done(world.client.post(f"{PROJECTS}1/addasset/", json={"asset_list": entries}))


def change(world: World, path: str = f"{PROJECTS}1/") -> Any:
    body = {"name": "new", "date_del": "2100-01-01T00:00:00Z", "meta_field_store": {"a": 1}}
    return done(world.client.patch(path, json=body))


def import_one(world: World) -> Any:
    meta = {"name": "in", "path_file": "/mnt/in.mov"}
    body = {"production": 1, "type": "video", "asset": {"asset_meta": meta}}
    return done(world.client.post("/api/asset/import/", json=body))


def enrol(world: World) -> Any:
    return done(world.client.post("/api/productions/1/members/", json={"group": "g", "write": True}))


def expel(world: World) -> Any:
    return done(world.client.delete("/api/productions/1/members/?group=g"))


def enrolled(world: World) -> None:
    begun(world)
    enrol(world)


SCENARIOS = [
    Scenario("production", lambda w: None, lambda w, _: make_production(w)),
    Scenario("create", begun, lambda w, _: create(w)),
    Scenario("first links", populated, lambda w, _: add(w, 1, 2, 3), repeatable=True),
    Scenario("further links", linked, lambda w, _: add(w, 2, 3), repeatable=True),
    Scenario("change", populated, lambda w, _: change(w), repeatable=True),
    Scenario("change of media", populated, lambda w, _: change(w, "/api/videoassets/1/"), repeatable=True),
    Scenario("media", begun, lambda w, _: create_media(w)),
    Scenario("import", begun, lambda w, _: import_one(w)),
    Scenario("deletion of media", shared, lambda w, _: w.client.delete("/api/videoassets/1/")),
    Scenario("member", begun, lambda w, _: enrol(w), repeatable=True),
    Scenario("end of a membership", enrolled, lambda w, _: expel(w), repeatable=True),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, listings.disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures)


def test_the_check_sees_what_is_wrong(world: World) -> None:
    from chalicelib.apis.projectassets.models import Listed, Project
    from chalicelib.rows import delete

    populated(world)
    assert listings.disagreements(world) == []
    delete(Listed.below_production("project", "all", 1))
    assert len(listings.disagreements(world)) == 1
    delete(Project.at(1))
    assert len(listings.disagreements(world)) > 3


def test_twenty_creations_at_once_are_twenty_ids_that_ascend_and_none_is_given_again(world: World) -> None:
    begun(world)
    deeds: list[Callable[[], Any]] = [lambda number=number: create(world, f"p{number}") for number in range(20)]  # type: ignore[misc]
    given = [reply.json()["id"] for reply in at_once(*deeds)]
    assert len(set(given)) == 20
    listed = [one["id"] for one in world.client.get(PROJECTS).json()]
    assert listed == sorted(given)
    assert world.client.get(PROJECTS).headers["X-Total-Count"] == "20"
    for number in given:
        world.client.delete(f"{PROJECTS}{number}/")
    world.deliver()
    assert create(world).json()["id"] > max(given)
    assert listings.disagreements(world) == []


def test_of_many_productions_of_one_name_one_is_made(world: World) -> None:
    def make() -> int:
        return int(world.client.post("/api/productions/", json={"name": "News", "codename": "n"}).status)

    assert sorted(at_once(*[make] * 8)) == [201, *[400] * 7]
    assert len(world.client.get("/api/productions/").json()) == 1


def test_members_enrolled_at_once_are_all_members(world: World) -> None:
    begun(world)
    for number in range(6):
        world.client.post("/api/productions/", json={"name": f"n{number}", "codename": "n"})

    def enrol_in(production: int) -> Any:
        return done(world.client.post(f"/api/productions/{production}/members/", json={"user": "u", "write": True}))

    at_once(*[lambda number=number: enrol_in(number) for number in range(1, 8)])
    [row] = [row for row in world.rows("identities_table") if row["pk"] == "member#user/u"]
    assert set(json.loads(row["productions"])) == {str(number) for number in range(1, 8)}


def test_changes_and_links_at_once_are_all_there(world: World) -> None:
    populated(world)
    deeds: list[Callable[[], Any]] = [
        lambda: add(world, 1),
        lambda: add(world, 2),
        lambda: add(world, 3),
        lambda: done(world.client.patch(f"{PROJECTS}1/", json={"description": "d"})),
        lambda: done(world.client.patch(f"{PROJECTS}1/", json={"status_approval": 0})),
        lambda: done(world.client.patch(f"{PROJECTS}1/", json={"meta_field_store": {"a": 1}})),
    ]
    at_once(*deeds)
    found = world.client.get(f"{PROJECTS}1/").json()
    assert sorted(one["id"] for one in found["video_assets"]) == [1, 2, 3]
    assert (found["description"], found["status_approval"], found["meta_field_store"]) == ("d", 0, {"a": 1})

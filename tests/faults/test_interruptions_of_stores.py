"""Two operations of the OVE API at once: between any two AWS calls of one the other happens, and both promises hold."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import stores
from tests.faults.stores import PROJECT, groups, project, put
from tests.files.scanners.samples import EICAR
from tests.support.interruptions import Interruption, interrupt
from tests.support.snapshots import disagreements as core_disagreements
from tests.support.world import World

LEASES = 1000
"""Seconds after which every lease has run out."""


def everything_wrong(world: World) -> list[str]:
    return [*core_disagreements(world), *stores.disagreements(world)]


# --- worlds


def pending(*names: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        project(world, *names)
        put(world)

    return arrange


def uploaded(*names: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        project(world, *names)
        put(world)
        world.deliver()

    return arrange


def changed(before: tuple[str, ...], after: tuple[str, ...]) -> Callable[[World], None]:
    """A project of one file whose groups have just changed, and whose job waits."""

    def arrange(world: World) -> None:
        uploaded(*before)(world)
        groups(world, *after)

    return arrange


RESTRICTED, PUBLIC = ("g1",), ("g1", "public")


# --- operations


def deliver(world: World, _: object) -> None:
    world.deliver(failing=True)


def restrict(world: World, _: object) -> None:
    groups(world, *RESTRICTED)


def publish(world: World, _: object) -> None:
    groups(world, *PUBLIC)


def restrict_and_deliver(world: World, _: object) -> None:
    groups(world, *RESTRICTED)
    world.deliver(failing=True)


def publish_and_deliver(world: World, _: object) -> None:
    groups(world, *PUBLIC)
    world.deliver(failing=True)


def upload(world: World, _: object) -> None:
    put(world, b"next")


def upload_a_virus(world: World, _: object) -> None:
    put(world, EICAR)


def upload_and_deliver(world: World, _: object) -> None:
    put(world, b"next")
    world.deliver(failing=True)


def describe(world: World, _: object) -> None:
    assert world.client.post(f"{PROJECT}/meta/map", json={"description": "new"}).status == 200


def tag(world: World, _: object) -> None:
    reply = world.client.patch(f"{PROJECT}/tags/map", json={"action": "add", "data": ["b"]})
    assert reply.status == 200


def rename(world: World, _: object) -> None:
    assert world.client.post(f"{PROJECT}/projectMeta", json={"name": "New", "tags": ["t"]}).status == 200


def regroup(world: World, _: object) -> None:
    groups(world, "g1", "g2")


def make_another(world: World, _: object) -> None:
    reply = world.client.post("/api/default/create", json={"id": "two", "name": "Two", "groups": ["g1"]})
    assert reply.status in (200, 409)


def write_large(world: World, _: object) -> None:
    world.client.put(f"{PROJECT}/object/layout", json="x" * 400_000)


def write_small(world: World, _: object) -> None:
    world.client.put(f"{PROJECT}/object/layout", json="small")


def with_object(world: World) -> None:
    project(world, "g1")
    assert world.client.post(f"{PROJECT}/object/layout", json="y" * 400_000).status == 200
    world.deliver()


def name_versions(world: World, _: object) -> None:
    body = {"version_name": "v", "version_description": ""}
    assert world.client.post(f"{PROJECT}/version", json=body).status == 200


# --- what is to be so in the end

Expect = Callable[[World, Any], list[str]]


def only(*contents: bytes) -> Expect:
    """These are public in the end, and nothing else."""

    def expect(world: World, _: object) -> list[str]:
        found = sorted(world.published().values())
        return [] if found == sorted(contents) else [f"public is {found}"]

    return expect


def versions(count: int) -> Expect:
    """The asset has so many versions in the end."""

    def expect(world: World, _: object) -> list[str]:
        found = meta(world)["version"]
        return [] if found == str(count) else [f"the version is {found}"]

    return expect


def both_edits(world: World, _: object) -> list[str]:
    found = meta(world)
    edited = (found["description"], sorted(found["tags"]))
    return [] if edited == ("new", ["b"]) else [f"one edit was lost: {edited}"]


def described(world: World, _: object) -> list[str]:
    found = meta(world)
    fine = found["description"] == "new" and found["index_file"].endswith("a.txt")
    return [] if fine else [f"edit or verdict was lost: {found}"]


def renamed_and_regrouped(world: World, _: object) -> list[str]:
    found = world.client.get(f"{PROJECT}/projectMeta").json()
    seen = (found["name"], found["tags"], found["access"])
    return [] if seen == ("New", ["t"], ["g1", "g2"]) else [f"one change was lost: {seen}"]


def one_project(world: World, _: object) -> list[str]:
    found = [item["id"] for item in world.client.get("/api/default/list").json()]
    return [] if found == ["expo", "two"] else [f"projects are {found}"]


def meta(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.client.get(f"{PROJECT}/meta/map").json()
    return found


PAIRS = [
    Interruption("restricted in mid-scan", pending(*PUBLIC), deliver, restrict, expect=only()),
    Interruption("made public in mid-scan", pending(*RESTRICTED), deliver, publish, expect=only(b"first")),
    Interruption("a new version in mid-scan", pending(*PUBLIC), deliver, upload, expect=only(b"first", b"next")),
    Interruption("a virus in mid-scan", pending(*PUBLIC), deliver, upload_a_virus, expect=only(b"first")),
    Interruption("an edit in mid-scan", pending(*PUBLIC), deliver, describe, expect=described),
    Interruption(
        "withdrawn, made public and all done meanwhile",
        changed(PUBLIC, RESTRICTED),
        deliver,
        publish_and_deliver,
        expect=only(b"first"),
    ),
    Interruption("published, restricted meanwhile", changed(RESTRICTED, PUBLIC), deliver, restrict, expect=only()),
    Interruption(
        "published late by a worker who dies, restricted meanwhile",
        changed(RESTRICTED, PUBLIC),
        deliver,
        restrict_and_deliver,
        LEASES,
        dies=True,
        expect=only(),
    ),
    Interruption(
        "published, a new version meanwhile",
        changed(RESTRICTED, PUBLIC),
        deliver,
        upload_and_deliver,
        expect=only(b"first", b"next"),
    ),
    Interruption("restricted, made public meanwhile", uploaded(*PUBLIC), restrict, publish_and_deliver),
    Interruption("an upload during an upload", uploaded(*PUBLIC), upload, upload_and_deliver, expect=versions(3)),
    Interruption("restricted during an upload", uploaded(*PUBLIC), upload, restrict_and_deliver, expect=only()),
    Interruption("an edit during an edit", uploaded(*RESTRICTED), describe, tag, expect=both_edits),
    Interruption("an upload during an edit", uploaded(*RESTRICTED), describe, upload_and_deliver, expect=versions(2)),
    Interruption("regrouped during a change", uploaded(*RESTRICTED), rename, regroup, expect=renamed_and_regrouped),
    Interruption("a change while regrouped", uploaded(*RESTRICTED), regroup, rename, expect=renamed_and_regrouped),
    Interruption("a project made by two", uploaded(*RESTRICTED), make_another, make_another, expect=one_project),
    Interruption("a large object replaced by two", with_object, write_large, write_small),
    Interruption("an upload while versions are named", uploaded(*RESTRICTED), name_versions, upload_and_deliver),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(",", "").replace(" ", "-"))
def test_both_promises_hold(world: World, pair: Interruption) -> None:
    count, failures = interrupt(world, pair, everything_wrong)
    print(f"{pair.name}: {count} interruptions")
    assert count > 0
    assert not failures, "\n".join(failures)

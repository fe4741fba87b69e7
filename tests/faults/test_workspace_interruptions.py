"""What happens between any two calls of a write to a workspace: another one, entire. In the end everything agrees."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.apis.workspaces import clones, uses
from tests.faults import workspaces
from tests.faults.workspaces import ISLAND, MANAGER, OCTETS, clone, cloned, modified, project, put, upload
from tests.files.scanners.samples import EICAR
from tests.support.interruptions import Interruption, interrupt
from tests.support.world import World

Deed = Callable[[World, Any], object]


def prepared(world: World) -> str:
    """An island with `/assets/a`, `/resources/x` and `/resources/y`; when `/assets/a` was modified."""
    cloned(world)
    for name in "xy":
        upload(world, f"/resources/{name}")
    put(world, "/assets/b")
    seen = put(world, "/assets/a", main="/resources/x", dependencies=["/assets/b"])
    world.deliver()
    return seen


def widely(world: World) -> str:
    """The same, where three uses do not fit into one transaction."""
    world.cloud.monkeypatch.setattr(uses, "_TOGETHER", 1)
    world.cloud.monkeypatch.setattr(uses, "_AT_ONCE", 2)
    seen = prepared(world)
    put(world, "/assets/c")
    return seen


def with_used_file(world: World) -> str:
    """The same, and `/assets/a` depends on `/resources/y`."""
    seen = prepared(world)
    return put(world, "/assets/a", seen=seen, status=200, main="/resources/x", dependencies=["/resources/y"])


def being_cloned(world: World) -> None:
    world.cloud.monkeypatch.setattr(clones, "SMALL", 1)
    project(world, 1)
    clone(world)


def deleted_before_a_verdict(world: World) -> None:
    """A workspace whose deletion waits to be done, with a file that waits to be scanned."""
    cloned(world)
    upload(world, "/resources/bad", EICAR)
    assert world.client.delete(ISLAND).status == 200


def puts(ref: str, seen: bool = False, **body: Any) -> Deed:
    def act(world: World, date: Any) -> object:
        return world.client.put(ISLAND + ref, json=body, headers={"Last-modified": date} if seen else {})

    return act


def deletes(path: str) -> Deed:
    return lambda world, _: world.client.delete(ISLAND + path)


def renames(new: str) -> Deed:
    return lambda world, date: world.client.post(
        f"{ISLAND}/rename/assets/a", json={"new": new}, headers={"Last-modified": date}
    )


def moves(ref: str, new: str) -> Deed:
    """Renames an asset as it is then, if it is there."""

    def act(world: World, _: Any) -> object:
        reply = world.client.get(f"/contentbrowser/workspaces/island{ref}")
        if reply.status != 200:
            return reply
        headers = {"Last-modified": reply.json()["meta"]["modified"]}
        return world.client.post(f"{ISLAND}/rename{ref}", json={"new": new}, headers=headers)

    return act


def puts_file(ref: str) -> Deed:
    return lambda world, _: world.client.put(ISLAND + ref, body=b"other", headers=OCTETS)


def clones_as(name: str) -> Deed:
    body = {"file_uri": f"file:///{name}", "name": name, "organization": "default", "project_name": "expo"}
    return lambda world, _: world.client.post(MANAGER, json=body)


def keeps(world: World, _: Any) -> object:
    return world.client.post(f"{MANAGER}/favorites", json={"file_uri": "file:///island"})


def delivers(world: World, _: Any) -> object:
    return world.deliver(failing=True)


MANY = ["/assets/b", "/assets/c", "/resources/x", "/resources/y"]
PAIRS = [
    Interruption(
        "use, meanwhile what is used goes",
        prepared,
        puts("/assets/n", dependencies=["/resources/y"]),
        deletes("/resources/y"),
    ),
    Interruption(
        "what is used goes, meanwhile use",
        prepared,
        deletes("/resources/y"),
        puts("/assets/n", dependencies=["/resources/y"]),
    ),
    Interruption("main, meanwhile it goes", prepared, puts("/assets/n", main="/resources/y"), deletes("/resources/y")),
    Interruption("it goes, meanwhile main", prepared, deletes("/resources/y"), puts("/assets/n", main="/resources/y")),
    Interruption(
        "one main, meanwhile another",
        prepared,
        puts("/assets/n", main="/resources/y"),
        puts("/assets/m", main="/resources/y"),
    ),
    Interruption(
        "file replaced, meanwhile main", prepared, puts_file("/resources/y"), puts("/assets/n", main="/resources/y")
    ),
    Interruption(
        "main, meanwhile file replaced", prepared, puts("/assets/n", main="/resources/y"), puts_file("/resources/y")
    ),
    Interruption("replacement, meanwhile rename", prepared, puts("/assets/a", True), renames("/assets/z")),
    Interruption(
        "rename, meanwhile replacement", prepared, renames("/assets/z"), puts("/assets/a", True, main="/resources/y")
    ),
    Interruption("rename, meanwhile its place is taken", prepared, renames("/assets/z"), puts("/assets/Z")),
    Interruption("asset, meanwhile a rename to its place", prepared, puts("/assets/Z"), renames("/assets/z")),
    Interruption("what is used goes, meanwhile its user moves", prepared, deletes("/assets/b"), renames("/assets/z")),
    Interruption(
        "used file goes, meanwhile its user moves", with_used_file, deletes("/resources/y"), renames("/assets/z")
    ),
    Interruption(
        "many uses, meanwhile their user moves",
        widely,
        puts("/assets/n", dependencies=MANY),
        moves("/assets/n", "/assets/m"),
    ),
    Interruption("asset goes, meanwhile rename", prepared, deletes("/assets/a"), renames("/assets/z")),
    Interruption(
        "many uses, meanwhile one of them goes", widely, puts("/assets/n", dependencies=MANY), deletes("/assets/c")
    ),
    Interruption("one goes, meanwhile many uses", widely, deletes("/assets/c"), puts("/assets/n", dependencies=MANY)),
    Interruption(
        "many uses, late, meanwhile one of them goes",
        widely,
        puts("/assets/n", dependencies=MANY),
        deletes("/assets/c"),
        pause=200,
    ),
    Interruption(
        "many uses, dying, meanwhile one of them goes",
        widely,
        puts("/assets/n", dependencies=MANY),
        deletes("/assets/c"),
        dies=True,
    ),
    Interruption(
        "asset, meanwhile its workspace goes", prepared, puts("/assets/n", dependencies=["/assets/b"]), deletes("")
    ),
    Interruption("file, meanwhile the workspace goes", prepared, puts_file("/resources/n"), deletes("")),
    Interruption("favourite, meanwhile the workspace goes", prepared, keeps, deletes("")),
    Interruption("workspace goes, meanwhile asset", prepared, deletes(""), puts("/assets/n")),
    Interruption("workspace goes, meanwhile again", prepared, deletes(""), deletes("")),
    Interruption(
        "clone, meanwhile another of its name", lambda w: project(w, 1), clones_as("island"), clones_as("Island")
    ),
    Interruption("clone job, meanwhile the workspace goes", being_cloned, delivers, deletes("")),
    Interruption(
        "deletion job, meanwhile a verdict",
        deleted_before_a_verdict,
        lambda world, _: world.deliver("work", failing=True),
        lambda world, _: world.deliver("scan_small", failing=True),
    ),
    Interruption("clone job, late, meanwhile another worker", being_cloned, delivers, delivers, pause=400),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(" ", "-"))
def test_everything_agrees_whatever_comes_between(world: World, pair: Interruption) -> None:
    count, failures = interrupt(world, pair, workspaces.disagreements)
    assert count > 0
    assert not failures, "\n".join(failures)


def test_a_date_is_what_it_was(world: World) -> None:
    assert prepared(world) == modified(world, "/assets/a")

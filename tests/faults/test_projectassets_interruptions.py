"""What happens between any two calls on a project asset: another deed, entire. In the end everything agrees."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.bundles import SOURCE, Bundles, everything_wrong
from tests.support.interruptions import Interruption, interrupt
from tests.support.world import World, world

__all__ = ["world"]

PROJECT = "/api/projectassets/1/"
FILE = f"{PROJECT}files/"
Deed = Callable[[World, Any], object]


def arranged(world: World) -> None:
    """The project asset 1 with two files; it links the media asset 1, which has one of them for its own."""
    bundles = Bundles(world)
    bundles.linked(bundles.project(a=b"a", dir_b=b"bb"), path_file=SOURCE + "a")


def with_another(world: World) -> None:
    """Beside it the media asset 2, which is not linked."""
    arranged(world)
    body = {"name": "Clip", "production_id": 1, "path_file": "/mnt/archive/clips/other.mov"}
    assert world.client.post("/api/videoassets/", json=body).status == 201


def being_copied(world: World) -> None:
    """A copy of it, the project asset 2, is to be made."""
    arranged(world)
    asks_copy(world, None)


def being_copied_unjudged(world: World) -> None:
    """The same while one of its files waits to be scanned."""
    arranged(world)
    puts("new")(world, None)
    asks_copy(world, None)


def being_deleted(world: World) -> None:
    """It is to be deleted, and one of its files waits to be scanned."""
    arranged(world)
    puts("new")(world, None)
    deletes(PROJECT)(world, None)


def asks_copy(world: World, _: Any) -> object:
    body = {"name": "Copy", "bundle_root": "/mnt/archive/b/", "production_id": 1, "copy_of": 1}
    return world.client.post("/api/projectassets/", json=body)


def puts(path: str) -> Deed:
    return lambda world, _: world.client.put(FILE + path, body=b"other")


def deletes(path: str) -> Deed:
    return lambda world, _: world.client.delete(path)


def links(number: int) -> Deed:
    body = {"asset_list": [{"asset_id": number, "type": "video"}]}
    return lambda world, _: world.client.post(f"{PROJECT}addasset/", json=body)


def works(world: World, _: Any) -> object:
    return world.deliver("work", failing=True)


def scans(world: World, _: Any) -> object:
    return world.deliver("scan_small", failing=True)


def both(*deeds: Deed) -> Deed:
    """One after the other."""
    return lambda world, arranged: [deed(world, arranged) for deed in deeds]


PAIRS = [
    Interruption("put, meanwhile the project goes", arranged, puts("new"), both(deletes(PROJECT), works)),
    Interruption("copy asked for, meanwhile the source goes", arranged, asks_copy, both(deletes(PROJECT), works)),
    Interruption("deletion asked for, meanwhile a copy", arranged, deletes(PROJECT), both(asks_copy, works)),
    Interruption("copy, meanwhile the target is to go", being_copied, works, deletes("/api/projectassets/2/")),
    Interruption("copy, meanwhile a verdict", being_copied_unjudged, works, scans),
    Interruption("deletion, meanwhile a verdict", being_deleted, works, scans),
    Interruption("link, meanwhile the project goes", with_another, links(2), both(deletes(PROJECT), works)),
    Interruption("link, meanwhile the asset goes", with_another, links(2), deletes("/api/videoassets/2/")),
]


def wrong(world: World) -> list[str]:
    """What does not agree, the projects that media assets name as those that link them included."""
    rows = world.rows("productions_table")
    projects = {row["pk"] for row in rows if row["sk"] == "project"}
    named = [(row["pk"], mark) for row in rows if row["sk"] == "media" for mark in row.get("projects", ())]
    stale = [f"{media} names {mark}" for media, mark in named if f"project#{mark.partition('/')[2]}" not in projects]
    return [*everything_wrong(world), *stale]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(" ", "-"))
def test_everything_agrees_whatever_comes_between(world: World, pair: Interruption) -> None:
    count, failures = interrupt(world, pair, wrong)
    assert count > 0
    assert not failures, "\n".join(failures)

"""Named versions of a project (specification section 3)."""

import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.apis.stores import named
from chalicelib.apis.stores.models import Named
from tests.conformance.stores.gallery import PROJECT, Gallery, title


def name(gallery: Gallery, text: str) -> Any:
    reply = gallery.alice.post(f"{PROJECT}/version", json={"version_name": text, "version_description": "d"})
    assert reply.status == 200, reply.text
    return reply.json()


def test_a_named_version_holds_the_version_of_every_asset_and_comes_first(gallery: Gallery) -> None:
    assert gallery.alice.get(f"{PROJECT}/projectMeta").json()["versions"] == ""
    gallery.make_asset("plain")
    gallery.uploaded("map")
    assert [version["name"] for version in name(gallery, "one")["versions"]] == ["one"]
    gallery.uploaded("map", "b.txt")
    meta = name(gallery, "two")
    assert meta == gallery.alice.get(f"{PROJECT}/projectMeta").json()
    first, second = meta["versions"]
    assert first.keys() == {"name", "description", "date_added", "versions"}
    assert (first["name"], first["versions"]) == ("two", {"map": "2", "plain": "1"})
    assert (second["name"], second["versions"]) == ("one", {"map": "1", "plain": "1"})
    [listed] = gallery.alice.get("/api/default/list?metadata=1").json()
    assert [version["name"] for version in listed["versions"]] == ["two", "one"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"version_description": "d"}, "Missing version_name"),
        ({"version_name": "n"}, "Missing version_description"),
        ({"version_name": 1, "version_description": "d"}, "Invalid data"),
        ({"version_name": "x" * 201, "version_description": "d"}, "Invalid data"),
        ({"version_name": "n", "version_description": ["d"]}, "Invalid data"),
    ],
)
def test_a_version_has_a_name_and_a_description(gallery: Gallery, body: Any, problem: str) -> None:
    assert title(gallery.alice.post(f"{PROJECT}/version", json=body)) == problem
    assert gallery.alice.get(f"{PROJECT}/projectMeta").json()["versions"] == ""


def test_naming_takes_the_right_to_write(gallery: Gallery) -> None:
    body = {"version_name": "n", "version_description": ""}
    assert gallery.bob.post(f"{PROJECT}/version", json=body).status == 401
    assert title(gallery.admin.post("/api/default/nothing/version", json=body)) == "Project not found"


def test_of_concurrent_names_none_is_lost(gallery: Gallery) -> None:
    gallery.make_asset("map")
    names = [f"v{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda text: name(gallery, text), names))
    versions = gallery.alice.get(f"{PROJECT}/projectMeta").json()["versions"]
    assert sorted(version["name"] for version in versions) == sorted(names)
    [listed] = gallery.alice.get("/api/default/list?metadata=1").json()
    assert len(listed["versions"]) == 10


def test_of_very_many_the_newest_are_shown_as_far_as_an_answer_holds_them(gallery: Gallery) -> None:
    name(gallery, "first")
    rows = []
    for number in range(801, 1, -1):
        row = Named.at("default", "expo", number)
        row.name, row.description, row.added_at = f"v{number}", "\x01" * named.LONGEST_DESCRIPTION, clock.now()
        rows.append((row, zlib.compress(b"{}")))
    gallery.cloud.monkeypatch.setattr(named, "_rows", lambda project: iter(rows))
    reply = gallery.alice.get(f"{PROJECT}/projectMeta")
    assert reply.status == 200, reply.text
    shown = [version["name"] for version in reply.json()["versions"]]
    assert 100 < len(shown) < 800
    assert shown == [f"v{801 - position}" for position in range(len(shown))]


def test_only_so_much_is_read_for_one_answer(gallery: Gallery) -> None:
    gallery.make_asset("map")
    for text in ("one", "two", "three"):
        name(gallery, text)
    gallery.cloud.monkeypatch.setattr(named, "_MOST_READ", 1)
    versions = gallery.alice.get(f"{PROJECT}/projectMeta").json()["versions"]
    assert [version["name"] for version in versions] == ["three"], "the newest is always there"


def test_many_assets_take_several_rows_and_old_names_may_lack_room(gallery: Gallery) -> None:
    gallery.cloud.monkeypatch.setattr(named, "_PIECE", 20)
    for number in range(9):
        gallery.make_asset(f"asset-{number}-{number * 7919}")
    name(gallery, "one")
    versions = name(gallery, "two")["versions"]
    assert [len(version["versions"]) for version in versions] == [9, 9]
    gallery.cloud.monkeypatch.setattr(named, "_ROOM", 300)
    versions = gallery.alice.get(f"{PROJECT}/projectMeta").json()["versions"]
    assert versions[0]["versions"] is not None
    assert (versions[1]["name"], versions[1]["versions"]) == ("one", None)
    gallery.cloud.monkeypatch.setattr(named, "_MOST_PIECES", 1)
    body = {"version_name": "three", "version_description": ""}
    assert title(gallery.alice.post(f"{PROJECT}/version", json=body)) == "Invalid data"

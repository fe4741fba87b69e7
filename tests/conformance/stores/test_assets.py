"""Assets without files: create, list, meta, tags (specification sections 4 and 5)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.conformance.stores.gallery import JSON, PROJECT, Gallery, title


def test_an_asset_is_made_of_its_name_alone_as_the_document_has_it(gallery: Gallery) -> None:
    reply = gallery.alice.post(f"{PROJECT}/create", json={"name": "map"})
    assert (reply.status, reply.json()) == (200, {"Asset": "map"})
    meta = gallery.meta("map")
    [created] = meta.pop("history")
    assert (created["Type"], created["Version"]) == ("Created", 1)
    assert meta == {
        "id": "map",
        "name": "map",
        "project": "expo",
        "description": "",
        "index_file": "",
        "version": "1",
        "tags": [],
        "worker": "",
        "processing_status": "",
        "processing_error": "",
    }


def test_an_asset_may_have_an_id_beside_its_name(gallery: Gallery) -> None:
    assert gallery.alice.post(f"{PROJECT}/create", json={"id": "m1", "name": "The map"}).json() == {"Asset": "m1"}
    assert gallery.meta("m1")["name"] == "The map"


@pytest.mark.parametrize("asset", ["list", "create", "new", "validate", ".ovemeta"])
def test_reserved_ids_are_in_use_and_reserved_names_are_not(gallery: Gallery, asset: str) -> None:
    assert title(gallery.alice.post(f"{PROJECT}/create", json={"name": asset}), 409) == "Asset already in use"
    assert title(gallery.alice.post(f"{PROJECT}/create", json={"id": asset, "name": "x"}), 409)
    assert gallery.alice.post(f"{PROJECT}/create", json={"id": "ok", "name": asset}).status == 200


@pytest.mark.parametrize("asset", ["a/b", "..", ".", "a\nb", "\x7f", "a" * 201, 7, ["a"]])
def test_an_id_that_no_asset_can_have_is_refused(gallery: Gallery, asset: Any) -> None:
    assert title(gallery.alice.post(f"{PROJECT}/create", json={"id": asset, "name": "x"})) == "Invalid name id"


@pytest.mark.parametrize("asset", ["a b", "ü-ñ", "a+b", "100%", "a#b?c", "~x", "a\\b", "map.png"])
def test_every_other_id_works_everywhere(gallery: Gallery, asset: str) -> None:
    gallery.make_asset(asset)
    assert gallery.meta(asset)["id"] == asset
    assert gallery.alice.head(f"{PROJECT}/meta/{quote(asset)}").status == 200
    assert [item["id"] for item in gallery.assets()] == [asset]


def test_an_asset_that_is_there_is_in_use(gallery: Gallery) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.post(f"{PROJECT}/create", json={"name": "map"}), 409) == "Asset already in use"


def test_of_concurrent_creations_of_one_asset_exactly_one_wins(gallery: Gallery) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = pool.map(lambda _: gallery.alice.post(f"{PROJECT}/create", json={"name": "x"}).status, range(8))
    assert sorted(replies) == [200] + [409] * 7


def test_whether_an_asset_is_there(gallery: Gallery) -> None:
    gallery.make_asset("map")
    assert gallery.bob.head(f"{PROJECT}/meta/map").status == 200
    assert gallery.bob.head(f"{PROJECT}/meta/other").status == 404
    assert gallery.admin.head("/api/default/nothing/meta/map").status == 404
    assert gallery.admin.head("/api/nowhere/expo/meta/map").status == 404
    assert gallery.carol.head(f"{PROJECT}/meta/map").status == 401


def test_what_is_missing_is_named(gallery: Gallery) -> None:
    for path in (f"{PROJECT}/meta/x", f"{PROJECT}/tags/x", f"{PROJECT}/meta/a%2Fb", f"{PROJECT}/meta/{'x' * 1500}"):
        assert title(gallery.alice.get(path)) == "Asset not found"
    assert title(gallery.alice.post(f"{PROJECT}/meta/x", json={})) == "Asset not found"
    assert title(gallery.admin.get("/api/default/nothing/meta/x")) == "Project not found"
    assert title(gallery.admin.get("/api/nowhere/expo/meta/x")) == "Store not found"
    assert title(gallery.admin.post("/api/default/nothing/create", json={"name": "x"})) == "Project not found"


def test_the_documents_update_needs_no_name(gallery: Gallery) -> None:
    gallery.make_asset("map")
    reply = gallery.alice.post(f"{PROJECT}/meta/map", json={"description": "d", "tags": ["a", "b", "a"], "version": 9})
    assert reply.status == 200
    assert reply.json()["Status"] == "OK"
    meta = gallery.meta("map")
    assert (meta["name"], meta["description"], meta["tags"], meta["version"]) == ("map", "d", ["a", "b"], "1")
    gallery.alice.post(f"{PROJECT}/meta/map", json={"name": "The map"})
    assert gallery.meta("map")["description"] == "d"


@pytest.mark.parametrize(
    "fields", [{"tags": "abc"}, {"tags": [1]}, {"tags": [""]}, {"tags": ["x" * 101]}, {"tags": ["\n"]},
               {"description": 1}, {"name": ["x"]}, {"description": "x" * 20_001},
               {"tags": [str(n) for n in range(91)]}]
)  # fmt: skip
def test_an_update_of_the_wrong_shape_changes_nothing(gallery: Gallery, fields: dict[str, Any]) -> None:
    gallery.make_asset("map")
    before = gallery.meta("map")
    assert title(gallery.alice.post(f"{PROJECT}/meta/map", json=fields)) == "Invalid data"
    assert title(gallery.alice.post(f"{PROJECT}/meta/map", json={"name": ""})) == "Missing name"
    assert title(gallery.alice.post(f"{PROJECT}/meta/map", json=["x"])) == "Invalid data"
    assert gallery.meta("map") == before


def test_tags_are_read_replaced_added_removed_and_cleared(gallery: Gallery) -> None:
    gallery.make_asset("map")
    path = f"{PROJECT}/tags/map"
    assert gallery.bob.get(path).json() == []
    assert gallery.alice.post(path, json=["a", "b"]).json() == ["a", "b"]
    assert gallery.alice.patch(path, json={"action": "add", "data": ["c", "a"]}).json() == ["a", "b", "c"]
    assert gallery.alice.patch(path, json={"action": "remove", "data": ["a", "z"]}).json() == ["b", "c"]
    assert gallery.alice.delete(path, headers=JSON).json() == []
    assert gallery.alice.post(path, json=[]).json() == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"action": "add", "data": []}, "Missing data"),
        ({"data": ["a"]}, "Missing action"),
        ({"action": "toggle", "data": ["a"]}, "Invalid data"),
        ({"action": "add", "data": "a"}, "Invalid data"),
        ({"action": "add", "data": [{}]}, "Invalid data"),
    ],
)
def test_a_change_of_tags_that_makes_no_sense_is_refused(gallery: Gallery, body: Any, problem: str) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.patch(f"{PROJECT}/tags/map", json=body)) == problem
    assert title(gallery.alice.post(f"{PROJECT}/tags/map", json={"a": 1})) == "Invalid data"


def test_there_is_no_put_of_tags_and_no_delete_of_an_asset(gallery: Gallery) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.put(f"{PROJECT}/tags/map", json=["a"]), 405)
    assert title(gallery.alice.delete(f"{PROJECT}/meta/map", headers=JSON), 405)


def test_concurrent_additions_of_tags_all_stay(gallery: Gallery) -> None:
    gallery.make_asset("map")
    added = [f"t{number}" for number in range(40)]

    def add(tag: str) -> int:
        return gallery.alice.patch(f"{PROJECT}/tags/map", json={"action": "add", "data": [tag]}).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(add, added)) == {200}
    assert sorted(gallery.meta("map")["tags"]) == sorted(added)
    for tag in added:
        assert [item["id"] for item in gallery.assets(f"?filterByTag={tag}")] == ["map"]


def test_assets_are_listed_with_their_meta_in_order(gallery: Gallery) -> None:
    for asset in ("b", "a", "c d", "B"):
        gallery.make_asset(asset)
    listed = gallery.assets()
    assert [item["id"] for item in listed] == ["B", "a", "b", "c d"]
    assert listed == [gallery.meta(item["id"]) for item in listed]
    assert gallery.assets("?includeEmpty=True") == gallery.assets("?includeEmpty=False") == listed


def test_assets_are_found_by_tag(gallery: Gallery) -> None:
    for number in range(5):
        gallery.make_asset(f"a{number}")
        gallery.alice.post(f"{PROJECT}/tags/a{number}", json=["even" if number % 2 == 0 else "odd", "all"])
    assert [item["id"] for item in gallery.assets("?filterByTag=even")] == ["a0", "a2", "a4"]
    assert gallery.assets("?filterByTag=eve") == gallery.assets("?filterByTag=") == []
    gallery.alice.patch(f"{PROJECT}/tags/a2", json={"action": "remove", "data": ["even"]})
    assert [item["id"] for item in gallery.assets("?filterByTag=even&includeEmpty=true")] == ["a0", "a4"]


@pytest.mark.parametrize("query", ["", "filterByTag=x&"])
def test_pages_of_assets_follow_one_another(gallery: Gallery, query: str) -> None:
    expected = [f"a{number}" for number in range(7)]
    for asset in expected:
        gallery.make_asset(asset)
        gallery.alice.post(f"{PROJECT}/tags/{asset}", json=["x"])
    for limit in (1, 3, 7, 100):
        seen, cursor = [], ""
        while True:
            reply = gallery.alice.get(f"{PROJECT}/list?{query}limit={limit}{cursor}")
            seen += [item["id"] for item in reply.json()["Assets"]]
            if "X-Next-Cursor" not in reply.headers:
                break
            cursor = f"&cursor={reply.headers['X-Next-Cursor']}"
        assert seen == expected


def test_a_listing_that_does_not_fit_says_to_page(gallery: Gallery) -> None:
    for number in range(3):
        gallery.make_asset(f"a{number}")
        gallery.alice.post(f"{PROJECT}/meta/a{number}", json={"description": "x" * 20_000})
    from chalicelib.apis.stores import presenters

    gallery.cloud.monkeypatch.setattr(presenters, "LARGEST_ANSWER", 50_000)
    reply = gallery.alice.get(f"{PROJECT}/list")
    assert title(reply) == "Listing too large"
    assert "limit and cursor" in reply.json()["description"]
    assert len(gallery.assets("?limit=2")) == 2

"""Stores and projects: create, list, meta, groups (specification sections 3 and 2)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conformance.stores.gallery import JSON, PROJECT, STORES, Gallery, title


def ids(reply: Any) -> list[str]:
    assert reply.status == 200, reply.text
    return [item["id"] for item in reply.json()]


def test_the_store_default_is_there_from_the_start(gallery: Gallery) -> None:
    assert gallery.nobody.get("/api/list").json() == ["default"]


def test_an_administrator_makes_stores(gallery: Gallery) -> None:
    reply = gallery.admin.post("/api/create", json={"id": "second"})
    assert (reply.status, reply.json()) == (200, {"Store": "second"})
    assert gallery.nobody.get("/api/list").json() == ["default", "second"]
    assert gallery.admin.get("/api/second/list").json() == []
    assert title(gallery.admin.post("/api/create", json={"id": "second"}), 409) == "Store already in use"
    assert title(gallery.admin.post("/api/create", json={"id": "default"}), 409) == "Store already in use"
    assert title(gallery.alice.post("/api/create", json={"id": "third"}), 401).startswith("Access token required")


@pytest.mark.parametrize("store", ["list", "create", "projectassets", "productions", "asset", "ping"])
def test_no_store_can_have_an_id_that_stands_in_a_path(gallery: Gallery, store: str) -> None:
    assert title(gallery.admin.post("/api/create", json={"id": store}), 409) == "Store already in use"


@pytest.mark.parametrize("store", ["a/b", "..", "~x", "", "ü", "a" * 64, 1, ["a"], None])
def test_an_id_that_no_store_can_have_is_refused(gallery: Gallery, store: Any) -> None:
    assert title(gallery.admin.post("/api/create", json={"id": store})) in ("Invalid name id", "Missing id")


def test_a_project_is_made_and_listed(gallery: Gallery) -> None:
    body = {"id": "museum", "name": "The Museum", "groups": ["g1"]}
    reply = gallery.alice.post("/api/default/create", json=body)
    assert (reply.status, reply.json()) == (200, {"Project": "museum"})
    listed = gallery.alice.get("/api/default/list").json()
    assert [item["id"] for item in listed] == ["expo", "museum"]
    assert listed[1].keys() == {"id", "name", "creationDate"}
    assert listed[1]["name"] == "The Museum"


def test_a_listing_with_metadata_shows_everything(gallery: Gallery) -> None:
    [item] = gallery.bob.get("/api/default/list?metadata=true").json()
    dates = {name: item.pop(name) for name in ("creationDate", "updateDate")}
    assert all(len(date) == len("2017-07-18 16:18:38") for date in dates.values())
    url = item.pop("url")
    assert url.startswith(f"{STORES}/stores/~")
    assert url.endswith("/default/expo/project.json")
    assert item == {
        "id": "expo",
        "name": "Expo",
        "description": "",
        "authors": "",
        "publications": "",
        "notes": "",
        "thumbnail": "",
        "controller": "",
        "video_controller": False,
        "html_controller": False,
        "tags": [],
        "default_mode": "",
        "versions": "",
        "presenter_notes": "",
        "hasProject": True,
        "projectType": "none",
        "access": ["g1"],
        "read_access": True,
        "write_access": False,
    }


@pytest.mark.parametrize(("value", "keys"), [("T", 19), ("yes", 19), ("1", 19), ("False", 3), ("0", 3), ("", 3)])
def test_flags_are_read_in_any_of_their_spellings(gallery: Gallery, value: str, keys: int) -> None:
    [item] = gallery.alice.get(f"/api/default/list?metadata={value}").json()
    assert len(item) > keys if keys == 19 else len(item) == keys


@pytest.mark.parametrize("query", ["metadata=maybe", "includeEmpty=perhaps", "limit=0", "limit=1001", "limit=x",
                                   "cursor=*", "cursor=", "limit=-1"])  # fmt: skip
def test_a_query_that_says_nothing_is_refused(gallery: Gallery, query: str) -> None:
    assert title(gallery.alice.get(f"/api/default/list?{query}")) == "Invalid data"


def test_projects_are_found_by_tag(gallery: Gallery) -> None:
    gallery.make_project("museum", "g1")
    gallery.admin.post(f"{PROJECT}/projectMeta", json={"name": "Expo", "tags": ["art", "new-art"]})
    assert ids(gallery.alice.get("/api/default/list?filterByTag=art")) == ["expo"]
    assert ids(gallery.alice.get("/api/default/list?filterByTag=ar")) == []
    assert ids(gallery.carol.get("/api/default/list?filterByTag=art")) == []
    gallery.admin.post(f"{PROJECT}/projectMeta", json={"name": "Expo", "tags": []})
    assert ids(gallery.alice.get("/api/default/list?filterByTag=art")) == []


def test_only_readable_projects_are_listed(gallery: Gallery) -> None:
    gallery.make_project("other", "g2")
    gallery.make_project("open", "g3", "public")
    assert ids(gallery.alice.get("/api/default/list")) == ["expo", "open"]
    assert ids(gallery.carol.get("/api/default/list")) == ["open", "other"]
    assert ids(gallery.nobody.get("/api/default/list")) == ["open"]
    assert ids(gallery.admin.get("/api/default/list")) == ["expo", "open", "other"]


def test_pages_follow_one_another_without_gap_or_overlap(gallery: Gallery) -> None:
    for number in range(6):
        gallery.make_project(f"p{number}0", "g1" if number % 2 else "g2")
    for client, expected in (
        (gallery.admin, ["expo", "p00", "p10", "p20", "p30", "p40", "p50"]),
        (gallery.alice, ["expo", "p10", "p30", "p50"]),
    ):
        for limit in (1, 2, 4, 7):
            seen, query = [], f"?limit={limit}"
            while True:
                reply = client.get(f"/api/default/list{query}")
                assert len(reply.json()) <= limit
                seen += ids(reply)
                if "X-Next-Cursor" not in reply.headers:
                    break
                query = f"?limit={limit}&cursor={reply.headers['X-Next-Cursor']}"
            assert seen == expected


def test_what_a_store_does_not_have_is_told(gallery: Gallery) -> None:
    assert title(gallery.alice.get("/api/nowhere/list")) == "Store not found"
    assert title(gallery.admin.get("/api/nowhere/expo/list")) == "Store not found"
    assert title(gallery.admin.get("/api/default/nothing/list")) == "Project not found"
    body = {"id": "museum", "name": "x", "groups": ["g1"]}
    assert title(gallery.admin.post("/api/nowhere/create", json=body)) == "Store not found"


@pytest.mark.parametrize("field", ["id", "name", "groups"])
@pytest.mark.parametrize("value", [None, "", [], 0, False])
def test_required_fields_are_there_and_something(gallery: Gallery, field: str, value: Any) -> None:
    body = {"id": "museum", "name": "x", "groups": ["g1"], field: value}
    reply = gallery.admin.post("/api/default/create", json=body)
    assert title(reply) == f"Missing {field}"
    assert reply.json()["description"] == f"The {field} parameter is required"
    assert ids(gallery.admin.get("/api/default/list")) == ["expo"]


def test_an_empty_body_lacks_the_first_field(gallery: Gallery) -> None:
    assert title(gallery.admin.post("/api/default/create", body=b"", headers=JSON)) == "Missing id"
    assert title(gallery.admin.post("/api/default/create", body=b"{", headers=JSON)) == "Invalid JSON"


@pytest.mark.parametrize("project", ["ab", "Upper", "under_score", "a..b", "-ab", "ab-", "1.2.3.4", "a/b", "a" * 64])
def test_a_project_is_called_as_a_bucket_can_be(gallery: Gallery, project: str) -> None:
    body = {"id": project, "name": "x", "groups": ["g1"]}
    assert title(gallery.admin.post("/api/default/create", json=body)) == "Invalid name id"


@pytest.mark.parametrize("project", ["list", "create", "new", "validate", "expo"])
def test_reserved_and_taken_ids_are_in_use(gallery: Gallery, project: str) -> None:
    body = {"id": project, "name": "x", "groups": ["g1"]}
    assert title(gallery.admin.post("/api/default/create", json=body), 409) == "Project already in use"


@pytest.mark.parametrize(
    ("groups", "name"), [("g1", "x"), ([1], "x"), (["g" * 201], "x"), ([""], "x"), (["g1"], 7), (["g1"], "x" * 20_001)]
)
def test_values_of_the_wrong_shape_are_refused(gallery: Gallery, groups: Any, name: Any) -> None:
    body = {"id": "museum", "name": name, "groups": groups}
    assert title(gallery.admin.post("/api/default/create", json=body)) == "Invalid data"


def test_of_concurrent_creations_of_one_project_exactly_one_wins(gallery: Gallery) -> None:
    body = {"id": "museum", "name": "x", "groups": ["g1"]}
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: gallery.admin.post("/api/default/create", json=body).status, range(8)))
    assert sorted(replies) == [200] + [409] * 7


def test_a_projects_meta_is_changed_field_by_field(gallery: Gallery) -> None:
    path = f"{PROJECT}/projectMeta"
    assert title(gallery.alice.post(path, json={"description": "x"})) == "Missing name"
    reply = gallery.alice.post(
        path,
        json={"name": "New", "notes": "n", "video_controller": True, "id": "evil", "controller": "c", "access": []},
    )
    changed = reply.json()
    assert (changed["id"], changed["name"], changed["notes"]) == ("expo", "New", "n")
    assert (changed["video_controller"], changed["projectType"], changed["access"]) == (True, "controller", ["g1"])
    again = gallery.alice.post(path, json={"name": "Newer"}).json()
    assert (again["name"], again["notes"]) == ("Newer", "n")
    assert gallery.bob.get(path).json()["name"] == "Newer"
    for wrong in ({"notes": 1}, {"tags": "x"}, {"tags": [1]}, {"html_controller": "yes"}):
        assert title(gallery.alice.post(path, json={"name": "x", **wrong})) == "Invalid data"


def test_groups_are_shown_to_readers_and_changed_by_administrators(gallery: Gallery) -> None:
    path = f"{PROJECT}/projectAccessMeta"
    assert gallery.bob.get(path).json() == {"groups": ["g1"]}
    assert title(gallery.alice.post(path, json={"groups": ["g2"]}), 401).endswith("ADMIN operation")
    assert title(gallery.admin.post(path, json={"groups": []})) == "Missing groups"
    assert gallery.admin.post(path, json={"groups": ["g2"]}).json() == {"groups": ["g2"]}
    assert title(gallery.bob.get(path), 401).endswith("READ operation")
    assert gallery.carol.get(path).json() == {"groups": ["g2"]}

"""Objects: JSON documents of a project (specification section 6)."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.stores.gallery import JSON, PROJECT, STORES, Gallery, title

OBJECT = f"{PROJECT}/object/layout"


def test_an_object_is_made_read_replaced_and_found(gallery: Gallery) -> None:
    assert gallery.bob.head(OBJECT).status == 404
    reply = gallery.alice.post(OBJECT, json={"b": [1, 2.5, None], "a": "ü"})
    assert (reply.status, reply.json()) == (200, {"b": [1, 2.5, None], "a": "ü"})
    assert gallery.bob.head(OBJECT).status == 200
    assert gallery.bob.get(OBJECT).text == '{"b":[1,2.5,null],"a":"ü"}'
    assert gallery.alice.put(OBJECT, json=[1]).json() == [1]
    assert gallery.bob.get(OBJECT).json() == [1]


def test_an_object_tells_its_name_and_address(gallery: Gallery) -> None:
    gallery.alice.post(OBJECT, json=1)
    info = gallery.bob.get(f"{OBJECT}/info").json()
    assert info.keys() == {"name", "index_file"}
    assert info["name"] == "layout"
    assert info["index_file"].startswith(f"{STORES}/stores/~")
    assert info["index_file"].endswith("/default/expo/layout.json")


def test_an_object_that_is_there_is_in_use(gallery: Gallery) -> None:
    gallery.alice.post(OBJECT, json=1)
    assert title(gallery.alice.post(OBJECT, json=2)) == "Object already in use"
    assert gallery.alice.get(OBJECT).json() == 1


def test_what_is_not_there_is_not_found(gallery: Gallery) -> None:
    assert title(gallery.alice.put(OBJECT, json=1)) == "Object not found"
    assert title(gallery.alice.get(OBJECT)) == "Object not found"
    assert title(gallery.alice.get(f"{OBJECT}/info")) == "Object not found"
    assert gallery.alice.head(OBJECT).status == 404
    assert title(gallery.admin.get("/api/default/nothing/object/x")) == "Project not found"
    assert title(gallery.admin.get("/api/nowhere/x/object/x")) == "Store not found"


@pytest.mark.parametrize("name", ["a-b", "a%2Fb", "a.json", "%20", "a_b", "x" * 201])
def test_a_name_that_no_object_can_have_is_not_found(gallery: Gallery, name: str) -> None:
    path = f"{PROJECT}/object/{name}"
    for reply in (gallery.alice.get(path), gallery.alice.post(path, json=1), gallery.alice.put(path, json=1)):
        assert title(reply) == "Object not found"
    assert gallery.alice.head(path).status == 404


@pytest.mark.parametrize("value", [None, 0, "", [], {}, "text", 10**30, True])
def test_an_object_is_any_json_value(gallery: Gallery, value: Any) -> None:
    assert gallery.alice.post(OBJECT, body=json.dumps(value), headers=JSON).json() == value
    assert gallery.alice.get(OBJECT).json() == value


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[NaN]", b"[1e999]", b"[" * 60 + b"]" * 60])
def test_what_is_no_json_changes_nothing(gallery: Gallery, body: bytes) -> None:
    gallery.alice.post(OBJECT, json=1)
    assert title(gallery.alice.put(OBJECT, body=body, headers=JSON)) == "Invalid JSON"
    assert gallery.alice.get(OBJECT).json() == 1


def test_of_concurrent_creations_exactly_one_wins_and_is_what_stays(gallery: Gallery) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: gallery.alice.post(OBJECT, json=number), range(8)))
    [winner] = [reply.json() for reply in replies if reply.status == 200]
    assert gallery.alice.get(OBJECT).json() == winner
    assert {title(reply) for reply in replies if reply.status != 200} == {"Object already in use"}


def test_a_large_object_is_a_file_that_is_read_once_it_is_clean(gallery: Gallery) -> None:
    value = {"text": "x" * 1_000_000}
    assert gallery.alice.post(OBJECT, json=value).json() == value
    assert title(gallery.alice.get(OBJECT), 409) == "Object not ready"
    gallery.deliver()
    assert gallery.alice.get(OBJECT).json() == value
    other = {"text": "y" * 1_000_000}
    gallery.alice.put(OBJECT, json=other)
    gallery.deliver()
    assert gallery.alice.get(OBJECT).json() == other
    gallery.alice.put(OBJECT, json="small")
    assert gallery.alice.get(OBJECT).json() == "small"


def test_a_large_object_that_is_infected_is_never_read(gallery: Gallery, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yar"
    rules.write_text('rule Bad { strings: $a = "a word that no rule likes" condition: $a }')
    gallery.cloud.set(YARA_RULES=str(rules))
    gallery.alice.post(OBJECT, json={"pad": "x" * 400_000, "text": "a word that no rule likes"})
    gallery.deliver()
    assert title(gallery.alice.get(OBJECT), 409) == "Object not ready"
    gallery.alice.put(OBJECT, json=1)
    assert gallery.alice.get(OBJECT).json() == 1


def test_an_object_over_4_mib_is_too_large(gallery: Gallery) -> None:
    reply = gallery.alice.post(OBJECT, json="x" * (4 * 1024 * 1024))
    assert title(reply, 413) == "Request body too large"
    assert "/s3/params" in reply.json()["description"]


def test_every_project_has_the_object_project(gallery: Gallery) -> None:
    path = f"{PROJECT}/object/project"
    assert gallery.alice.head(path).status == 200
    assert title(gallery.alice.post(path, json={})) == "Object already in use"
    document = gallery.alice.get(path).json()
    assert document["Sections"] == []
    assert document["Metadata"]["name"] == "Expo"
    assert len(document["Metadata"]) == 13


def test_writing_the_object_project_writes_the_projects_meta(gallery: Gallery) -> None:
    path = f"{PROJECT}/object/project"
    gallery.alice.post(f"{PROJECT}/projectMeta", json={"name": "Expo", "notes": "n", "tags": ["a"]})
    document = gallery.alice.get(path).json()
    document["Metadata"] |= {"description": "d", "tags": ["b"]}
    document["Sections"] = [{"x": 1}]
    assert gallery.alice.put(path, json=document).json() == gallery.alice.get(path).json() == document
    meta = gallery.alice.get(f"{PROJECT}/projectMeta").json()
    assert (meta["description"], meta["notes"], meta["tags"], meta["projectType"]) == ("d", "n", ["b"], "launcher")
    assert [item["id"] for item in gallery.alice.get("/api/default/list?filterByTag=b").json()] == ["expo"]
    assert gallery.alice.get("/api/default/list?filterByTag=a").json() == []
    gallery.alice.put(path, json={"Sections": []})
    meta = gallery.alice.get(f"{PROJECT}/projectMeta").json()
    assert (meta["name"], meta["description"], meta["tags"], meta["projectType"]) == ("expo", "", [], "none")


@pytest.mark.parametrize("value", [[], "x", {"Metadata": 1}, {"Metadata": {"tags": "x"}}, {"Metadata": {"name": 1}}])
def test_the_object_project_keeps_its_shape(gallery: Gallery, value: Any) -> None:
    before = gallery.alice.get(f"{PROJECT}/object/project").json()
    assert title(gallery.alice.put(f"{PROJECT}/object/project", json=value)) == "Invalid data"
    assert gallery.alice.get(f"{PROJECT}/object/project").json() == before

"""Workers and their queue while no worker is registered (specification section 9)."""

from typing import Any

import pytest

from tests.conformance.stores.gallery import JSON, Gallery, title

TASK = {"worker_type": "extract", "store_id": "default", "project_id": "expo", "asset_id": "map"}


def test_there_is_nobody_and_nothing_to_do(gallery: Gallery) -> None:
    assert gallery.nobody.get("/api/workers").json() == []
    assert gallery.nobody.get("/api/workers?metadata=true").json() == []
    assert gallery.nobody.get("/api/workers?name=x").json() == []
    assert gallery.nobody.get("/api/workers/status").json() == {}
    assert gallery.nobody.get("/api/workers/queue").json() == []


def test_a_worker_that_is_not_there_cannot_be_unregistered(gallery: Gallery) -> None:
    assert title(gallery.admin.delete("/api/workers", json={"name": "x"})) == "Worker not found"
    assert title(gallery.admin.delete("/api/workers", headers=JSON)) == "Missing name"
    assert title(gallery.alice.delete("/api/workers", json={"name": "x"}), 401).endswith("ADMIN operation")


def test_a_task_that_no_worker_can_take_is_refused(gallery: Gallery) -> None:
    gallery.uploaded("map", "site.zip")
    assert title(gallery.alice.post("/api/workers/queue", json=TASK)) == "No worker available for task"
    assert gallery.meta("map")["processing_status"] == ""


@pytest.mark.parametrize("field", sorted(TASK))
def test_a_task_has_all_its_fields(gallery: Gallery, field: str) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.post("/api/workers/queue", json={**TASK, field: ""})) == f"Missing {field}"


@pytest.mark.parametrize("fields", [{"parameters": []}, {"parameters": "x"}, {"priority": "1"}, {"priority": True},
                                    {"priority": None}])  # fmt: skip
def test_a_task_of_the_wrong_shape_is_refused(gallery: Gallery, fields: dict[str, Any]) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.post("/api/workers/queue", json={**TASK, **fields})) == "Invalid data"


def test_a_task_takes_an_asset_and_the_right_to_write_to_it(gallery: Gallery) -> None:
    assert title(gallery.alice.post("/api/workers/queue", json=TASK)) == "Asset not found"
    for client in (gallery.bob, gallery.carol):
        reply = client.post("/api/workers/queue", json=TASK)
        assert title(reply, 401) == "Unable to process asset"
        assert reply.json()["description"] == "Insufficient write access to process asset"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_task_that_is_not_there_is_no_error(gallery: Gallery, method: str) -> None:
    reply = gallery.nobody.request(method, "/api/workers/queue", json={"task_id": "0" * 24})
    assert (reply.status, reply.json()) == (200, {"Status": "OK"})
    assert title(gallery.nobody.request(method, "/api/workers/queue", headers=JSON)) == "Missing task_id"


@pytest.mark.parametrize("store", ["workers", "user", "auth"])
def test_no_store_stands_in_the_way_of_workers_and_users(gallery: Gallery, store: str) -> None:
    assert title(gallery.admin.post("/api/create", json={"id": store}), 409) == "Store already in use"

"""The task queue and the product's own workers, as clients see them (specification sections 9 and 10)."""

from typing import Any

import pytest

from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE, Copyist, listing
from tests.conformance.stores.gallery import JSON, PROJECT, STORES, Gallery, title
from tests.support.client import Client, Reply


@pytest.fixture
def copyist(monkeypatch: pytest.MonkeyPatch) -> Copyist:
    return errands.employ(monkeypatch)


def schedule(gallery: Gallery, asset_id: str = "map", *, by: Client | None = None, **fields: Any) -> str:
    """Schedule a task; its id."""
    reply = (by or gallery.alice).post(QUEUE, json=errands.task(asset_id, **fields))
    assert (reply.status, reply.json()) == (200, {"Status": "OK"})
    return reply.headers["X-Task-Id"]


def tasks(gallery: Gallery, *, by: Client | None = None) -> list[dict[str, Any]]:
    reply = (by or gallery.alice).get(QUEUE)
    assert reply.status == 200, reply.text
    return list(reply.json())


def one(gallery: Gallery, task_id: str) -> dict[str, Any]:
    return next(task for task in tasks(gallery) if task["_id"] == task_id)


def cancel(gallery: Gallery, task_id: str, *, by: Client | None = None) -> Reply:
    reply = (by or gallery.alice).delete(QUEUE, json={"task_id": task_id})
    assert (reply.status, reply.json()) == (200, {"Status": "OK"})
    return reply


def reset(gallery: Gallery, task_id: str, *, by: Client | None = None) -> Reply:
    reply = (by or gallery.alice).patch(QUEUE, json={"task_id": task_id})
    assert (reply.status, reply.json()) == (200, {"Status": "OK"})
    return reply


def names(gallery: Gallery, asset_id: str = "map", query: str = "") -> list[str]:
    return [file["name"] for file in gallery.files(asset_id, query)]


def test_a_task_makes_files_and_the_asset_begins_at_the_first(gallery: Gallery, copyist: Copyist) -> None:
    gallery.uploaded("map", "all.list", listing("index.html", "a/b.txt", "c.txt", "d.txt"))
    schedule(gallery)
    gallery.deliver()
    meta = gallery.meta("map")
    assert meta["processing_status"] == "done"
    assert meta["worker"] == meta["processing_error"] == ""
    assert gallery.alice.get(meta["index_file"]).body == b"index.html"
    assert "/map/1/copy/all/index.html" in meta["index_file"]
    assert [(file["name"], file["default"], file["state"]) for file in gallery.files("map")] == [
        ("all.list", True, "clean"),
        ("copy/all/a/b.txt", False, "clean"),
        ("copy/all/c.txt", False, "clean"),
        ("copy/all/d.txt", False, "clean"),
        ("copy/all/index.html", False, "clean"),
    ]
    for file in gallery.files("map")[1:]:
        assert gallery.alice.get(file["url"]).text == file["name"].removeprefix("copy/all/")

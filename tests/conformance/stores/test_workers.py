"""Which workers there are: built-in ones, and those that other organisations register (specification section 9)."""

from typing import Any

import pytest

from chalicelib.apis.stores.registry import RUN_WORKERS
from chalicelib.workers import schemas
from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE, Office, listing
from tests.conformance.stores.gallery import JSON, Gallery, title

TASK = {"worker_type": "extract", "store_id": "default", "project_id": "expo", "asset_id": "map"}
RECORD = {
    "name": "tracer-1",
    "type": "trace",
    "description": "follows lines",
    "extensions": [".svg", ".SVG.gz"],
    "docs": "how to trace",
    "parameters": {"schema": {"type": "object", "properties": {"depth": {"type": "integer"}}}},
}
BUILT_IN = {
    "extract": ".zip",
    "dz-image": ".png",
    "network-layout": ".tlp.gz",
    "thumbnail": ".pdf",
}


def test_the_products_own_workers_are_always_there(gallery: Gallery) -> None:
    assert gallery.nobody.get("/api/workers").json() == list(BUILT_IN)
    records = gallery.nobody.get("/api/workers?metadata=true").json()
    for record in records:
        assert record.keys() == {"name", "type", "description", "extensions", "status", "docs", "parameters"}
        assert record["type"] == record["name"]
        assert record["status"] == "ready"
        assert BUILT_IN[record["name"]] in record["extensions"]
        assert record["parameters"]["schema"]["type"] == "object"
        assert record["description"]
        assert record["docs"]
    assert gallery.nobody.get("/api/workers/status").json() == dict.fromkeys(BUILT_IN, "ready")
    assert title(gallery.admin.delete("/api/workers", json={"name": "extract"}), 409) == "Worker is built in"


def test_a_name_chooses_one(gallery: Gallery) -> None:
    assert gallery.nobody.get("/api/workers?name=extract").json() == ["extract"]
    [record] = gallery.nobody.get("/api/workers?name=extract&metadata=1").json()
    assert record["name"] == "extract"
    assert gallery.nobody.get("/api/workers?name=x").json() == []
    assert gallery.nobody.get("/api/workers/status?name=extract").json() == {"extract": "ready"}
    assert gallery.nobody.get("/api/workers/status?name=x").json() == {}


@pytest.mark.parametrize(
    ("worker_type", "filename"),
    [("zip", "a.zip"), ("extract", "a.ZIP"), ("dzi", "a.jpg"), ("dz-image", "a.tiff"), ("tulip", "a.gml"),
     ("network-layout", "a.tlp.gz"), ("thumbnail", "a.pdf")],
)  # fmt: skip
def test_the_types_of_the_original_have_their_workers(gallery: Gallery, worker_type: str, filename: str) -> None:
    gallery.uploaded("map", filename)
    task = errands.task("map", worker_type=worker_type)
    assert gallery.alice.post(QUEUE, json=task).status == 200


def test_a_worker_is_registered_listed_and_unregistered(gallery: Gallery) -> None:
    reply = gallery.admin.post("/api/workers", json=RECORD)
    assert (reply.status, reply.json()) == (200, {"Status": "OK", "Worker": "tracer-1"})
    assert gallery.nobody.get("/api/workers").json() == [*BUILT_IN, "tracer-1"]
    [record] = gallery.nobody.get("/api/workers?metadata=true&name=tracer-1").json()
    assert record == {**RECORD, "extensions": [".svg", ".svg.gz"], "status": "ready"}
    assert gallery.nobody.get("/api/workers/status?name=tracer-1").json() == {"tracer-1": "ready"}
    reply = gallery.admin.delete("/api/workers", json={"name": "tracer-1"})
    assert (reply.status, reply.json()) == (200, {"Status": "OK"})
    assert title(gallery.admin.delete("/api/workers", json={"name": "tracer-1"})) == "Worker not found"
    assert gallery.nobody.get("/api/workers").json() == list(BUILT_IN)


def test_administrators_register_and_those_who_may_run_workers(gallery: Gallery) -> None:
    for client in (gallery.alice, gallery.nobody):
        assert title(client.post("/api/workers", json=RECORD), 401).endswith("ADMIN operation")
    runner = gallery.person("runner", permissions=[RUN_WORKERS]).client
    assert runner.post("/api/workers", json=RECORD).status == 200
    assert runner.post("/api/workers", json={**RECORD, "description": "anew"}).status == 200
    [record] = gallery.nobody.get("/api/workers?metadata=true&name=tracer-1").json()
    assert record["description"] == "anew"
    assert title(gallery.admin.post("/api/workers", json=RECORD), 409) == "Worker already in use"
    assert title(runner.delete("/api/workers", json={"name": "tracer-1"}), 401).endswith("ADMIN operation")


@pytest.mark.parametrize("name", ["extract", "zip", "tulip", "queue", "status"])
def test_a_name_that_means_something_else_is_taken(gallery: Gallery, name: str) -> None:
    assert title(gallery.admin.post("/api/workers", json={**RECORD, "name": name}), 409) == "Worker already in use"


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"name": ""}, "Missing name"),
        ({"name": "a/b"}, "Invalid name name"),
        ({"name": "x" * 64}, "Invalid name name"),
        ({"type": None}, "Missing type"),
        ({"type": "a b"}, "Invalid name type"),
        ({"extensions": []}, "Missing extensions"),
        ({"extensions": "svg"}, "Invalid data"),
        ({"extensions": ["svg"]}, "Invalid data"),
        ({"extensions": [".a/b"]}, "Invalid data"),
        ({"extensions": [f".{number}" for number in range(21)]}, "Invalid data"),
        ({"description": 7}, "Invalid data"),
        ({"docs": ["x"]}, "Invalid data"),
        ({"parameters": []}, "Invalid data"),
        ({"parameters": {"schema": {"type": "nothing"}}}, "Invalid data"),
        ({"parameters": {"schema": {"$ref": "http://elsewhere.test/"}}}, "Invalid data"),
        ({"parameters": {"x": "x" * 60_000}}, "Invalid data"),
        ({"parameters": {"schema": {"properties": {"a": {"pattern": "("}}}}}, "Invalid data"),
        ({"parameters": {"schema": {"patternProperties": {"a{2,1}": {}}}}}, "Invalid data"),
        ({"parameters": {"schema": {"pattern": f"a{{{10**20}}}"}}}, "Invalid data"),
        ({"parameters": {"schema": {"pattern": "(" * 10_000 + ")" * 10_000}}}, "Invalid data"),
    ],
)
def test_a_worker_that_cannot_be_is_refused(gallery: Gallery, fields: dict[str, Any], wanted: str) -> None:
    assert title(gallery.admin.post("/api/workers", json={**RECORD, **fields})) == wanted
    assert gallery.nobody.get("/api/workers").json() == list(BUILT_IN)


def test_a_worker_that_is_not_there_cannot_be_unregistered(gallery: Gallery) -> None:
    assert title(gallery.admin.delete("/api/workers", json={"name": "x"})) == "Worker not found"
    assert title(gallery.admin.delete("/api/workers", headers=JSON)) == "Missing name"
    assert title(gallery.alice.delete("/api/workers", json={"name": "x"}), 401).endswith("ADMIN operation")


def test_the_parameters_of_a_registered_worker_are_held_against_its_schema(gallery: Gallery) -> None:
    gallery.admin.post("/api/workers", json=RECORD)
    gallery.uploaded("map", "a.svg")
    task = errands.task("map", worker_type="trace")
    assert title(gallery.alice.post(QUEUE, json={**task, "parameters": {"depth": "x"}})) == "Invalid data"
    assert gallery.alice.post(QUEUE, json={**task, "parameters": {"depth": 7}}).status == 200


NEVER_ENDING: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"properties": {"name": {"pattern": "^(a+)+$"}}}, {"name": "a" * 60 + "!"}),
    ({"patternProperties": {"^(a|a)*$": {}}}, {"a" * 60 + "!": 1}),
    ({"properties": {"name": {"pattern": "a*" * 12 + "b"}}}, {"name": "a" * 10_000}),
    ({"properties": {"all": {"allOf": [{"uniqueItems": True}] * 2000}}}, {"all": [{"a": n} for n in range(1500)]}),
)
"""Schemas, and parameters that each would be held against for hours."""


@pytest.mark.parametrize(("schema", "parameters"), NEVER_ENDING)
def test_a_registered_schema_takes_the_api_no_longer_than_it_may(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, schema: dict[str, Any], parameters: dict[str, Any]
) -> None:
    assert gallery.admin.post("/api/workers", json={**RECORD, "parameters": {"schema": schema}}).status == 200
    monkeypatch.setattr(schemas, "LONGEST", 1)
    gallery.uploaded("map", "a.svg")
    task = {**errands.task("map", worker_type="trace"), "parameters": parameters}
    refused = gallery.alice.post(QUEUE, json=task)
    assert title(refused) == "Invalid data"
    assert refused.json()["description"] == "the worker's schema took longer than the 1 seconds allowed."
    assert gallery.alice.get(QUEUE).json() == []


def test_a_schema_that_takes_too_long_to_read_is_not_registered(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "LONGEST", 1)
    schema = {"pattern": "(?i)" + "[\0-\U0010ffff]" * 2000}
    refused = gallery.admin.post("/api/workers", json={**RECORD, "parameters": {"schema": schema}})
    assert title(refused) == "Invalid data"
    assert refused.json()["description"].endswith("the worker's schema took longer than the 1 seconds allowed")
    assert gallery.nobody.get("/api/workers").json() == list(BUILT_IN)


def test_a_registered_schema_may_have_patterns(gallery: Gallery) -> None:
    schema = {"properties": {"name": {"pattern": "^([a-z]+-)*[a-z]+$"}}, "additionalProperties": False}
    gallery.admin.post("/api/workers", json={**RECORD, "parameters": {"schema": schema}})
    gallery.uploaded("map", "a.svg")
    task = errands.task("map", worker_type="trace")
    refused = gallery.alice.post(QUEUE, json={**task, "parameters": {"name": "Tower"}})
    assert title(refused) == "Invalid data"
    assert refused.json()["description"] == "name: 'Tower' does not match '^([a-z]+-)*[a-z]+$'."
    assert gallery.alice.post(QUEUE, json={**task, "parameters": {"name": "old-tower"}}).status == 200


def test_the_products_own_worker_comes_first(office: Office, gallery: Gallery) -> None:
    record = {**RECORD, "type": "copy", "extensions": [".list", ".rar"]}
    gallery.admin.post("/api/workers", json=record)
    gallery.uploaded("map", "all.list", listing("a.txt"))
    gallery.uploaded("rar", "all.rar")
    office.schedule()
    other = office.schedule("rar")
    gallery.deliver()
    assert gallery.meta("map")["processing_status"] == "done"
    assert office.task(other)["status"] == "new"


def test_a_task_that_no_worker_can_take_is_refused(gallery: Gallery) -> None:
    gallery.uploaded("map", "site.tar")
    assert title(gallery.alice.post(QUEUE, json=TASK)) == "No worker available for task"
    assert title(gallery.alice.post(QUEUE, json={**TASK, "worker_type": "trace"})) == "No worker available for task"
    assert gallery.meta("map")["processing_status"] == ""


@pytest.mark.parametrize("field", sorted(TASK))
def test_a_task_has_all_its_fields(gallery: Gallery, field: str) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.post(QUEUE, json={**TASK, field: ""})) == f"Missing {field}"


@pytest.mark.parametrize("fields", [{"parameters": []}, {"parameters": "x"}, {"priority": "1"}, {"priority": True},
                                    {"priority": None}])  # fmt: skip
def test_a_task_of_the_wrong_shape_is_refused(gallery: Gallery, fields: dict[str, Any]) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.post(QUEUE, json={**TASK, **fields})) == "Invalid data"


def test_a_task_takes_an_asset_and_the_right_to_write_to_it(gallery: Gallery) -> None:
    assert title(gallery.alice.post(QUEUE, json=TASK)) == "Asset not found"
    for client in (gallery.bob, gallery.carol):
        reply = client.post(QUEUE, json=TASK)
        assert title(reply, 401) == "Unable to process asset"
        assert reply.json()["description"] == "Insufficient write access to process asset"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_task_that_is_not_there_is_no_error(gallery: Gallery, method: str) -> None:
    reply = gallery.nobody.request(method, QUEUE, json={"task_id": "0" * 24})
    assert (reply.status, reply.json()) == (200, {"Status": "OK"})
    assert title(gallery.nobody.request(method, QUEUE, headers=JSON)) == "Missing task_id"


@pytest.mark.parametrize("store", ["workers", "user", "auth"])
def test_no_store_stands_in_the_way_of_workers_and_users(gallery: Gallery, store: str) -> None:
    assert title(gallery.admin.post("/api/create", json={"id": store}), 409) == "Store already in use"

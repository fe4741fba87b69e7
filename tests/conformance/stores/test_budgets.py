"""AWS calls per operation, the same however much there is. Looking up tokens, once a minute each, is left out."""

from collections import Counter
from collections.abc import Callable

import pytest

from app import app
from chalicelib import clock
from chalicelib.apis.stores.index_rows import Tagged
from chalicelib.apis.stores.models import Asset
from tests.conformance.stores.gallery import JSON, OCTETS, PROJECT, STORES, Gallery, stock
from tests.support.calls import counting
from tests.support.client import deliver

NAMES = {
    "get": "dynamodb.GetItem",
    "batch": "dynamodb.BatchGetItem",
    "query": "dynamodb.Query",
    "put": "dynamodb.PutItem",
    "update": "dynamodb.UpdateItem",
    "transaction": "dynamodb.TransactWriteItems",
    "s3_put": "s3.PutObject",
    "s3_get": "s3.GetObject",
    "s3_copy": "s3.CopyObject",
    "s3_delete": "s3.DeleteObject",
    "send": "sqs.SendMessage",
}


def calls(act: Callable[[], object]) -> Counter[str]:
    """The AWS calls that an act makes."""
    with counting() as recorded:
        act()
    return recorded.counts()


def budget(**counts: int) -> Counter[str]:
    """Calls by their short names."""
    return Counter({NAMES[name]: count for name, count in counts.items()})


@pytest.fixture
def known(gallery: Gallery) -> Gallery:
    """A product that knows the tokens, with an asset that has a file."""
    gallery.uploaded("map", "a.txt")
    for client in (gallery.admin, gallery.alice):
        client.get("/api/list")
    return gallery


READS = {
    "/api/list": budget(query=1),
    "/api/default/list": budget(query=2, batch=1),  # her group's index rows and those of `public`
    "/api/default/list?metadata=true": budget(query=2, batch=1),
    f"{PROJECT}/list": budget(batch=1, query=1),
    f"{PROJECT}/list?filterByTag=none": budget(batch=1, query=1),
    f"{PROJECT}/meta/map": budget(batch=1),
    f"{PROJECT}/tags/map": budget(batch=1),
    f"{PROJECT}/files/map": budget(batch=1, query=1),
    f"{PROJECT}/projectMeta": budget(batch=1),
    f"{PROJECT}/object/project": budget(batch=1),
    f"{STORES}/stores/default/expo/map/1/a.txt": budget(batch=1, s3_get=1),
    f"{STORES}/stores/default/expo/project.json": budget(batch=1),
}


@pytest.mark.parametrize("path", READS)
def test_a_read(known: Gallery, path: str) -> None:
    assert calls(lambda: known.alice.get(path)) == READS[path]


def test_an_administrator_reads_the_projects_themselves(known: Gallery) -> None:
    assert calls(lambda: known.admin.get("/api/default/list")) == budget(query=1)


def test_a_head_costs_no_more(known: Gallery) -> None:
    assert calls(lambda: known.alice.head(f"{PROJECT}/meta/map")) == budget(batch=1)
    assert calls(lambda: known.alice.head(f"{PROJECT}/object/project")) == budget(batch=1)


def test_writes(known: Gallery) -> None:
    alice, admin = known.alice, known.admin
    body = {"id": "museum", "name": "x", "groups": ["g1"]}
    assert calls(lambda: alice.post("/api/default/create", json=body)) == budget(transaction=1)
    assert calls(lambda: alice.post(f"{PROJECT}/create", json={"name": "x"})) == budget(batch=1, put=1)
    once = budget(batch=1, transaction=1)
    assert calls(lambda: alice.post(f"{PROJECT}/meta/map", json={"tags": ["a"]})) == once
    assert calls(lambda: alice.patch(f"{PROJECT}/tags/map", json={"action": "add", "data": ["b"]})) == once
    assert calls(lambda: alice.delete(f"{PROJECT}/tags/map", headers=JSON)) == once
    assert calls(lambda: alice.post(f"{PROJECT}/projectMeta", json={"name": "y"})) == once
    assert calls(lambda: alice.post(f"{PROJECT}/object/o", json={})) == once
    assert calls(lambda: alice.put(f"{PROJECT}/object/o", json={})) == once
    restricted = {"groups": ["g1", "g2"]}
    assert calls(lambda: admin.post(f"{PROJECT}/projectAccessMeta", json=restricted)) == once
    public = {"groups": ["g1", "public"]}
    assert calls(lambda: admin.post(f"{PROJECT}/projectAccessMeta", json=public)) == once + budget(send=1)


def test_an_upload_is_one_read_one_put_and_one_transaction(known: Gallery) -> None:
    upload = budget(batch=1, s3_put=1, transaction=1)
    for query in ("map?update=true", "new-one?create=true"):
        path = f"{PROJECT}/upload/{query}&filename=a.txt"
        assert calls(lambda path=path: known.alice.post(path, body=b"x", headers=OCTETS)) == upload  # type: ignore[misc]


def test_a_verdict_is_one_write_of_the_owners_and_one_look_at_the_groups(known: Gallery) -> None:
    core = Counter(budget(update=3, s3_get=1, s3_copy=1, s3_delete=1))  # claim, verdict, settled
    known.upload("map", "b.txt", update="true")
    assert calls(lambda: deliver(app)) == core + budget(transaction=1, get=1)
    known.admin.post(f"{PROJECT}/projectAccessMeta", json={"groups": ["g1", "public"]})
    known.deliver()
    known.upload("map", "c.txt", update="true")
    published = Counter(budget(update=2, s3_copy=1))
    assert calls(lambda: deliver(app)) == core + published + budget(transaction=1, get=1)


def test_a_page_costs_the_same_at_ten_and_at_a_thousand_assets(known: Gallery) -> None:
    fill(10)
    first = {path: calls(lambda path=path: known.alice.get(path)) for path in PAGES}  # type: ignore[misc]
    fill(1000)
    for path, cost in first.items():
        assert calls(lambda path=path: known.alice.get(path)) == cost  # type: ignore[misc]
    assert first[PAGES[0]] == first[PAGES[1]] == budget(batch=1, query=1)
    assert first[PAGES[2]] == budget(batch=2, query=1), "found below the tag, then read together"


PAGES = [
    f"{PROJECT}/list?limit=5",
    f"{PROJECT}/list?limit=5&cursor=YXNzZXQtMDAwMDAy",
    f"{PROJECT}/list?filterByTag=rare",
]


def fill(count: int) -> None:
    """Assets behind the API's back, two of them with the tag `rare`."""
    rows: list[Asset | Tagged] = []
    for number in range(count):
        row = Asset.at("default", "expo", f"asset-{number:06}")
        row.name, row.tags, row.recent, row.uploads, row.revision = "x", ["rare"] if number < 2 else [], [], 0, 1
        row.created_at = row.updated_at = clock.now()
        rows.append(row)
        if number < 2:
            rows.append(Tagged.asset("default", "expo", "rare", row.asset_id))
    stock(rows)

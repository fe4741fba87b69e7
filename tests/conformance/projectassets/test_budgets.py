"""AWS calls per operation, the same however much there is. Looking up tokens and memberships, once a minute each, is
left out (docs/apis/projectassets.md, "Cost").
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.apis.projectassets.models import BLOCK, EVERYTHING, PROJECT, Counted, Listed, Media, Project
from chalicelib.rows import Row
from tests.conformance.projectassets.studio import PROJECTS, ROOT, Studio, stock
from tests.support.calls import counting

NAMES = {
    "get": "dynamodb.GetItem",
    "batch": "dynamodb.BatchGetItem",
    "query": "dynamodb.Query",
    "update": "dynamodb.UpdateItem",
    "transaction": "dynamodb.TransactWriteItems",
    "s3_put": "s3.PutObject",
    "s3_get": "s3.GetObject",
    "send": "sqs.SendMessage",
}


def calls(act: Callable[[], Any]) -> Counter[str]:
    """The AWS calls that a request makes, which must succeed."""
    with counting() as recorded:
        assert act().status < 300
    return recorded.counts()


def budget(**counts: int) -> Counter[str]:
    """Calls by their short names."""
    return Counter({NAMES[name]: count for name, count in counts.items()})


@pytest.fixture
def known(studio: Studio) -> Studio:
    """A product that knows the tokens, with a project that links three assets."""
    studio.make()
    studio.add(1, *studio.media_assets(3))
    for client in (studio.root, studio.writer, studio.reader):
        client.get(PROJECTS)
    return studio


READS = {
    f"{PROJECTS}1/": budget(query=1, batch=1),
    f"{PROJECTS}?limit=10": budget(query=2, batch=2),
    f"{PROJECTS}?limit=0": budget(query=1),
    f"{PROJECTS}?bundle_root={ROOT}Election/": budget(query=1, batch=2),
    f"{PROJECTS}?bundle_root=/none/": budget(query=1),
    "/api/videoassets/1/": budget(get=1),
    "/api/videoassets/?limit=10": budget(query=2, batch=1),
    "/api/productions/": budget(query=1),
    "/api/productions/1/": budget(get=1),
    "/api/devices/": budget(query=1),
    "/api/devices/1/": budget(),
    "/api/ping/": budget(),
}


def test_reads(known: Studio) -> None:
    found = {path: calls(lambda path=path: known.writer.get(path)) for path in READS}  # type: ignore[misc]
    assert found == READS
    assert calls(lambda: known.writer.head(f"{PROJECTS}1/")) == READS[f"{PROJECTS}1/"]
    assert calls(lambda: known.root.get(f"{PROJECTS}?limit=10")) == READS[f"{PROJECTS}?limit=10"]


def test_a_member_of_several_productions_asks_each(known: Studio) -> None:
    both = known.member("both", known.news, known.sport).client
    both.get(PROJECTS)
    assert calls(lambda: both.get(PROJECTS)) == budget(query=4, batch=2)


def test_a_hundred_linked_assets_are_one_call(known: Studio) -> None:
    known.make("second")
    known.add(2, *stock_media(known, 100))
    assert calls(lambda: known.writer.get(f"{PROJECTS}2/")) == budget(query=1, batch=1)
    known.add(2, ("video", 1))
    assert calls(lambda: known.writer.get(f"{PROJECTS}2/")) == budget(query=1, batch=2)
    assert calls(lambda: known.writer.get(f"{PROJECTS}?limit=1")) == budget(query=2, batch=2)


def test_writes(known: Studio) -> None:
    writer = known.writer
    body = {"name": "P", "bundle_root": f"{ROOT}P/", "production_id": known.news}
    made = calls(lambda: writer.post(PROJECTS, json=body))
    assert made == budget(get=1, query=1, update=1, transaction=1), "production, devices, id, everything"
    copy = {**body, "bundle_root": f"{ROOT}C/", "copy_of": 1}
    asked = calls(lambda: writer.post(PROJECTS, json=copy))
    assert asked == budget(get=2, query=1, update=1, transaction=1, batch=1, send=1)
    number = known.media("audio", "a")["id"]
    linked = calls(lambda: known.add(1, ("audio", number), by=writer))
    assert linked == budget(get=1, batch=1, transaction=1)
    again = calls(lambda: known.add(1, ("audio", number), by=writer))
    assert again == budget(get=1, batch=1)
    changed = calls(lambda: writer.patch(f"{PROJECTS}1/", json={"status_approval": 0}))
    assert changed == budget(get=1, update=1, query=1, batch=1)
    media = calls(lambda: known.root.patch("/api/videoassets/1/", json={"status_approval": 0}))
    assert media == budget(get=1, update=1)
    known.deliver()
    deleted = calls(lambda: writer.delete(f"{PROJECTS}1/"))
    assert deleted == budget(get=1, transaction=1, send=1)
    assert calls(lambda: writer.delete(f"{PROJECTS}1/")) == budget(get=1)


def test_a_hundred_links_are_two_transactions(known: Studio) -> None:
    assets = stock_media(known, 100)
    assert calls(lambda: known.add(1, *assets, by=known.writer)) == budget(get=2, batch=1, transaction=2)


def test_a_file_in_a_form_is_one_put_and_one_transaction_more(known: Studio) -> None:
    record = {"name": "x", "production_id": str(known.news), "path_file": "/mnt/edit/x.mov"}
    plain = calls(lambda: known.root.post("/api/videoassets/", form=record))
    assert plain == budget(get=1, query=1, update=1, transaction=1)
    files = {"file": ("a.bin", b"bytes")}
    filed = calls(lambda: known.root.post("/api/videoassets/", form=record, files=files))
    assert filed == plain + budget(s3_put=1)


def test_a_page_costs_the_same_at_a_hundred_and_at_three_thousand_projects(known: Studio) -> None:
    pages = [f"{PROJECTS}?limit=20", f"{PROJECTS}?limit=20&offset=50", f"{PROJECTS}?limit=20&production=1"]
    fill(known, 2, 100)
    first = {path: calls(lambda path=path: known.writer.get(path)) for path in pages}  # type: ignore[misc]
    fill(known, 101, 3_000)
    known.writer.get(PROJECTS)  # filling takes longer than tokens are remembered
    pages += [f"{PROJECTS}?limit=20&offset={offset}" for offset in (1_500, 2_900)]
    for path in pages:
        assert calls(lambda path=path: known.writer.get(path)) == first.get(path, budget(query=2, batch=1))  # type: ignore[misc]
    assert known.listed("?limit=2&offset=2989", by=known.writer) == [2_990, 2_991]
    reply = known.writer.get(f"{PROJECTS}?limit=1&offset=1777")
    assert (reply.json()[0]["id"], reply.headers["X-Total-Count"]) == (1_778, "3000")


def test_a_page_reads_no_contents_it_skips(known: Studio) -> None:
    """What is read of skipped projects are keys of the page's own block, each some 100 bytes."""
    fill(known, 2, 3 * BLOCK)
    with counting() as recorded:
        known.writer.get(f"{PROJECTS}?limit=10&offset={2 * BLOCK + 500}")
    [counters, keys] = [call for call in recorded if call.operation == "Query"]
    assert counters.params["ExpressionAttributeValues"][":pk"]["S"].startswith("count#")
    assert keys.params["ExpressionAttributeValues"][":pk"]["S"].startswith("list#")
    assert keys.params["Limit"] <= 500 + 1 + 10
    [batch] = [call for call in recorded if call.operation == "BatchGetItem"]
    [asked] = batch.params["RequestItems"].values()
    assert len(asked["Keys"]) == 10


def fill(studio: Studio, first: int, last: int) -> None:
    """Projects of News behind the API's back, with what lists and counts them."""
    rows: list[Row] = []
    counters: dict[tuple[str, str], Counted] = {}
    for number in range(first, last + 1):
        row = Project.at(number)
        row.name, row.bundle_root, row.path_file, row.production = "x", f"{ROOT}{number}/", "", studio.news
        row.status_asset, row.status_approval, row.is_production = 6, 1, True
        row.date_add = row.date_mod = clock.now()
        rows.append(row)
        for below in (studio.news, EVERYTHING):
            listed = Listed.below_production(PROJECT, below, number)
            listed.production = studio.news
            rows.append(listed)
            for counter in (Counted.of(PROJECT, below, number), Counted.in_all(PROJECT, below, number)):
                if (counter.pk, counter.sk) not in counters:
                    counters[counter.pk, counter.sk] = _found(counter)
                counters[counter.pk, counter.sk].live += 1
    stock([*rows, *counters.values()])


def stock_media(studio: Studio, count: int) -> list[tuple[str, int]]:
    """Audio assets of News behind the API's back; what links name them by."""
    rows = []
    for number in range(1, count + 1):
        row = Media.at("audio", number)
        row.name, row.production, row.status_asset, row.status_approval, row.revision = "x", studio.news, 6, 1, 1
        row.date_add = row.date_mod = clock.now()
        rows.append(row)
    stock(rows)
    return [("audio", number) for number in range(1, count + 1)]


def _found(counter: Counted) -> Counted:
    there = Counted.find(counter.pk, counter.sk)
    if there is not None:
        return there
    counter.live = 0
    return counter

"""AWS calls per operation, the same however much there is. Looking up tokens, once a minute each, is left out."""

from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib import clock
from chalicelib.apis.stores.models import Asset as StoredAsset
from chalicelib.apis.stores.models import Entry
from chalicelib.apis.workspaces import access
from chalicelib.apis.workspaces.models import Asset, Mark, Name, Resource, Use
from chalicelib.files.models import File, Reference
from chalicelib.rows import Put, Row, transact
from tests.conformance.workspaces.studio import BROWSER, MANAGER, Studio, Workspace
from tests.support.calls import Recorder, counting

NAMES = {
    "get": "dynamodb.GetItem",
    "batch": "dynamodb.BatchGetItem",
    "query": "dynamodb.Query",
    "transaction": "dynamodb.TransactWriteItems",
    "s3_put": "s3.PutObject",
    "s3_get": "s3.GetObject",
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


def stock(*rows: Row) -> None:
    """Write many rows behind the API's back."""
    for first in range(0, len(rows), 100):
        transact(*(Put(row) for row in rows[first : first + 100]))


@pytest.fixture
def known(island: Workspace) -> Workspace:
    """A workspace that the process knows by name, with assets that depend on one another."""
    island.made("/assets/a")
    island.made("/assets/b", dependencies=["/assets/a"])
    return island


def test_reading_an_asset_is_two_calls(studio: Studio, known: Workspace) -> None:
    alice = studio.alice
    assert calls(lambda: alice.get(f"{known.browser}/assets/b")) == budget(batch=2)
    assert calls(lambda: alice.head(f"{known.browser}/assets/b")) == budget(batch=2)
    assert calls(lambda: alice.get(f"{known.browser}/assets/a")) == budget(batch=1)
    for identifier in ("island", known.guid):
        access.forget()
        first = calls(lambda identifier=identifier: alice.get(f"{BROWSER}/{identifier}/assets/a"))  # type: ignore[misc]
        assert first == budget(get=1, batch=1)


def test_other_reads(studio: Studio, known: Workspace) -> None:
    alice = studio.alice
    assert calls(lambda: alice.get(known.browser)) == budget(batch=1)
    assert calls(lambda: alice.get(f"{known.path}/status")) == budget(batch=1, query=2)
    assert calls(lambda: alice.get(f"{known.browser}/assets/")) == budget(batch=2, query=3)
    assert calls(lambda: alice.get(f"{known.browser}/assets/?q=a")) == budget(batch=2, query=1)
    assert calls(lambda: alice.get(f"{known.browser}/resources/hull/hull.obj")) == budget(batch=1)
    assert calls(lambda: alice.get(f"{known.path}/resources/hull/hull.obj")) == budget(batch=1, s3_get=1)
    assert calls(lambda: alice.get(BROWSER)) == budget(query=1, batch=1)


def test_writes(studio: Studio, known: Workspace) -> None:
    once = budget(batch=1, transaction=1)
    assert calls(lambda: known.put("/assets/c")) == once
    assert calls(lambda: known.put("/assets/d", {"dependencies": ["/assets/a", "/assets/b"]})) == once
    seen = known.modified("/assets/d")
    assert calls(lambda: known.put("/assets/d", {"dependencies": ["/assets/b"]}, seen=seen)) == once
    assert calls(lambda: known.delete("/assets/d")) == budget(batch=1, query=1, transaction=1)
    assert calls(lambda: known.upload("/resources/x")) == once + budget(s3_put=1)
    assert calls(lambda: known.upload("/resources/x")) == once + budget(s3_put=1)
    assert calls(lambda: known.delete("/resources/x")) == budget(batch=1, query=1, transaction=1)
    assert calls(lambda: studio.alice.delete(known.path)) == once + budget(send=1)


def test_a_rename_is_one_transaction_of_four_rows_whatever_the_dependants(known: Workspace) -> None:
    a = next(row for row in Asset.below(f"workspace#{known.guid}", "ref#/assets//a"))
    seen, costs = known.modified("/assets/a"), []
    for count in (0, 300):
        for number in range(count):
            user = Asset.at(known.guid, f"/assets/user{number}")
            user.ref, user.asset_id, user.revision, user.created, user.modified = (
                f"/assets/user{number}",
                f"{number:032}",
                1,
                1,
                1,
            )
            user.main, user.dependencies, user.body = "", [a.asset_id], {"comment": "", "tags": []}
            name = Name.at(known.guid, user.asset_id)
            name.ref = user.ref
            stock(user, name, Use.at(known.guid, a.asset_id, user.asset_id))
        old, new = ("/assets/a", "/assets/moved") if count == 0 else ("/assets/moved", "/assets/again")
        with counting() as recorded:
            seen = known.rename(old, new, seen=seen).json()["modified"]
        costs.append(recorded.counts())
        (transaction,) = [call for call in recorded if call.operation == "TransactWriteItems"]
        assert len(transaction.params["TransactItems"]) == 4
    assert costs == [budget(batch=1, transaction=1)] * 2
    assert known.asset("/assets/user299")["dependencies"] == ["/assets/again"]


def test_a_page_costs_the_same_at_ten_and_at_a_thousand_assets(studio: Studio, known: Workspace) -> None:
    path = f"{known.browser}/assets/?maxResults=5"
    costs = []
    for count in (10, 1000):
        rows = []
        for number in range(count):
            row = Asset.at(known.guid, f"/assets/n{number:04}")
            row.ref, row.asset_id, row.revision, row.created, row.modified = (
                f"/assets/n{number:04}",
                f"{number:032}",
                1,
                1,
                1,
            )
            row.main, row.dependencies, row.body = "", [], {"comment": "", "tags": []}
            rows.append(row)
        stock(*rows)
        costs.append(calls(lambda: studio.alice.get(path)))
    assert costs == [budget(batch=2, query=3)] * 2


def test_a_status_costs_no_call_for_each_resource_at_fault(studio: Studio, known: Workspace) -> None:
    status, costs = f"{known.path}/statuses", []
    for first, last in ((0, 40), (40, 90)):
        rows: list[Row] = []
        for number in range(first, last):
            row = Resource.at(known.guid, f"/resources/bad{number:02}")
            row.ref, row.file_id, row.state = f"/resources/bad{number:02}", f"{number:032}", "infected"
            row.revision, row.created, row.modified = 1, 1, 1
            rows += [row, Mark.faulty(known.guid, row.ref)]
        stock(*rows)
        costs.append(calls(lambda: studio.alice.get(status)))
    assert costs == [budget(batch=2, query=3)] * 2
    known.made("/assets/m", main="/resources/bad00", dependencies=["/resources/bad00"])
    known.made("/assets/n", main="/resources/bad44", dependencies=["/resources/bad05", "/resources/hull/hull.obj"])
    found = known.statuses()["assets_validator"]
    assert (found["state"], found["info"]["assets"]) == (
        "INVALID",
        [
            {"/assets/m": "/resources/bad00 is infected"},
            {"/assets/n": "/resources/bad44 is infected, /resources/bad05 is infected"},
        ],
    )
    assert calls(lambda: studio.alice.get(status)) <= budget(batch=6, query=3)


@pytest.mark.parametrize("count", [76, 120])
def test_a_clone_costs_a_transaction_for_each_33_files_and_no_s3_call(studio: Studio, count: int) -> None:
    fill_project(count)
    with counting() as recorded:
        island = studio.cloned("island")
        studio.deliver()
    assert not [call for call in recorded if call.service == "s3"]
    sharing, rows = _transactions(studio, recorded)
    assert sharing == -(-(count + 1) // 33)
    assert rows == -(-(count + 1) // 49) + 1, "of 49 assets each, and the one that begins"
    assert recorded.counts()["dynamodb.Query"] <= 12, "what is read of the project is the same two pages"
    listed = studio.alice.get(f"{island.browser}/assets/?maxResults=1000").json()
    assert listed["totalItems"] == count + 1
    assert island.status()["state"] == "VALID"
    deleted = studio.alice.delete(f"{MANAGER}/island")
    assert deleted.status == 200
    with counting() as recorded:
        studio.deliver()
    assert not [call for call in recorded if call.service == "s3"], "the project refers to the files"
    sharing, rows = _transactions(studio, recorded)
    assert sharing <= count / 33 + 2
    assert rows <= 3 * count / 50 + 3, "an asset with a file has three rows, and fifty go together"


def _transactions(studio: Studio, recorded: Recorder) -> tuple[int, int]:
    """How many transactions count references to Files, and how many write other rows of workspaces."""
    settings = studio.cloud.settings
    tables = [
        {step["TableName"] for item in call.params["TransactItems"] for step in item.values()}
        for call in recorded
        if call.operation == "TransactWriteItems"
    ]
    sharing = sum(settings.files_table in one for one in tables)
    return sharing, sum(settings.workspaces_table in one for one in tables if settings.files_table not in one)


def fill_project(count: int) -> None:
    """Assets with a clean file each, behind the API's back."""
    rows: list[Row] = []
    for number in range(count):
        asset_id, file_id = f"ship{number:05}", f"{number:032}"
        asset = StoredAsset.at("default", "expo", asset_id)
        asset.name, asset.tags, asset.recent, asset.uploads, asset.revision = asset_id, [], [], 1, 1
        asset.created_at = asset.updated_at = clock.now()
        asset.filename = asset.index_path = "a.obj"
        asset.index_version = 1
        entry = Entry.at("default", "expo", asset_id, 1, "a.obj")
        entry.file_id, entry.library_key, entry.size, entry.state = file_id, f"{file_id}/0", 5, "clean"
        file = File.at(file_id)
        file.verdict, file.references, file.size, file.attempts, file.settled = "clean", 1, 5, 1, True
        file.library_key, file.owner = f"{file_id}/0", f"stores:file/default/expo/{asset_id}/1/a.obj"
        rows += [asset, entry, file, Reference.at(file_id, file.owner)]
    stock(*rows)


def test_a_page_of_all_workspaces_costs_a_query_and_a_batch(studio: Studio) -> None:
    for name in ("a", "b"):
        studio.cloned(name)
    studio.bob.get(f"{BROWSER}?all=true")
    assert calls(lambda: studio.bob.get(f"{BROWSER}?all=true")) == budget(query=1, batch=1)

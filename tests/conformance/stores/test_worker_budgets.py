"""What tasks cost in AWS calls (DESIGN's budgets): bounded for each request, and a tree of N outputs."""

from collections import Counter
from collections.abc import Callable

import pytest

from app import app
from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE, Office, listing
from tests.conformance.stores.gallery import PROJECT, STORES, Gallery
from tests.support.calls import counting
from tests.support.client import deliver


def calls(act: Callable[[], object]) -> Counter[str]:
    with counting() as recorded:
        act()
    return recorded.counts()


@pytest.fixture
def known(office: Office, gallery: Gallery) -> Office:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    for client in (gallery.admin, gallery.alice):
        client.get("/api/list")
    return office


def test_a_task_is_scheduled_by_two_reads_and_one_transaction(known: Office) -> None:
    assert calls(lambda: known.gallery.alice.post(QUEUE, json=errands.task("map"))) == {
        "dynamodb.BatchGetItem": 2,  # project and asset, the file to process
        "dynamodb.TransactWriteItems": 1,
        "sqs.SendMessage": 1,
    }


@pytest.mark.parametrize("number", [1, 30])
def test_the_queue_is_listed_without_a_call_a_task(known: Office, number: int) -> None:
    for _ in range(number):
        known.schedule()
    assert calls(known.tasks) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1}
    assert calls(lambda: known.tasks(by=known.gallery.admin)) == {"dynamodb.Query": 1}


@pytest.mark.parametrize("query", ["?newest=true&limit=5", "?store_id=default&project_id=expo&asset_id=map"])
def test_an_order_and_one_assets_tasks_cost_what_the_queue_costs(known: Office, query: str) -> None:
    for _ in range(30):
        known.schedule()
    assert len(known.tasks(query)) in (5, 30)
    assert calls(lambda: known.tasks(query)) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1}


@pytest.mark.parametrize("number", [1, 3])
def test_how_far_tasks_are_is_one_read_for_a_hundred(known: Office, gallery: Gallery, number: int) -> None:
    for asset in range(number):
        gallery.uploaded(f"map{asset}", "all.list", listing("a.txt"))
    for asset in range(number):
        known.schedule(f"map{asset}")
        known.one_message(last=True)
    assert [task["progress"] for task in known.tasks()] == [{"done": 0, "total": None}] * number
    assert calls(known.tasks) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 2}
    assert calls(lambda: known.tasks(by=known.gallery.admin)) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1}


def test_cancel_and_reset_are_two_reads_and_one_write(known: Office) -> None:
    task_id = known.schedule()
    reads = {"dynamodb.GetItem": 1, "dynamodb.BatchGetItem": 1}
    assert calls(lambda: known.cancel(task_id)) == {**reads, "dynamodb.TransactWriteItems": 1}
    again = {**reads, "dynamodb.TransactWriteItems": 1, "sqs.SendMessage": 1}
    assert calls(lambda: known.reset(task_id)) == again


def test_workers_are_one_query(known: Office) -> None:
    for path in ("/api/workers", "/api/workers?metadata=true", "/api/workers/status"):
        assert calls(lambda path=path: known.gallery.alice.get(path)) == {"dynamodb.Query": 1}  # type: ignore[misc]


def test_a_task_begins_with_the_same_calls_however_many_wait(known: Office) -> None:
    known.schedule(priority=9)
    alone = calls(known.one_message)
    known.gallery.deliver()
    for _ in range(30):
        known.schedule(priority=1)
    known.schedule(priority=9)
    assert calls(lambda: known.one_message(last=True)) == alone


def test_a_tree_of_outputs_is_a_put_each_and_a_transaction_for_33(known: Office, gallery: Gallery) -> None:
    known.copyist.PER_PART = 66

    def cost(count: int) -> Counter[str]:
        gallery.uploaded("map", "all.list", listing(*(f"{number:03}.txt" for number in range(count))))
        known.schedule()
        return calls(lambda: deliver(app))

    few, more = cost(66), cost(132)
    assert more["s3.PutObject"] - few["s3.PutObject"] == 66
    assert more["dynamodb.TransactWriteItems"] - few["dynamodb.TransactWriteItems"] == 66 // 33 + 1  # a part's end
    rest = more - few - Counter({"s3.PutObject": 66, "dynamodb.TransactWriteItems": 3})
    assert sum(rest.values()) < 12  # what one part more costs


def test_an_output_is_served_by_one_read(known: Office, gallery: Gallery) -> None:
    known.schedule()
    gallery.deliver()
    url = f"{STORES}/stores/default/expo/map/1/copy/all/a.txt"
    assert calls(lambda: gallery.alice.get(url)) == {"dynamodb.BatchGetItem": 1, "s3.GetObject": 1}
    listed = calls(lambda: gallery.alice.get(f"{PROJECT}/files/map"))
    assert listed == {"dynamodb.BatchGetItem": 1, "dynamodb.Query": 2}

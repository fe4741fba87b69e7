"""Rows are found several at once, whatever their tables, and pages of a partition follow one another."""

from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib import rows
from chalicelib.apis.stores.models import Asset, Project, Store
from chalicelib.errors import Busy
from chalicelib.files.models import File
from chalicelib.rows import Put, absent, create, find_each, transact
from tests.support.callers import new_caller
from tests.support.calls import counting
from tests.support.cloud import Cloud


class Sparing:
    """A connection that leaves keys of each BatchGetItem over: it answers so many of them at once, then, for ever, the
    last of these numbers.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answered: Iterable[int]) -> None:
        self.calls = 0
        self.waits: list[float] = []
        self._answered = list(answered)
        connection: Any = rows._dynamodb()
        self._dispatch = connection.dispatch
        monkeypatch.setattr(connection, "dispatch", self.dispatch)
        monkeypatch.setattr("time.sleep", self.waits.append)

    def dispatch(self, operation: str, request: dict[str, Any]) -> Any:
        """One call, as PynamoDB makes it."""
        if operation != "BatchGetItem":
            return self._dispatch(operation, request)
        most = self._answered[min(self.calls, len(self._answered) - 1)]
        self.calls += 1
        now: dict[str, Any] = {}
        later: dict[str, Any] = {}
        for table, asked in request["RequestItems"].items():
            for part, keys in ((now, asked["Keys"][:most]), (later, asked["Keys"][most:])):
                if keys:
                    part[table] = {**asked, "Keys": keys}
            most = max(0, most - len(asked["Keys"]))
        answer = self._dispatch(operation, {"RequestItems": now}) if now else {"Responses": {}}
        return {**answer, "UnprocessedKeys": later}


def test_rows_of_several_tables_come_in_one_call_in_the_order_they_were_asked_for(cloud: Cloud) -> None:
    project, file = Project.at("s", "p"), File.at("f")
    project.name, file.name = "a project", "a file"
    create(project)
    create(file)
    with counting() as calls:
        found = find_each(File.at("f"), Asset.at("s", "p", "a"), Project.at("s", "p"), File.at("f"))
    assert calls.names() == ["dynamodb.BatchGetItem"]
    first, none, second, again = found
    assert (type(first), first.name, none, type(second), second.name) == (File, "a file", None, Project, "a project")
    assert again.name == "a file"


def test_a_partition_is_read_from_behind_a_key_there_need_not_be(cloud: Cloud) -> None:
    stores = [Store.at(name) for name in ("a", "b", "d")]
    transact(*(Put(store, absent(Store)) for store in stores))
    assert [row.store_id for row in Store.below("stores", "store#", after="store#a")] == ["b", "d"]
    assert [row.store_id for row in Store.below("stores", "store#", after="store#c")] == ["d"]
    assert [row.store_id for row in Store.below("stores", "store#", after="store#a", limit=1)] == ["b"]
    assert list(Store.below("stores", "store#", after="store#d")) == []
    assert [row.store_id for row in Store.below("stores", "store#", first="store#b")] == ["b", "d"]
    assert [row.store_id for row in Store.below("stores", "store#", first="store#c", limit=1)] == ["d"]


def test_keys_that_dynamodb_leaves_over_are_asked_for_again_after_a_short_wait(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = [Store.at(name) for name in "abcde"]
    project = Project.at("a", "p")
    transact(*(Put(row, absent(type(row))) for row in (*stores, project)))
    sparing = Sparing(monkeypatch, [2, 0, 0, 1, 10])
    found = find_each(*stores, project)
    assert [row.sk for row in found] == [row.sk for row in (*stores, project)]
    assert sparing.calls == 5
    assert len(sparing.waits) == 4
    assert all(0 <= wait <= 0.4 for wait in sparing.waits)


def test_so_are_those_of_one_table(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = [Store.at(name) for name in "abcde"]
    transact(*(Put(row, absent(Store)) for row in stores))
    sparing = Sparing(monkeypatch, [3, 0, 10])
    assert len(Store.find_many([(row.pk, row.sk) for row in stores])) == 5
    assert sparing.calls == 3
    assert Store.find_many([]) == []
    assert sparing.calls == 3


def test_many_rows_that_come_a_few_at_a_time_all_come(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = [Store.at(f"s{number}") for number in range(30)]
    transact(*(Put(row, absent(Store)) for row in stores))
    sparing = Sparing(monkeypatch, [1])
    assert None not in find_each(*stores)
    assert sparing.calls == 30


def test_when_nothing_comes_at_all_the_answer_is_a_503_worth_repeating(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = new_caller("alice", groups=["g1"], organisation="acme").client
    assert alice.get("/api/list").status == 200, "her token is known from now on"
    sparing = Sparing(monkeypatch, [0])
    with pytest.raises(Busy):
        find_each(Store.at("a"))
    assert sparing.calls == len(sparing.waits) + 1 <= 10, "not for ever"
    assert sum(sparing.waits) < 3
    stores, bundles = (alice.get(path) for path in ("/api/default/p/meta/a", "/api/projectassets/1/files/a"))
    assert (stores.status, stores.headers["Retry-After"]) == (503, "1")
    assert stores.json() == {"title": "Service Unavailable", "description": "too busy, please try again"}
    assert (bundles.status, bundles.headers["Retry-After"]) == (503, "1")
    assert bundles.json()["errors"][0]["status"] == "503"

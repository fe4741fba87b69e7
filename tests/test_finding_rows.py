"""Rows are found several at once, whatever their tables, and pages of a partition follow one another."""

from chalicelib.apis.stores.models import Asset, Project, Store
from chalicelib.files.models import File
from chalicelib.rows import Put, absent, create, find_each, transact
from tests.support.calls import counting
from tests.support.cloud import Cloud


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

"""Rows: nobody's write is lost, and a write whose answer was lost counts as what it was."""

import importlib
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import chalicelib
from chalicelib.errors import Busy
from chalicelib.files.models import File
from chalicelib.rows import (
    Check,
    ConditionFailed,
    Put,
    Row,
    TransactionCancelled,
    Update,
    absent,
    contend,
    create,
    delete,
    transact,
    update,
)
from tests.support.calls import lost_answers
from tests.support.world import World


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK does not wait before it repeats a call."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


def named(name: str) -> File:
    file = File.at(name)
    file.name, file.references = name, 0
    return file


def count(name: str) -> int:
    found = File.get_by_id(name)
    assert found is not None
    return int(found.references)


def test_of_two_creations_one_wins_and_the_other_sees_the_winner(world: World) -> None:
    create(named("a"))
    with pytest.raises(ConditionFailed) as failure:
        create(named("a"))
    assert failure.value.old.name == "a"


def test_a_creation_whose_answer_was_lost_has_won(world: World) -> None:
    with lost_answers(lambda call: call.operation == "PutItem") as lost:
        create(named("a"))
    assert len(lost) == 1
    assert File.get_by_id("a") is not None


def test_an_update_whose_answer_was_lost_counts_once_and_returns_the_row(world: World) -> None:
    create(named("a"))
    with lost_answers(lambda call: call.operation == "UpdateItem") as lost:
        after = update(File.at("a"), [File.references.set(File.references + 1)], File.references == 0)
    assert len(lost) == 1
    assert after.references == 1
    assert count("a") == 1


def test_a_transaction_whose_answer_was_lost_has_won(world: World) -> None:
    create(named("a"))
    with lost_answers(lambda call: call.operation == "TransactWriteItems") as lost:
        transact(
            Put(named("b"), absent(File)),
            Update(File.at("a"), [File.references.set(File.references + 1)], File.references == 0),
        )
    assert len(lost) == 1
    assert count("a") == 1


def test_a_transaction_that_meets_a_condition_changes_nothing_and_says_which(world: World) -> None:
    create(named("a"))
    with pytest.raises(TransactionCancelled) as failure:
        transact(Put(named("b"), absent(File)), Put(named("a"), absent(File)), Check(File.at("c"), File.name.exists()))
    assert File.get_by_id("b") is None
    assert set(failure.value.failed) == {1, 2}
    assert failure.value.failed[1].name == "a"
    assert failure.value.failed[2] is None


def test_an_update_of_what_is_not_there_fails_its_condition(world: World) -> None:
    with pytest.raises(ConditionFailed) as failure:
        update(File.at("a"), [File.references.set(1)], File.references.exists())
    assert failure.value.old is None


def test_what_was_deleted_may_be_deleted_again(world: World) -> None:
    create(named("a"))
    delete(File.at("a"))
    delete(File.at("a"))
    assert File.get_by_id("a") is None


def test_forty_concurrent_additions_are_forty(world: World) -> None:
    create(named("a"))

    def add(_: int) -> None:
        def attempt() -> None:
            seen = count("a")
            update(File.at("a"), [File.references.set(seen + 1)], File.references == seen)

        contend(attempt)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(40)))
    assert count("a") == 40


def test_who_never_gets_a_turn_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    tries = []

    def attempt() -> None:
        tries.append(1)
        raise TransactionCancelled({})

    with pytest.raises(Busy):
        contend(attempt)
    assert len(tries) > 10


def test_many_rows_are_read_at_once_and_absent_ones_left_out(world: World) -> None:
    for number in range(30):
        create(named(f"f{number}"))
    found = File.find_many([(f"file#f{number}", "file") for number in range(0, 60, 2)])
    assert {row.file_id for row in found} == {f"f{number}" for number in range(0, 30, 2)}


def test_a_row_has_no_attribute_that_its_kind_has_not() -> None:
    with pytest.raises(ValueError, match="a File has no nmae"):
        File("file#1", "file", nmae="a.png")


def test_attributes_are_what_rows_are_read_and_written_by() -> None:
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if not module.name.startswith("chalicelib.sandboxed"):
            importlib.import_module(module.name)
    kinds = list(all_kinds(Row))
    assert len(kinds) > 40
    for kind in kinds:
        for name, attribute in kind.get_attributes().items():
            assert attribute.attr_name == name, "a row knows its attributes by one name, in Python and in DynamoDB"
            assert (attribute.default, attribute.default_for_new) == (None, None), "a row has what it was given"
            assert attribute.null or name in ("pk", "sk"), "a row may lack everything but its key"


def all_kinds(base: type[Row]) -> Iterator[type[Row]]:
    for kind in base.__subclasses__():
        yield kind
        yield from all_kinds(kind)

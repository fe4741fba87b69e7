"""Publications: an older word never undoes a newer one, and only the lease's holder touches the media bucket."""

import pytest

from chalicelib import clock
from chalicelib.files import intake, publications
from chalicelib.files.models import Publication
from chalicelib.files.publications import Edition
from chalicelib.rows import TransactionCancelled, transact
from chalicelib.settings import settings
from tests.support.calls import Call, Crash, counting, on_call
from tests.support.world import World

PATH = "/media/1/ä b.txt"


def edition(world: World, content: bytes, content_type: str = "text/plain") -> Edition:
    """An edition whose bytes are in the library."""
    key = f"file-{content.decode()}/0"
    world.inspect("s3").put_object(Bucket=settings().library_bucket, Key=key, Body=content)
    disposition = 'inline; filename="a.txt"'
    return Edition(PATH, f"file-{content.decode()}", key, len(content), content_type, disposition, "max-age=1")


def row() -> Publication:
    found = Publication.find(f"path#{PATH}", "publication")
    assert found is not None
    return found


def test_what_is_published_has_the_headers_it_was_given(world: World) -> None:
    publications.publish(PATH, 1, edition(world, b"one"))
    (stored,) = world.objects("media_bucket")
    assert (stored.key, stored.content) == ("media/1/ä b.txt", b"one")
    headers = dict(stored.headers)
    assert headers["content-type"] == "text/plain"
    assert headers["content-disposition"] == 'inline; filename="a.txt"'
    assert headers["cache-control"] == "max-age=1"
    assert publications.describe(PATH).size == 3
    assert row().settled


def test_publishing_is_one_lease_one_copy_and_one_conditional_write(world: World) -> None:
    wanted = edition(world, b"one")
    with counting() as calls:
        publications.publish(PATH, 1, wanted)
    assert calls.names() == ["dynamodb.UpdateItem", "s3.CopyObject", "dynamodb.UpdateItem"]


@pytest.mark.parametrize("late", [1, 2])
def test_an_older_or_equal_generation_changes_nothing(world: World, late: int) -> None:
    publications.publish(PATH, 2, edition(world, b"two"))
    publications.publish(PATH, late, edition(world, b"one"))
    publications.publish(PATH, late, None)
    assert world.published() == {PATH: b"two"}


def test_a_withdrawal_beats_a_publication_that_comes_late(world: World) -> None:
    publications.publish(PATH, 1, edition(world, b"one"))
    publications.publish(PATH, 3, None)
    publications.publish(PATH, 2, edition(world, b"two"))
    assert world.published() == {}
    assert row().expires_at is not None


def test_an_older_intention_cancels_its_whole_transaction(world: World) -> None:
    publications.publish(PATH, 5, edition(world, b"five"))
    with pytest.raises(TransactionCancelled):
        transact(publications.intend(PATH, 4, None))
    assert world.published() == {PATH: b"five"}


def test_an_intention_shows_when_the_path_converges(world: World) -> None:
    transact(publications.intend(PATH, 1, edition(world, b"one")))
    assert world.published() == {}
    publications.converge(PATH)
    assert world.published() == {PATH: b"one"}
    with counting() as calls:
        publications.converge(PATH)
    assert calls.names() == ["dynamodb.UpdateItem"]


def test_a_path_without_a_row_converges_to_nothing(world: World) -> None:
    publications.converge(PATH)
    assert world.rows("files_table") == []


def test_who_comes_while_the_path_is_held_leaves_its_word_to_the_holder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    one, inside = edition(world, b"one"), list[bool]()

    def withdraw(call: Call) -> None:
        if call.operation == "CopyObject" and not inside:
            inside.append(True)
            publications.publish(PATH, 2, None)
            assert row().settled is False

    with on_call(before=withdraw):
        publications.publish(PATH, 1, one)
    assert waits
    assert world.published() == {}
    assert row().generation == 2
    assert row().settled
    assert row().lease is None


def test_a_lease_is_respected_until_it_runs_out_and_then_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    one, two = edition(world, b"one"), edition(world, b"two")

    def die(call: Call) -> None:
        if call.operation == "CopyObject":
            raise Crash

    with on_call(after=die), pytest.raises(Crash):
        publications.publish(PATH, 1, one)
    publications.publish(PATH, 2, two)
    assert world.published() == {PATH: b"one"}
    world.travel(publications.LEASE_SECONDS + 2)
    publications.converge(PATH)
    assert world.published() == {PATH: b"two"}


def test_a_path_whose_lease_was_taken_is_looked_at_once_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    one = edition(world, b"one")

    def die(call: Call) -> None:
        if call.operation == "CopyObject":
            raise Crash

    with on_call(before=die), pytest.raises(Crash):
        publications.publish(PATH, 1, one)
    world.travel(publications.LEASE_SECONDS + 2)
    publications.publish(PATH, 2, None)
    assert row().settled
    assert row().due_at > clock.epoch()
    key = PATH.removeprefix("/")
    world.inspect("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=b"the copy landed late")
    world.sweep()
    assert PATH in world.published()
    world.travel(1000)
    world.sweep()
    assert world.published() == {}
    assert row().due_at is None
    assert row().recheck_at is None


def test_a_path_that_died_while_it_was_made_to_agree_again_is_not_forgotten(world: World) -> None:
    publications.publish(PATH, 1, edition(world, b"one"))

    def die(call: Call) -> None:
        if call.operation == "CopyObject":
            raise Crash

    with on_call(before=die), pytest.raises(Crash):
        publications.converge(PATH, even_if_settled=True)
    world.repair()
    assert row().settled
    assert row().due_at is None or row().due_at > clock.epoch()


def test_what_could_outlast_a_request_is_published_by_a_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "SMALL_LIMIT", 2)
    transact(publications.intend(PATH, 1, edition(world, b"one")))
    publications.converge_or_queue(PATH, 3)
    assert world.published() == {}
    assert world.messages("work_queue") == [{"publication": PATH}]
    world.deliver()
    assert world.published() == {PATH: b"one"}


def test_the_sweep_does_not_wait_for_a_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(seconds: float) -> None:
        raise AssertionError("waited")

    one = edition(world, b"one")

    def interrupt(call: Call) -> None:
        if call.operation == "CopyObject":
            world.travel(publications.LEASE_SECONDS - 1)
            transact(publications.intend(PATH, 2, None))
            world.travel(1)
            monkeypatch.setattr("time.sleep", never)
            world.sweep()

    with on_call(before=interrupt):
        publications.publish(PATH, 1, one)
    assert world.published() == {}

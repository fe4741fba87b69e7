"""References: bytes go with the last one, never before, and never come back."""

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.files import receiving, references
from chalicelib.rows import TransactionCancelled, transact
from tests.support.calls import Call, Crash, counting, on_call
from tests.support.world import World


def scanned(world: World) -> tuple[str, str]:
    """A clean File and who refers to it."""
    asset_id = world.upload(b"first")
    world.deliver()
    (file,) = (row for row in world.rows("files_table") if row["sk"] == "file")
    return file["pk"].removeprefix("file#"), f"assets:{asset_id}"


def refer(file_id: str, owner: str, verdict: str = "clean") -> None:
    """A second owner, as an API that shares Files adds one."""
    transact(*references.share(file_id, owner, verdict=verdict))


def file_row(world: World, file_id: str) -> dict[str, Any]:
    row = world.row("files_table", f"file#{file_id}", "file")
    assert row is not None
    return row


def test_the_bytes_stay_until_the_last_reference_is_released(world: World) -> None:
    file_id, owner = scanned(world)
    refer(file_id, "assets:other")
    references.release(file_id, owner)
    assert len(world.keys("library_bucket")) == 1
    references.release(file_id, "assets:other")
    assert world.keys("library_bucket") == []
    assert file_row(world, file_id)["purged"] is True


def test_releasing_twice_counts_once(world: World) -> None:
    file_id, owner = scanned(world)
    refer(file_id, "assets:other")
    references.release(file_id, owner)
    references.release(file_id, owner)
    assert file_row(world, file_id)["references"] == 1
    assert len(world.keys("library_bucket")) == 1


def test_a_purge_does_nothing_while_somebody_refers(world: World) -> None:
    file_id, _ = scanned(world)
    references.purge(file_id)
    assert len(world.keys("library_bucket")) == 1
    assert "purged" not in file_row(world, file_id)


def test_nobody_can_refer_to_a_purged_file(world: World) -> None:
    file_id, owner = scanned(world)
    references.release(file_id, owner)
    with pytest.raises(TransactionCancelled):
        refer(file_id, "assets:other")
    with pytest.raises(receiving.UploadUnknown):
        receiving.use_upload(file_id, owner="assets:other", uploader="local")


def test_a_purge_may_be_repeated(world: World) -> None:
    file_id, owner = scanned(world)
    references.release(file_id, owner)
    references.purge(file_id)
    references.release(file_id, owner)
    row = file_row(world, file_id)
    assert "due_at" not in row
    assert row["expires_at"] > world.now().timestamp()


def test_a_release_of_what_never_was_is_nothing(world: World) -> None:
    references.release("0" * 32, "assets:nobody")
    assert world.rows("files_table") == []


def test_two_releases_at_once_leave_a_count_that_is_right(world: World) -> None:
    file_id, owner = scanned(world)
    refer(file_id, "assets:other")
    inside: list[bool] = []

    def other(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not inside:
            inside.append(True)
            references.release(file_id, "assets:other")

    with on_call(before=other):
        references.release(file_id, owner)
    assert file_row(world, file_id)["references"] == 0
    assert world.keys("library_bucket") == []


def test_a_file_of_several_owners_tells_each_of_them(world: World) -> None:
    first, second = world.upload(b"one"), world.upload(b"two")
    (file,) = (row for row in world.rows("files_table") if row.get("owner") == f"assets:{first}")
    refer(file["pk"].removeprefix("file#"), f"assets:{second}", "pending")
    world.deliver()
    assert world.shown(first)["state"] == "clean"
    assert world.shown(second)["state"] == "clean"


def test_a_purge_finds_every_copy_made_for_the_file(world: World) -> None:
    file_id, owner = scanned(world)
    bucket = world.cloud.settings.library_bucket
    world.inspect("s3").put_object(Bucket=bucket, Key=f"{file_id}/of-another-version", Body=b"x")
    world.inspect("s3").put_object(Bucket=bucket, Key=f"{file_id}0/of-another-file", Body=b"x")
    with counting() as calls:
        references.release(file_id, owner)
    assert world.keys("library_bucket") == [f"{file_id}0/of-another-file"]
    assert calls.counts()["s3.ListObjectsV2"] == 1


def test_what_is_purged_or_judged_otherwise_cannot_be_shared(world: World) -> None:
    file_id, owner = scanned(world)
    with pytest.raises(TransactionCancelled):
        transact(*references.share(file_id, "assets:other", verdict="pending"))
    references.release(file_id, owner)
    with pytest.raises(TransactionCancelled):
        transact(*references.share(file_id, "assets:other"))
    assert world.row("files_table", f"file#{file_id}", "ref#assets:other") is None


def test_releasing_many_takes_a_transaction_for_33_and_one_deletion_for_a_thousand_files(world: World) -> None:
    files = [world.upload(str(number).encode()) for number in range(40)]
    world.deliver()
    owned = {row["owner"]: row["pk"].removeprefix("file#") for row in world.rows("files_table") if row["sk"] == "file"}
    kept = owned[f"assets:{files[0]}"]
    refer(kept, "assets:other")
    with counting() as calls:
        references.release_each((file_id, owner) for owner, file_id in owned.items())
    counts = Counter(str(call) for call in calls)
    assert counts == {
        "dynamodb.BatchGetItem": 2,
        "dynamodb.TransactWriteItems": 2 + 1,
        "s3.DeleteObjects": 1,
    }
    assert len(world.keys("library_bucket")) == 1
    assert file_row(world, kept)["references"] == 1
    assert {float(at) for at in world.due_times()} == set()


def test_releasing_many_again_changes_nothing(world: World) -> None:
    file_id, owner = scanned(world)
    refer(file_id, "assets:other")
    pairs = [(file_id, owner), (file_id, owner), (file_id, "assets:nobody"), ("0" * 32, "assets:x")]
    references.release_each(pairs)
    references.release_each(pairs)
    assert file_row(world, file_id)["references"] == 1
    assert len(world.keys("library_bucket")) == 1


def test_two_references_to_one_file_are_released_together(world: World) -> None:
    file_id, owner = scanned(world)
    refer(file_id, "assets:other")
    references.release_each([(file_id, owner), (file_id, "assets:other")])
    assert world.keys("library_bucket") == []
    assert file_row(world, file_id)["purged"] is True


def test_a_file_that_somebody_else_counts_at_keeps_no_other_waiting(world: World) -> None:
    first, first_owner = scanned(world)
    meddled: list[Call] = []

    def meddle(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not meddled:
            meddled.append(call)
            refer(first, "assets:third")

    with on_call(before=meddle):
        references.release_each([(first, first_owner)])
    assert file_row(world, first)["references"] == 1
    assert world.row("files_table", f"file#{first}", f"ref#{first_owner}") is None


@pytest.mark.parametrize("number", range(5))
def test_a_death_while_releasing_many_leaves_no_bytes_behind(world: World, number: int) -> None:
    world.upload(b"second")
    pairs = list(zip(*scanned_files(world), strict=True))
    count = -1

    def die(call: Call) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise Crash

    with on_call(after=die), suppress(Crash):
        references.release_each(pairs)
    references.release_each(pairs)
    world.repair()
    assert world.keys("library_bucket") == []
    assert {row["references"] for row in world.rows("files_table") if row["sk"] == "file"} == {0}


def scanned_files(world: World) -> tuple[list[str], list[str]]:
    """Clean Files, and who refers to each."""
    world.deliver()
    rows = [row for row in world.rows("files_table") if row["sk"] == "file"]
    return [row["pk"].removeprefix("file#") for row in rows], [row["owner"] for row in rows]

"""References: bytes go with the last one, never before, and never come back."""

from typing import Any

import pytest

from chalicelib import clock
from chalicelib.files import receiving, references
from chalicelib.files.models import File, Reference
from chalicelib.rows import Put, TransactionCancelled, Update, absent, transact
from tests.support.calls import Call, counting, on_call
from tests.support.world import World


def scanned(world: World) -> tuple[str, str]:
    """A clean File and who refers to it."""
    asset_id = world.upload(b"first")
    world.deliver()
    (file,) = (row for row in world.rows("files_table") if row["sk"] == "file")
    return file["pk"].removeprefix("file#"), f"assets:{asset_id}"


def refer(file_id: str, owner: str) -> None:
    """A second owner, as an API that shares Files would add one."""
    reference = Reference.at(file_id, owner)
    reference.created_at = clock.now()
    actions = [File.references.set(File.references + 1), File.shared.set(True)]
    transact(
        Update(File.at(file_id), actions, File.purged.does_not_exist() & (File.references >= 1)),
        Put(reference, absent(Reference)),
    )


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
    refer(file["pk"].removeprefix("file#"), f"assets:{second}")
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

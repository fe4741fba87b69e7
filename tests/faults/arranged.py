"""Worlds in which the fault tests begin. Each function makes one, and returns what the test needs to go on."""

import json
from typing import Any

import pytest

from chalicelib.apis.assets import chains
from chalicelib.apis.assets.models import Asset, Replaces
from chalicelib.files import intake, receiving, references, scanning
from chalicelib.files.models import Publication
from chalicelib.files.scanners import ScannerUnavailable
from chalicelib.rows import Put, transact, update
from chalicelib.settings import settings
from tests.support.calls import Call, Crash, on_call
from tests.support.world import World

PATH = "/government/uploads/system/a.txt"
DAY = 86400


def uploaded(world: World, content: bytes = b"first", **fields: Any) -> str:
    """An asset whose file was scanned."""
    asset_id = world.upload(content, **fields)
    world.deliver()
    return asset_id


def deleted(world: World) -> str:
    asset_id = uploaded(world)
    world.client.delete(f"/assets/{asset_id}")
    return asset_id


def due_to_be_purged(world: World) -> None:
    world.cloud.set(DELETED_DAYS="1")
    asset_id = uploaded(world)
    world.replace(asset_id, b"second")
    world.deliver()
    world.client.delete(f"/assets/{asset_id}")
    world.travel(DAY + 1)


def due_to_be_released(world: World) -> None:
    asset_id = uploaded(world)
    world.replace(asset_id, b"second")
    world.deliver()
    world.travel(7 * DAY + 1)


def chained(world: World) -> tuple[str, str]:
    """A -> B, and C beside them; gives B and C."""
    first, second, third = (uploaded(world, name.encode(), name=f"{name}.txt") for name in "abc")
    assert world.change(first, replacement_id=second).status == 200
    return second, third


def chained_in_the_background(world: World) -> None:
    """B -> C was said, and A still has to follow."""
    world.cloud.monkeypatch.setattr(chains, "_AT_ONCE", 0)
    second, third = chained(world)
    world.change(second, replacement_id=third)


def begun_upload(world: World) -> str:
    uid = "local"
    file, step = receiving.begin_upload(name="a.txt", content_type="text/plain", size=5, uploader=uid)
    transact(step)
    return file.file_id


def arrived_upload(world: World) -> str:
    upload_id = begun_upload(world)
    key = intake.key_for(upload_id, 5)
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=key, Body=b"bytes")
    return upload_id


def scanned_upload(world: World) -> str:
    upload_id = arrived_upload(world)
    world.deliver()
    return upload_id


def overdue_upload(world: World) -> None:
    begun_upload(world)
    world.travel(25 * 3600)


def missed_event(world: World) -> None:
    world.upload(b"first")
    world.lose_messages()
    world.travel(16 * 60)


def large_draft(world: World) -> str:
    world.cloud.monkeypatch.setattr(intake, "SMALL_LIMIT", 3)
    return uploaded(world, draft="true")


def large_draft_published(world: World) -> None:
    """A draft that is large was made public, and its message waits."""
    assert world.change(large_draft(world), draft="false").status == 200


def restored_over_another(world: World) -> str:
    """A whitehall asset that lost its path to another, which is deleted as well."""
    first = world.upload_whitehall(b"first", PATH)
    world.deliver()
    second = world.upload_whitehall(b"second", PATH)
    world.deliver()
    world.client.delete(f"/assets/{second}")
    return first


def chained_with_a_stray_arrow(world: World) -> None:
    """As `chained_in_the_background`, and B is told of a follower that points at nobody."""
    stray = uploaded(world, b"d", name="d.txt")
    chained_in_the_background(world)
    [job] = [row for row in world.rows("jobs_table") if row["sk"] == "job"]
    transact(Put(Replaces.at(json.loads(job["arguments"])["asset"], stray)))


def not_scannable_at_first(world: World) -> None:
    """The scanner does not answer the first time."""
    world.upload(b"first")
    failing_once(world, scanning, "scan", ScannerUnavailable("not now"))


def looked_after_in_vain_at_first(world: World) -> None:
    """A File is to be purged, and that goes wrong the first time."""
    due_to_be_purged(world)
    failing_once(world, references, "purge", RuntimeError("not now"))


def asked_to_release_what_is_needed(world: World) -> None:
    asset = Asset.get_by_id(uploaded(world))
    assert asset is not None
    transact(references.release_from(asset.file_id, asset.reference, int(world.now().timestamp())))
    world.travel(1)


def replaced_while_another_publishes(world: World) -> None:
    """A verdict is to come, and somebody who has died holds the lease of the path."""
    asset_id, now = uploaded(world), int(world.now().timestamp())
    world.replace(asset_id, b"second")
    row = Publication.at(f"/media/{asset_id}/a.txt")
    held = [Publication.lease.set("another's"), Publication.leased_until.set(now + 60), Publication.settled.set(False)]
    update(row, [*held, *row.due_from(now + 60)], Publication.pk.exists())


def withdrawn_by_one_who_died(world: World) -> None:
    """The path of an asset has a lease that has run out, and what is to go is still there."""
    asset_id = uploaded(world)

    def die(call: Call) -> None:
        if call.operation == "DeleteObject":
            raise Crash

    with on_call(before=die), pytest.raises(Crash):
        world.change(asset_id, draft="true")
    assert world.published()
    world.travel(max(world.due_times()) + 1 - world.now().timestamp())


def failing_once(world: World, module: Any, name: str, error: Exception) -> None:
    """Have a function raise when it is called for the first time."""
    function, calls = getattr(module, name), list[str]()

    def fail(*args: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise error
        return function(*args, **options)

    world.cloud.monkeypatch.setattr(module, name, fail)

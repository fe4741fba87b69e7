"""Worlds in which the fault tests begin. Each function makes one, and returns what the test needs to go on."""

from typing import Any

from chalicelib.apis.assets import chains
from chalicelib.files import intake, receiving
from chalicelib.rows import transact
from chalicelib.settings import settings
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

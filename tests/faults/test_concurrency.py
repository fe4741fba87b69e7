"""Many at once, in real threads that interleave between AWS calls: no update is lost, and what is public is right."""

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib.apis.assets.models import Asset, Former
from tests.faults import agreement
from tests.faults.arranged import PATH, arrived_upload, uploaded
from tests.support.world import World


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at once, each in a thread of its own; returns what they return, or raises what the first one raised."""
    results: list[Any] = [None] * len(deeds)
    errors: list[BaseException] = []
    start = threading.Barrier(len(deeds))

    def run(number: int, deed: Callable[[], Any]) -> None:
        try:
            start.wait(30)
            results[number] = deed()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if errors:
        raise errors[0]
    return results


def assert_in_order(world: World) -> None:
    world.repair()
    assert agreement.everything_wrong(world) == []


def asset_of(asset_id: str) -> Asset:
    asset = Asset.get_by_id(asset_id)
    assert asset is not None
    return asset


def statuses(replies: Sequence[Any]) -> list[int]:
    return [reply.status for reply in replies]


def test_twenty_replacements_at_once_are_twenty_entries_of_history_and_one_file_of_its_own_verdict(
    world: World,
) -> None:
    asset_id = uploaded(world, b"the first")
    contents = [f"number {number}".encode() for number in range(20)]

    def replacing(content: bytes) -> Callable[[], Any]:
        return lambda: world.replace(asset_id, content)

    replies = at_once(*(replacing(content) for content in contents), lambda: world.deliver(failing=True))
    assert statuses(replies[:-1]) == [200] * 20
    asset = asset_of(asset_id)
    former = list(Former.below(asset.pk, "former#"))
    assert len(former) == asset.former_count == 20
    assert len({row.file_id for row in former} | {asset.file_id}) == 21
    world.repair()
    file = world.row("files_table", f"file#{asset_of(asset_id).file_id}", "file")
    assert file is not None
    assert file["verdict"] == asset_of(asset_id).state == "clean"
    (public,) = world.published().values()
    assert public in contents
    assert world.bytes_of(file["library_key"]) == public
    assert world.client.get(f"http://assets.test/media/{asset_id}/a.txt").body == public
    assert_in_order(world)


def test_of_many_creations_under_one_whitehall_path_one_asset_is_left(world: World) -> None:
    def creating(number: int) -> Callable[[], Any]:
        return lambda: world.upload_whitehall(f"number {number}".encode(), PATH)

    created = at_once(*(creating(number) for number in range(8)), lambda: world.deliver(failing=True))[:-1]
    assert len(set(created)) == 8
    left = [asset_id for asset_id in created if not asset_of(asset_id).deleted_at]
    assert len(left) == 1
    world.repair()
    assert world.published() == {PATH: f"number {created.index(left[0])}".encode()}
    assert_in_order(world)


@pytest.mark.parametrize("seed", range(3))
def test_deletions_restorations_and_drafts_at_once_leave_the_media_bucket_as_the_row_says(
    world: World, seed: int
) -> None:
    asset_id = uploaded(world)
    chance = random.Random(seed)
    deeds: list[Callable[[], Any]] = [
        lambda: world.client.delete(f"/assets/{asset_id}"),
        lambda: world.client.post(f"/assets/{asset_id}/restore"),
        lambda: world.change(asset_id, draft="true"),
        lambda: world.change(asset_id, draft="false"),
    ] * 3
    chance.shuffle(deeds)
    replies = at_once(*deeds)
    assert set(statuses(replies)) <= {200, 404}
    asset = asset_of(asset_id)
    assert bool(world.published()) == (not asset.deleted_at and not asset.draft)
    assert_in_order(world)


def test_restorations_and_takeovers_of_one_path_at_once_leave_one_asset(world: World) -> None:
    first = world.upload_whitehall(b"first", PATH)
    world.deliver()
    world.client.delete(f"/assets/{first}")
    created = at_once(
        *[lambda: world.client.post(f"/assets/{first}/restore")] * 3,
        *[lambda: world.upload_whitehall(b"other", PATH)] * 3,
        lambda: world.client.delete(f"/assets/{first}"),
    )[3:6]
    left = [asset_id for asset_id in [first, *created] if not asset_of(asset_id).deleted_at]
    assert len(left) == 1
    assert_in_order(world)


def test_arrows_against_each_other_never_close_a_loop(world: World) -> None:
    ids = [uploaded(world, name.encode()) for name in "abcd"]

    def pointing(source: str, target: str) -> Callable[[], Any]:
        return lambda: world.change(source, replacement_id=target)

    pairs = list(zip(ids, [*ids[1:], ids[0]], strict=True))
    replies = at_once(*(pointing(*pair) for pair in pairs), *(pointing(*pair[::-1]) for pair in pairs))
    assert set(statuses(replies)) <= {200, 422}
    assert_in_order(world)
    assert any(not asset_of(asset_id).replacement_id for asset_id in ids)


def test_one_message_at_ten_workers_is_one_verdict(world: World) -> None:
    asset_id = world.upload(b"first")
    (message,) = world.messages()
    for _ in range(9):
        world.send(message)
    at_once(*[lambda: world.deliver(failing=True)] * 5)
    assert world.shown(asset_id)["state"] == "clean"
    assert list(world.published().values()) == [b"first"]
    assert_in_order(world)


def test_one_upload_used_by_many_has_one_owner(world: World) -> None:
    upload_id = arrived_upload(world)
    replies = at_once(*[lambda: world.client.post("/assets", form={"asset[upload]": upload_id})] * 5)
    assert sorted(statuses(replies)) == [201, 422, 422, 422, 422]
    assert_in_order(world)

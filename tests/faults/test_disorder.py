"""Messages come twice, late, in any order, too early or never; the scanner is away; and it all ends the same."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.apis.assets import service
from chalicelib.apis.assets.models import Asset
from chalicelib.files import scanning
from chalicelib.files.scanners import Finding, Outcome, ScannerUnavailable
from chalicelib.settings import settings
from tests.faults import agreement
from tests.faults.arranged import DAY, PATH, arrived_upload, begun_upload, uploaded
from tests.files.scanners.samples import EICAR
from tests.support.calls import Call, Crash, counting, on_call
from tests.support.world import World


def assert_in_order(world: World) -> None:
    assert agreement.everything_wrong(world) == []


def file_of(world: World, asset_id: str) -> dict[str, Any]:
    asset = Asset.get_by_id(asset_id)
    assert asset is not None
    row = world.row("files_table", f"file#{asset.file_id}", "file")
    assert row is not None
    return row


def test_a_duplicate_after_the_verdict_is_one_failed_claim(world: World) -> None:
    world.upload(b"first")
    (message,) = world.messages()
    world.deliver()
    world.send(message)
    with counting() as calls:
        world.deliver()
    assert calls.names() == ["dynamodb.UpdateItem"]
    assert_in_order(world)


def test_every_message_three_times_in_any_order_ends_as_once_in_order(world: World) -> None:
    order = random.Random(7)
    contents = {world.upload(content, f"{number}.txt"): content for number, content in enumerate((b"a", b"b", EICAR))}
    replaced = next(iter(contents))
    world.replace(replaced, b"c", "0.txt")
    contents[replaced] = b"c"
    messages = world.messages() * 3
    world.lose_messages()
    order.shuffle(messages)
    for message in messages:
        world.send(message)
        if order.random() < 0.5:
            world.deliver(failing=True)
    world.repair()
    assert sorted(world.published().values()) == [b"b", b"c"]
    assert [world.shown(asset_id)["state"] for asset_id in contents] == ["clean", "clean", "infected"]
    assert world.waiting() == {}
    assert_in_order(world)


@pytest.mark.parametrize(
    ("before", "after", "public"),
    [(b"old", b"new", [b"new"]), (EICAR, b"new", [b"new"]), (b"old", EICAR, [])],
    ids=["clean-by-clean", "infected-by-clean", "clean-by-infected"],
)
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_message_for_a_replaced_file_says_nothing_of_the_new_one(
    world: World, before: bytes, after: bytes, public: list[bytes], newest_first: bool
) -> None:
    asset_id = world.upload(before)
    world.replace(asset_id, after)
    messages = world.messages()
    world.lose_messages()
    for message in reversed(messages) if newest_first else messages:
        world.send(message)
        world.deliver()
        assert list(world.published().values()) in ([], public)
    assert list(world.published().values()) == public
    assert_in_order(world)


def test_a_late_message_for_a_deleted_asset_publishes_nothing_until_it_is_restored(world: World) -> None:
    asset_id = world.upload(b"first")
    world.client.delete(f"/assets/{asset_id}")
    world.travel(DAY)
    world.deliver()
    assert world.published() == {}
    world.client.post(f"/assets/{asset_id}/restore")
    assert list(world.published().values()) == [b"first"]
    assert_in_order(world)


def test_a_message_that_comes_before_the_row_is_handed_back_until_the_row_is_there(world: World) -> None:
    seen: list[int] = []

    def early(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not seen:
            seen.append(world.deliver(failing=True))

    with on_call(before=early):
        world.upload(b"first")
    assert seen == [1]
    assert world.published() == {}
    world.repair()
    assert list(world.published().values()) == [b"first"]
    assert_in_order(world)


def test_bytes_without_a_row_go_after_an_hour_and_not_before(world: World) -> None:
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=f"small/{'0' * 32}", Body=b"nobody's")
    for minutes in (0, 5, 20, 30):
        world.travel(60 * minutes)
        world.cloud.hand_back()
        world.deliver(failing=True)
        assert len(world.objects("intake_bucket")) == 1
    world.travel(600)
    world.cloud.hand_back()
    world.deliver()
    assert world.objects("intake_bucket") == []
    assert world.waiting() == {}


def test_while_the_scanner_is_away_a_file_stays_unscanned_and_no_attempt_counts(world: World) -> None:
    asset_id = world.upload(b"first")
    world.cloud.set(SCANNER="clamd", CLAMD_ADDRESS="tcp://127.0.0.1:1")
    for _ in range(settings().scan_attempts + 2):
        world.cloud.hand_back()
        world.deliver(failing=True)
        world.travel(60)
    assert world.shown(asset_id)["state"] == "unscanned"
    assert file_of(world, asset_id)["attempts"] == 0
    assert world.published() == {}
    world.cloud.set(SCANNER="yara")
    world.repair()
    assert list(world.published().values()) == [b"first"]
    assert_in_order(world)


def test_a_day_without_the_scanner_is_made_good_though_every_message_is_dead_by_then(world: World) -> None:
    asset_id = world.upload(b"first")
    world.cloud.set(SCANNER="clamd", CLAMD_ADDRESS="tcp://127.0.0.1:1")
    for _ in range(20):
        world.cloud.hand_back()
        world.deliver(failing=True)
        world.travel(60)
    world.cloud.set(SCANNER="yara")
    assert "assetmanager-local-scan-small-dead" in world.waiting()
    world.travel(DAY)
    world.repair()
    assert world.shown(asset_id)["state"] == "clean"


@pytest.mark.parametrize("error", [RuntimeError, Crash, ScannerUnavailable])
def test_a_file_that_crashes_the_scanner_every_time_ends_unscannable(
    world: World, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    asset_id = world.upload(b"first")
    scans = []

    def scan(stream: object, *, size: int) -> Finding:
        scans.append(size)
        raise error

    monkeypatch.setattr(scanning, "scan", scan)
    (message,) = world.messages()
    for _ in range(settings().scan_attempts + 1):
        world.cloud.hand_back()
        try:
            world.deliver(failing=True)
        except Crash:
            world.travel(scanning.CLAIM_SECONDS[False] + 1)
    assert len(scans) == settings().scan_attempts
    assert world.shown(asset_id)["state"] == "unscannable"
    (kept,) = world.objects("intake_bucket")
    assert kept.tags == (("verdict", "unscannable"),)
    world.send(message)
    world.repair()
    assert world.objects("intake_bucket") == [kept]
    assert world.published() == {}
    assert_in_order(world)


def test_a_file_that_dies_after_every_copy_leaves_none_in_the_library(world: World) -> None:
    world.upload(b"first")

    def die(call: Call) -> None:
        if call.operation == "CopyObject":
            raise Crash

    with on_call(after=die):
        for _ in range(settings().scan_attempts):
            world.cloud.hand_back()
            with pytest.raises(Crash):
                world.deliver()
            world.travel(scanning.CLAIM_SECONDS[False] + 1)
    assert world.keys("library_bucket") != []
    world.repair()
    assert world.keys("library_bucket") == []
    assert_in_order(world)


def test_trouble_at_s3_is_not_held_against_the_file(world: World) -> None:
    asset_id = world.upload(b"first")

    def refuse(call: Call) -> None:
        if call.operation == "CopyObject":
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "please reduce"}}, "CopyObject")

    with on_call(before=refuse):
        for _ in range(settings().scan_attempts + 3):
            world.cloud.hand_back()
            world.deliver(failing=True)
    assert world.shown(asset_id)["state"] == "unscanned"
    world.repair()
    assert world.shown(asset_id)["state"] == "clean"
    assert_in_order(world)


def test_a_late_worker_whose_file_was_judged_otherwise_takes_its_copy_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = world.upload(b"first")
    inside: list[bool] = []

    def meanwhile(call: Call) -> None:
        if call.operation == "CopyObject" and not inside:
            inside.append(True)
            world.travel(scanning.CLAIM_SECONDS[False] + 1)
            world.cloud.hand_back()
            with monkeypatch.context() as patch:
                patch.setattr(scanning, "scan", lambda stream, *, size: Finding(Outcome.INFECTED, "by newer rules"))
                world.deliver()

    with on_call(before=meanwhile):
        world.deliver()
    assert world.shown(asset_id)["state"] == "infected"
    assert world.keys("library_bucket") == []
    assert_in_order(world)


def test_the_sweep_finds_what_no_event_announced(world: World) -> None:
    asset_id = world.upload(b"first")
    world.lose_messages()
    world.travel(14 * 60)
    world.sweep()
    assert world.waiting() == {}
    world.travel(2 * 60)
    world.sweep()
    world.deliver()
    assert world.shown(asset_id)["state"] == "clean"
    assert_in_order(world)


def test_an_upload_that_never_came_ends_expired_and_what_comes_later_goes(world: World) -> None:
    upload_id = begun_upload(world)
    world.travel(DAY + 1)
    world.sweep()
    row = world.row("files_table", f"file#{upload_id}", "file")
    assert row is not None
    assert row["verdict"] == "expired"
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=f"small/{upload_id}", Body=b"late")
    assert world.client.post("/assets", form={"asset[upload]": upload_id}).status == 422
    world.repair()
    assert world.objects("intake_bucket") == []
    assert_in_order(world)


def test_an_upload_that_nobody_used_goes_after_a_day(world: World) -> None:
    upload_id = arrived_upload(world)
    world.deliver()
    assert len(world.keys("library_bucket")) == 1
    world.travel(DAY + 1)
    world.sweep()
    assert world.keys("library_bucket") == []
    assert world.client.post("/assets", form={"asset[upload]": upload_id}).status == 422
    assert_in_order(world)


def test_a_worker_that_outlives_the_purge_of_its_file_leaves_nothing_though_all_messages_are_lost(world: World) -> None:
    world.cloud.set(DELETED_DAYS="0")
    asset_id = world.upload(b"first")

    def purge_and_die(call: Call) -> None:
        if call.operation == "CopyObject":
            bucket, key = call.params["Bucket"], call.params["Key"]
            world.client.delete(f"/assets/{asset_id}")
            world.travel(2)
            world.sweep()
            assert world.keys("library_bucket") == []
            world.inspect("s3").put_object(Bucket=bucket, Key=key, Body=b"first")  # the copy lands only now
            raise Crash

    with on_call(after=purge_and_die), pytest.raises(Crash):
        world.deliver()
    world.lose_messages()
    world.repair()
    assert world.keys("library_bucket") == []
    assert_in_order(world)


def test_an_index_that_lags_behind_purges_nothing_before_its_time(world: World) -> None:
    world.cloud.set(DELETED_DAYS="2")
    asset_id = uploaded(world)
    world.client.delete(f"/assets/{asset_id}")
    service.attend(f"asset#{asset_id}", "asset")
    world.repair()
    assert world.client.post(f"/assets/{asset_id}/restore").status == 200
    assert list(world.published().values()) == [b"first"]


def test_a_replaced_file_is_kept_until_its_replacement_was_clean_for_a_week(world: World) -> None:
    asset_id = uploaded(world)
    world.replace(asset_id, EICAR)
    world.deliver()
    world.travel(30 * DAY)
    world.repair()
    assert len(world.keys("library_bucket")) == 1
    world.replace(asset_id, b"second")
    world.deliver()
    world.travel(6 * DAY)
    world.repair()
    assert len(world.keys("library_bucket")) == 2
    world.travel(2 * DAY)
    world.repair()
    assert len(world.keys("library_bucket")) == 1
    assert list(world.published().values()) == [b"second"]
    assert_in_order(world)


def test_nothing_of_a_path_is_left_when_its_holder_is_withdrawn_after_a_takeover(world: World) -> None:
    first = world.upload_whitehall(b"first", PATH)
    world.deliver()
    second = world.upload_whitehall(b"second", PATH)
    world.deliver()
    assert world.published() == {PATH: b"second"}
    world.client.delete(f"/assets/{second}")
    assert world.published() == {}
    assert world.client.post(f"/assets/{first}/restore").status == 200
    assert world.published() == {PATH: b"first"}
    assert world.client.post(f"/assets/{second}/restore").status == 422
    assert_in_order(world)


def test_an_asset_cannot_be_replaced_by_whoever_had_its_path(world: World) -> None:
    holder = world.upload_whitehall(b"first", PATH)
    form = {"asset[legacy_url_path]": PATH, "asset[replacement_id]": holder}
    for _ in ("undeleted", "deleted"):
        reply = world.client.post("/whitehall_assets", form=form, files={"asset[file]": ("a.txt", b"second")})
        assert reply.status == 422
        world.client.delete(f"/assets/{holder}")


Operation = Callable[[World, str], object]


@pytest.mark.parametrize("seed", range(6))
def test_any_life_of_an_asset_ends_in_agreement(world: World, seed: int) -> None:
    """Random operations, deliveries, deaths and pauses; then quiet."""
    chance = random.Random(seed)
    asset_id = world.upload(b"0")
    other_id = world.upload(b"other")
    operations: list[Operation] = [
        lambda w, a: w.replace(a, chance.choice([b"1", b"2", EICAR])),
        lambda w, a: w.replace(a, b"3", "b.txt"),
        lambda w, a: w.change(a, draft=chance.choice(["true", "false"])),
        lambda w, a: w.change(a, replacement_id=chance.choice([other_id, ""])),
        lambda w, a: w.change(a, redirect_url=chance.choice(["/there", ""])),
        lambda w, a: w.client.delete(f"/assets/{a}"),
        lambda w, a: w.client.post(f"/assets/{a}/restore"),
        lambda w, a: w.deliver(failing=True),
        lambda w, a: w.sweep(),
        lambda w, a: w.travel(chance.choice([1, 100, 1000])),
        lambda w, a: w.cloud.hand_back(),
    ]
    world.cloud.monkeypatch.setattr("time.sleep", lambda seconds: None)
    for _ in range(40):
        left = chance.randrange(12)

        def die(call: Call) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        with on_call(after=die):
            try:
                chance.choice(operations)(world, asset_id)
            except Crash:
                continue
    world.repair(rounds=40)
    assert_in_order(world)
    assert set(world.published().values()) <= {b"0", b"1", b"2", b"3", b"other"}

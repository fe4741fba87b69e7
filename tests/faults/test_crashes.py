"""Operations survive a crash at any AWS call, before its effect and after it with the answer lost (invariant 5)."""

from typing import Any

import pytest

from chalicelib.apis.assets import chains
from chalicelib.files import intake, receiving
from chalicelib.rows import transact
from chalicelib.settings import settings
from tests.faults import agreement
from tests.files.scanners.samples import EICAR, encrypted, zipped
from tests.support.crashes import Scenario, survive
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


def use(world: World, upload_id: str) -> None:
    assert world.client.post("/assets", form={"asset[upload]": upload_id}).status == 201


def publish(world: World, asset_id: str) -> None:
    world.change(asset_id, draft="false")


def restored_over_another(world: World) -> str:
    """A whitehall asset that lost its path to another, which is deleted as well."""
    first = world.upload_whitehall(b"first", PATH)
    world.deliver()
    second = world.upload_whitehall(b"second", PATH)
    world.deliver()
    world.client.delete(f"/assets/{second}")
    return first


MESSAGES = [
    Scenario("scan clean", lambda w: w.upload(b"first"), lambda w, _: w.deliver(), "message"),
    Scenario("scan infected", lambda w: w.upload(EICAR), lambda w, _: w.deliver(), "message"),
    Scenario(
        "scan unscannable",
        lambda w: w.upload(encrypted(zipped({"a": b"secret"})), "a.zip"),
        lambda w, _: w.deliver(),
        "message",
    ),
    Scenario("scan a draft", lambda w: w.upload(b"first", draft="true"), lambda w, _: w.deliver(), "message"),
    Scenario(
        "scan a deleted asset",
        lambda w: w.client.delete(f"/assets/{w.upload(b'first')}"),
        lambda w, _: w.deliver(),
        "message",
    ),
    Scenario("scan of a lost message", missed_event, lambda w, _: w.sweep(), "message"),
    Scenario("scan of an upload without an owner", arrived_upload, lambda w, _: w.deliver(), "message"),
    Scenario("purge", due_to_be_purged, lambda w, _: w.sweep(), "message"),
    Scenario("release of a replaced file", due_to_be_released, lambda w, _: w.sweep(), "message"),
    Scenario("relink in the background", chained_in_the_background, lambda w, _: w.deliver(), "message"),
    Scenario("upload that never came", overdue_upload, lambda w, _: w.sweep(), "message"),
]

REQUESTS = [
    Scenario("upload", lambda w: None, lambda w, _: w.upload(b"first")),
    Scenario("upload under a whitehall path", lambda w: None, lambda w, _: w.upload_whitehall(b"first", PATH)),
    Scenario("publish a draft", lambda w: uploaded(w, draft="true"), publish, repeatable=True),
    Scenario("publish a large draft", large_draft, publish, repeatable=True),
    Scenario("replace", uploaded, lambda w, asset_id: w.replace(asset_id, b"second")),
    Scenario("replace under another name", uploaded, lambda w, asset_id: w.replace(asset_id, b"second", "b.txt")),
    Scenario("withdraw", uploaded, lambda w, asset_id: w.change(asset_id, draft="true"), repeatable=True),
    Scenario("redirect", uploaded, lambda w, asset_id: w.change(asset_id, redirect_url="/there"), repeatable=True),
    Scenario("delete", uploaded, lambda w, asset_id: w.client.delete(f"/assets/{asset_id}"), repeatable=True),
    Scenario("restore", deleted, lambda w, asset_id: w.client.post(f"/assets/{asset_id}/restore"), repeatable=True),
    Scenario(
        "restore of a lost path",
        restored_over_another,
        lambda w, asset_id: w.client.post(f"/assets/{asset_id}/restore"),
        repeatable=True,
    ),
    Scenario(
        "takeover of a whitehall path",
        lambda w: (w.upload_whitehall(b"first", PATH), w.deliver()),
        lambda w, _: w.upload_whitehall(b"second", PATH),
    ),
    Scenario("relink", chained, lambda w, pair: w.change(pair[0], replacement_id=pair[1]), repeatable=True),
    Scenario("use of an upload", arrived_upload, use),
    Scenario("use of a scanned upload", scanned_upload, use),
]


@pytest.mark.parametrize("scenario", [*MESSAGES, *REQUESTS], ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, agreement.disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures)

"""Operations survive a crash at any AWS call, before its effect and after it with the answer lost (invariant 5)."""

import pytest

from tests.faults import agreement
from tests.faults.arranged import (
    PATH,
    arrived_upload,
    asked_to_release_what_is_needed,
    chained,
    chained_in_the_background,
    chained_with_a_stray_arrow,
    deleted,
    due_to_be_purged,
    due_to_be_released,
    large_draft,
    large_draft_published,
    looked_after_in_vain_at_first,
    missed_event,
    not_scannable_at_first,
    overdue_upload,
    replaced_while_another_publishes,
    restored_over_another,
    scanned_upload,
    uploaded,
    withdrawn_by_one_who_died,
)
from tests.files.scanners.samples import EICAR, encrypted, zipped
from tests.support.crashes import Scenario, survive
from tests.support.world import World


def use(world: World, upload_id: str) -> None:
    assert world.client.post("/assets", form={"asset[upload]": upload_id}).status == 201


def publish(world: World, asset_id: str) -> None:
    world.change(asset_id, draft="false")


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
    Scenario("publish a large draft by its message", large_draft_published, lambda w, _: w.deliver(), "message"),
    Scenario("upload that never came", overdue_upload, lambda w, _: w.sweep(), "message"),
    Scenario("relink with a stray arrow", chained_with_a_stray_arrow, lambda w, _: w.deliver(), "message"),
    Scenario("scan that is put off", not_scannable_at_first, lambda w, _: w.deliver(), "message"),
    Scenario("row that is put off", looked_after_in_vain_at_first, lambda w, _: w.sweep(), "message"),
    Scenario("verdict while another publishes", replaced_while_another_publishes, lambda w, _: w.deliver(), "message"),
    Scenario("path whose holder died", withdrawn_by_one_who_died, lambda w, _: w.sweep(), "message"),
    Scenario("release of what is needed", asked_to_release_what_is_needed, lambda w, _: w.sweep(), "message"),
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

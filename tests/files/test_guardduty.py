"""GuardDuty's verdicts: they count for the version they name, come late, twice or never, and by the tag at last."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.files.models import File
from chalicelib.settings import settings
from tests.support.crashes import Scenario, survive
from tests.support.world import World

EVENT = json.loads(Path("tests/events/guardduty_scan_result.json").read_text(encoding="utf-8"))


@pytest.fixture
def guarded(world: World) -> World:
    """A world in which GuardDuty scans."""
    world.cloud.set(SCANNER="guardduty")
    return world


def arrived(world: World) -> tuple[str, str]:
    """The key and version of the newest of all arrivals."""
    *_, newest = (found for found in world.objects("intake_bucket") if found.latest and not found.is_marker)
    return newest.key, newest.version


def announce(world: World, status: str, *threats: str, key: str = "", version: str = "") -> None:
    """Let GuardDuty's event reach the scan queue."""
    event: dict[str, Any] = json.loads(json.dumps(EVENT))
    described = event["detail"]["s3ObjectDetails"]
    described["objectKey"], described["versionId"] = (key, version) if key else arrived(world)
    event["detail"]["scanResultDetails"] = {
        "scanResultStatus": status,
        "threats": [{"name": name} for name in threats] or None,
    }
    world.send(event)


def file_of(world: World) -> File:
    (row,) = [row for row in world.rows("files_table") if row["sk"] == "file"]
    found = File.get_by_id(row["pk"].removeprefix("file#"))
    assert found is not None
    return found


def tag(world: World, status: str) -> None:
    """Let GuardDuty tag what arrived."""
    key, version = arrived(world)
    tags = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": status}]}
    bucket = settings().intake_bucket
    world.inspect("s3").put_object_tagging(Bucket=bucket, Key=key, VersionId=version, Tagging=tags)


def test_an_arrival_waits_for_its_verdict_without_being_handed_back(guarded: World) -> None:
    asset = guarded.upload(b"first")
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "unscanned"
    assert guarded.waiting() == {}
    assert guarded.keys("library_bucket") == []


@pytest.mark.parametrize(
    ("status", "threats", "verdict", "reason"),
    [
        ("NO_THREATS_FOUND", [], "clean", None),
        ("THREATS_FOUND", ["EICAR-Test-File", "Other"], "infected", "EICAR-Test-File"),
        ("UNSUPPORTED", [], "unscannable", "unsupported_by_scanner"),
    ],
)
def test_each_word_of_guardduty_is_a_verdict(
    guarded: World, status: str, threats: list[str], verdict: str, reason: str | None
) -> None:
    guarded.upload(b"first")
    guarded.deliver()
    for _ in range(2):  # events come at least once
        announce(guarded, status, *threats) if guarded.keys("intake_bucket") else None
        guarded.deliver()
    file = file_of(guarded)
    assert (file.verdict, file.reason, file.settled) == (verdict, reason, True)
    clean = verdict == "clean"
    assert (guarded.keys("library_bucket") != []) is clean
    assert (guarded.keys("intake_bucket") == []) is clean
    assert [found.tags for found in guarded.objects("intake_bucket")] in ([], [()])  # tags are GuardDuty's alone
    if clean:
        assert file.sha256 is not None
        assert guarded.bytes_of(file.library_key) == b"first"


@pytest.mark.parametrize("status", ["FAILED", "ACCESS_DENIED", "SOMETHING_NEW"])
def test_what_guardduty_could_not_look_at_is_not_yet_judged_and_rings(
    guarded: World, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asset = guarded.upload(b"first")
    announce(guarded, status)
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "unscanned"
    assert guarded.waiting() == {}
    assert '"ScansRefused":[1.0]' in capsys.readouterr().out.replace(" ", "")
    announce(guarded, "NO_THREATS_FOUND")
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "clean"


def test_a_verdict_counts_for_the_version_it_names(guarded: World) -> None:
    guarded.upload(b"harmless")
    guarded.deliver()
    key, version = arrived(guarded)
    guarded.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=key, Body=b"harmful")
    announce(guarded, "NO_THREATS_FOUND", key=key, version=version)
    guarded.deliver()
    file = file_of(guarded)
    assert guarded.bytes_of(file.library_key) == b"harmless"
    announce(guarded, "THREATS_FOUND", "Bad")
    guarded.deliver()
    assert file_of(guarded).verdict == "clean"
    assert guarded.objects("intake_bucket") == []  # what came beside the judged bytes went


def test_a_verdict_on_a_version_that_is_gone_is_about_nothing(guarded: World) -> None:
    asset = guarded.upload(b"first")
    key, _ = arrived(guarded)
    announce(guarded, "NO_THREATS_FOUND", key=key, version="0b7e1a52-0000-0000-0000-000000000000")
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "unscanned"
    assert guarded.waiting() == {}
    announce(guarded, "NO_THREATS_FOUND")
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "clean"


def test_a_lost_event_is_made_up_for_by_the_tag(guarded: World) -> None:
    asset = guarded.upload(b"first")
    guarded.deliver()
    guarded.travel(16 * 60)
    guarded.sweep()
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "unscanned"
    tag(guarded, "NO_THREATS_FOUND")
    guarded.travel(16 * 60)
    guarded.sweep()
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "clean"


def test_an_arrival_without_a_row_goes_after_an_hour(guarded: World) -> None:
    guarded.inspect("s3").put_object(Bucket=settings().intake_bucket, Key="small/nobody", Body=b"x")
    guarded.deliver(failing=True)
    assert guarded.keys("intake_bucket") == ["small/nobody"]
    guarded.travel(3700)
    guarded.cloud.hand_back()
    guarded.deliver()
    assert guarded.objects("intake_bucket") == []


def test_a_verdict_survives_a_death_at_any_call(guarded: World) -> None:
    def announced(world: World) -> None:
        world.upload(b"first")
        world.deliver()
        tag(world, "NO_THREATS_FOUND")
        announce(world, "NO_THREATS_FOUND")

    report = survive(guarded, Scenario("clean by event", announced, lambda world, _: world.deliver(), "message"))
    assert report.failures == []
    assert report.crash_points > 10


def test_a_message_of_another_kind_is_no_announcement(guarded: World) -> None:
    asset = guarded.upload(b"first")
    guarded.send({**EVENT, "source": "somebody"})
    guarded.deliver()
    assert guarded.shown(asset)["state"] == "unscanned"

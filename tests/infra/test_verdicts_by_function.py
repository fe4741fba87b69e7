"""Whoever brings a verdict tells the file's owner, of whichever API, and does what comes with it.

That is either of the scan functions, and the sweep where bytes have vanished before they were scanned. Each may do it
only because it does it here by itself (`tests.support.permissions`), not because another does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.files import intake, scanning
from chalicelib.files.scanners import Finding, Outcome
from chalicelib.settings import settings
from tests.faults import stores
from tests.files.scanners.samples import EICAR
from tests.infra import parts
from tests.infra.parts import Part, does, named
from tests.support.distribution import Distribution
from tests.support.world import World, world

__all__ = ["world"]


@pytest.fixture(params=["small", "large"])
def scan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A scan function; every file is of its size."""
    if request.param == "large":
        monkeypatch.setattr(intake, "SMALL_LIMIT", 0)
    return f"scan_{request.param}"


@dataclass(frozen=True)
class Owner:
    """Somebody whose file has arrived.

    Attributes:
        shown: what clients are shown of it.
        clean, expired: that, once the file is clean, or has vanished before it was scanned.
        hears: the calls by which it is told either.
    """

    name: str
    make: Callable[[World], None]
    shown: Callable[[World], Any]
    clean: Any
    expired: Any
    hears: str


def file_of_a_store(world: World) -> Any:
    meta = world.client.get(f"{stores.PROJECT}/meta/map").json()
    return bool(meta["index_file"]), meta["processing_error"] or ""


def large_object(world: World) -> int:
    return world.client.get(f"{stores.PROJECT}/object/large").status


def outputs(world: World) -> Any:
    world.deliver("work", "process")
    return [found["name"] for found in world.client.get(f"{stores.PROJECT}/files/map").json()]


def media_asset(world: World) -> Any:
    return world.client.get("/api/videoassets/1/").json()["status_asset"]


NEVER_CAME = "Error: the file never arrived (never_arrived)."
OWNERS = [
    Owner("asset", parts.asset, parts.asset_state, "clean", "expired", "UpdateItem assets"),
    Owner("file of a store", parts.file_of_a_store, file_of_a_store, (True, ""), (False, NEVER_CAME),
          "UpdateItem stores"),
    Owner("large object of a store", parts.large_object, large_object, 200, 409, "UpdateItem stores"),
    Owner("output of a worker elsewhere", parts.output, outputs, ["a.svg", "trace/a/a.txt"], ["a.svg"],
          "UpdateItem stores, GetItem stores, GetItem jobs, SendMessage work"),
    Owner("media asset", parts.media_asset, media_asset, 6, -1, "UpdateItem productions"),
    Owner("file of a bundle", parts.bundle_file, parts.bundle_states, ["clean"], ["expired"], "UpdateItem productions"),
    Owner("file of two bundles", parts.bundle_file_of_two, parts.bundle_states, ["clean"] * 2, ["expired"] * 2,
          "Query files, UpdateItem productions"),
    Owner("resource of a workspace", parts.resource, parts.resource_status, 200, 404,
          "UpdateItem workspaces, DeleteItem workspaces"),
]  # fmt: skip
every_owner = pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.name.replace(" ", "-"))


@every_owner
def test_a_scan_tells_the_owner(world: World, scan: str, owner: Owner) -> None:
    owner.make(world)
    with does(scan, f"UpdateItem files, PutObject library, {owner.hears}"):
        world.deliver(scan)
    assert owner.shown(world) == owner.clean


@every_owner
def test_the_sweep_tells_the_owner_of_what_has_vanished(world: World, owner: Owner) -> None:
    owner.make(world)
    parts.vanish(world)
    with does("sweep", f"UpdateItem files, {owner.hears}"):
        world.sweep()
    assert owner.shown(world) == owner.expired


# --- what comes with a verdict


def replaced_at_the_edge(world: World) -> None:
    Distribution(world.cloud)
    world.replace(parts.uploaded(world), b"second")


def scan_that_dies(world: World, **when: str) -> None:
    """A scan has died, and its message comes again."""
    with parts.dying(**when):
        world.deliver("scan_small", "scan_large")
    world.travel(1000)
    world.cloud.hand_back()


def draft_told_before(world: World) -> None:
    world.upload(b"first", draft="true")
    scan_that_dies(world, before="DeleteObject")


def copied_before(world: World) -> None:
    """A file was found clean, and the rules have become others when it is scanned again."""
    world.upload(b"first")
    scan_that_dies(world, after="CopyObject")
    found = Finding(Outcome.INFECTED, "by newer rules")
    world.cloud.monkeypatch.setattr(scanning, "scan", lambda stream, *, size: found)


def reminded_of_what_has_gone(world: World) -> None:
    """The sweep sent a message about a file whose event was lost, and then the file's owner was deleted."""
    parts.media_asset(world)
    world.lose_messages()
    world.travel(3 * 3600)
    world.sweep()
    assert world.client.delete("/api/videoassets/1/").status == 202


def orphan(world: World, *, age: float = 3700) -> None:
    key = intake.key_for("0" * 32, 1)
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=key, Body=b"nobody's")
    world.travel(age)


def scanned_elsewhere(world: World) -> None:
    world.cloud.set(SCANNER="guardduty")
    world.upload(b"first")


def arrivals(world: World) -> int:
    return len(world.objects("intake_bucket"))


def public(world: World) -> list[bytes]:
    return list(world.published().values())


SCANS = [
    Part("public file", lambda world: world.upload(b"first"), public, [b"first"], "PutObject media, GetObject library"),
    Part("file in the place of a public one", replaced_at_the_edge, public, [b"second"], "SendMessage edge"),
    Part("draft that was told before", draft_told_before, public, [], "DeleteObject media"),
    Part("infected file", lambda world: world.upload(EICAR), parts.asset_state, "infected",
         "GetObject intake/{size}, PutObjectVersionTagging intake/{size}"),
    Part("infected file that was copied before", copied_before, lambda world: world.keys("library_bucket"), [],
         "ListBucket library, DeleteObject library"),
    Part("infected resource", lambda world: parts.resource(world, EICAR), parts.resource_status, 404,
         "PutItem workspaces, ConditionCheckItem workspaces"),
    Part("file that has gone", reminded_of_what_has_gone, arrivals, 0, "ListBucketVersions intake"),
    Part("bytes without a file", orphan, arrivals, 0, "DeleteObjectVersion intake/{size}"),
    Part("bytes without a file yet", lambda world: orphan(world, age=0), arrivals, 1,
         "ChangeMessageVisibility scan-{size}"),
    Part("file that GuardDuty scans", scanned_elsewhere, parts.asset_state, "unscanned",
         "GetObjectTagging intake/{size}, GetItem files"),
]  # fmt: skip


@named(SCANS)
def test_a_scan_does_what_comes_with_a_verdict(world: World, scan: str, part: Part) -> None:
    part.check(world, scan, lambda: world.deliver(scan, failing=True))

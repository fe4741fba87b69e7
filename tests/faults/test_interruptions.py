"""Two operations at once: between any two AWS calls of one the other happens, and both promises hold."""

from typing import Any

import pytest

from chalicelib.files import intake
from chalicelib.settings import settings
from tests.faults import agreement, arranged
from tests.faults.arranged import DAY, PATH
from tests.files.scanners.samples import EICAR
from tests.support.interruptions import Interruption, interrupt
from tests.support.world import World

LEASES = 1000
"""Seconds after which every claim and lease has run out."""


def deliver(world: World, _: object) -> None:
    world.deliver(failing=True)


def delete(world: World, asset_id: str) -> None:
    world.client.delete(f"/assets/{asset_id}")


def restore(world: World, asset_id: str) -> None:
    world.client.post(f"/assets/{asset_id}/restore")


def delete_and_restore(world: World, asset_id: str) -> None:
    delete(world, asset_id)
    restore(world, asset_id)


def hide(world: World, asset_id: str) -> None:
    world.change(asset_id, draft="true")


def show(world: World, asset_id: str) -> None:
    world.change(asset_id, draft="false")


def show_and_hide(world: World, asset_id: str) -> None:
    show(world, asset_id)
    hide(world, asset_id)


def replace(world: World, asset_id: str) -> None:
    world.replace(asset_id, b"second")


def replace_by_a_virus(world: World, asset_id: str) -> None:
    world.replace(asset_id, EICAR)


def replace_and_scan(world: World, asset_id: str) -> None:
    world.replace(asset_id, b"second")
    world.deliver(failing=True)


def take_over(world: World, _: object) -> None:
    world.upload_whitehall(b"second", PATH)


def take_over_by_a_virus(world: World, _: object) -> None:
    world.upload_whitehall(EICAR, PATH)


def take_over_and_scan(world: World, _: object) -> None:
    world.upload_whitehall(b"second", PATH)
    world.deliver(failing=True)


def purge(world: World, asset_id: str) -> None:
    world.travel(2 * DAY)
    world.sweep()


def delete_and_purge(world: World, asset_id: str) -> None:
    world.cloud.set(DELETED_DAYS="1")
    delete(world, asset_id)
    purge(world, asset_id)


def arrive(world: World, upload_id: str) -> None:
    key = intake.key_for(upload_id, 5)
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=key, Body=b"bytes")


def arrive_and_scan(world: World, upload_id: str) -> None:
    arrive(world, upload_id)
    world.deliver(failing=True)


def arrive_infected(world: World, upload_id: str) -> None:
    key = intake.key_for(upload_id, 5)
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=key, Body=EICAR)


def use(world: World, upload_id: str) -> None:
    world.client.post("/assets", form={"asset[upload]": upload_id})


def arrive_and_use(world: World, upload_id: str) -> None:
    arrive(world, upload_id)
    use(world, upload_id)


def only(content: bytes | None) -> Any:
    """What is public in the end is this, and nothing else."""

    def expect(world: World, _: object) -> list[str]:
        found = list(world.published().values())
        return [] if found == ([] if content is None else [content]) else [f"public is {found}"]

    return expect


def at_most(*contents: bytes) -> Any:
    """What is public in the end is one of these, or nothing."""

    def expect(world: World, _: object) -> list[str]:
        found = list(world.published().values())
        return [] if found in ([], *([content] for content in contents)) else [f"public is {found}"]

    return expect


def pending(world: World) -> str:
    return world.upload(b"first")


def draft(world: World) -> str:
    return arranged.uploaded(world, draft="true")


def whitehall(world: World) -> str:
    return world.upload_whitehall(b"first", PATH)


def scanned_whitehall(world: World) -> str:
    asset_id = whitehall(world)
    world.deliver()
    return asset_id


def deleted_whitehall(world: World) -> str:
    asset_id = scanned_whitehall(world)
    delete(world, asset_id)
    return asset_id


def deleted_for_long(world: World) -> str:
    world.cloud.set(DELETED_DAYS="1")
    asset_id = arranged.uploaded(world)
    delete(world, asset_id)
    world.travel(DAY + 1)
    return asset_id


def sweep(world: World, _: object) -> None:
    world.sweep()


def overdue(world: World) -> str:
    upload_id = arranged.begun_upload(world)
    world.travel(25 * 3600)
    return upload_id


def two(world: World) -> tuple[str, str]:
    return arranged.uploaded(world, b"a"), arranged.uploaded(world, b"b")


def point(world: World, source: str, target: str) -> None:
    world.change(source, replacement_id=target)


PAIRS = [
    Interruption("a file replaced in mid-scan", pending, deliver, replace, expect=only(b"second")),
    Interruption("a file replaced by a virus in mid-scan", pending, deliver, replace_by_a_virus, expect=only(None)),
    Interruption(
        "a file replaced and the new one scanned in mid-scan",
        pending,
        deliver,
        replace_and_scan,
        expect=only(b"second"),
    ),
    Interruption("an asset deleted in mid-scan", pending, deliver, delete, expect=only(None)),
    Interruption(
        "an asset deleted and restored in mid-scan", pending, deliver, delete_and_restore, expect=only(b"first")
    ),
    Interruption("an asset hidden in mid-scan", pending, deliver, hide, expect=only(None)),
    Interruption("an asset purged in mid-scan", pending, deliver, delete_and_purge, expect=only(None)),
    Interruption("a path taken over in mid-scan", whitehall, deliver, take_over, expect=only(b"second")),
    Interruption(
        "a path taken over by a virus in mid-scan", whitehall, deliver, take_over_by_a_virus, expect=only(None)
    ),
    Interruption("a scan by a late worker", pending, deliver, deliver, LEASES, expect=only(b"first")),
    Interruption(
        "a scan by a late worker who dies", pending, deliver, deliver, LEASES, dies=True, expect=only(b"first")
    ),
    Interruption(
        "a late worker of the file before", pending, deliver, replace_and_scan, LEASES, expect=only(b"second")
    ),
    Interruption(
        "a late worker of a deleted asset who dies", pending, deliver, delete, LEASES, dies=True, expect=only(None)
    ),
    Interruption(
        "a late worker of a purged asset who dies",
        pending,
        deliver,
        delete_and_purge,
        LEASES,
        dies=True,
        expect=only(None),
    ),
    Interruption(
        "a late worker of an infected file", lambda w: w.upload(EICAR), deliver, deliver, LEASES, expect=only(None)
    ),
    Interruption("shown, hidden meanwhile", draft, show, hide),
    Interruption("shown, hidden by somebody who finds the lease run out", draft, show, show_and_hide, LEASES),
    Interruption("shown late by a worker who dies, hidden meanwhile", draft, show, show_and_hide, LEASES, dies=True),
    Interruption("hidden, shown meanwhile", arranged.uploaded, hide, show),
    Interruption("hidden late by a worker who dies, shown meanwhile", arranged.uploaded, hide, show, LEASES, dies=True),
    Interruption("deleted, restored meanwhile", arranged.uploaded, delete, delete_and_restore),
    Interruption("restored, deleted meanwhile", arranged.deleted, restore, delete),
    Interruption("restored, purged meanwhile", deleted_for_long, restore, sweep, expect=at_most(b"first")),
    Interruption("purged, restored meanwhile", deleted_for_long, sweep, restore, expect=at_most(b"first")),
    Interruption("replaced, replaced meanwhile", arranged.uploaded, replace, replace_and_scan, expect=only(b"second")),
    Interruption(
        "a path taken over in mid-publish", whitehall, deliver, take_over_and_scan, LEASES, expect=only(b"second")
    ),
    Interruption("a path taken over, restored meanwhile", deleted_whitehall, take_over, restore),
    Interruption("restored, its path taken over meanwhile", deleted_whitehall, restore, take_over_and_scan),
    Interruption("a path taken over by two", scanned_whitehall, take_over, take_over, expect=only(b"second")),
    Interruption("an upload used in mid-scan", arranged.arrived_upload, deliver, use, expect=only(b"bytes")),
    Interruption("an upload scanned while it is used", arranged.arrived_upload, use, deliver, expect=only(b"bytes")),
    Interruption("an upload used twice at once", arranged.arrived_upload, use, use, expect=only(b"bytes")),
    Interruption("an upload arriving while it expires", overdue, sweep, arrive_and_scan),
    Interruption("an upload used while it expires", overdue, sweep, arrive_and_use),
    Interruption("an upload sent twice in mid-scan", arranged.arrived_upload, deliver, arrive),
    Interruption("an upload sent again infected in mid-scan", arranged.arrived_upload, deliver, arrive_infected),
    Interruption("two arrows against each other", two, lambda w, ab: point(w, *ab), lambda w, ab: point(w, *ab[::-1])),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(",", "").replace(" ", "-"))
def test_both_promises_hold(world: World, pair: Interruption) -> None:
    count, failures = interrupt(world, pair, agreement.everything_wrong)
    print(f"{pair.name}: {count} interruptions")
    assert count > 0
    assert not failures, "\n".join(failures)

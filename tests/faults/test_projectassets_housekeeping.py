"""Housekeeping: what is past its `date_del` goes, unless it is shared."""

from datetime import timedelta

import pytest

from tests.support.bundles import TARGET, Bundles, everything_wrong
from tests.support.world import World

DAY = 86400.0


@pytest.fixture
def bundles(world: World) -> Bundles:
    return Bundles(world)


def date_del(bundles: Bundles, url: str, days: float | None) -> None:
    moment = None if days is None else (bundles.world.now() + timedelta(days=days)).isoformat()
    reply = bundles.client.patch(url, json={"date_del": moment})
    assert reply.status == 200, reply.text


def keep_house(bundles: Bundles, *, after: float = 0) -> None:
    bundles.world.travel(after)
    bundles.world.sweep()
    bundles.world.repair()


def test_a_project_goes_with_its_files_when_its_time_has_come_and_not_before(bundles: Bundles) -> None:
    project = bundles.project(a=b"a", b=b"b")
    other = bundles.project(TARGET, a=b"c")
    date_del(bundles, f"/api/projectassets/{project}/", 3)
    keep_house(bundles, after=2 * DAY)
    assert bundles.state(project) == (6, True)
    keep_house(bundles, after=1.1 * DAY)
    assert bundles.state(project) is None
    assert bundles.contents(other) == {"a": b"c"}
    assert len(bundles.world.keys("library_bucket")) == 1
    assert everything_wrong(bundles.world) == []


def test_a_date_that_is_moved_or_taken_back_counts(bundles: Bundles) -> None:
    moved, freed = bundles.project(), bundles.project(TARGET)
    for project in (moved, freed):
        date_del(bundles, f"/api/projectassets/{project}/", 1)
    date_del(bundles, f"/api/projectassets/{moved}/", 5)
    date_del(bundles, f"/api/projectassets/{freed}/", None)
    keep_house(bundles, after=2 * DAY)
    assert [bundles.state(project) for project in (moved, freed)] == [(6, True)] * 2
    keep_house(bundles, after=4 * DAY)
    assert [bundles.state(project) for project in (moved, freed)] == [None, (6, True)]
    assert everything_wrong(bundles.world) == []


def test_a_project_that_is_being_copied_goes_once_the_copy_is_whole(bundles: Bundles) -> None:
    project = bundles.project(a=b"a")
    date_del(bundles, f"/api/projectassets/{project}/", 1)
    bundles.world.travel(2 * DAY)
    copy = bundles.copy(project)
    keep_house(bundles)
    assert bundles.state(project) is None
    shown = bundles.shown(copy)
    assert shown is not None
    assert (shown["status_asset"], shown["date_del"]) == (6, None)
    assert bundles.contents(copy) == {"a": b"a"}
    assert everything_wrong(bundles.world) == []


def test_a_media_asset_goes_unless_it_is_shared(bundles: Bundles) -> None:
    bundles.client.post("/api/productions/", json={"name": "Sport", "codename": "sport"})
    project = bundles.project()
    shared = bundles.linked(project)
    body = {"name": "Copy", "bundle_root": TARGET, "production_id": 2, "copy_of": project}
    assert bundles.client.post("/api/projectassets/?share_linked_assets=1", json=body).status == 201
    bundles.world.deliver()
    plain = bundles.linked(project, "image", path_file="/mnt/archive/x.png")
    date_del(bundles, f"/api/videoassets/{shared}/", 1)
    date_del(bundles, f"/api/imageassets/{plain}/", 1)
    keep_house(bundles, after=2 * DAY)
    assert bundles.client.get(f"/api/videoassets/{shared}/").status == 200
    assert bundles.client.get(f"/api/imageassets/{plain}/").status == 404
    shown = bundles.shown(project)
    assert shown is not None
    assert ([one["id"] for one in shown["video_assets"]], shown["image_assets"]) == ([shared], [])

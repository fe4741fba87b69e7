"""Copying and deleting project assets: the end state that each fault is specified to have."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.files.scanners.samples import EICAR
from tests.support import troubles
from tests.support.bundles import SOURCE, TARGET, Bundles, bundle_rows, everything_wrong
from tests.support.calls import Call, on_call
from tests.support.world import World

DONE, NEW, FAILED = (6, True), (0, False), (-1, False)
FILES = {"a": b"a", "dir_b": b"bb", "dir_c": b"ccc"}
CONTENTS = {"a": b"a", "dir/b": b"bb", "dir/c": b"ccc"}


@pytest.fixture
def bundles(world: World) -> Bundles:
    return Bundles(world)


def assert_in_order(bundles: Bundles) -> None:
    assert everything_wrong(bundles.world) == []
    assert not any(bundles.world.waiting().values())


def test_a_copy_is_new_until_one_write_shows_it_whole(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    assert bundles.state(copy) == NEW
    assert bundles.files(copy) == {}
    objects = bundles.world.keys("library_bucket")
    bundles.world.deliver()
    assert bundles.state(copy) == DONE
    shown = bundles.shown(copy)
    assert shown is not None
    assert sorted(shown["files"]) == [TARGET + path for path in CONTENTS]
    assert bundles.contents(copy) == bundles.contents(source) == CONTENTS
    assert bundles.world.keys("library_bucket") == objects
    assert_in_order(bundles)


def test_a_deletion_takes_the_files_and_the_record_and_never_the_id(bundles: Bundles) -> None:
    project = bundles.project(**FILES)
    bundles.delete(project)
    assert bundles.state(project) == DONE
    assert bundles.client.delete(f"/api/projectassets/{project}/").status == 202
    bundles.world.deliver()
    assert bundles.state(project) is None
    assert bundles.client.delete(f"/api/projectassets/{project}/").status == 404
    assert bundles.client.get("/api/projectassets/").json() == []
    assert bundles.world.keys("library_bucket") == []
    assert bundle_rows(bundles.world) == []
    assert bundles.project() > project
    assert_in_order(bundles)


def test_a_deletion_is_seen_among_the_jobs_of_who_asked_and_can_be_canceled(bundles: Bundles) -> None:
    project = bundles.project(**FILES)
    bundles.delete(project)
    [job] = [one for one in bundles.client.get("/jobs?whose=mine").json()["results"] if one["ended_at"] is None]
    assert (job["kind"], job["may_cancel"]) == ("projectassets.delete", True)
    assert bundles.client.get(f"/api/projectassets/{project}/job/").json()["id"] == job["id"]
    assert bundles.client.post(f"/jobs/{job['id']}/cancel").status == 200
    bundles.world.deliver()
    assert bundles.client.get(f"/jobs/{job['id']}").json()["state"] == "canceled"
    assert bundles.state(project) == (-1, False)
    bundles.delete(project)
    bundles.world.deliver()
    assert bundles.state(project) is None
    assert_in_order(bundles)


def test_an_empty_project_is_copied_and_deleted(bundles: Bundles) -> None:
    source = bundles.project()
    copy = bundles.copy(source)
    bundles.world.deliver()
    assert bundles.state(copy) == DONE
    bundles.delete(copy)
    bundles.world.deliver()
    assert bundles.state(copy) is None
    assert_in_order(bundles)


def test_what_copies_share_goes_with_the_last_of_them(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    bundles.world.deliver()
    bundles.delete(source)
    bundles.world.deliver()
    assert bundles.contents(copy) == CONTENTS
    again = bundles.copy(copy, SOURCE)
    bundles.delete(copy)
    bundles.world.repair()
    assert bundles.contents(again) == CONTENTS
    bundles.delete(again)
    bundles.world.repair()
    assert bundles.world.keys("library_bucket") == []
    assert_in_order(bundles)


def test_one_source_to_ten_roots_at_once(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    with ThreadPoolExecutor(10) as threads:
        copies = list(threads.map(lambda number: bundles.copy(source, f"/mnt/archive/copy/{number}/"), range(10)))
    assert len(set(copies)) == 10
    jobs = [row["pk"].removeprefix("job#") for row in bundles.world.rows("jobs_table") if row["sk"] == "job"]
    bundles.world.lose_messages()
    from chalicelib.jobs import running, trees

    def work(job_id: str) -> None:
        running.run(job_id)
        for number in range(1, 3):
            trees.run_part(f"{job_id}/{number}")
        running.run(job_id)

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(work, jobs))
    bundles.world.repair()
    assert [bundles.state(copy) for copy in copies] == [DONE] * 10
    assert all(bundles.contents(copy) == CONTENTS for copy in copies)
    assert len(bundles.world.keys("library_bucket")) == len(FILES)
    assert_in_order(bundles)


def test_two_copies_to_one_root(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    with ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda _: bundles.ask_copy(source), range(2)))
    assert sorted(reply.status for reply in replies) == [201, 400]
    [refused] = [reply.json()["errors"][0] for reply in replies if reply.status == 400]
    assert refused["source"] == {"pointer": "/bundle_root"}
    bundles.world.deliver()
    assert [one["status_asset"] for one in bundles.client.get("/api/projectassets/").json()] == [6, 6]
    assert_in_order(bundles)


def test_the_source_is_deleted_while_it_is_copied(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    bundles.delete(source)
    assert bundles.ask_copy(source, "/mnt/archive/other/").status == 400
    bundles.world.repair()
    assert bundles.state(copy) == DONE
    assert bundles.contents(copy) == CONTENTS
    assert bundles.state(source) is None
    assert_in_order(bundles)


def test_the_target_is_deleted_while_it_is_copied_to(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    bundles.delete(copy)
    bundles.world.repair()
    assert bundles.state(copy) is None
    assert bundles.contents(source) == CONTENTS
    assert len(bundle_rows(bundles.world)) == len(FILES)
    assert_in_order(bundles)


def test_both_are_deleted_while_one_is_copied_to_the_other(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    bundles.delete(source)
    bundles.delete(copy)
    bundles.world.repair()
    assert (bundles.state(source), bundles.state(copy)) == (None, None)
    assert bundles.world.keys("library_bucket") == []
    assert_in_order(bundles)


def test_a_file_whose_bytes_are_gone_fails_the_copy_and_leaves_nothing_of_it(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    row = next(row for row in bundle_rows(bundles.world) if row["sk"].endswith("dir/b"))
    from chalicelib.files.models import File
    from chalicelib.rows import update

    update(File.at(row["file_id"]), [File.purged.set(True)])
    bundles.world.repair()
    assert bundles.state(copy) == FAILED
    shown = bundles.shown(copy)
    assert shown is not None
    assert shown["status_asset_description"] == "The copy failed: The bytes of the file 'dir/b' are gone."
    assert (shown["files"], bundles.files(copy)) == ({}, {})
    update(File.at(row["file_id"]), [File.purged.remove()])
    assert bundles.contents(source) == CONTENTS
    assert bundles.ask_copy(copy, SOURCE).status == 400
    bundles.delete(copy)
    bundles.world.repair()
    assert bundles.state(copy) is None
    assert_in_order(bundles)


def test_a_canceled_copy_ends_as_failed_and_leaves_nothing(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    url = f"/api/projectassets/{copy}/job/"
    told = bundles.client.get(url).json()
    assert (told["kind"], told["state"], told["done"], told["total"]) == ("copy", "queued", 0, None)
    assert bundles.client.delete(url).status == 202
    bundles.world.repair()
    assert bundles.state(copy) == FAILED
    shown = bundles.shown(copy)
    assert shown is not None
    assert shown["status_asset_description"] == "The copy was canceled."
    assert bundles.client.get(url).status == 404
    assert len(bundle_rows(bundles.world)) == len(FILES)
    assert_in_order(bundles)


def test_media_assets_name_a_copy_that_was_canceled_before_it_began_as_it_names_them(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    media = bundles.linked(source)
    copy = bundles.copy(source)
    assert bundles.client.delete(f"/api/projectassets/{copy}/job/").status == 202
    bundles.world.repair()
    shown = bundles.shown(copy)
    assert shown is not None
    assert (shown["status_asset"], [one["id"] for one in shown["video_assets"]]) == (-1, [media])
    assert sorted(bundles.client.get(f"/api/videoassets/{media}/").json()["projects"]) == [source, copy]
    bundles.delete(copy)
    bundles.world.repair()
    assert bundles.client.get(f"/api/videoassets/{media}/").json()["projects"] == [source]
    assert_in_order(bundles)


def test_a_deletion_cannot_be_canceled(bundles: Bundles) -> None:
    project = bundles.project()
    bundles.delete(project)
    url = f"/api/projectassets/{project}/job/"
    assert bundles.client.get(url).json()["kind"] == "delete"
    assert bundles.client.delete(url).status == 409
    bundles.world.repair()
    assert bundles.state(project) is None


def test_a_file_that_is_not_scanned_yet_is_copied_and_judged_in_both(bundles: Bundles) -> None:
    source = bundles.project()
    bundles.put(source, "a", b"a")
    copy = bundles.copy(source)
    bundles.world.deliver("work")
    assert bundles.state(copy) == DONE
    assert bundles.files(copy) == {"a": "pending"}
    bundles.world.deliver()
    assert bundles.contents(copy) == bundles.contents(source) == {"a": b"a"}
    assert_in_order(bundles)


def test_nothing_is_put_into_or_taken_out_of_a_bundle_that_is_copied_to_or_deleted(bundles: Bundles) -> None:
    source = bundles.project(**FILES)
    copy = bundles.copy(source)
    assert bundles.client.put(bundles.url(copy, "new"), body=b"x").status == 409
    assert bundles.client.delete(bundles.url(copy, "a")).status == 409
    bundles.delete(copy)
    assert bundles.client.put(bundles.url(copy, "new"), body=b"x").status == 404
    assert bundles.client.delete(bundles.url(copy, "a")).status == 404
    bundles.world.repair()
    assert_in_order(bundles)


def test_a_linked_asset_keeps_its_file_when_the_bundle_it_lies_in_is_deleted(bundles: Bundles) -> None:
    project = bundles.project(clips_one=b"one", clips_two=b"two")
    media = bundles.linked(project, path_file=SOURCE + "clips/one")
    bundles.delete(project)
    bundles.world.repair()
    assert bundles.state(project) is None
    reply = bundles.client.get(f"/api/videoassets/{media}/file/")
    assert (reply.status, reply.body) == (200, b"one")
    assert len(bundles.world.keys("library_bucket")) == 1
    assert_in_order(bundles)


def test_another_project_with_the_same_or_a_nested_root_keeps_its_files(bundles: Bundles) -> None:
    project = bundles.project(a=b"mine")
    same = bundles.project(a=b"same")
    nested = bundles.project(SOURCE + "nested/", a=b"nested")
    bundles.delete(project)
    bundles.world.repair()
    assert (bundles.contents(same), bundles.contents(nested)) == ({"a": b"same"}, {"a": b"nested"})
    assert_in_order(bundles)


def test_links_are_carried_over_and_shared_if_asked_for(bundles: Bundles) -> None:
    bundles.client.post("/api/productions/", json={"name": "Sport", "codename": "sport"})
    source = bundles.project(**FILES)
    media = bundles.linked(source)
    body = {"name": "Copy", "bundle_root": TARGET, "production_id": 2, "copy_of": source}
    copy = bundles.client.post("/api/projectassets/?share_linked_assets=1", json=body).json()["id"]
    bundles.world.repair()
    shown = bundles.shown(copy)
    assert shown is not None
    assert [(one["id"], one["shared_with_productions"]) for one in shown["video_assets"]] == [(media, [2])]
    assert sorted(shown["video_assets"][0]["projects"]) == [source, copy]
    bundles.delete(copy)
    bundles.world.repair()
    assert bundles.client.get(f"/api/videoassets/{media}/").json()["projects"] == [source]
    assert_in_order(bundles)


@pytest.mark.parametrize("failure", troubles.FAILURES)
def test_a_share_is_made_once_aws_answers_again(bundles: Bundles, failure: troubles.Failure) -> None:
    bundles.client.post("/api/productions/", json={"name": "Sport", "codename": "sport"})
    source = bundles.project()
    media = bundles.linked(source)
    body = {"name": "Copy", "bundle_root": TARGET, "production_id": 2, "copy_of": source}
    copy = bundles.client.post("/api/projectassets/?share_linked_assets=1", json=body).json()["id"]
    failures: list[str] = []

    def fail(call: Call) -> None:
        if "#share/" in str(call.params) and call.operation == "TransactWriteItems" and not failures:
            failures.append(str(call))
            raise troubles.failing(failure, call)

    with on_call(before=fail):
        bundles.world.repair()
    assert failures
    assert bundles.state(copy) == DONE
    shared = bundles.client.get(f"/api/videoassets/{media}/").json()["shared_with_productions"]
    assert shared == [2]
    assert_in_order(bundles)


def run(world: World, body: dict[str, Any]) -> None:
    world.send(body, "work_queue")


@pytest.mark.parametrize("is_scanned", [True, False])
def test_a_linked_asset_that_takes_an_infected_file_over_says_so(bundles: Bundles, is_scanned: bool) -> None:
    project = bundles.project()
    bundles.put(project, "a", EICAR)
    if is_scanned:
        bundles.world.deliver()
    media = bundles.linked(project, path_file=SOURCE + "a")
    bundles.delete(project)
    bundles.world.repair()
    shown = bundles.client.get(f"/api/videoassets/{media}/").json()
    assert (shown["status_asset"], shown["file_url"]) == (-1, "")
    assert shown["status_asset_description"].startswith("The file is infected")
    assert_in_order(bundles)

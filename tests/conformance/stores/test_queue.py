"""The task queue and the product's own workers, as clients see them (specification sections 9 and 10)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock
from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE, Office, listing
from tests.conformance.stores.gallery import PROJECT, STORES, Gallery, title
from tests.files.scanners.samples import EICAR


def test_a_task_makes_files_and_the_asset_begins_at_the_first(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("index.html", "a/b.txt", "c.txt", "d.txt"))
    office.schedule()
    gallery.deliver()
    meta = gallery.meta("map")
    assert meta["processing_status"] == "done"
    assert meta["worker"] == meta["processing_error"] == ""
    assert gallery.stranger.get(meta["index_file"]).body == b"index.html"
    assert "/map/1/copy/all/index.html" in meta["index_file"]
    assert [(file["name"], file["default"], file["state"]) for file in gallery.files("map")] == [
        ("all.list", True, "clean"),
        ("copy/all/a/b.txt", False, "clean"),
        ("copy/all/c.txt", False, "clean"),
        ("copy/all/d.txt", False, "clean"),
        ("copy/all/index.html", False, "clean"),
    ]
    for file in gallery.files("map")[1:]:
        assert gallery.stranger.get(file["url"]).text == file["name"].removeprefix("copy/all/")
        assert gallery.stranger.get(file["url"].replace(file["url"].split("/")[4] + "/", "")).status == 404


def test_relative_links_between_outputs_hold(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("index.html", "a/b.txt"))
    office.schedule()
    gallery.deliver()
    index = gallery.meta("map")["index_file"]
    assert gallery.stranger.get(index.replace("index.html", "a/b.txt")).body == b"a/b.txt"


def test_pages_of_files_go_on_among_outputs(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing(*(f"{number:02}.txt" for number in range(11))))
    office.schedule()
    gallery.deliver()
    whole, found, query = office.names(), [], "?limit=3"
    while True:
        reply = gallery.alice.get(f"{PROJECT}/files/map{query}")
        found += [file["name"] for file in reply.json()]
        if "X-Next-Cursor" not in reply.headers:
            break
        query = f"?limit=3&cursor={reply.headers['X-Next-Cursor']}"
    assert found == whole
    assert len(found) == 12


@pytest.mark.parametrize("worker_type", ["copy", "cp"])
def test_a_type_has_the_names_it_had(office: Office, gallery: Gallery, worker_type: str) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    task_id = office.schedule(worker_type=worker_type)
    gallery.deliver()
    assert office.task(task_id)["workerType"] == "copy"
    assert "copy/all/a.txt" in office.names()


def test_a_task_is_shown_with_everything_but_secrets(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    task_id = office.schedule(priority=7, parameters={"fail": ""})
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    [task] = office.tasks()
    assert re.fullmatch("[0-9a-f]{24}", task_id)
    assert re.fullmatch(moment, task.pop("createdOn"))
    assert task == {
        "_id": task_id,
        "priority": 7,
        "status": "new",
        "username": "alice",
        "storeID": "default",
        "projectID": "expo",
        "assetID": "map",
        "filename": "all.list",
        "extension": ".list",
        "workerType": "copy",
        "taskOptions": {"fail": ""},
    }
    gallery.deliver()
    [task] = office.tasks()
    assert task["status"] == "done"
    assert task["workerName"] == "copy"
    assert re.fullmatch(moment, task["startTime"])
    assert re.fullmatch(moment, task["endTime"])


def test_a_task_tells_how_far_it_is_while_it_is_done(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing(*(f"{number}.txt" for number in range(7))))
    task_id = office.schedule()
    assert "progress" not in office.task(task_id)
    told = []
    while office.task(task_id)["status"] != "done":
        office.one_message()
        told.append(office.task(task_id).get("progress"))
    begun, planned, *counted, shown = told
    assert begun == {"done": 0, "total": None}
    assert planned == {"done": 0, "total": 3}
    assert counted == [{"done": number, "total": 3} for number in (1, 2, 3)]
    assert shown is None, "what has ended is not under way"


def test_tasks_are_seen_by_those_who_may_write(office: Office, gallery: Gallery) -> None:
    gallery.make_project("second", "g2")
    gallery.uploaded("map", "all.list", listing("a.txt"))
    gallery.uploaded("map", "all.list", listing("a.txt"), project="/api/default/second", by=gallery.carol)
    first = office.schedule()
    second = office.schedule(by=gallery.carol, project_id="second")
    assert [task["_id"] for task in office.tasks()] == [first]
    assert [task["_id"] for task in office.tasks(by=gallery.carol)] == [second]
    assert [task["_id"] for task in office.tasks(by=gallery.admin)] == [first, second]
    assert office.tasks(by=gallery.bob) == office.tasks(by=gallery.nobody) == []


def test_tasks_are_listed_in_the_order_they_were_asked_for_and_in_pages(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    asked = [office.schedule(priority=number) for number in (3, 1, 2)]
    assert [task["_id"] for task in office.tasks()] == asked
    reply = gallery.alice.get(f"{QUEUE}?limit=2")
    rest = gallery.alice.get(f"{QUEUE}?limit=2&cursor={reply.headers['X-Next-Cursor']}")
    assert [task["_id"] for task in (*reply.json(), *rest.json())] == asked


def test_the_newest_tasks_are_listed_first_where_that_is_asked_for(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    asked = [office.schedule(priority=number) for number in (3, 1, 2)]
    assert [task["_id"] for task in office.tasks("?newest=true")] == asked[::-1]
    assert [task["_id"] for task in office.tasks("?newest=false")] == asked
    reply = gallery.alice.get(f"{QUEUE}?newest=true&limit=2")
    rest = gallery.alice.get(f"{QUEUE}?newest=true&limit=2&cursor={reply.headers['X-Next-Cursor']}")
    assert [[task["_id"] for task in page.json()] for page in (reply, rest)] == [asked[:0:-1], asked[:1]]
    assert title(gallery.alice.get(f"{QUEUE}?newest=perhaps")) == "Invalid data"


def test_the_tasks_of_a_store_a_project_or_an_asset_are_listed(office: Office, gallery: Gallery) -> None:
    gallery.make_project("second", "g1")
    for project, asset in (("expo", "map"), ("expo", "plan"), ("second", "map")):
        gallery.uploaded(asset, "all.list", listing("a.txt"), project=f"/api/default/{project}")
    first, plan, other, last = (
        office.schedule("map"),
        office.schedule("plan"),
        office.schedule("map", project_id="second"),
        office.schedule("map"),
    )
    its = "?store_id=default&project_id=expo&asset_id=map"
    for query, wanted in (
        (its, [first, last]),
        (f"{its}&newest=true", [last, first]),
        ("?store_id=default&project_id=expo", [first, plan, last]),
        ("?store_id=default", [first, plan, other, last]),
        ("?asset_id=map", [first, other, last]),
        ("?store_id=other", []),
    ):
        assert [task["_id"] for task in office.tasks(query)] == wanted, query
    reply = gallery.alice.get(f"{QUEUE}{its}&limit=1")
    rest = gallery.alice.get(f"{QUEUE}{its}&limit=1&cursor={reply.headers['X-Next-Cursor']}")
    assert [task["_id"] for task in (*reply.json(), *rest.json())] == [first, last]
    assert "X-Next-Cursor" not in rest.headers
    assert office.tasks(its, by=gallery.bob) == []


def test_only_who_may_write_cancels_and_resets(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    task_id = office.schedule()
    for client in (gallery.bob, gallery.carol, gallery.nobody):
        office.cancel(task_id, by=client)
        office.reset(task_id, by=client)
        assert office.task(task_id)["status"] == "new"
    office.cancel(task_id, by=gallery.admin)
    assert office.task(task_id)["status"] == "canceled"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize("task_id", ["x", "0" * 23, "0" * 25, "g" * 24, ["0" * 24], 7])
def test_a_task_id_that_is_none_is_refused(gallery: Gallery, method: str, task_id: Any) -> None:
    assert title(gallery.alice.request(method, QUEUE, json={"task_id": task_id})) == "Invalid data"


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"worker_type": "tulip"}, "No worker available for task"),
        ({"parameters": {"fail": 7}}, "Invalid data"),
        ({"parameters": {"other": "x"}}, "Invalid data"),
        ({"parameters": {"fail": "x" * 30_000}}, "Invalid data"),
        ({"parameters": {"filename": 7}}, "Invalid data"),
        ({"parameters": {"filename": "b.list"}}, "Invalid filename"),
        ({"parameters": {"filename": "copy/all/x.list"}}, "Invalid filename"),
        ({"parameters": {"filename": "../1/all.list"}}, "Invalid filename"),
        ({"parameters": {"filename": "all.txt"}}, "No worker available for task"),
        ({"priority": 1.5}, "Invalid data"),
        ({"priority": 10**12}, "Invalid data"),
    ],
)
def test_a_task_that_cannot_be_is_refused(
    office: Office, gallery: Gallery, fields: dict[str, Any], wanted: str
) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    assert title(gallery.alice.post(QUEUE, json=errands.task("map", **fields))) == wanted
    assert office.tasks() == []


def test_an_asset_without_a_file_has_no_worker(office: Office, gallery: Gallery) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.post(QUEUE, json=errands.task("map"))) == "No worker available for task"


def test_a_file_that_was_refused_is_not_processed(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", EICAR)
    assert title(gallery.alice.post(QUEUE, json=errands.task("map"))) == "Invalid data"


def test_a_file_that_turns_out_infected_ends_the_task(office: Office, gallery: Gallery) -> None:
    assert gallery.upload("map", "all.list", EICAR, create="true").status == 200
    task_id = office.schedule()
    gallery.deliver()
    gallery.cloud.hand_back()
    gallery.deliver()
    assert office.task(task_id)["status"] == "error"
    assert gallery.meta("map")["processing_status"] == "error"
    assert office.copyist.made == []


def test_a_task_waits_for_the_verdict_on_its_file(office: Office, gallery: Gallery) -> None:
    assert gallery.upload("map", "all.list", listing("a.txt"), create="true").status == 200
    task_id = office.schedule()
    office.step()
    assert office.task(task_id)["status"] == "new"
    gallery.deliver()
    gallery.cloud.hand_back()
    gallery.deliver()
    assert office.task(task_id)["status"] == "done"


def test_work_that_cannot_be_done_says_why_and_leaves_nothing(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing(*(f"{number}.txt" for number in range(8))))
    before = gallery.meta("map")["index_file"]
    task_id = office.schedule(parameters={"fail": "7.txt"})
    gallery.deliver()
    assert gallery.meta("map")["processing_status"] == "error"
    assert gallery.meta("map")["processing_error"] == "Error: 7.txt cannot be made."
    assert office.task(task_id)["error"] == "Error: 7.txt cannot be made."
    assert office.names() == ["all.list"]
    assert gallery.meta("map")["index_file"].rpartition("/")[2] == before.rpartition("/")[2]
    assert office.library() == 1
    task_id = office.schedule(parameters={"fail": "plan"})
    gallery.deliver()
    assert office.task(task_id)["error"] == "Error: this list cannot be read."
    office.schedule()
    gallery.deliver()
    assert gallery.meta("map")["processing_status"] == "done"
    assert gallery.meta("map")["processing_error"] == ""
    assert len(office.names()) == 9


def test_what_is_not_clean_is_never_made(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt", "b.txt"))
    assert gallery.meta("map")["index_file"]
    office.copyist.before_output.append(lambda path: None)
    gallery.uploaded("bad", "all.list", listing("a.txt", "b.txt", content="X"))
    office.copyist.content = {"b.txt": EICAR}
    task_id = office.schedule("bad")
    gallery.deliver()
    assert "virus scan refused b.txt" in office.task(task_id)["error"]
    assert office.names("bad") == ["all.list"]
    assert gallery.meta("bad")["processing_status"] == "error"


def test_another_file_of_the_version_can_be_processed(office: Office, gallery: Gallery) -> None:
    inner = listing("deep.txt").decode()
    gallery.uploaded("map", "all.list", listing("sub/inner.list", "x.txt", content=inner))
    office.schedule()
    gallery.deliver()
    task_id = office.schedule(parameters={"filename": "copy/all/sub/inner.list"})
    gallery.deliver()
    assert office.task(task_id)["status"] == "done"
    assert "copy/inner/deep.txt" in office.names()
    assert gallery.stranger.get(gallery.meta("map")["index_file"]).text == "deep.txt"


def test_an_output_can_be_larger_than_a_request(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    office.copyist.content = {"a.txt": b"x" * 6_000_000}
    office.schedule()
    gallery.deliver()
    reply = gallery.stranger.get(gallery.meta("map")["index_file"])
    assert reply.status == 302
    assert office.library() == 2


@pytest.mark.parametrize("path", ["../up.txt", "a//b.txt", "/abs.txt", "a/./b", "x" * 300, "a/" * 400 + "b"])
def test_an_output_that_could_not_be_served_ends_the_task(office: Office, gallery: Gallery, path: str) -> None:
    gallery.uploaded("map", "all.list", listing(path))
    task_id = office.schedule()
    gallery.deliver()
    assert office.task(task_id)["status"] == "error"
    assert office.names() == ["all.list"]


def test_a_new_version_speaks_for_itself(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))

    def renew(_: int) -> None:
        assert gallery.upload("map", "all.list", listing("b.txt"), update="true").status == 200

    office.copyist.before_part.append(renew)
    office.schedule()
    gallery.deliver()
    meta = gallery.meta("map")
    assert meta["version"] == "2"
    assert meta["worker"] == meta["processing_status"] == ""
    assert meta["index_file"].endswith("/map/2/all.list")
    assert office.names(query="?version=1") == ["all.list", "copy/all/a.txt"]
    assert office.names() == ["all.list"]


def test_a_public_project_has_its_outputs_at_the_edge(office: Office, gallery: Gallery) -> None:
    project = gallery.make_project("open", "g1", "public")
    gallery.uploaded("map", "all.list", listing("a.txt", "b/c.txt"), project=project)
    office.schedule(project_id="open")
    gallery.deliver()
    base = "stores/default/open/map/1"
    assert gallery.published() == [f"{base}/all.list", f"{base}/copy/all/a.txt", f"{base}/copy/all/b/c.txt"]
    assert gallery.admin.post(f"{project}/projectAccessMeta", json={"groups": ["g1"]}).status == 200
    gallery.deliver()
    assert gallery.published() == []
    assert gallery.stranger.get(f"{STORES}/{base}/copy/all/a.txt").status == 404
    assert gallery.admin.post(f"{project}/projectAccessMeta", json={"groups": ["g1", "public"]}).status == 200
    gallery.deliver()
    assert len(gallery.published()) == 3


@pytest.mark.parametrize("groups", [["g1"], ["g1", "public"]])
def test_groups_that_change_during_a_run_end_right(office: Office, gallery: Gallery, groups: list[str]) -> None:
    others = {"g1", "public"} - (set(groups) - {"g1"})
    project = gallery.make_project("open", *others)
    gallery.uploaded("map", "all.list", listing("a.txt"), project=project)

    def change(_: int) -> None:
        assert gallery.admin.post(f"{project}/projectAccessMeta", json={"groups": groups}).status == 200

    office.copyist.before_part.append(change)
    office.schedule(project_id="open")
    gallery.deliver()
    assert len(gallery.published()) == (2 if "public" in groups else 0)


def test_finished_tasks_vanish_after_two_days(
    office: Office, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    ended, waiting = office.schedule(), office.schedule(priority=-1)
    office.copyist.before_plan.append(lambda: office.cancel(waiting))
    gallery.deliver()
    later = clock.now() + timedelta(days=2, minutes=-1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert {task["_id"] for task in office.tasks()} == {ended, waiting}
    over = later + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: over)
    assert office.tasks() == []
    office.reset(ended)
    assert office.tasks() == []


def test_the_queue_says_what_workers_do(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    seen: list[Any] = []
    nobody = gallery.nobody  # made here, not while a worker is at it
    office.copyist.before_part.append(lambda _: seen.append(nobody.get("/api/workers/status").json()))
    office.copyist.before_part.append(lambda _: seen.append(gallery.meta("map")))
    office.schedule()
    gallery.deliver()
    status, meta = seen
    assert status == {"copy": "processing"}
    assert (meta["worker"], meta["processing_status"]) == ("copy", "processing")
    assert gallery.nobody.get("/api/workers/status").json() == {"copy": "ready"}


def test_moments_are_utc(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    office.schedule()
    made = datetime.fromisoformat(office.tasks()[0]["createdOn"] + "+00:00")
    assert abs((clock.now() - made).total_seconds()) < 60

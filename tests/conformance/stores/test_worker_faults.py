"""The faults B14 to B22 of the original, about workers and their queue, shown to be gone."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib import clock
from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE, Office, listing
from tests.conformance.stores.gallery import PROJECT, Gallery, title


def on_the_way(office: Office, *, paths: int = 6) -> str:
    """A task whose run has been planned and whose parts wait in the queue; its id."""
    gallery = office.gallery
    gallery.uploaded("map", "all.list", listing(*(f"{number}.txt" for number in range(paths))))
    task_id = office.schedule()
    office.one_message()  # begins it
    office.one_message()  # plans it
    assert office.task(task_id)["status"] == "processing"
    assert office.copyist.made == []
    return task_id


def test_b14_what_a_user_edits_during_a_run_is_kept(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))

    def edit(*_: Any) -> None:
        meta = {"description": "by hand", "tags": ["kept"], "name": "Map"}
        assert gallery.alice.post(f"{PROJECT}/meta/map", json=meta).status == 200

    office.copyist.before_part.append(edit)
    office.schedule()
    gallery.deliver()
    meta = gallery.meta("map")
    assert (meta["description"], meta["tags"], meta["name"]) == ("by hand", ["kept"], "Map")
    assert meta["processing_status"] == "done"
    assert gallery.assets("?filterByTag=kept")[0]["id"] == "map"


def test_b14_an_edit_does_not_undo_what_a_run_says(office: Office, gallery: Gallery) -> None:
    on_the_way(office)
    threads = [
        threading.Thread(
            target=lambda n=n: gallery.alice.patch(f"{PROJECT}/tags/map", json={"action": "add", "data": [n]})
        )
        for n in ("a", "b", "c")
    ]
    for thread in threads:
        thread.start()
    gallery.deliver()
    for thread in threads:
        thread.join()
    assert sorted(gallery.meta("map")["tags"]) == ["a", "b", "c"]
    assert gallery.meta("map")["processing_status"] == "done"
    assert gallery.meta("map")["worker"] == ""


@pytest.mark.parametrize("moment", ["before_plan", "before_part", "before_output"])
def test_b15_a_task_that_is_canceled_while_it_runs_ends_canceled(office: Office, gallery: Gallery, moment: str) -> None:
    gallery.uploaded("map", "all.list", listing(*(f"{number}.txt" for number in range(9))))
    task_id = office.schedule()
    getattr(office.copyist, moment).append(lambda *_: office.cancel(task_id))
    gallery.deliver()
    task = office.task(task_id)
    assert task["status"] == "canceled"
    assert "endTime" in task
    assert len(office.copyist.made) <= 3  # the part that was under way
    assert office.names() == ["all.list"]
    meta = gallery.meta("map")
    assert meta["worker"] == meta["processing_status"] == meta["processing_error"] == ""
    assert meta["index_file"].endswith("/map/1/all.list")
    assert office.library() == 1


def test_b15_a_cancelled_task_does_not_begin(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    task_id = office.schedule()
    office.cancel(task_id)
    assert office.task(task_id)["status"] == "canceled"
    gallery.deliver()
    assert office.copyist.made == []
    office.cancel(task_id)
    office.reset(task_id)
    gallery.deliver()
    assert office.task(task_id)["status"] == "done"


def test_b15_a_task_that_has_ended_stays_as_it_ended(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    task_id = office.schedule()
    gallery.deliver()
    office.cancel(task_id)
    assert office.task(task_id)["status"] == "done"
    assert len(office.names()) == 2


def test_b15_a_reset_runs_once_more_and_never_twice_at_once(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt", "b.txt"))
    task_id = office.schedule()
    at_once, most, runs = 0, 0, 0

    def begin(_: int) -> None:
        nonlocal at_once, most, runs
        at_once, runs = at_once + 1, runs + 1
        most = max(most, at_once)
        if runs == 1:
            for _ in range(3):
                office.reset(task_id)
            office.step()  # whatever that sent
        at_once -= 1

    office.copyist.before_part.append(begin)
    gallery.deliver()
    gallery.cloud.hand_back()
    gallery.deliver()
    gallery.sweep()
    assert (most, runs) == (1, 2)
    assert office.task(task_id)["status"] == "done"
    assert office.names() == ["all.list", "copy/all/a.txt", "copy/all/b.txt"]


def test_b15_reset_of_what_is_done_replaces_what_it_made(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt", "b.txt"))
    task_id = office.schedule()
    gallery.deliver()
    urls = [file["url"].rpartition("~")[2].partition("/")[2] for file in gallery.files("map")]
    office.copyist.content = {"a.txt": b"anew"}
    office.reset(task_id)
    assert "endTime" not in office.task(task_id)
    gallery.deliver()
    assert [file["url"].rpartition("~")[2].partition("/")[2] for file in gallery.files("map")] == urls
    assert gallery.stranger.get(gallery.meta("map")["index_file"]).body == b"anew"
    assert office.library() == 3


def test_b16_a_task_on_a_busy_asset_waits_its_turn(office: Office, gallery: Gallery) -> None:
    first = on_the_way(office)
    second = office.schedule()
    office.one_message(last=True)
    assert office.task(second)["status"] == "new"
    assert gallery.meta("map")["processing_status"] == "processing"
    gallery.uploaded("other", "all.list", listing("z.txt"))
    third = office.schedule("other")
    gallery.deliver()
    gallery.cloud.hand_back()
    gallery.deliver()
    assert [office.task(task)["status"] for task in (first, second, third)] == ["done"] * 3
    assert gallery.meta("map")["processing_status"] == "done"


def test_b16_what_waits_keeps_nobody_else_waiting(office: Office, gallery: Gallery) -> None:
    on_the_way(office)
    waiting = [office.schedule(priority=9) for _ in range(3)]
    gallery.upload("other", "all.list", listing("z.txt"), create="true")
    office.deliver_only("scan_small")
    other = office.schedule("other")
    for _ in range(4):
        office.one_message(last=True)
    assert office.task(other)["status"] != "new"
    assert {office.task(task)["status"] for task in waiting} == {"new"}


def test_b17_a_task_whose_worker_died_comes_back(
    office: Office, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt", "b.txt"))
    task_id = office.schedule()
    office.copyist.before_output.append(die_once())
    with pytest.raises(Died):
        gallery.deliver()
    assert office.task(task_id)["status"] == "processing"
    office.lose_messages()
    later(monkeypatch, 1000)
    gallery.sweep()
    assert office.task(task_id)["status"] == "done"
    assert office.names() == ["all.list", "copy/all/a.txt", "copy/all/b.txt"]
    assert gallery.meta("map")["worker"] == ""
    assert gallery.nobody.get("/api/workers/status").json() == {"copy": "ready"}


def test_b17_a_lost_message_is_no_lost_task(office: Office, gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    task_id = office.schedule()
    office.lose_messages()
    later(monkeypatch, 90)
    gallery.sweep()
    assert office.task(task_id)["status"] == "done"


@pytest.mark.parametrize("moment", ["before_plan", "before_part", "before_output"])
def test_b17_a_worker_that_always_fails_ends_the_task(office: Office, gallery: Gallery, moment: str) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    getattr(office.copyist, moment).append(fail)
    task_id = office.schedule()
    for _ in range(10):
        gallery.deliver()
        gallery.cloud.hand_back()
    task = office.task(task_id)
    assert (task["status"], task["error"]) == ("error", "Error: the worker failed on this file.")
    assert gallery.meta("map")["worker"] == ""
    getattr(office.copyist, moment).clear()
    office.reset(task_id)
    gallery.deliver()
    assert office.task(task_id)["status"] == "done"
    assert office.names() == ["all.list", "copy/all/a.txt"]


def test_b18_the_oldest_of_equals_is_first_and_the_urgent_before_it(office: Office, gallery: Gallery) -> None:
    order: list[str] = []
    office.copyist.before_output.append(order.append)
    for name in ("a", "b", "c", "d", "e"):
        gallery.uploaded(name, "all.list", listing(f"{name}.txt"))
    for name, priority in (("a", 1), ("b", 1), ("c", 5), ("d", -3), ("e", 5)):
        office.schedule(name, priority=priority)
    gallery.deliver()
    assert order == ["c.txt", "e.txt", "a.txt", "b.txt", "d.txt"]


@pytest.mark.parametrize("name", ["ALL.LIST", "All.List", "graph.TLP.GZ", "graph.tlp.gz"])
def test_b19_extensions_have_no_case_and_may_be_double(office: Office, gallery: Gallery, name: str) -> None:
    gallery.uploaded("map", name, listing("a.txt"))
    task_id = office.schedule()
    gallery.deliver()
    task = office.task(task_id)
    assert task["status"] == "done"
    stem = name.split(".")[0]
    assert task["extension"] == name.removeprefix(stem)
    assert office.names() == [name, f"copy/{stem}/a.txt"]


@pytest.mark.parametrize("name", ["all.txt", "list", ".list", "all.gz", "all.list.txt"])
def test_b19_a_task_that_nobody_could_take_is_refused(office: Office, gallery: Gallery, name: str) -> None:
    gallery.uploaded("map", name, listing("a.txt"))
    assert title(gallery.alice.post(QUEUE, json=errands.task("map"))) == "No worker available for task"


def test_b20_there_is_no_secret_in_a_task(office: Office, gallery: Gallery) -> None:
    task_id = on_the_way(office)
    known = {"_id", "createdOn", "startTime", "priority", "status", "username", "storeID", "projectID", "assetID"}
    known |= {"filename", "extension", "workerType", "taskOptions", "workerName", "progress"}
    assert office.task(task_id).keys() == known
    stored = json.dumps([row for row in office.rows() if row["pk"] == "queue"])
    for word in ("secret", "password", "credentials", "X-Amz", "http"):
        assert word not in stored


def test_b21_addresses_have_no_workers_name_and_old_outputs_go(office: Office, gallery: Gallery) -> None:
    project = gallery.make_project("open", "public", "g1")
    gallery.uploaded("map", "all.list", listing("a.txt", "b.txt"), project=project)
    task_id = office.schedule(project_id="open")
    gallery.deliver()
    before = gallery.published()
    office.copyist.before_plan.append(lambda: office.copyist.content.update({"b.txt": b"anew"}))
    office.copyist.leave_out = {"a.txt"}
    office.reset(task_id)
    gallery.deliver()
    assert [key.rpartition("/")[2] for key in before] == ["all.list", "a.txt", "b.txt"]
    assert gallery.published() == [before[0], before[2]]
    assert gallery.stranger.get(f"http://stores.test/{before[2]}").body == b"anew"
    assert gallery.stranger.get(f"http://stores.test/{before[1]}").status == 404
    assert office.library() == 2


def test_b22_outputs_lie_below_the_stem_of_the_file_that_was_processed(office: Office, gallery: Gallery) -> None:
    inner = listing("deep.txt").decode()
    gallery.uploaded("map", "all.list", listing("x/one.list", "y/one.list", "one.tlp.gz", content=inner))
    office.schedule()
    gallery.deliver()
    for name in ("x/one.list", "y/one.list", "one.tlp.gz", "x/one.list"):
        office.schedule(parameters={"filename": f"copy/all/{name}"})
        gallery.deliver()
        index = gallery.meta("map")["index_file"]
        assert gallery.stranger.get(index).text == "deep.txt"
    places = {name.rpartition("/")[0] for name in office.names() if name.endswith("deep.txt")}
    assert places == {"copy/one", "copy/one.list", "copy/one.tlp.gz"}


@pytest.mark.parametrize("name", ["...list", "..list"])
def test_b22_a_stem_that_is_no_name_is_not_used(office: Office, gallery: Gallery, name: str) -> None:
    gallery.uploaded("map", name, listing("a.txt"))
    office.schedule()
    gallery.deliver()
    assert office.names() == [name, f"copy/{name}/a.txt"]
    assert gallery.stranger.get(gallery.meta("map")["index_file"]).body == b"a.txt"


def test_two_who_want_the_same_task_and_one_who_gets_it(office: Office, gallery: Gallery) -> None:
    gallery.uploaded("map", "all.list", listing("a.txt"))
    begun: list[int] = []
    office.copyist.before_plan.append(lambda: begun.append(1))
    office.schedule()
    for _ in range(5):
        office.send({"next": "copy"}, "process_queue")
    together([office.step] * 4)
    gallery.deliver()
    assert begun == [1]
    assert gallery.meta("map")["processing_status"] == "done"
    assert gallery.nobody.get("/api/workers/status").json() == {"copy": "ready"}


def test_of_cancel_and_finish_one_has_its_way(office: Office, gallery: Gallery) -> None:
    seen = set()
    for number in range(6):
        name = f"a{number}"
        gallery.uploaded(name, "all.list", listing("a.txt"))
        task_id = office.schedule(name)
        together([office.deliver_patiently, partial(office.cancel, task_id)])
        gallery.cloud.hand_back()
        gallery.deliver()
        status = office.task(task_id)["status"]
        seen.add(status)
        shown = office.names(name) == ["all.list", "copy/all/a.txt"]
        assert (status, shown) in {("done", True), ("canceled", False)}
        assert gallery.meta(name)["worker"] == ""
    assert seen


def together(deeds: list[Callable[[], Any]]) -> None:
    """Do some things at once."""
    problems: list[BaseException] = []

    def run(deed: Callable[[], Any]) -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems


class Died(BaseException):
    """A worker dies."""


def die_once() -> Callable[[str], None]:
    deaths: list[str] = []

    def die(path: str) -> None:
        if not deaths:
            deaths.append(path)
            raise Died

    return die


def fail(*_: Any) -> None:
    raise RuntimeError("always")


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    moment = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: moment)

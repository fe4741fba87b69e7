"""Workers of other organisations: claim, heartbeat, finish (docs/apis/stores.md, "Workers elsewhere")."""

import threading
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import aws, clock
from chalicelib.apis.stores.registry import RUN_WORKERS
from chalicelib.apis.stores.remote import LEASE_SECONDS
from chalicelib.files.models import File
from tests.conformance.stores.errands import Office
from tests.conformance.stores.gallery import Gallery, Person, title
from tests.files.scanners.samples import EICAR
from tests.support.client import Client, Reply

RECORD = {"name": "tracer", "type": "trace", "extensions": [".svg", ".dxf"]}


class Tracer:
    """A worker elsewhere, and the person who runs it."""

    def __init__(self, gallery: Gallery, office: Office) -> None:
        self.gallery, self.office = gallery, office
        self.person: Person = gallery.person("runner", permissions=[RUN_WORKERS])
        assert self.client.post("/api/workers", json=RECORD).status == 200

    @property
    def client(self) -> Client:
        return self.person.client

    def asked(self, asset_id: str = "map", filename: str = "a.svg", **fields: Any) -> str:
        """A task for it; the task's id."""
        self.gallery.uploaded(asset_id, filename, b"lines")
        return self.office.schedule(asset_id, worker_type="trace", **fields)

    def claim(self) -> dict[str, Any]:
        reply = self.client.post("/api/workers/tracer/claim", json={})
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def idle(self) -> bool:
        reply = self.client.post("/api/workers/tracer/claim", json={})
        assert reply.status in (200, 204)
        assert (reply.status == 204) == ("Retry-After" in reply.headers) == (reply.body == b"")
        return reply.status == 204

    def say(self, deed: str, claimed: dict[str, Any], *, by: Client | None = None, **fields: Any) -> Reply:
        path = f"/api/workers/tracer/tasks/{claimed['task']['_id']}/{deed}"
        return (by or self.client).post(path, json={"lease": claimed["lease"], **fields})

    def upload(self, content: bytes, name: str = "x.txt") -> str:
        """Send bytes to S3 as an upload of the person who runs it; the upload's id."""
        answer = self.client.get(f"/s3/params?filename={name}").json()
        file = File.get_by_id(answer["id"]) if "id" in answer else None
        assert file is not None, answer
        aws.s3().put_object(Bucket=self.gallery.cloud.settings.intake_bucket, Key=file.intake_key, Body=content)
        return str(file.file_id)

    def upload_in_parts(self, content: bytes) -> str:
        """The same in parts, as large files come; the upload's id."""
        begun = self.client.post("/s3/multipart", json={"filename": "x.txt"}).json()
        where = {"Bucket": begun["bucket"], "Key": begun["key"], "UploadId": begun["uploadId"]}
        tag = aws.s3().upload_part(**where, PartNumber=1, Body=content)["ETag"]
        path = f"/s3/multipart/{begun['uploadId']}/complete?key={begun['key']}"
        assert self.client.post(path, json={"parts": [{"PartNumber": 1, "ETag": tag}]}).status == 200
        return str(begun["id"])

    def made(self, **contents: bytes) -> list[dict[str, str]]:
        return [{"path": path.replace("__", "/") + ".txt", "upload": self.upload(content)}
                for path, content in contents.items()]  # fmt: skip


@pytest.fixture
def tracer(gallery: Gallery, office: Office) -> Tracer:
    return Tracer(gallery, office)


def test_a_worker_claims_fetches_and_hands_in(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    task_id = tracer.asked(parameters={"depth": 3})
    claimed = tracer.claim()
    assert claimed.keys() == {"task", "lease", "lease_seconds", "source"}
    assert claimed["task"]["_id"] == task_id
    assert claimed["task"]["taskOptions"] == {"depth": 3}
    assert claimed["task"]["status"] == "processing"
    assert claimed["task"]["workerName"] == "tracer"
    assert claimed["lease_seconds"] == LEASE_SECONDS
    assert (claimed["source"]["name"], claimed["source"]["size"]) == ("a.svg", 5)
    assert "X-Amz-Signature" in claimed["source"]["url"] or "Signature" in parse_qs(
        urlsplit(claimed["source"]["url"]).query
    )
    meta = gallery.meta("map")
    assert (meta["worker"], meta["processing_status"]) == ("tracer", "processing")
    assert gallery.nobody.get("/api/workers/status").json()["tracer"] == "processing"
    assert tracer.say("heartbeat", claimed).json() == {
        "Status": "OK",
        "canceled": False,
        "lease_seconds": LEASE_SECONDS,
    }
    outputs = tracer.made(index=b"<html>", sub__b=b"bbb")
    reply = tracer.say("finish", claimed, outputs=outputs, index="index.txt")
    assert (reply.status, reply.json()) == (200, {"Status": "OK", "canceled": False})
    assert tracer.say("finish", claimed, outputs=outputs, index="index.txt").status == 200  # its answer was lost
    gallery.deliver()
    assert office.task(task_id)["status"] == "done"
    assert office.names() == ["a.svg", "trace/a/index.txt", "trace/a/sub/b.txt"]
    meta = gallery.meta("map")
    assert (meta["worker"], meta["processing_status"]) == ("", "done")
    assert gallery.stranger.get(meta["index_file"]).body == b"<html>"
    assert gallery.nobody.get("/api/workers/status").json()["tracer"] == "ready"
    assert "lease" not in str(office.tasks())
    assert tracer.idle()


def test_nothing_is_seen_before_everything_is_clean(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    tracer.asked()
    claimed = tracer.claim()
    assert tracer.say("finish", claimed, outputs=tracer.made(a=b"a", b=b"b")).status == 200
    office.deliver_only("work")
    assert office.names() == ["a.svg"]
    assert gallery.stranger.get("http://stores.test/stores/default/expo/map/1/trace/a/a.txt").status == 404
    assert gallery.meta("map")["processing_status"] == "processing"
    gallery.deliver()
    assert office.names() == ["a.svg", "trace/a/a.txt", "trace/a/b.txt"]


def test_how_far_it_is_is_known_once_a_worker_has_handed_in(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    assert "progress" not in claimed["task"]
    assert "progress" not in office.task(task_id)
    assert tracer.say("finish", claimed, outputs=tracer.made(a=b"a")).status == 200
    assert office.task(task_id)["progress"] == {"done": 0, "total": None}
    gallery.deliver()
    assert "progress" not in office.task(task_id)


def test_outputs_that_are_not_clean_end_the_task(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    large = {"path": "b.txt", "upload": tracer.upload_in_parts(EICAR)}
    tracer.say("finish", claimed, outputs=[*tracer.made(a=b"a"), large, *tracer.made(c=b"c")])
    gallery.deliver()
    gallery.deliver()
    assert office.task(task_id)["status"] == "error"
    assert gallery.meta("map")["processing_error"] == "Error: b.txt is infected and will not be served."
    assert office.names() == ["a.svg"]
    assert office.library() == 1


def test_a_worker_that_failed_says_why(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    assert tracer.say("finish", claimed, error="no lines in it").status == 200
    assert office.task(task_id)["error"] == gallery.meta("map")["processing_error"] == "Error: no lines in it"
    assert gallery.meta("map")["processing_status"] == "error"
    assert title(tracer.say("finish", claimed, error="again"), 409) == "Task not held"


def test_a_canceled_worker_hears_of_it(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("heartbeat", {}),
        ("finish", {"error": "x"}),
        ("finish", {"outputs": []}),
    ]
    for deed, fields in cases:
        task_id = tracer.asked(f"asset-{len(office.tasks())}")
        claimed = tracer.claim()
        office.cancel(task_id)
        if "outputs" in fields:
            fields = {"outputs": tracer.made(a=b"a")}
        reply = tracer.say(deed, claimed, **fields)
        assert reply.json()["canceled"] is True
        assert office.task(task_id)["status"] == "canceled"
        assert title(tracer.say("heartbeat", claimed), 409) == "Task not held"
        asset_id = claimed["task"]["assetID"]
        assert gallery.meta(asset_id)["worker"] == gallery.meta(asset_id)["processing_status"] == ""
        assert office.names(asset_id) == ["a.svg"]


def test_a_reset_waits_for_the_worker_and_then_runs_once_more(tracer: Tracer, office: Office) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    office.reset(task_id)
    assert tracer.idle()
    assert tracer.say("heartbeat", claimed).json()["canceled"] is True
    assert office.task(task_id)["status"] == "new"
    again = tracer.claim()
    assert again["task"]["_id"] == task_id
    assert again["lease"] != claimed["lease"]
    assert title(tracer.say("finish", claimed, error="late"), 409) == "Task not held"
    assert tracer.idle()


def test_a_silent_worker_loses_its_task_and_its_late_word_counts_no_more(
    tracer: Tracer, gallery: Gallery, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    travel(monkeypatch, LEASE_SECONDS - 10)
    assert tracer.say("heartbeat", claimed).status == 200
    travel(monkeypatch, 20)
    gallery.sweep()
    assert office.task(task_id)["status"] == "processing"
    travel(monkeypatch, LEASE_SECONDS)
    gallery.sweep()
    assert office.task(task_id)["status"] == "new"
    assert gallery.meta("map")["worker"] == ""
    assert gallery.nobody.get("/api/workers/status").json()["tracer"] == "error"
    assert title(tracer.say("finish", claimed, outputs=tracer.made(a=b"a")), 409) == "Task not held"
    again = tracer.claim()
    assert again["task"]["_id"] == task_id
    assert gallery.nobody.get("/api/workers/status").json()["tracer"] == "processing"


def test_a_task_that_takes_every_worker_down_ends(
    tracer: Tracer, gallery: Gallery, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = tracer.asked()
    for _ in range(5):
        tracer.claim()
        travel(monkeypatch, LEASE_SECONDS + 10)
        gallery.sweep()
    assert office.task(task_id)["status"] == "error"
    assert gallery.meta("map")["processing_status"] == "error"
    assert tracer.idle()


def test_the_urgent_first_then_the_oldest_whatever_their_extensions(tracer: Tracer) -> None:
    first = tracer.asked("a", "a.svg")
    second = tracer.asked("b", "b.DXF")
    urgent = tracer.asked("c", "c.svg", priority=2)
    assert [tracer.claim()["task"]["_id"] for _ in range(3)] == [urgent, first, second]
    assert tracer.idle()


def test_a_busy_asset_is_passed_over(tracer: Tracer, office: Office) -> None:
    first = tracer.asked("a", "a.svg", priority=5)
    second = office.schedule("a", worker_type="trace", priority=5)
    other = tracer.asked("b", "b.svg")
    claimed = tracer.claim()
    assert claimed["task"]["_id"] == first
    assert tracer.claim()["task"]["_id"] == other
    assert tracer.idle()
    tracer.say("finish", claimed, error="x")
    assert tracer.claim()["task"]["_id"] == second


def test_of_claimants_at_once_each_task_has_one(tracer: Tracer, office: Office) -> None:
    asked = {tracer.asked(name, "a.svg") for name in ("a", "b")}
    replies: list[Reply] = []

    def ask() -> None:
        replies.append(tracer.client.post("/api/workers/tracer/claim", json={}))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = [reply.json()["task"]["_id"] for reply in replies if reply.status == 200]
    assert sorted(held) == sorted(asked)
    assert {reply.status for reply in replies} == {200, 204}
    assert tracer.idle()


def test_nobody_else_speaks_for_a_worker(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    tracer.asked()
    claimed = tracer.claim()
    for client in (gallery.alice, gallery.nobody, gallery.person("other", permissions=[RUN_WORKERS]).client):
        assert title(client.post("/api/workers/tracer/claim", json={})) == "Worker not found"
        for deed in ("heartbeat", "finish"):
            assert title(tracer.say(deed, claimed, by=client, error="x")) == "Worker not found"
    assert title(tracer.client.post("/api/workers/none/claim", json={})) == "Worker not found"
    assert title(tracer.client.post("/api/workers/extract/claim", json={})) == "Worker not found"
    assert title(tracer.say("heartbeat", {**claimed, "lease": "x" * 32}), 409) == "Task not held"
    assert title(tracer.say("heartbeat", {**claimed, "lease": ""})) == "Missing lease"
    assert tracer.say("heartbeat", claimed, by=gallery.admin).status == 200


@pytest.mark.parametrize(
    "outputs",
    [
        "x",
        [{"path": "a.txt"}],
        [{"upload": "x"}],
        [["a.txt", "x"]],
        [{"path": "../a.txt", "upload": "x"}],
        [{"path": "/a.txt", "upload": "x"}],
        [{"path": "a//b.txt", "upload": "x"}],
        [{"path": "a.txt", "upload": "x"}, {"path": "a.txt", "upload": "y"}],
        [{"path": "a.txt", "upload": "x"}, {"path": "b.txt", "upload": "x"}],
        [{"path": f"{number}", "upload": f"{number}"} for number in range(1001)],
    ],
)
def test_outputs_of_the_wrong_shape_are_refused_and_may_be_sent_again(tracer: Tracer, outputs: Any) -> None:
    tracer.asked()
    claimed = tracer.claim()
    assert title(tracer.say("finish", claimed, outputs=outputs)) in ("Invalid data", "Missing outputs")
    assert tracer.say("heartbeat", claimed).status == 200


def test_the_index_is_one_of_the_outputs(tracer: Tracer) -> None:
    tracer.asked()
    claimed = tracer.claim()
    reply = tracer.say("finish", claimed, outputs=tracer.made(a=b"a"), index="b.txt")
    assert title(reply) == "Invalid data"


def test_an_upload_of_somebody_else_is_no_output(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    theirs = gallery.alice.get("/s3/params?filename=a.txt").json()["id"]
    tracer.say("finish", claimed, outputs=[*tracer.made(a=b"a"), {"path": "b.txt", "upload": theirs}])
    gallery.deliver()
    assert office.task(task_id)["error"].startswith("Error: the upload of b.txt is unknown")
    assert office.names() == ["a.svg"]
    gallery.sweep()
    assert office.library() == 1


def test_a_canceled_hand_in_leaves_nothing(tracer: Tracer, gallery: Gallery, office: Office) -> None:
    task_id = tracer.asked()
    claimed = tracer.claim()
    tracer.say("finish", claimed, outputs=tracer.made(a=b"a", b=b"b"))
    office.deliver_only("work")
    office.cancel(task_id)
    gallery.deliver()
    gallery.cloud.hand_back()
    gallery.deliver()
    assert office.task(task_id)["status"] == "canceled"
    assert office.names() == ["a.svg"]
    gallery.sweep()
    assert office.library() == 1


def test_the_task_of_an_unregistered_worker_comes_back(
    tracer: Tracer, gallery: Gallery, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = tracer.asked()
    tracer.claim()
    assert gallery.admin.delete("/api/workers", json={"name": "tracer"}).status == 200
    travel(monkeypatch, LEASE_SECONDS + 10)
    gallery.sweep()
    assert office.task(task_id)["status"] == "new"


def travel(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    moment = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: moment)

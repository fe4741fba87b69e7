"""Every AWS call that a function really makes is allowed by that function's own policy, and nothing else is.

moto enforces no policies, so this reads them itself: stories are led, whole lives of assets, uploads and stores, and
each call is held against the policy of the function that made it. In the end, the calls of all tests are: a permission
that its own function needs in no test has to go, or its test is missing. To have a further API judged at once, write a
`@story`; what several functions do has its tests in `test_verdicts_by_function` and `test_parts_of_functions`.
"""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chalicelib.apis.assets import chains
from chalicelib.apis.assets.models import Asset
from chalicelib.apis.workspaces import clones
from chalicelib.files import intake, objects, publications, scanning, uploads
from chalicelib.files.models import File
from chalicelib.jobs import queues, running
from chalicelib.jobs.models import Job
from chalicelib.rows import transact
from chalicelib.settings import settings
from tests.files.scanners.samples import EICAR
from tests.support import permissions
from tests.support.calls import Call, on_call
from tests.support.client import Upload
from tests.support.distribution import Distribution
from tests.support.permissions import Need, Policy, needs
from tests.support.world import World, world

__all__ = ["world"]

CONSUMERS = ("scan_small", "scan_large", "work", "process", "invalidate")
DAY = 86400.0


class Watched:
    """A world in which every call is held against the policy of the function that makes it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.denied: set[tuple[str, str, str]] = set()
        self.used: set[tuple[str, str]] = set()

    @contextmanager
    def acting(self, function: str) -> Iterator[None]:
        policy = Policy(function)

        def look(call: Call) -> None:
            for need in needs(call):
                self.used.add((function, need[0]))
                if not policy.allowing(need):
                    self.denied.add((function, *need))

        with on_call(before=look):
            yield

    def request(self, method: str, url: str, **options: Any) -> Any:
        with self.acting("api_handler"):
            reply = self.world.client.request(method, url, **options)
        assert reply.status < 500
        return reply

    def settle(self) -> None:
        for _ in range(4):
            self.world.cloud.hand_back()
            for consumer in CONSUMERS:
                with self.acting(consumer):
                    self.world.deliver(consumer, failing=True)
            with self.acting("sweep"):
                self.world.sweep()

    def upload(self, content: bytes, **fields: str) -> str:
        form = {f"asset[{name}]": value for name, value in fields.items()}
        reply = self.request(
            "POST", "/assets", form=form, files={"asset[file]": Upload(content, "a.txt", "text/plain")}
        )
        assert reply.status == 201
        identifier: str = reply.json()["id"].rpartition("/")[2]
        self.settle()
        return identifier


Story = Callable[[Watched, pytest.MonkeyPatch], None]
STORIES: list[Story] = []


def story(lead: Story) -> Story:
    """Register a story; it asserts what it needs to make sure that it really was led."""
    STORIES.append(lead)
    return lead


@pytest.fixture
def watched(world: World) -> Watched:
    world.cloud.set(AUTH="open", DELETED_DAYS="1", REPLACED_DAYS="1")
    Distribution(world.cloud)
    return Watched(world)


@story
def life_of_an_asset(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    clean, infected = watched.upload(b"clean"), watched.upload(EICAR)
    draft = watched.upload(b"draft", draft="true")
    for identifier in (clean, infected, draft):
        for host in ("http://api.test", "http://assets.test", "http://draft-assets.test"):
            watched.request("GET", f"{host}/media/{identifier}/a.txt")
        watched.request("GET", f"/assets/{identifier}")
    assert watched.request("GET", f"/assets/{clean}").json()["state"] == "clean"
    watched.request("PUT", f"/assets/{draft}", form={"asset[draft]": "false", "asset[replacement_id]": clean})
    watched.request("PUT", f"/assets/{clean}", files={"asset[file]": Upload(b"newer", "b.txt", "text/plain")})
    watched.settle()
    watched.request("PUT", f"/assets/{clean}", files={"asset[file]": Upload(b"newest", "b.txt", "text/plain")})
    watched.settle()
    watched.request("GET", f"http://assets.test/media/{clean}/a.txt")
    watched.request("DELETE", f"/assets/{clean}")
    watched.settle()
    watched.request("POST", f"/assets/{clean}/restore")
    watched.settle()
    watched.request("DELETE", f"/assets/{clean}")
    watched.request("DELETE", f"/assets/{infected}")
    watched.request("GET", "/healthcheck/ready")
    for path in ("/assets", "/assets?deleted=true", "/jobs", "/jobs/queues"):
        assert watched.request("GET", path).status == 200
    for _ in range(4):
        watched.world.travel(1.5 * DAY)
        watched.settle()
    assert watched.world.keys("library_bucket") != []  # the draft's file: what nobody deleted is still there


@story
def uploads_of_all_kinds(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = watched.world.inspect("s3")

    def begin(**more: Any) -> tuple[dict[str, Any], str]:
        upload = watched.request("POST", "/s3/multipart", json={"filename": "a.txt", **more}).json()
        return upload, f"/s3/multipart/{upload['uploadId']}%s?key={upload['key']}"

    def complete(upload: dict[str, Any], path: str) -> int:
        request = {"Bucket": upload["bucket"], "Key": upload["key"], "UploadId": upload["uploadId"]}
        parts = [{"PartNumber": 1, "ETag": s3.upload_part(**request, PartNumber=1, Body=b"bytes")["ETag"]}]
        with watched.acting("api_handler"):
            return watched.world.client.post(path % "/complete", json={"parts": parts}).status

    used, path = begin()
    watched.request("GET", path % "/1")
    watched.request("GET", path % "")
    assert complete(used, path) == 200
    watched.request("POST", "/assets", json={"upload": used["id"]})
    slow = begin()
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "PATIENCE", 0.01)
        patch.setattr(intake, "join_parts", lambda *_: threading.Event().wait(0.1))
        assert complete(*slow) == 503
    aborted, path = begin()
    assert complete(aborted, path) == 200
    watched.request("DELETE", path % "")
    for announced, path in (begin(size=5), begin(size=5)):
        assert announced["key"].startswith("small/")
        assert complete(announced, path) == 200
        watched.request("DELETE", path % "")
    _, path = begin(size=5)
    assert watched.request("DELETE", path % "").status == 200
    slow_and_small = begin(size=5)
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "PATIENCE", 0.01)
        patch.setattr(intake, "join_parts", lambda *_: threading.Event().wait(0.1))
        assert complete(*slow_and_small) == 503
    abandoned, _ = begin()
    watched.request("GET", "/s3/params?filename=a.txt")
    watched.settle()
    for _ in range(2):
        watched.world.travel(1.5 * DAY)
        watched.settle()
    verdicts = {upload["id"]: File.get_by_id(upload["id"]) for upload in (used, slow[0], aborted, abandoned)}
    assert [row and (row.verdict, row.purged) for row in verdicts.values()] == [
        ("clean", None), ("clean", True), ("pending", True), ("expired", True),
    ]  # fmt: skip
    assert ("work", "s3:PutObject") in watched.used
    assert ("sweep", "s3:AbortMultipartUpload") in watched.used


@story
def what_events_missed(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = watched.request("POST", "/assets", files={"asset[file]": Upload(b"x", "a.txt", "text/plain")})
    assert reply.status == 201
    watched.world.lose_messages()
    watched.world.travel(3 * 3600)
    watched.settle()
    identifier = reply.json()["id"].rpartition("/")[2]
    assert watched.request("GET", f"/assets/{identifier}").json()["state"] == "clean"


@story
def life_of_a_store(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    octets = {"Content-Type": "application/octet-stream"}
    upload = "/api/second/expo/upload/map?create=true&update=true&filename="
    watched.request("POST", "/api/create", json={"id": "second"})
    watched.request("POST", "/api/second/create", json={"id": "expo", "name": "Expo", "groups": ["public"]})
    watched.request("POST", f"{upload}a.txt", body=b"clean", headers=octets)
    watched.request("POST", f"{upload}b.txt", body=EICAR, headers=octets)
    watched.request("POST", "/api/second/expo/object/large", json="x" * 400_000)
    sent = watched.request("GET", "/s3/params?filename=c.txt&type=text/plain&size=4").json()
    key = sent["fields"]["key"]
    watched.world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=key, Body=b"sent")
    watched.settle()
    judged = f"/api/second/expo/upload/judged?create=true&filename=c.txt&upload={sent['id']}"
    assert watched.request("POST", judged, headers=octets).status == 200
    for path in ("/api/list", "/api/second/list", "/api/second/expo/list", "/api/second/expo/files/map"):
        assert watched.request("GET", path).status == 200
    assert watched.request("GET", "http://stores.test/stores/second/expo/map/1/a.txt").body == b"clean"
    watched.request("PUT", "/api/second/expo/object/large", json=1)
    watched.request("POST", "/api/second/expo/meta/map", json={"tags": ["a"]})
    watched.request("GET", "/api/second/expo/list?filterByTag=a")
    watched.request("POST", "/api/second/expo/version", json={"version_name": "n", "version_description": ""})
    watched.request("POST", "/api/second/expo/projectAccessMeta", json={"groups": ["g1"]})
    watched.settle()
    watched.request("POST", "/api/user", json={"user": "dora", "password": "x", "read_groups": ["g1"]})
    assert watched.request("POST", "/api/auth", json={"user": "dora", "password": "x"}).status == 200
    watched.request("PATCH", "/api/user", json={"user": "dora", "read_groups": []})
    watched.request("DELETE", "/api/user", json={"user": "dora"})
    watched.world.travel(2 * DAY)
    watched.settle()
    assert watched.world.published() == {}


@story
def what_a_worker_makes(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", "<p>")
        archive.writestr("a.txt", "a")
    octets = {"Content-Type": "application/octet-stream"}
    watched.request("POST", "/api/default/create", json={"id": "expo", "name": "Expo", "groups": ["public"]})
    task = {"worker_type": "zip", "store_id": "default", "project_id": "expo"}
    for asset in ("now", "late", "elsewhere"):
        upload = f"/api/default/expo/upload/{asset}?create=true&update=true&filename=site.zip"
        assert watched.request("POST", upload, body=packed.getvalue(), headers=octets).status == 200
    watched.settle()

    def done(asset: str) -> bool:
        found = watched.request("GET", f"/api/default/expo/meta/{asset}").json()
        return bool(found["processing_status"] == "done")

    for _ in range(2):  # the second time what the first made is replaced
        assert watched.request("POST", "/api/workers/queue", json=task | {"asset_id": "now"}).status == 200
        watched.settle()
        assert done("now")
    assert watched.request("POST", "/api/workers/queue", json=task | {"asset_id": "late"}).status == 200
    watched.world.lose_messages()
    for _ in range(3):
        watched.world.travel(1000)
        watched.settle()
    assert done("late")
    watched.world.cloud.set(SCANNER="guardduty")
    assert watched.request("POST", "/api/workers/queue", json=task | {"asset_id": "elsewhere"}).status == 200
    watched.settle()
    assert not done("elsewhere")  # nobody has judged it yet
    watched.world.cloud.set(SCANNER="yara")
    for _ in range(6):
        watched.world.travel(2.5 * 3600)
        watched.settle()
    assert done("elsewhere")
    assert watched.used >= {("process", "s3:PutObject"), ("sweep", "sqs:SendMessage")}


@story
def what_dies_half_way(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    identifier = watched.upload(b"first")
    path = f"http://assets.test/media/{identifier}/a.txt"

    def lamed(change: Callable[[], object]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(publications, "_make_it_so", raising)
            change()
            for consumer in CONSUMERS:
                with watched.acting(consumer):
                    watched.world.deliver(consumer, failing=True)
        for _ in range(3):
            watched.world.travel(1000)
            watched.settle()

    def raising(*_: object, **__: object) -> None:
        raise RuntimeError("no more")

    def deleted() -> None:
        with watched.acting("api_handler"):
            watched.world.client.delete(f"/assets/{identifier}")

    def restored() -> None:
        with watched.acting("api_handler"):
            watched.world.client.post(f"/assets/{identifier}/restore")

    lamed(deleted)
    assert watched.request("GET", path).status == 410
    lamed(restored)
    assert watched.request("GET", path).body == b"first"
    assert watched.used >= {("sweep", "s3:DeleteObject"), ("sweep", "s3:GetObject")}
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "scan", raising)
        infected = watched.upload(EICAR)
    for _ in range(3):
        watched.world.travel(3 * 3600)
        watched.settle()
    assert watched.request("GET", f"/assets/{infected}").json()["state"] == "infected"


@story
def what_is_too_large_for_one_copy(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "COPY_LIMIT", 0)
    monkeypatch.setattr(intake, "SMALL_LIMIT", 0)
    device, failed = settings().device_buckets, set()
    watched.world.inspect("s3").create_bucket(Bucket=device)

    def fail_once(call: Call) -> None:
        if call.operation == "UploadPartCopy" and call.params["Bucket"] not in failed:
            failed.add(call.params["Bucket"])
            raise RuntimeError("once")

    with on_call(before=fail_once):
        identifier = watched.upload(b"large")
        watched.request("POST", "/api/productions/", json={"name": "News", "codename": "news"})
        watched.request("POST", "/api/devices/", json={"name": "Own", "path": "/own/", "bucket": device})
        watched.request("POST", "/api/devices/", json={"name": "Shared", "path": "/mnt/"})
        body = {"name": "Project", "bundle_root": "/mnt/source/", "production_id": 1}
        assert watched.request("POST", "/api/projectassets/", json=body).status == 201
        assert watched.request("PUT", "/api/projectassets/1/files/a", body=b"a").status == 201
        for _ in range(3):
            watched.world.travel(3 * 3600)
            watched.settle()
        copied = {"name": "Copy", "bundle_root": "/own/copy/", "production_id": 1, "copy_of": 1}
        assert watched.request("POST", "/api/projectassets/", json=copied).status == 201
        for _ in range(3):
            watched.world.travel(1000)
            watched.settle()
    assert failed == {settings().library_bucket, settings().media_bucket, device}
    assert watched.request("GET", f"http://assets.test/media/{identifier}/a.txt").body == b"large"
    assert watched.request("GET", "/api/projectassets/2/files/a").body == b"a"


@story
def messages_that_have_to_come_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    s3, sqs = watched.world.inspect("s3"), watched.world.inspect("sqs")
    for key in ("small/" + "0" * 32, "large/" + "0" * 32):
        s3.put_object(Bucket=settings().intake_bucket, Key=key, Body=b"nobody's")
    for queue in (settings().work_queue, settings().process_queue):
        sqs.send_message(QueueUrl=queue, MessageBody='{"job": "none", "part": "none"}')
    watched.settle()
    watched.world.travel(3 * 3600)
    watched.settle()
    assert {function for function, action in watched.used if action == "sqs:ChangeMessageVisibility"} >= {
        "scan_small",
        "scan_large",
    }


@story
def arrivals_that_guardduty_scans(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.world.cloud.set(SCANNER="guardduty")
    identifier = watched.upload(b"looked at elsewhere")
    assert watched.request("GET", f"/assets/{identifier}").json()["state"] == "unscanned"
    assert "s3:GetObjectTagging" in {action for _, action in watched.used}


@story
def a_media_asset_that_goes(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.request("POST", "/api/productions/", json={"name": "News", "codename": "news"})
    for name, content in (("clip", b"clip"), ("bad", EICAR)):
        fields = {"name": name, "production_id": "1", "path_file": f"/mnt/{name}.mov"}
        files = {"file": Upload(content, f"{name}.mov", "video/quicktime")}
        reply = watched.request("POST", "/api/videoassets/", form=fields, files=files)
        assert reply.status == 201, reply.text
        watched.settle()
        assert watched.request("DELETE", f"/api/videoassets/{reply.json()['id']}/").status == 202
    assert watched.used >= {("api_handler", "s3:DeleteObject"), ("api_handler", "s3:DeleteObjectVersion")}
    assert watched.world.keys("library_bucket") == []


@story
def a_caller_with_a_token(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.identity import mint

    token, _ = mint("alice")
    watched.world.cloud.set(AUTH="required")
    with watched.acting("api_handler"):
        reply = watched.world.client.get("/assets/" + "0" * 24, headers={"Authorization": f"Bearer {token}"})
    assert reply.status == 404
    assert ("api_handler", "dynamodb:BatchGetItem") in watched.used


@story
def life_of_a_project_asset(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.world.inspect("s3").create_bucket(Bucket=settings().device_buckets)
    watched.request("POST", "/api/productions/", json={"name": "News", "codename": "news"})
    device = {"name": "Own", "path": "/own/", "bucket": settings().device_buckets}
    assert watched.request("POST", "/api/devices/", json=device).status == 201

    def project(root: str, **more: Any) -> str:
        body = {"name": "Project", "bundle_root": root, "production_id": 1, **more}
        reply = watched.request("POST", "/api/projectassets/", json=body)
        assert reply.status == 201, reply.text
        return f"/api/projectassets/{reply.json()['id']}/"

    source = project("/own/source/")
    for path in ("a", "b"):
        assert watched.request("PUT", f"{source}files/{path}", body=path.encode()).status == 201
    watched.settle()
    assert watched.request("PUT", f"{source}files/c", body=b"c").status == 201
    copy = project("/own/copy/", copy_of=1)
    watched.settle()
    assert watched.request("GET", f"{copy}files/a").body == b"a"
    assert watched.request("PUT", f"{copy}files/a", body=b"new").status == 200
    assert watched.request("DELETE", f"{copy}files/b").status == 204
    watched.settle()
    assert watched.request("DELETE", source).status == 202
    assert watched.request("PATCH", copy, json={"date_del": "2020-01-01"}).status == 200
    for _ in range(3):
        watched.world.travel(1000)
        watched.settle()
    assert [watched.request("GET", url).status for url in (source, copy)] == [404, 404]
    assert ("work", "s3:PutObject") in watched.used


@story
def a_file_that_is_shared_before_its_verdict(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.request("POST", "/api/productions/", json={"name": "News", "codename": "news"})
    watched.request("POST", "/api/devices/", json={"name": "Shared", "path": "/mnt/"})
    body = {"name": "Project", "bundle_root": "/mnt/source/", "production_id": 1}
    assert watched.request("POST", "/api/projectassets/", json=body).status == 201
    assert watched.request("PUT", "/api/projectassets/1/files/a", body=b"a").status == 201
    body = {"name": "Copy", "bundle_root": "/mnt/copy/", "production_id": 1, "copy_of": 1}
    assert watched.request("POST", "/api/projectassets/", json=body).status == 201
    with watched.acting("work"):
        watched.world.deliver("work")
    watched.settle()
    assert [watched.request("GET", f"/api/projectassets/{number}/files/a").body for number in (1, 2)] == [b"a", b"a"]
    assert ("scan_small", "dynamodb:Query") in watched.used


@story
def the_life_of_a_workspace(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "SMALL", 1)
    octets = {"Content-Type": "application/octet-stream"}
    watched.request("POST", "/api/default/create", json={"id": "fleet", "name": "Fleet", "groups": ["g1"]})
    upload = "/api/default/fleet/upload/hull?create=true&filename=hull.obj"
    watched.request("POST", upload, body=b"clean", headers=octets)
    watched.settle()
    island = "/assetmanager/workspaces/island"
    with monkeypatch.context() as patch:
        patch.setattr(clones, "SMALL", 100)
        at_once = {"file_uri": "file:///s", "name": "s", "organization": "default", "project_name": "fleet"}
        assert watched.request("POST", "/assetmanager/workspaces", json=at_once).status == 200
    assert watched.request("DELETE", "/assetmanager/workspaces/file%3A%2F%2F%2Fs").status == 200
    watched.settle()
    cloned = {"file_uri": "file:///w", "name": "island", "organization": "default", "project_name": "fleet"}
    assert watched.request("POST", "/assetmanager/workspaces", json=cloned).status == 200
    watched.settle()
    assert watched.request("GET", "/jobs").json() != []
    assert watched.request("GET", f"{island}/resources/hull/hull.obj").body == b"clean"
    assert watched.request("PUT", f"{island}/resources/own", body=b"own", headers=octets).status == 201
    assert watched.request("PUT", f"{island}/resources/bad", body=EICAR, headers=octets).status == 201
    watched.settle()
    body = {"main": "/resources/bad", "dependencies": ["/assets/hull"]}
    assert watched.request("PUT", f"{island}/assets/a", json=body).status == 201
    assert watched.request("GET", f"{island}/status").json()["state"] == "INVALID"
    assert watched.request("GET", "/contentbrowser/workspaces/island/assets/?q=a").status == 200
    assert watched.request("DELETE", f"{island}/assets/a").status == 204
    assert watched.request("DELETE", f"{island}/resources/own").status == 204
    watched.request("DELETE", f"{island}/favorites")
    watched.world.travel(100)
    watched.settle()
    file_uri = "file%3A%2F%2F%2Fw"
    assert watched.request("DELETE", f"/assetmanager/workspaces/{file_uri}").status == 200
    watched.settle()
    assert watched.world.rows("workspaces_table") == []


@story
def what_was_given_up(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = watched.world.inspect("sqs")
    names = [queue["name"] for queue in watched.request("GET", "/jobs/queues").json()["queues"]]
    for name in names:
        url = queues.dead_letters(getattr(settings(), f"{name.replace('-', '_')}_queue"))
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"path": "/media/a.txt"} if name == "edge" else {}))
        assert len(watched.request("GET", f"/jobs/queues/{name}/dead").json()["results"]) == 1
        assert watched.request("POST", f"/jobs/queues/{name}/redrive").json()["moved"] == 1
    job = running.plan(chains.KIND, {"asset": "0" * 24, "published": True})
    job.state = "failed"
    transact(*running.steps(job))
    assert watched.request("POST", f"/jobs/{job.job_id}/retry").status == 201
    watched.settle()
    assert len(names) == 5
    assert {job["state"] for job in watched.request("GET", "/jobs").json()["results"]} == {"failed", "done"}


@pytest.mark.parametrize("lead", STORIES, ids=lambda lead: str(lead.__name__))
def test_no_function_needs_more_than_its_policy_allows(
    lead: Story, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(watched, monkeypatch)
    assert watched.denied == set()


ALSO_LARGE = [
    life_of_an_asset,
    what_events_missed,
    life_of_a_store,
    what_a_worker_makes,
    life_of_a_project_asset,
    the_life_of_a_workspace,
    arrivals_that_guardduty_scans,
]


@pytest.mark.parametrize("lead", ALSO_LARGE, ids=lambda lead: str(lead.__name__))
def test_no_function_needs_more_where_every_file_counts_as_large(
    lead: Story, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SMALL_LIMIT", 0)
    lead(watched, monkeypatch)
    assert watched.denied == set()
    assert "scan_large" in {function for function, _ in watched.used}


def everything_allowed() -> dict[str, set[Need]]:
    return {
        function: {(action, pattern.replace("*", "x")) for action, pattern in Policy(function).permissions()}
        for function in permissions.functions()
    }


def test_the_judge_finds_what_is_too_much_and_what_is_too_little() -> None:
    assert permissions.judge(everything_allowed()) == ({}, {})
    for function, allowed in everything_allowed().items():
        for need in allowed:
            denied, unused = permissions.judge(everything_allowed() | {function: allowed - {need}})
            assert denied == {}
            assert [(action, name.replace("*", "x")) for action, name in unused[function]] == [need]
            assert unused.keys() == {function}
    more = everything_allowed()
    action = ("dynamodb:DeleteItem", "arn:aws:dynamodb:us-east-1:123456789012:table/assetmanager-local-identities")
    more["sweep"].add(action)
    assert permissions.judge(more) == ({"sweep": [action]}, {})


def test_what_is_done_by_chance_shows_what_may_not_be_done_but_not_what_is_needed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "recorded", {})
    with permissions.by_chance(), permissions.acting("scan_small"):
        Job.get_by_id("none")
        Asset.get_by_id("0" * 24)
    action = ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/assetmanager-local-assets")
    assert permissions.recorded == {"scan_small": {action}}
    assert permissions.judge()[0] == {"scan_small": [action]}


def test_operations_tells_how_much_each_function_may() -> None:
    told = {
        function: [int(number or 0) for number in numbers.replace(" ", "").split("|")]
        for function, numbers in re.findall(
            r"^\| `(\w+)` \|((?: *\d* *\|){4} *\d+) \|$",
            Path("docs/operations.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }
    services = ("dynamodb", "s3", "sqs", "cloudfront")
    assert told == {
        function: [*(count[service] for service in services), count.total()]
        for function, count in permissions.counted().items()
    }


@pytest.mark.last
def test_no_function_may_do_what_no_test_has_it_do() -> None:
    """Looks at the whole suite, so it comes last, and only where everything else was run."""
    assert permissions.judge() == ({}, {})

"""The operations that are measured: what arranges each, and what does it once more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.stage import Act, Stage
from chalicelib import aws
from chalicelib.settings import settings
from tests.support.client import deliver

FILE = {"asset[file]": ("a.txt", b"hello")}
OCTETS = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an API.

    Args:
        api: whose it is.
        name: what it is, for the table.
        arrange: makes the world, and gives what does the operation in it.
    """

    api: str
    name: str
    arrange: Callable[[Stage], Act]


def request(method: str, path: str, **options: Any) -> Callable[[Stage], Act]:
    """An operation that is a request which anyone can send at any time."""
    return lambda stage: stage.repeatable(lambda: stage.client.request(method, path, **options))


def _asset(stage: Stage, **form: str) -> str:
    fields = {f"asset[{name}]": value for name, value in form.items()}
    reply = stage.client.post("/assets", files=FILE, form=fields)
    return str(reply.json()["id"]).rpartition("/")[2]


def _clean_asset(stage: Stage) -> str:
    asset_id = _asset(stage)
    deliver(stage.app)
    return asset_id


def _of_asset(method: str, path: str, **options: Any) -> Callable[[Stage], Act]:
    def arrange(stage: Stage) -> Act:
        asset_id = _clean_asset(stage)
        return stage.repeatable(lambda: stage.client.request(method, path.replace("<id>", asset_id), **options))

    return arrange


def _verdict(stage: Stage) -> Act:
    """The scan message of a new asset, handed over once more: the recording is of its first time."""
    from infra.local.pump import Pump

    pump = Pump(stage.app)
    pump.drain()
    _asset(stage)
    consumer = next(source for source in pump._consumers if source.name == "scan_small")
    queue = pump._queue(consumer)
    messages = pump._client.receive_message(QueueUrl=queue.url, AttributeNames=["All"])["Messages"]
    from infra.local.pump import _record

    event = {"Records": [_record(message, queue.arn) for message in messages]}
    return lambda: pump._invoke("scan_small", event, timeout=60)


def _project(stage: Stage) -> str:
    number = len(stage.events)
    body = {"id": f"p{number}", "name": "Project", "groups": ["bench"]}
    assert stage.client.post("/api/default/create", json=body).status == 200
    return f"/api/default/p{number}"


def _of_project(method: str, path: str, *, uploaded: bool = False, **options: Any) -> Callable[[Stage], Act]:
    def arrange(stage: Stage) -> Act:
        project = _project(stage)
        if uploaded:
            stage.client.post(f"{project}/upload/map?filename=a.txt&create=true", body=b"hello", headers=OCTETS)
            deliver(stage.app)
        return stage.repeatable(lambda: stage.client.request(method, project + path, **options))

    return arrange


PROJECT_ASSETS = "/api/projectassets/"


def _production(stage: Stage) -> dict[str, Any]:
    """A production with a device; the body that makes a project asset in it."""
    name = f"n{len(stage.events)}"
    made = stage.client.post("/api/productions/", json={"name": name, "codename": name}).json()
    stage.client.post("/api/devices/", json={"name": name, "path": f"/mnt/{name}/"})
    return {"name": "P", "bundle_root": f"/mnt/{name}/p/", "production_id": made["id"]}


def _project_asset(stage: Stage) -> str:
    """A project asset that links ten media assets; its path."""
    body = _production(stage)
    number = stage.client.post(PROJECT_ASSETS, json=body).json()["id"]
    media = {"name": "clip", "production_id": body["production_id"], "path_file": "/mnt/clip.mov"}
    made = [stage.client.post("/api/videoassets/", json=media).json()["id"] for _ in range(10)]
    entries = [{"asset_id": one, "type": "video"} for one in made]
    reply = stage.client.post(f"{PROJECT_ASSETS}{number}/addasset/", json={"asset_list": entries})
    assert reply.status == 200, reply.text
    return f"{PROJECT_ASSETS}{number}/"


def _of_project_asset(method: str, path: str = "", **options: Any) -> Callable[[Stage], Act]:
    def arrange(stage: Stage) -> Act:
        project = _project_asset(stage)
        target = project + path if not path.startswith("/") else path
        return stage.repeatable(lambda: stage.client.request(method, target, **options))

    return arrange


def _create_project_asset(stage: Stage) -> Act:
    body = _production(stage)
    return stage.repeatable(lambda: stage.client.post(PROJECT_ASSETS, json=body))


def _begun(stage: Stage) -> dict[str, Any]:
    answer: dict[str, Any] = stage.client.post("/s3/multipart", json={"filename": "a.bin"}).json()
    return answer


def _sign(stage: Stage) -> Act:
    begun = _begun(stage)
    return stage.repeatable(lambda: stage.client.get(f"/s3/multipart/{begun['uploadId']}/1?key={begun['key']}"))


def _use(stage: Stage) -> Act:
    form = stage.client.get("/s3/params?filename=a.txt&size=5").json()
    key = form["fields"]["key"]
    aws.s3().put_object(Bucket=settings().intake_bucket, Key=key, Body=b"hello")
    body = {"asset": {"upload": key.rpartition("/")[2]}}
    return stage.repeatable(lambda: stage.client.post("/assets", json=body))


def all_operations() -> Iterator[Operation]:
    """Every operation, in the order of the table."""
    yield Operation("assets", "read an asset's facts", _of_asset("GET", "/assets/<id>"))
    yield Operation("assets", "a page of assets", _of_asset("GET", "/assets"))
    yield Operation("assets", "create with a file", request("POST", "/assets", files=FILE))
    yield Operation("assets", "change facts", _of_asset("PUT", "/assets/<id>", json={"asset": {"draft": "false"}}))
    yield Operation("assets", "verdict: clean, published", _verdict)
    yield Operation("assets", "inline media", _of_asset("GET", "http://assets.test/media/<id>/a.txt"))
    yield Operation("uploads", "begin by form", request("GET", "/s3/params?filename=a.txt&size=5"))
    yield Operation("uploads", "begin in parts", request("POST", "/s3/multipart", json={"filename": "a.bin"}))
    yield Operation("uploads", "sign a part", _sign)
    yield Operation("uploads", "use an upload", _use)
    yield Operation("stores", "read an asset's meta", _of_project("GET", "/meta/map", uploaded=True))
    yield Operation("stores", "a list of assets", _of_project("GET", "/list", uploaded=True))
    yield Operation("stores", "create an asset", _of_project("POST", "/create", json={"name": "fresh"}))
    yield Operation(
        "stores", "upload a version",
        _of_project("POST", "/upload/map?filename=b.txt&update=true", uploaded=True, body=b"hello", headers=OCTETS),
    )  # fmt: skip
    yield Operation("projectassets", "read one with ten links", _of_project_asset("GET"))
    yield Operation("projectassets", "a page of them", _of_project_asset("GET", f"{PROJECT_ASSETS}?limit=20"))
    yield Operation("projectassets", "create", _create_project_asset)
    yield Operation("projectassets", "change", _of_project_asset("PATCH", json={"status_approval": 0}))
    yield Operation("projectassets", "ask for a deletion", _of_project_asset("DELETE"))

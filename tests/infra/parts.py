"""What functions do, part by part: see `test_verdicts_by_function` and `test_parts_of_functions`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.settings import settings
from tests.faults import stores, workspaces
from tests.support import permissions
from tests.support.bundles import TARGET, Bundles
from tests.support.calls import Call, Crash, on_call
from tests.support.cloud import ACCOUNT
from tests.support.world import World


@dataclass(frozen=True)
class Part:
    """Something that a function does.

    Attributes:
        arrange: makes a world in which that is what the function does next.
        shown: what is to be seen of it.
        then: that, once it is done.
        calls: those that are of this part, as `<action> <table, bucket or queue>, ...`; `{size}` is the scan's.
    """

    name: str
    arrange: Callable[[World], object]
    shown: Callable[[World], Any]
    then: Any
    calls: str

    def check(self, world: World, function: str, act: Callable[[], object]) -> None:
        """Has the function do it, and looks at what it did."""
        self.arrange(world)
        with does(function, self.calls.format(size=function.removeprefix("scan_"))):
            act()
        assert self.shown(world) == self.then


def named(parts: list[Part]) -> pytest.MarkDecorator:
    """Runs a test with each of these as `part`."""
    return pytest.mark.parametrize("part", parts, ids=lambda part: part.name.replace(" ", "-"))


@contextmanager
def does(function: str, calls: str) -> Iterator[None]:
    """Expects a function to make these calls in the block, and perhaps others that it may make."""
    with permissions.noting() as noted:
        yield
    denied, _ = permissions.judge(noted)
    assert denied == {}
    made = {_short(need) for need in noted.get(function, set())}
    assert set(calls.split(", ")) <= made, f"{function} only did {sorted(made)}"


def _short(need: permissions.Need) -> str:
    action, resource = need
    name = resource.rpartition(":")[2].removeprefix("table/").removeprefix("assetmanager-local-").removesuffix("/x")
    return f"{action.partition(':')[2]} {name.replace(f'-{ACCOUNT}', '')}"


@contextmanager
def dying(*, before: str = "", after: str = "", over: str = "") -> Iterator[None]:
    """Whoever acts in the block dies at the first call of this operation whose parameters have this text."""

    def die(operation: str) -> Callable[[Call], None]:
        def hook(call: Call) -> None:
            if call.operation == operation and over in str(call.params):
                raise Crash

        return hook

    with on_call(before=die(before), after=die(after)), pytest.raises(Crash):
        yield


# --- owners whose files have arrived and are not scanned, as clients make them


def asset(world: World) -> None:
    world.upload(b"bytes")


def asset_state(world: World) -> str:
    (row,) = [row for row in world.rows("assets_table") if row["sk"] == "asset"]
    return str(world.shown(row["pk"].removeprefix("asset#"))["state"])


def file_of_a_store(world: World) -> None:
    stores.public(world)
    stores.put(world, b"bytes")


def large_object(world: World) -> None:
    stores.project(world, "g1")
    assert world.client.post(f"{stores.PROJECT}/object/large", json="x" * 400_000).status == 200


def media_asset(world: World) -> None:
    Bundles(world)
    form = {"name": "Clip", "production_id": "1", "path_file": "/mnt/archive/clip.mov"}
    assert world.client.post("/api/videoassets/", form=form, files={"file": ("clip.mov", b"clip")}).status == 201


def bundle_file(world: World) -> None:
    bundles = Bundles(world)
    bundles.put(bundles.project(), "a", b"bytes")


def bundle_file_of_two(world: World) -> None:
    """A file of a project that was copied before it was scanned."""
    bundle_file(world)
    body = {"name": "Copy", "bundle_root": TARGET, "production_id": 1, "copy_of": 1}
    assert world.client.post("/api/projectassets/", json=body).status == 201
    world.deliver("work")


def bundle_states(world: World) -> list[str]:
    """The states of the first files of all bundles."""
    count = sum(row["sk"] == "project" for row in world.rows("productions_table"))
    urls = [f"/api/projectassets/{number + 1}/files/" for number in range(count)]
    return [world.client.get(url).json()[0]["state"] for url in urls]


def workspace(world: World) -> None:
    """The workspace `island`, of a project without assets."""
    stores.project(world, "g1")
    workspaces.clone(world)


def resource(world: World, content: bytes = b"bytes") -> None:
    workspace(world)
    workspaces.upload(world, "/resources/x", content)


def resource_status(world: World) -> int:
    return world.client.get(f"{workspaces.ISLAND}/resources/x").status


def output(world: World) -> None:
    """What a worker elsewhere has handed in; the end of its task waits for the verdict."""
    work = claimed(world)
    made = {"path": "a.txt", "upload": send_upload(world)}
    url = f"/api/workers/tracer/tasks/{work['task']['_id']}/finish"
    assert world.client.post(url, json={"lease": work["lease"], "outputs": [made]}).status == 200
    world.deliver("work")


# --- what they are made of


def uploaded(world: World, content: bytes = b"first", **fields: Any) -> str:
    """The id of an asset whose file was scanned."""
    made = world.upload(content, **fields)
    world.deliver("scan_small", "scan_large")
    return made


def claimed(world: World) -> dict[str, Any]:
    """A worker elsewhere has begun to process a file; what it was told."""
    stores.project(world, "g1")
    stores.put(world, b"<svg/>", name="a.svg")
    world.deliver("scan_small", "scan_large")
    record = {"name": "tracer", "type": "trace", "extensions": [".svg"]}
    assert world.client.post("/api/workers", json=record).status == 200
    schedule(world, "trace")
    work: dict[str, Any] = world.client.post("/api/workers/tracer/claim", json={}).json()
    return work


def schedule(world: World, worker: str) -> None:
    """Ask for the file of the asset `map` to be processed."""
    task = {"worker_type": worker, "store_id": "default", "project_id": "expo", "asset_id": "map"}
    assert world.client.post("/api/workers/queue", json=task).status == 200


def send_upload(world: World, content: bytes = b"bytes") -> str:
    """The id of an upload whose bytes have been sent."""
    upload = world.client.get(f"/s3/params?filename=a.txt&size={len(content)}").json()
    world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=upload["fields"]["key"], Body=content)
    return str(upload["id"])


def vanish(world: World) -> None:
    """What waits to be scanned goes, as it does by the lifecycle of its bucket, and a day passes."""
    world.lose_messages()
    world.expire_arrivals(set(world.keys("intake_bucket")))
    world.travel(25 * 3600)

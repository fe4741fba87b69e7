"""What messages do that come one to five times in any order, over what they do when each comes once, in order.

All runs begin in the same state, each in a fork of one process: uploads of all APIs wait for their scan, among them
infected ones, replaced ones and those of deleted assets; a project asset is to be copied and another deleted; an
archive is to be unpacked. One run gets every message once. The others get each message one to five times, those that
come up on the way too, shuffled, until the queues are quiet; then the sweep has its turn, in all of them. Compared is
what is there in the end, row by row and object by object, and what S3 was made to do on the way: every call that
writes, copies, tags or deletes.
"""

import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest
from moto.sqs.models import sqs_backends

from bench.stage import stage
from bench.table import Row
from chalicelib.settings import settings
from tests.files.scanners.samples import EICAR, zipped
from tests.support.bundles import Bundles
from tests.support.calls import Call, on_call
from tests.support.cloud import ACCOUNT, REGION, Cloud
from tests.support.snapshots import Snapshot, ids, snapshot
from tests.support.world import World, open_world

SECTION = "disorder"
SEEDS = 8
MOST = 5
_ROUNDS = 200
_OCTETS = {"Content-Type": "application/octet-stream"}
_READS = ("Get", "Head", "List")
_CONSUMERS = {
    "scan_small": "scan_small",
    "scan_large": "scan_large",
    "work": "work",
    "process": "process",
    "invalidate": "edge",
}
"""The consumers, and their queues."""

Found = tuple[Snapshot, Counter[str], int]
"""What is there in the end, the writing calls of S3, and how many messages were delivered."""


def rows(seeds: int = SEEDS) -> Iterator[Row]:
    """Two rows a disordered run: state, and effects."""
    with stage(), pytest.MonkeyPatch.context() as patch:
        world = open_world(Cloud(patch, dict(os.environ)), patch)
        _prepare(world)
        known = ids(world)
        ordered = _forked(world, known, None)
        for seed in range(1, seeds + 1):
            yield from _rows(seed, ordered, _forked(world, known, seed))


def _rows(seed: int, ordered: Found, disordered: Found) -> Iterator[Row]:
    (state, effects, once), (other, others, often) = ordered, disordered
    name = f"order {seed}: {often} deliveries for {once}"
    same = (state & other).total()
    told = (
        f"{same} rows, objects and queues alike, {(state - other).total()} missing, {(other - state).total()} too many"
    )
    yield Row(SECTION, f"{name}: state", max(state.total(), other.total()) / same, 1, exact=True, told=told)
    told = ", ".join(f"{count} {call}" for call, count in sorted(others.items()))
    if effects != others:
        told += f"; in order {dict(effects)}"
    # Two counts that differ in opposite ways must not make up for one another.
    ratio = 1 + ((effects - others).total() + (others - effects).total()) / effects.total()
    yield Row(SECTION, f"{name}: effects", ratio, 1, exact=True, told=told)


def _prepare(world: World) -> None:
    """Everything that waits for messages."""
    bundles = Bundles(world)
    source, gone = bundles.project(a_one=b"1", a_two=b"2"), bundles.project("/mnt/archive/c/", b_three=b"3")
    client = world.client
    project = {"id": "expo", "name": "Expo", "groups": ["g1", "public"]}
    assert client.post("/api/default/create", json=project).status == 200

    def upload(asset: str, name: str, content: bytes) -> None:
        path = f"/api/default/expo/upload/{asset}?filename={name}&create=true&update=true"
        assert client.post(path, body=content, headers=_OCTETS).status == 200

    upload("site", "site.zip", zipped({"index.html": b"<p>", "a/b.txt": b"b"}))
    world.deliver()
    task = {"store_id": "default", "project_id": "expo", "asset_id": "site", "worker_type": "extract"}
    assert client.post("/api/workers/queue", json=task).status == 200
    first, removed = world.upload(b"a", "a.txt"), world.upload(b"b", "b.txt")
    world.upload(EICAR, "virus.txt")
    world.upload_whitehall(b"c", "/government/uploads/system/c.txt")
    assert world.replace(first, b"new", "new.txt").status == 200
    assert client.delete(f"/assets/{removed}").status == 200
    upload("map", "map.txt", b"map")
    upload("map", "map2.txt", b"another map")
    bundles.put(source, "a/three", b"late")
    bundles.copy(source)
    bundles.delete(gone)
    wanted = {"file_uri": "file:///island", "organization": "default", "project_name": "expo"}
    assert client.post("/assetmanager/workspaces", json=wanted).status == 200


def _forked(world: World, known: set[str], seed: int | None) -> Found:
    """The end of a run in a fork of this process."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(world, known, seed, theirs))
    child.start()
    theirs.close()
    found: Found = ours.recv()
    child.join()
    return found


def _run(world: World, known: set[str], seed: int | None, told: Connection) -> None:
    effects: Counter[str] = Counter()

    def count(call: Call) -> None:
        if call.service == "s3" and not call.operation.startswith(_READS):
            effects[call.operation] += 1

    with on_call(after=count):
        delivered = _in_order(world) if seed is None else _in_disorder(world, random.Random(seed))
        world.repair()
    state = Counter({line: count for line, count in snapshot(world, known).items() if not line.startswith("queue ")})
    told.send((state, effects, delivered))


def _in_order(world: World) -> int:
    delivered = 0
    for _ in range(_ROUNDS):
        delivered += world.deliver(failing=True)
        if _is_quiet(world):
            return delivered
        world.cloud.hand_back()
    raise AssertionError(f"the queues do not get quiet: {world.waiting()}")


def _in_disorder(world: World, order: random.Random) -> int:
    delivered, seen = 0, set[str]()
    for _ in range(_ROUNDS):
        _multiply(world, order, seen)
        delivered += _deliver_some(world, order)
        if _is_quiet(world):
            return delivered
        world.cloud.hand_back()
    raise AssertionError(f"the queues do not get quiet: {world.waiting()}")


def _multiply(world: World, order: random.Random, seen: set[str]) -> None:
    """Let every message that was not there before come one to five times, and shuffle what waits."""
    for url in (getattr(settings(), f"{name}_queue") for name in _CONSUMERS.values()):
        waiting = sqs_backends[ACCOUNT][REGION].queues[url.rpartition("/")[2]]._messages
        for message in [message for message in waiting if message.id not in seen]:
            seen.add(message.id)
            for _ in range(order.randrange(MOST)):
                seen.add(world.inspect("sqs").send_message(QueueUrl=url, MessageBody=message.body)["MessageId"])
        order.shuffle(waiting)


def _deliver_some(world: World, order: random.Random) -> int:
    """One batch of each consumer, in any order of theirs."""
    consumers = list(_CONSUMERS)
    order.shuffle(consumers)
    return sum(world.deliver_batch(consumer) for consumer in consumers)


def _is_quiet(world: World) -> bool:
    """Whether nothing waits but dead letters, whose work the sweep finds."""
    return all(name.endswith("-dead") for name in world.waiting())

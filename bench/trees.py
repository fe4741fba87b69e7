"""Long trees: a project asset of 1,000 and of 20,000 files is copied by reference, copied with its bytes, and deleted.

Each size runs in a process of its own, against a ministack in another: memory and CPU are the worker's alone. Every AWS
call of the worker waits until 20 ms have gone by since it was sent, in the client's own transport. The local engine
answers within them as a rule; what it needs beyond is taken off, since no call waits beside it, and so is the time for
which the machine gave its processors to others. What the worker does other things beside is answered here, after its
20 ms: CopyObject, of which many run at once; and the transactions that write files, while which the next are prepared.
The engine gets those ahead of the next call that it is asked for, and must find nothing wrong with them.

What the time is held to: the messages of a tree are independent, and a deployment hands out up to twenty batches of
them at a time, each to a process of its own; measured is one process, which gets them one after the other. Within a
message the rows are written transaction by transaction, since all of them hold to the message's one guard, and two
transactions on one row are refused; bytes are copied `COPIES_AT_ONCE` at a time. So the ideal is 20 ms for each call,
and for each CopyObject as much divided by that many; that a batch is written while the next one is copied is better.
"""

import io
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.table import Row

SECTION = "trees"
SIZES = (1_000, 20_000)
LATENCY = 0.02
TIME, MEMORY = 1.2, 1.1

SOURCE, BY_REFERENCE, OWN = "/mnt/archive/source/", "/mnt/archive/copy/", "/mnt/own/copy/"
BUCKET = "bench-device"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
_PARAMETERS = {"Scanner": "yara", "Edge": "none", "OriginSecret": "0" * 32} | {
    f"{name}Origin": "http://localhost" for name in ("Api", "Assets", "DraftAssets", "Stores")
}
_TOGETHER, _COPIES_A_PART, _DELETES_A_PART, _PAGE = 33, 495, 1_000, 1024**2
_OTHERS_OF_S3 = ("CopyObject", "DeleteObject", "ListObjectsV2", "HeadObject", "GetObject", "PutObject")
_MALLOC = "MALLOC_ARENA_MAX"
_COPIED = b'<CopyObjectResult><ETag>"made-up"</ETag></CopyObjectResult>'


def main() -> int:
    """What a process of its own does: fill the tables, or measure one size. Returns the exit code."""
    if sys.argv[1] == "fill":
        print(fill(int(sys.argv[2]), int(sys.argv[3])))
    else:
        print(json.dumps(_measure(int(sys.argv[1]))))
    return 0


def rows(sizes: tuple[int, int] = SIZES) -> Iterator[Row]:
    """Time, memory and calls of each phase."""
    small, large = (_measured(size) for size in sizes)
    for phase, found in large["phases"].items():
        yield time_row(phase, sizes[1], found)
        yield from call_rows(phase, sizes[1], found)
        before = small["phases"][phase]["cpu"] / sizes[0]
        told = f"{found['cpu'] / sizes[1] * 1000:.2f} s of CPU for 1,000 files"
        yield Row(
            SECTION, f"{phase}: CPU a file, {sizes[1]:,} over {sizes[0]:,}", found["cpu"] / sizes[1] / before, told=told
        )
    peaks = {phase: [one["phases"][phase]["peak"] / 1024 for one in (large, small)] for phase in large["phases"]}
    told = ", ".join(f"{much:.0f} over {less:.0f} MiB after {phase}" for phase, (much, less) in peaks.items())
    yield Row(
        SECTION, f"peak memory, {sizes[1]:,} files over {sizes[0]:,}", large["peak"] / small["peak"], MEMORY, told=told
    )


def time_row(phase: str, size: int, found: dict[str, Any]) -> Row:
    """The time of a phase over the ideal. Only of copies is anything demanded."""
    from chalicelib.apis.projectassets.copied_files import COPIES_AT_ONCE

    calls: Counter[str] = Counter(found["calls"])
    one_by_one = calls.total() - calls["CopyObject"]
    ideal = LATENCY * (one_by_one + calls["CopyObject"] / COPIES_AT_ONCE)
    told = f"{found['seconds']:.1f} s over {ideal:.1f} s: {one_by_one:,} calls one by one"
    told += f", {calls['CopyObject']:,} CopyObject {COPIES_AT_ONCE} at a time" if calls["CopyObject"] else ""
    told += f"; CPU {found['cpu']:.1f} s; the local engine's {found['taken off']:.1f} s more are taken off"
    mark = TIME if phase.startswith("copy") else None
    return Row(SECTION, f"{phase}: time of {size:,} files over the ideal", found["seconds"] / ideal, mark, told=told)


def call_rows(phase: str, size: int, found: dict[str, Any]) -> Iterator[Row]:
    """The calls of a phase over the budget of DESIGN: N copies, N/33 transactions, N/1000 deletions, a Query a MB."""
    calls: Counter[str] = Counter(found["calls"])
    part = _DELETES_A_PART if phase.startswith("delete") else _COPIES_A_PART
    transactions = math.ceil(size / _TOGETHER)
    if phase.startswith("delete"):
        transactions = sum(math.ceil(min(part, size - first) / _TOGETHER) for first in range(0, size, part))
    exact = {
        "transactions of Files": (transactions, "N/33"),
        "CopyObject": (size if phase == "copy with bytes" else 0, "N"),
        "DeleteObjects": (math.ceil(size / 1000) if phase.startswith("delete the last") else 0, "N/1000"),
    }
    for name, (most, formula) in exact.items():
        told = f"{calls[name]:,}"
        if most:
            yield Row(SECTION, f"{phase}: {name} over {formula}", calls[name] / most, 1, exact=True, told=told)
        else:
            yield Row(SECTION, f"{phase}: {name}", calls[name], 0, exact=True)
    if exact["DeleteObjects"][0]:
        others = ", ".join(f"{calls[name]:,} {name}" for name in _OTHERS_OF_S3 if calls[name])
        total = calls["DeleteObjects"] + sum(calls[name] for name in _OTHERS_OF_S3)
        ratio = total / exact["DeleteObjects"][0]
        yield Row(SECTION, f"{phase}: all S3 calls over N/1000", ratio, 1, exact=True, told=others or "no others")
    parts = math.ceil(size / part) + 1
    each = 2 if phase == "copy with bytes" else 1
    queries = math.ceil(found["bytes"] / _PAGE) + each * parts + 4
    yield Row(
        SECTION, f"{phase}: Query over one a MB and a part", calls["Query"] / queries, 1, told=f"{calls['Query']}"
    )
    read = transactions if phase.startswith("delete") else 0
    rest = calls.total() - sum(calls[name] for name in exact) - calls["Query"] - read
    allowed = math.ceil(size / 25) + 12 * parts + 40
    yield Row(SECTION, f"{phase}: other calls over N/25 and twelve a part", rest / allowed, 1, told=f"{rest:,}")


def _measured(size: int) -> dict[str, Any]:
    from infra.template import Template

    command = [sys.executable, "-m", "bench.trees", str(size)]
    # What is deployed with it, and read before Python begins.
    environment = os.environ | {_MALLOC: str(Template().environment[_MALLOC])}
    told = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def _measure(size: int) -> dict[str, Any]:
    with _cloud():
        from app import app
        from chalicelib import aws
        from infra.local.pump import Pump
        from tests.support.client import Client

        client, pump = Client(app), Pump(app)

        def post(url: str, body: dict[str, Any]) -> int:
            reply = client.post(url, json=body)
            assert reply.status == 201, reply.text
            return int(reply.json()["id"])

        def copy(root: str) -> int:
            return post(projects, {"name": "Copy", "bundle_root": root, "production_id": 1, "copy_of": source})

        def delete(project: int) -> None:
            assert client.delete(f"{projects}{project}/").status == 202

        aws.s3().create_bucket(Bucket=BUCKET)
        projects = "/api/projectassets/"
        post("/api/productions/", {"name": "News", "codename": "news"})
        post("/api/devices/", {"name": "Archive", "path": "/mnt/archive/"})
        post("/api/devices/", {"name": "Own", "path": "/mnt/own/", "bucket": BUCKET})
        source = post(projects, {"name": "Source", "bundle_root": SOURCE, "production_id": 1})
        filling = [sys.executable, "-m", "bench.trees", "fill", str(source), str(size)]
        row_bytes = int(subprocess.run(filling, check=True, stdout=subprocess.PIPE, text=True).stdout)
        phases: dict[str, Any] = {}
        made: list[int] = []
        acts: list[tuple[str, Callable[[], object]]] = [
            ("copy by reference", lambda: made.append(copy(BY_REFERENCE))),
            ("copy with bytes", lambda: made.append(copy(OWN))),
            ("delete what others refer to", lambda: delete(made[0])),
            ("delete the last with bytes", lambda: delete(made[1])),
        ]
        for name, act in acts:
            act()
            phases[name] = {**_worked(pump), "bytes": row_bytes, "peak": _peak()}
            assert not pump.errors, pump.errors[0]
            for project in made:
                reply = client.get(f"{projects}{project}/job/")
                assert reply.status == 404, reply.text
            # By a page of its files: the project itself shows 10,000 of them, in a memory that is the API's alone.
            seen = [client.get(f"{projects}{project}/files/?limit=1").status for project in made]
            assert seen == (
                [200] * len(made) if name.startswith("copy") else [404, *([200] if "others" in name else [404])]
            )
        assert client.get(f"{projects}{source}/files/?limit=1").status == 200
        return {"phases": phases, "peak": _peak()}


def _peak() -> int:
    """The most memory that this process ever had, in KiB. Not by getrusage, which inherits the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [peak] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return peak


def counted(act: Callable[[], object]) -> Counter[str]:
    """Do something, and count its calls; of the calls only their number is kept."""
    from tests.support.calls import Call, on_call

    found: Counter[str] = Counter()

    def count(call: Call) -> None:
        found[_name(call.operation, call.params)] += 1

    with on_call(before=count):
        act()
    return found


def _worked(pump: Any) -> dict[str, Any]:
    """Deliver every message, slowly: the worker's calls, its CPU, and its time."""
    spent = [0.0, 0.0, 0.0]
    invoke = pump.invoke

    def timed(*args: Any, **kwargs: Any) -> Any:
        clock, used, delayed = time.monotonic(), time.process_time(), _delay()
        try:
            return invoke(*args, **kwargs)
        finally:
            spent[0] += time.monotonic() - clock
            spent[1] += time.process_time() - used
            spent[2] += _delay() - delayed

    pump.invoke = timed
    try:
        with waiting() as excess:
            calls = counted(pump.drain)
    finally:
        del pump.invoke
    taken_off = excess[0] + spent[2] - excess[1]
    return {"calls": dict(calls), "cpu": spent[1], "seconds": spent[0] - taken_off, "taken off": taken_off}


def _delay() -> float:
    """The seconds for which this thread could have run, and others did; 0 where the system does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:
        return 0.0


@contextmanager
def waiting(latency: float = LATENCY) -> Iterator[list[float]]:
    """Let every call of the worker take so many seconds, in the transport of its client; see the module.

    Yields what the calls of this thread took beyond, in seconds all together, and how much of that the machine was busy
    with others.
    """
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    from infra.local.pump import USER_AGENT

    session: Any = URLLib3Session
    original, excess, mine = session.send, [0.0, 0.0], threading.get_ident()
    owed: list[tuple[Any, Any]] = []

    def send(self: Any, request: Any) -> Any:
        if USER_AGENT in str(request.headers.get("User-Agent", "")):
            return original(self, request)
        ours = threading.get_ident() == mine
        began, delayed = time.monotonic(), _delay() if ours else 0.0
        if "x-amz-copy-source" in request.headers:
            answer = AWSResponse(request.url, 200, {"Content-Type": "application/xml"}, _Body(_COPIED))  # type: ignore[arg-type]
        elif _writes_files(request):
            owed.append((self, request))
            answer = AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, _Body(b"{}"))  # type: ignore[arg-type]
        else:
            while owed:
                paid = original(*owed.pop(0))
                assert paid.status_code == 200, paid.text
            answer = original(self, request)
        time.sleep(max(0.0, latency - (time.monotonic() - began)))
        if ours:
            excess[0] += time.monotonic() - began - latency
            excess[1] += _delay() - delayed
        return answer

    session.send = send
    try:
        yield excess
    finally:
        session.send = original


def _writes_files(request: Any) -> bool:
    """Whether a call is a transaction that adds or removes references."""
    return "TransactWriteItems" in str(request.headers.get("X-Amz-Target", "")) and b'"ref#' in request.body


class _Body(io.BytesIO):
    """The body of an answer as urllib3 hands it out."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """All of it."""
        yield self.read()


def _name(operation: str, params: dict[str, Any]) -> str:
    """A call's name; transactions that add or remove references have one of their own."""
    if operation != "TransactWriteItems":
        return operation
    for item in params["TransactItems"]:
        key = item["Put"]["Item"] if "Put" in item else item["Delete"]["Key"] if "Delete" in item else None
        if key is not None and key["sk"]["S"].startswith("ref#"):
            return "transactions of Files"
    return "other transactions"


@contextmanager
def _cloud() -> Iterator[None]:
    """A cloud in a process of its own, with the environment of a function that uses it."""
    from infra.local.ministack import Ministack
    from infra.resources import provision

    with tempfile.TemporaryDirectory() as state:
        ministack = Ministack(Path(state))
        ministack.start()
        try:
            os.environ.update(_CREDENTIALS, AWS_ENDPOINT_URL=ministack.endpoint)
            os.environ.update(provision("local", parameters=_PARAMETERS))
            os.environ.update(AUTH="open", DEVICE_BUCKETS=BUCKET, POWERTOOLS_LOG_LEVEL="ERROR")
            os.environ.update(POWERTOOLS_METRICS_DISABLED="true")
            yield
        finally:
            ministack.stop()


def fill(project: int, size: int, *, stored: bool = False) -> int:
    """Write a bundle's rows, behind the API's back, and the files' bytes where they are to be `stored`.

    Returns the bytes that the rows count for.
    """
    from chalicelib import aws, clock
    from chalicelib.apis.projectassets.bundles import owner_of
    from chalicelib.apis.projectassets.models import BundleFile
    from chalicelib.batches import batched
    from chalicelib.files.models import File, Reference
    from chalicelib.rows import Put, transact
    from chalicelib.settings import settings

    moment = clock.now()

    def made(number: int) -> tuple[File, Reference, BundleFile]:
        file, path = File.at(f"{number:032x}"), f"footage/day {number // 500:03}/clip {number:06}.mov"
        entry, reference = BundleFile.at(project, path), Reference.at(file.file_id, owner_of(project, path))
        file.library_key = entry.library_key = f"{file.file_id}/0123456789abcdef"
        file.size = entry.size = 1
        file.sha256 = entry.sha256 = "0" * 64
        file.content_type = entry.content_type = "video/quicktime"
        file.verdict, file.settled, file.references, file.attempts = "clean", True, 1, 1
        entry.file_id, entry.state, entry.updated_at, reference.created_at = file.file_id, "clean", moment, moment
        file.owner, file.created_at, file.name = reference.owner, moment, path.rpartition("/")[2]
        return file, reference, entry

    def write(numbers: list[int]) -> int:
        rows = [made(number) for number in numbers]
        transact(*(Put(row) for three in rows for row in three))
        for file, _, _ in rows if stored else []:
            aws.s3().put_object(Bucket=settings().library_bucket, Key=file.library_key, Body=b"x")
        return sum(len(json.dumps(entry.serialize())) for _, _, entry in rows)

    with ThreadPoolExecutor(2) as threads:
        return sum(threads.map(write, batched(range(size), _TOGETHER)))


if __name__ == "__main__":
    sys.exit(main())

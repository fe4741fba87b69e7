"""`make bench-trees`: a project asset of 1,000 and of 20,000 files is copied by reference, copied with its bytes, and
deleted; the calls must keep to the budget, and memory and CPU a file must not grow with their number.

Each size runs in a process of its own against a ministack of its own: what is measured is the worker alone. Messages
are delivered one after the other. Seconds of a clock would say nothing about AWS; CPU is the worker's.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZES = (1_000, 20_000)
MEMORY, CPU = 1.25, 1.5
"""How much more the larger size may need: peak memory, and CPU a file, which other load disturbs."""

SOURCE, BY_REFERENCE, OWN = "/mnt/archive/source/", "/mnt/archive/copy/", "/mnt/own/copy/"
BUCKET = "bench-device"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
_PARAMETERS = {"Scanner": "yara", "Edge": "none", "OriginSecret": "0" * 32} | {
    f"{name}Origin": "http://localhost" for name in ("Api", "Assets", "DraftAssets", "Stores")
}
_TOGETHER, _COPIES_A_PART, _DELETES_A_PART, _PAGE = 33, 495, 1_000, 1024**2


def main() -> int:
    """Measure both sizes and compare. Returns the exit code."""
    if sys.argv[1:2] == ["fill"]:
        print(fill(int(sys.argv[2]), int(sys.argv[3])))
        return 0
    if len(sys.argv) > 1:
        print(json.dumps(_measure(int(sys.argv[1]))))
        return 0
    found = []
    for size in SIZES:
        command = [sys.executable, "-m", "bench.trees", str(size)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found.append(json.loads(told.splitlines()[-1]))
    small, large = found
    wrong = []
    for phase in small["phases"]:
        print(f"\n{phase}")
        for size, one in zip(SIZES, (small["phases"][phase], large["phases"][phase]), strict=True):
            calls = ", ".join(f"{count} {name}" for name, count in sorted(one["calls"].items()))
            print(f"  {size:6} files: {one['cpu'] / size * 1000:6.2f} s of CPU for 1,000; {calls}")
            wrong += [f"{phase}, {size} files: {problem}" for problem in over_budget(phase, size, one)]
        ratio = (large["phases"][phase]["cpu"] / SIZES[1]) / (small["phases"][phase]["cpu"] / SIZES[0])
        print(f"  CPU a file, {SIZES[1]} : {SIZES[0]} files = {ratio:.2f}, allowed {CPU}")
        wrong += [f"{phase}: CPU a file grows {ratio:.2f} times"] if ratio > CPU else []
    ratio = large["peak"] / small["peak"]
    print(f"\npeak memory {small['peak']} KiB and {large['peak']} KiB: ratio {ratio:.3f}, allowed {MEMORY}")
    wrong += [f"memory grows {ratio:.3f} times"] if ratio > MEMORY else []
    print("\n".join(wrong) or "everything within its budget")
    return 1 if wrong else 0


def over_budget(phase: str, size: int, found: dict[str, Any]) -> Iterator[str]:
    """What a phase called more often than the budget of DESIGN allows: N/25 + N/33 + one Query a MB, and so on."""
    calls: Counter[str] = Counter(found["calls"])
    part = _DELETES_A_PART if phase.startswith("delete") else _COPIES_A_PART
    parts = math.ceil(size / part) + 1
    pages = math.ceil(found["bytes"] / _PAGE)
    exact = {"transactions of Files": math.ceil(size / _TOGETHER)}
    exact["CopyObject"] = size if phase == "copy with bytes" else 0
    exact["DeleteObjects"] = math.ceil(size / 1000) if phase.startswith("delete the last") else 0
    if phase.startswith("delete"):
        exact["transactions of Files"] = sum(math.ceil(some / _TOGETHER) for some in _cut(size, part))
        exact["BatchGetItem"] = exact["transactions of Files"]
    for name, most in exact.items():
        if calls[name] > most:
            yield f"{calls[name]} {name}, allowed {most}"
    each = 2 if phase == "copy with bytes" else 1
    if calls["Query"] > pages + each * parts + 4:
        yield f"{calls['Query']} Query, allowed {pages + each * parts + 4}"
    rest = calls.total() - sum(calls[name] for name in exact) - calls["Query"]
    allowed = math.ceil(size / 25) + 12 * parts + 40
    if rest > allowed:
        yield f"{rest} other calls, allowed {allowed}"


def _cut(size: int, part: int) -> list[int]:
    return [min(part, size - first) for first in range(0, size, part)]


def _measure(size: int) -> dict[str, Any]:
    with _cloud():
        from app import app
        from chalicelib import aws
        from chalicelib.settings import settings
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
            phases[name] = {**worked(pump.drain), "bytes": row_bytes}
            assert not pump.errors, pump.errors[0]
            for project in made:
                reply = client.get(f"{projects}{project}/job/")
                assert reply.status == 404, reply.text
        status = Path("/proc/self/status").read_text(encoding="ascii")
        [peak] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
        assert client.get(f"{projects}{source}/").status == 200
        assert [client.get(f"{projects}{project}/").status for project in made] == [404, 404]
        objects = [_objects(bucket) for bucket in (settings().library_bucket, BUCKET)]
        assert objects == [size, 0], objects
        return {"phases": phases, "peak": peak}


def worked(act: Callable[[], object]) -> dict[str, Any]:
    """Do something; the calls that it took, and the CPU. Of the calls only their number is kept."""
    from tests.support.calls import Call, on_call

    counted: Counter[str] = Counter()

    def count(call: Call) -> None:
        counted[_name(call.operation, call.params)] += 1

    started = time.process_time()
    with on_call(before=count):
        act()
    used = time.process_time() - started
    return {"calls": dict(counted), "cpu": used}


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


def fill(project: int, size: int) -> int:
    """Write a bundle's rows and bytes, behind the API's back. Returns the bytes that the rows count for."""
    from chalicelib import aws, clock
    from chalicelib.apis.projectassets.bundles import owner_of
    from chalicelib.apis.projectassets.models import BundleFile
    from chalicelib.batches import batched
    from chalicelib.files.models import File, Reference
    from chalicelib.rows import Put, transact
    from chalicelib.settings import settings

    moment, total = clock.now(), 0

    def rows(number: int) -> tuple[File, Reference, BundleFile]:
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

    def store(file: File) -> None:
        aws.s3().put_object(Bucket=settings().library_bucket, Key=file.library_key, Body=b"x")

    with ThreadPoolExecutor(8) as threads:
        for together in batched(range(size), _TOGETHER):
            made = [rows(number) for number in together]
            transact(*(Put(row) for three in made for row in three))
            list(threads.map(store, [file for file, _, _ in made]))
            total += sum(len(json.dumps(entry.serialize())) for _, _, entry in made)
    return total


def _objects(bucket: str) -> int:
    from chalicelib import aws

    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(len(page.get("Contents", [])) for page in pages)


if __name__ == "__main__":
    sys.exit(main())

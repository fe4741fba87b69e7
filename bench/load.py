"""`make load`: 64 clients at the local gateway for a minute, with mixed work of all APIs, and then everything at rest:
what is there is held to what was acknowledged. Every create is there once, totals agree, everything was scanned, and
there are no dead letters.

Everybody works at the same few projects, assets and workspaces, so that writers meet. What is answered 503 may have
been done or not; any other refusal is a failure. CLIENTS= and DURATION= (seconds) for other numbers.
"""

import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from tests.support.client import Upload, multipart
from tests.support.product import Answer, Product

CLIENTS, SECONDS = int(os.environ.get("CLIENTS", "64")), float(os.environ.get("DURATION", "60"))
REST_SECONDS = 900
"""How long everything may take to come to rest."""

SHARED = 4
"""Projects, assets with versions and bundles that everybody works at."""

_ISLAND, _STORE = "/assetmanager/workspaces/island", "/api/default/load"
_OCTETS = {"Content-Type": "application/octet-stream"}
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Tally:
    """What one client knows: what was acknowledged and what may have been done, by kind; answers by status."""

    done: dict[str, list[str]] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in what another client knows."""
        for mine, others in ((self.done, other.done), (self.unknown, other.unknown)):
            for kind, names in others.items():
                mine.setdefault(kind, []).extend(names)
        self.answers += other.answers
        self.failures += other.failures


class Worker:
    """One client with a connection of its own. `names` of what it makes are nobody else's."""

    def __init__(self, port: int, number: int) -> None:
        self.tally, self.chance, self.number = Tally(), Random(number), number
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._count = 0
        self._clips: list[int] = []

    def run(self, until: float) -> None:
        """Work until a moment of the monotonic clock."""
        deeds = [self.asset, self.version, self.file, self.clip, self.link, self.note, self.resource]
        deeds += [self.by_upload, self.copy, self.look, self.look]
        while time.monotonic() < until:
            deed = self.chance.choice(deeds)
            try:
                deed()
            except Exception as error:  # noqa: BLE001
                self.tally.failures.append(f"{deed.__name__}: {type(error).__name__} {error}")
                self._connection.close()

    def asset(self) -> None:
        name = self._name()
        kind, body = multipart([("asset[file]", Upload(name.encode(), f"{name}.txt"))])
        self._make("assets", f"{name}.txt", "POST", "/assets", body, {"Content-Type": kind})

    def version(self) -> None:
        name, number = self._name(), self.chance.randrange(SHARED)
        path = f"{_STORE}/upload/a{number}?filename={name}&create=true&update=true"
        self._make(f"versions of a{number}", name, "POST", path, name.encode(), _OCTETS)

    def file(self) -> None:
        name, number = self._name(), self.chance.randrange(SHARED) + 1
        path = f"/api/projectassets/{number}/files/{name}"
        self._make(f"files of {number}", name, "PUT", path, name.encode(), _OCTETS)

    def clip(self) -> None:
        name = self._name()
        body = {"name": name, "production_id": 1, "path_file": "/mnt/load/clip.mov"}
        answer = self._make("clips", name, "POST", "/api/videoassets/", json.dumps(body).encode(), _JSON)
        if answer is not None:
            self._clips.append(answer.json()["id"])

    def link(self) -> None:
        if self._clips:
            clip, number = self._clips.pop(), self.chance.randrange(SHARED) + 1
            body = {"asset_list": [{"asset_id": clip, "type": "video"}]}
            path = f"/api/projectassets/{number}/addasset/"
            self._make(f"links of {number}", str(clip), "POST", path, json.dumps(body).encode(), _JSON)

    def note(self) -> None:
        name = self._name()
        body = json.dumps({"comment": name, "dependencies": ["/assets/base"]}).encode()
        self._make("notes", name, "PUT", f"{_ISLAND}/assets/{name}", body, _JSON)

    def resource(self) -> None:
        name = self._name()
        self._make("resources", name, "PUT", f"{_ISLAND}/resources/{name}", name.encode(), _OCTETS)

    def by_upload(self) -> None:
        name = self._name()
        begun = self._send("GET", f"/s3/params?filename={name}.txt&size={len(name)}")
        if begun.status != 200:
            return
        told = begun.json()
        kind, body = multipart([*told["fields"].items(), ("file", Upload(name.encode(), f"{name}.txt"))])
        place = urlsplit(told["url"])
        bucket = http.client.HTTPConnection(place.netloc, timeout=60)
        bucket.request("POST", place.path, body=body, headers={"Content-Type": kind})
        status = bucket.getresponse().status
        bucket.close()
        assert status in (200, 201, 204), f"the bucket answers {status}"
        self._make(
            "assets", f"{name}.txt", "POST", "/assets", json.dumps({"asset": {"upload": told["id"]}}).encode(), _JSON
        )

    def copy(self) -> None:
        if self.chance.random() > 0.1:
            return
        name, number = self._name(), self.chance.randrange(SHARED) + 1
        body = {"name": name, "bundle_root": f"/mnt/load/copies/{name}/", "production_id": 1, "copy_of": number}
        self._make("copies", name, "POST", "/api/projectassets/", json.dumps(body).encode(), _JSON)

    def look(self) -> None:
        number = self.chance.randrange(SHARED)
        paths = ("/assets?limit=20", f"{_STORE}/list", f"/api/projectassets/{number + 1}/", f"{_ISLAND}/status")
        self._send("GET", self.chance.choice(paths))

    def _name(self) -> str:
        self._count += 1
        return f"w{self.number}-{self._count}"

    def _make(
        self, kind: str, name: str, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> Answer | None:
        """Have something made, and note what is known of it. Returns the answer that acknowledges it."""
        answer = self._send(method, path, body, headers)
        known = self.tally.done if answer.status < 300 else self.tally.unknown
        known.setdefault(kind, []).append(name)
        return answer if answer.status < 300 else None

    def _send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        self._connection.request(method, path, body=body, headers=headers or {})
        response = self._connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        self.tally.answers[str(answer.status)] += 1
        if answer.status >= 300 and answer.status != 503:
            self.tally.failures.append(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
        return answer


def main() -> int:
    """Put the load on a local cloud of its own, and judge. Returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "state")
        try:
            product.ready()
            wrong = load(product, CLIENTS, SECONDS)
        finally:
            product.end()
    print("\n".join(wrong[:40]) or "everything that was acknowledged is there, once, and nothing else")
    return 1 if wrong else 0


def load(product: Product, clients: int, seconds: float) -> list[str]:
    """Have so many clients work for so long. Returns what is wrong once everything is at rest."""
    _arrange(product)
    workers = [Worker(product.port, number) for number in range(clients)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=worker.run, args=(until,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally = Tally()
    for worker in workers:
        tally.add(worker.tally)
    print(f"{clients} clients, {seconds:g} s: {sum(tally.answers.values())} answers, {dict(tally.answers)}")
    print("acknowledged: " + ", ".join(f"{len(names)} {kind}" for kind, names in sorted(tally.done.items())))
    _rest(product)
    return [*tally.failures, *_judged(product, tally)]


def _arrange(product: Product) -> None:
    def made(path: str, body: Any, method: str = "POST") -> None:
        answer = product.request(method, path, body=json.dumps(body), Content_Type="application/json")
        assert answer.status in (200, 201), f"{path}: {answer.status} {answer.body!r}"

    made("/api/default/create", {"id": "load", "name": "Load", "groups": ["g"]})
    made("/api/productions/", {"name": "Load", "codename": "load"})
    made("/api/devices/", {"name": "Load", "path": "/mnt/load/"})
    for number in range(SHARED):
        made("/api/projectassets/", {"name": "p", "bundle_root": f"/mnt/load/p{number}/", "production_id": 1})
    island = {"file_uri": "file:///island", "name": "island", "organization": "default", "project_name": "load"}
    made("/assetmanager/workspaces", island)
    made(f"{_ISLAND}/assets/base", {}, "PUT")


def _rest(product: Product) -> None:
    """Wait until no queue has anything to do, three times in a row."""
    deadline, quiet = time.monotonic() + REST_SECONDS, 0
    while quiet < 3:
        assert time.monotonic() < deadline, f"the queues are not at rest: {product.get('/jobs/queues').body!r}"
        time.sleep(2)
        busy = [queue for queue in _queues(product) if queue["waiting"] + queue["in_flight"] + queue["delayed"]]
        quiet = 0 if busy else quiet + 1


def _queues(product: Product) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product.get("/jobs/queues").json()["queues"]
    return found


def _judged(product: Product, tally: Tally) -> Iterator[str]:
    for queue in _queues(product):
        if queue["dead"]:
            yield f"{queue['dead']} dead letters of {queue['name']}"
    for kind in sorted(tally.done.keys() | tally.unknown.keys()):
        found = list(_found(product, kind))
        counted = Counter(name for name, _ in found)
        done, maybe = Counter(tally.done.get(kind, [])), set(tally.unknown.get(kind, []))
        for name in counted.keys() | done.keys():
            if counted[name] != 1 and (name in done or counted[name]):
                yield f"{kind}: {name} is there {counted[name]} times"
            elif name not in done and name not in maybe:
                yield f"{kind}: {name} is there, and nobody made it"
        yield from (f"{kind}: {name} is {state}" for name, state in found if state not in ("clean", "6", "VALID"))
        total = _total(product, kind)
        if total is not None and total != len(found):
            yield f"{kind}: {len(found)} are there, {total} are counted"


def _found(product: Product, kind: str) -> Iterator[tuple[str, str]]:
    """What there is of a kind: names, and what is told of their state."""
    what, _, whose = kind.partition(" of ")
    if what == "assets":
        yield from (
            (row["name"], row["state"]) for row in _pages(product, "/assets?limit=100", "results", "next_cursor")
        )
    elif what == "versions":
        meta = product.get(f"{_STORE}/meta/{whose}").json()
        for number in range(1, int(meta["version"]) + 1):
            files = product.get(f"{_STORE}/files/{whose}?version={number}").json()
            yield from ((file["name"], file["state"]) for file in files)
    elif what == "files":
        path = f"/api/projectassets/{whose}/files/?limit=1000"
        yield from ((row["path"], row["state"]) for row in _linked(product, path))
    elif what == "links":
        shown = product.get(f"/api/projectassets/{whose}/").json()["video_assets"]
        yield from ((str(clip["id"]), "6") for clip in shown)
    elif what in ("clips", "copies"):
        path = "/api/videoassets/?limit=1000" if what == "clips" else "/api/projectassets/?limit=1000"
        yield from ((row["name"], str(row["status_asset"])) for row in _linked(product, path) if row["name"] != "p")
    else:
        folder = "assets" if what == "notes" else "resources"
        path = f"/contentbrowser/workspaces/island/{folder}/?maxResults=1000"
        for row in _pages(product, path, "items", "nextLink"):
            ref = row["meta"]["ref"] if what == "notes" else row["ref"]
            if ref != "/assets/base":
                yield ref.rpartition("/")[2], row.get("state", "VALID")


def _total(product: Product, kind: str) -> int | None:
    """What a counter says of a kind, where there is one."""
    paths = {"clips": ("/api/videoassets/?limit=1", 0), "copies": ("/api/projectassets/?limit=1", SHARED)}
    if kind not in paths:
        return None
    path, others = paths[kind]
    return int(product.get(path).headers["X-Total-Count"]) - others


def _pages(product: Product, path: str, items: str, further: str) -> Iterator[dict[str, Any]]:
    """What all pages of a listing have that tells in its body how to go on: by a cursor, or where."""
    here: str | None = path
    while here:
        answer = product.get(here).json()
        yield from answer[items]
        told = answer.get(further)
        here = f"{path}&cursor={told}" if told and further.endswith("cursor") else _target(told)


def _linked(product: Product, path: str) -> Iterator[dict[str, Any]]:
    """What all pages of a listing have that tells its next page in a header."""
    here: str | None = path
    while here:
        answer = product.get(here)
        yield from answer.json()
        links = {
            part.partition(";")[2]: part.partition(";")[0].strip(" <>")
            for part in answer.headers.get("Link", "").split(",")
        }
        here = _target(next((url for relation, url in links.items() if 'rel="next"' in relation), None))


def _target(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


if __name__ == "__main__":
    sys.exit(main())

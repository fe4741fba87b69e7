"""The product itself, as `make run` starts it, with tokens demanded: the stores API, and parts straight to S3."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from bench.peers import processes
from bench.peers.client import Answer, Client, Late
from bench.peers.sides import OURS, About, Content, Servers
from tests.support.product import Product

ROOT = Path(__file__).parents[2]


def _emulator() -> str:
    lines = (ROOT / "requirements-local.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("ministack=="))


ABOUT = About(
    name=OURS,
    version="this checkout",
    engine=f"S3, DynamoDB and SQS of {_emulator()}, a process of its own",
    served="the local cloud, one process for all functions, a token; presigned parts, small files in one POST",
    through=0,
)
_PROJECT = "/api/default/peers"
_JSON = {"Content-Type": "application/json"}
_BODY = {"Content-Type": "application/octet-stream"}
_LOOK = 0.5  # seconds between two looks for a verdict


@contextlib.contextmanager
def running(folder: Path, deadline: float) -> Iterator["Ours"]:
    """A local cloud with its state in a folder, a token and a project."""
    cloud = Product(folder / "state", AUTH="required")
    try:
        cloud.ready()
        token = _token(cloud.state)
        behind = processes.Threads.of(cloud.process.pid)  # before the client comes, and with it a thread for it
        client = Client(cloud.port, deadline, {"Authorization": f"Bearer {token}"})
        told = json.dumps({"id": "peers", "name": "peers", "groups": ["peers"]}).encode()
        client.request("POST", "/api/default/create", told, _JSON)
        yield Ours(cloud, client, behind, deadline)
    finally:
        cloud.end()


class Ours:
    """The running product."""

    about = ABOUT

    def __init__(self, cloud: Product, client: Client, behind: processes.Threads, deadline: float) -> None:
        engine = cloud.emulator()
        self.client, self.stored = client, cloud.state / "s3"
        self.servers = Servers(
            application=processes.Tree(cloud.process.pid, without=frozenset([engine])),
            behind=behind,
            engine=processes.Tree(engine),
        )
        self._deadline = deadline
        self._unjudged: list[str] = []

    def upload_large(self, content: Content) -> None:
        """Begin it, have each part signed and put it to S3, complete it and use it."""
        told = {"filename": "large.bin", "size": content.size, "sha256": content.sha256()}
        begun = self._tell("/s3/multipart", told).json()
        place, key, parts, storage = f"/s3/multipart/{begun['uploadId']}", begun["key"], [], None
        for number, piece in enumerate(content.pieces(), 1):
            signed = urllib.parse.urlsplit(self.client.request("GET", f"{place}/{number}?key={key}").json()["url"])
            storage = storage or Client(int(signed.port or 0), self._deadline)
            put = storage.request("PUT", f"{signed.path}?{signed.query}", piece)
            parts.append({"PartNumber": number, "ETag": put.headers["ETag"]})
        while self._tell(f"{place}/complete?key={key}", {"parts": parts}, also=503).status == 503:
            time.sleep(1)
        target = f"{_PROJECT}/upload/large?create=true&filename=large.bin&upload={begun['id']}"
        self.client.request("POST", target, b"", _BODY)
        self._unjudged.append("large")

    def upload_small(self, name: str, content: bytes) -> None:
        """Make an asset of it."""
        self.client.request("POST", f"{_PROJECT}/upload/{name}?create=true&filename={name}.bin", content, _BODY)
        self._unjudged.append(name)

    def read(self, name: str) -> None:
        """The asset's meta."""
        assert self.client.request("GET", f"{_PROJECT}/meta/{name}").json()["id"] == name

    def listing(self, count: int) -> int:
        """A page of metas, whole."""
        return len(self.client.request("GET", f"{_PROJECT}/list?limit={count}").json()["Assets"])

    def settle(self) -> None:
        """Every file was scanned, found clean and stored."""
        for name in self._unjudged:
            while not (meta := self.client.request("GET", f"{_PROJECT}/meta/{name}").json())["index_file"]:
                assert meta["processing_status"] != "error", meta
                if time.monotonic() > self._deadline:
                    raise Late
                time.sleep(_LOOK)
        self._unjudged.clear()

    def _tell(self, target: str, told: object, also: int = 200) -> Answer:
        return self.client.request("POST", target, json.dumps(told).encode(), _JSON, statuses=(200, 201, also))


def _token(state: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.within", "infra.tokens"],
        cwd=ROOT, env=os.environ | {"STATE_DIR": str(state), "NAME": "bench", "SUPERUSER": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()

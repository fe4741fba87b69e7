"""Directus: content and files behind one REST API, here with SQLite and local storage."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.peers import installing, processes
from bench.peers.client import Client
from bench.peers.sides import About, Content, Servers

ABOUT = About(
    name="Directus",
    version=json.loads((installing.SOURCES / "directus" / "package.json").read_text())["dependencies"]["directus"],
    engine="SQLite in the process, files on disk",
    served="Node 22, one process, an administrator's static token; multipart form to /files",
)
_BOUNDARY = "piece-of-the-bench"
_FORM = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
_TAIL = f"\r\n--{_BOUNDARY}--\r\n".encode()
_SETUP_SECONDS = 180


@contextlib.contextmanager
def running(folder: Path, deadline: float) -> Iterator["Directus"]:
    """A server with its state in a folder, bootstrapped as its guide says."""
    home, port = installing.from_npm("directus"), processes.free_port()
    token = os.urandom(16).hex()
    environment = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SECRET": os.urandom(16).hex(),
        "DB_CLIENT": "sqlite3",
        "DB_FILENAME": str(folder / "rows.db"),
        "STORAGE_LOCATIONS": "local",
        "STORAGE_LOCAL_DRIVER": "local",
        "STORAGE_LOCAL_ROOT": str(folder / "files"),
        "ADMIN_EMAIL": "admin@example.com",
        "ADMIN_PASSWORD": os.urandom(16).hex(),
        "ADMIN_TOKEN": token,
        "LOG_LEVEL": "warn",
        "TELEMETRY": "false",
        "WEBSOCKETS_ENABLED": "false",
        "PRESSURE_LIMITER_ENABLED": "false",
        "NODE_ENV": "production",
    }
    (folder / "files").mkdir()
    command = [str(installing.node() / "bin" / "node"), "node_modules/directus/cli.js"]
    _bootstrap([*command, "bootstrap"], home, environment, folder / "bootstrap.log")
    with processes.server([*command, "start"], port, folder / "log", environment, home) as process:
        yield Directus(process, Client(port, deadline, {"Authorization": f"Bearer {token}"}), folder / "files")


class Directus:
    """The running server."""

    about = ABOUT

    def __init__(self, process: int, client: Client, stored: Path) -> None:
        self.client, self.stored = client, stored
        self.servers = Servers(processes.Tree(process))
        self._ids: dict[str, str] = {}

    def upload_large(self, content: Content) -> None:
        """One form, sent as it is made."""
        head = _head("large.bin")

        def body() -> Iterator[bytes]:
            yield head
            yield from content.pieces()
            yield _TAIL

        length = len(head) + content.size + len(_TAIL)
        sent = self.client.request("POST", "/files", body(), _FORM, length=length)
        assert int(sent.json()["data"]["filesize"]) == content.size

    def upload_small(self, name: str, content: bytes) -> None:
        """One form."""
        sent = self.client.request("POST", "/files", _head(f"{name}.bin") + content + _TAIL, _FORM)
        self._ids[name] = sent.json()["data"]["id"]

    def read(self, name: str) -> None:
        """The file's record."""
        record = self.client.request("GET", f"/files/{self._ids[name]}").json()["data"]
        assert record["filename_download"] == f"{name}.bin"

    def listing(self, count: int) -> int:
        """A page of records, whole."""
        return len(self.client.request("GET", f"/files?limit={count}").json()["data"])

    def settle(self) -> None:
        """Nothing goes on afterwards."""


def _head(name: str) -> bytes:
    lines = (
        f"--{_BOUNDARY}",
        f'Content-Disposition: form-data; name="file"; filename="{name}"',
        "Content-Type: application/octet-stream",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _bootstrap(command: list[str], home: Path, environment: dict[str, str], log: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("wb") as output:
        done = subprocess.run(
            command, cwd=home, env=kept | environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, check=False, timeout=_SETUP_SECONDS,
        )  # fmt: skip
    if done.returncode:
        raise processes.NotRunning(processes.said(log))

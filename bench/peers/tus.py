"""`@tus/server` with `@tus/file-store`: the reference server of the resumable upload protocol."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from bench.peers import installing, processes
from bench.peers.client import Client
from bench.peers.sides import About, Content, Servers

ABOUT = About(
    name="@tus/server",
    version=json.loads((installing.SOURCES / "tus" / "package.json").read_text())["dependencies"]["@tus/server"],
    engine="files on disk, a JSON file beside each",
    served="Node 22, one process; PATCH in chunks, small files with their creation",
)
_PROTOCOL = {"Tus-Resumable": "1.0.0"}
_BODY = {"Content-Type": "application/offset+octet-stream"}


@contextlib.contextmanager
def running(folder: Path, deadline: float) -> Iterator["Tus"]:
    """A server with its state in a folder."""
    home, port = installing.from_npm("tus"), processes.free_port()
    command = [str(installing.node() / "bin" / "node"), "serve.mjs"]
    environment = {"PORT": str(port), "FOLDER": str(folder / "files"), "NODE_ENV": "production"}
    with processes.server(command, port, folder / "log", environment, home) as process:
        yield Tus(process, Client(port, deadline, _PROTOCOL), folder / "files")


class Tus:
    """The running server."""

    about = ABOUT

    def __init__(self, process: int, client: Client, stored: Path) -> None:
        self.client, self.stored = client, stored
        self.servers = Servers(processes.Tree(process))
        self._places: dict[str, str] = {}

    def upload_large(self, content: Content) -> None:
        """Create it, and append chunk by chunk."""
        begun = self.client.request("POST", "/files", b"", {"Upload-Length": str(content.size)})
        place, offset = _path(begun.headers["Location"]), 0
        for piece in content.pieces():
            self.client.request("PATCH", place, piece, _BODY | {"Upload-Offset": str(offset)})
            offset += len(piece)

    def upload_small(self, name: str, content: bytes) -> None:
        """Create it with its content."""
        known = {"Upload-Length": str(len(content)), "Upload-Metadata": "filename YS5iaW4="}
        self._places[name] = _path(self.client.request("POST", "/files", content, _BODY | known).headers["Location"])

    def read(self, name: str) -> None:
        """HEAD gives length, offset and what was said of it."""
        answer = self.client.request("HEAD", self._places[name])
        assert answer.headers["Upload-Length"] == answer.headers["Upload-Offset"]

    def listing(self, count: int) -> int:
        """The protocol has none."""
        return -1

    def settle(self) -> None:
        """Nothing goes on afterwards."""


def _path(location: str) -> str:
    return "/" + location.split("/", 3)[3]

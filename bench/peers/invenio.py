"""Invenio-Files-REST: the files module of the Invenio framework, alone in a Flask app (installed/invenio/serve.py)."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.peers import installing, processes
from bench.peers.client import Client
from bench.peers.sides import PIECE, About, Content, Servers


def _pinned() -> str:
    lines = (installing.SOURCES / "invenio" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith("invenio-files-rest=="))


ABOUT = About(
    name="invenio-files-rest",
    version=_pinned(),
    engine="SQLite in the process, files on disk",
    served="uWSGI, one process of four threads, open to everybody; PUT in parts, small files in one PUT",
)
_BODY = {"Content-Type": "application/octet-stream"}


@contextlib.contextmanager
def running(folder: Path, deadline: float) -> Iterator["Invenio"]:
    """A server with its state in a folder, and a bucket."""
    home, port = installing.from_pypi("invenio"), processes.free_port()
    command = [
        str(home / "bin" / "uwsgi"), "--http11-socket", f"127.0.0.1:{port}", "--module", "serve:app", "--need-app",
        "--master", "--processes", "1", "--threads", "4", "--die-on-term", "--disable-logging",
    ]  # fmt: skip
    with processes.server(command, port, folder / "log", {"FOLDER": str(folder)}, home) as process:
        client = Client(port, deadline)
        bucket = client.request("POST", "/files").json()["id"]
        yield Invenio(process, client, folder / "files", f"/files/{bucket}")


class Invenio:
    """The running server."""

    about = ABOUT

    def __init__(self, process: int, client: Client, stored: Path, bucket: str) -> None:
        self.client, self.stored = client, stored
        self.servers = Servers(processes.Tree(process))
        self._bucket = bucket

    def upload_large(self, content: Content) -> None:
        """Begin it, put part by part, complete it."""
        place = f"{self._bucket}/large.bin"
        begun = self.client.request("POST", f"{place}?uploads&size={content.size}&partSize={PIECE}", b"", _BODY)
        upload = begun.json()["id"]
        for number, piece in enumerate(content.pieces()):
            self.client.request("PUT", f"{place}?uploadId={upload}&partNumber={number}", piece, _BODY)
        assert self.client.request("POST", f"{place}?uploadId={upload}").json()["completed"]

    def upload_small(self, name: str, content: bytes) -> None:
        """One PUT."""
        self.client.request("PUT", f"{self._bucket}/{name}.bin", content, _BODY)

    def read(self, name: str) -> None:
        """HEAD gives size, type, checksum and moment; there is no record to GET."""
        assert self.client.request("HEAD", f"{self._bucket}/{name}.bin").headers["Content-MD5"]

    def listing(self, count: int) -> int:
        """The bucket: it gives its first 1,000 entries, and takes no other number."""
        return min(count, len(self.client.request("GET", self._bucket).json()["contents"]))

    def settle(self) -> None:
        """Nothing goes on afterwards."""

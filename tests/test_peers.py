"""The comparison with peers: what it measures is what they took, and what is missing has its reason in the table."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.peers import comparing, processes, table
from bench.peers.client import Client, Late
from bench.peers.installing import NotInstalled
from bench.peers.measuring import LARGE_UPLOAD, PAGES, Spent
from bench.peers.sides import LARGE, OURS, PIECE, About, Content
from bench.table import MISS, OK
from tests.support.product import gone

MEBIBYTE = 1024**2
SERVE = """
import socket, subprocess, sys, time
port, seconds, size = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
held = b"1" * size
held = None
while time.process_time() < seconds:
    pass
with socket.create_server(("127.0.0.1", port)) as server:
    while True:
        server.accept()[0].close()
"""


def run(folder: Path, *, seconds: float = 0.0, size: int = 0) -> AbstractContextManager[int]:
    port = processes.free_port()
    command = [sys.executable, "-c", SERVE, str(port), str(seconds), str(size)]
    return processes.server(command, port, folder / "log", {}, folder)


def test_the_cpu_of_a_server_is_what_it_took(tmp_path: Path) -> None:
    with run(tmp_path, seconds=0.3) as process:
        assert 0.3 <= processes.Tree(process).cpu() < 5


def test_a_servers_children_count_unless_they_are_counted_elsewhere(tmp_path: Path) -> None:
    with run(tmp_path) as process:
        [parent, child] = processes.Tree(process).processes()
        assert parent == process
        assert processes.Tree(process, without=frozenset([child])).processes() == [process]
        assert processes.Tree(process).peak() > processes.Tree(process, without=frozenset([child])).peak() > 0


def test_a_peak_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    with run(tmp_path, size=64 * MEBIBYTE) as process:
        tree = processes.Tree(process)
        assert tree.peak() > 64 * MEBIBYTE
        tree.forget_peaks()
        assert 0 < tree.peak() < 64 * MEBIBYTE


def test_nothing_of_a_server_is_left(tmp_path: Path) -> None:
    with run(tmp_path) as process:
        started = processes.Tree(process).processes()
    assert (len(started), [gone(process) for process in started]) == (2, [True, True])


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such database')"]
    with (
        pytest.raises(processes.NotRunning, match="no such database"),
        processes.server(command, processes.free_port(), tmp_path / "log", {}, tmp_path),
    ):
        pass


def test_the_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    content = Content(size=PIECE + 5)
    (tmp_path / "below").mkdir()
    stored = tmp_path / "below" / "stored"
    stored.write_bytes(b"".join(content.pieces()))
    assert content.lies_in(tmp_path)
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    assert not content.lies_in(tmp_path)


def spent(**other: int) -> Spent:
    return Spent(
        count=1, wall=2.0, application=0.5, behind=None, engine=None, application_peak=3 * MEBIBYTE, engine_peak=None,
        **{"sent": 0, "said": 0} | other,
    )  # fmt: skip


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """Two sides that do a piece of work without servers, of which one is this product; gives those that still run."""
    running: list[str] = []

    def entry(about: About) -> comparing.Entry:
        @contextlib.contextmanager
        def run(folder: Path, _: float) -> Iterator[str]:
            assert folder.is_dir()
            running.append(about.name)
            try:
                yield about.name
            finally:
                running.remove(about.name)

        return comparing.Entry(about, lambda: None, run)

    def work(side: str, _: Content) -> Iterator[tuple[str, Spent | None]]:
        yield LARGE_UPLOAD, spent(said=9_000) if side == OURS else spent(sent=LARGE)
        if side == OURS:
            raise Late
        yield PAGES, None

    known = {
        "product": About(OURS, "this checkout", "S3", "here", through=0),
        "peer": About("peer", "1.2", "files", ""),
    }
    monkeypatch.setattr(comparing, "SIDES", {name: entry(about) for name, about in known.items()})
    monkeypatch.setattr(comparing, "work", work)
    monkeypatch.setattr(comparing, "_RUNS", tmp_path)
    yield running
    assert running == []


THROUGH = "bytes of files through the application over bytes stored"


def test_what_is_missing_has_its_reason(sides: list[str]) -> None:
    rows = {row.name: row for row in comparing.rows()}
    assert rows["peer"].told.startswith("1.2; ")
    assert rows[f"{LARGE_UPLOAD}: CPU of the application, s: peer"].figure == 0.5
    assert rows[f"{PAGES}: peer"].told == "it has none"
    assert "more than its share" in rows[f"what is missing: {OURS}"].told
    assert all((row.figure is None) <= bool(row.told) for row in rows.values())


def test_the_product_alone_has_a_mark(sides: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {row.name: row for row in comparing.rows()}
    assert {name: row.verdict for name, row in rows.items() if row.verdict} == {
        f"{LARGE_UPLOAD}: {THROUGH}: {OURS}": OK,
        f"what is missing: {OURS}": MISS,
    }
    assert rows[f"{LARGE_UPLOAD}: {THROUGH}: {OURS}"].told.endswith("9,000 bytes of JSON")


def test_a_side_that_cannot_be_installed_leaves_the_others_alone(
    sides: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def install() -> None:
        raise NotInstalled("no such\nversion")

    monkeypatch.setitem(comparing.SIDES, "product", replace(comparing.SIDES["product"], install=install))
    rows = {row.name: row for row in comparing.rows()}
    assert rows[f"what is missing: {OURS}"].told == "NotInstalled: no such version"
    assert rows[f"{LARGE_UPLOAD}: {THROUGH}: peer"].figure == 1


def test_sides_stand_side_by_side_below_the_product(sides: list[str]) -> None:
    shown = table.markdown(list(comparing.rows())[::-1])
    assert f"| **{LARGE_UPLOAD}** | {OURS} | peer |\n| --- | ---: | ---: |" in shown
    assert f"| {THROUGH} | 0.00 | 1.00 |" in shown
    assert "| CPU of the engine, s | - | - |" in shown
    assert f"* {PAGES}: peer: it has none" in shown


def test_some_sides_are_chosen_by_name(sides: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDES", "peer")
    assert not any(OURS in row.name for row in comparing.rows())
    with pytest.raises(SystemExit):
        main(["peers", "--write"])
    monkeypatch.setenv("SIDES", "nobody")
    with pytest.raises(SystemExit, match="there is no nobody; there are product, peer"):
        next(comparing.rows())


class Taking(BaseHTTPRequestHandler):
    """Takes whatever is sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_bytes_of_files_are_told_from_what_is_said() -> None:
    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever).start()
        client = Client(server.server_port, time.monotonic() + 60)
        client.request("POST", "/", b"{}", {"Content-Type": "application/json"})
        client.request("POST", "/", b"bytes")
        client.request("POST", "/", iter([b"in ", b"pieces"]), length=9)
        client.close()
        server.shutdown()
    assert (client.said, client.sent) == (2, 14)

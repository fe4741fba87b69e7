"""The comparison with peers: what it measures is what they took, and what is missing has its reason in the table."""

import csv
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bench.peers import processes, table
from bench.peers.measuring import LARGE_UPLOAD, PAGES, READS, Spent
from bench.peers.sides import PIECE, About, Content
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


def test_what_is_missing_has_its_reason(tmp_path: Path) -> None:
    spent = Spent(1, 2.0, 0.5, None, None, 3 * MEBIBYTE, None, 0)
    column = table.Column(
        About("peer", "1.2", "files", "somehow"), {LARGE_UPLOAD: spent, PAGES: None}, why_not="it broke off"
    )
    shown = "\n".join(table.lines([column]))
    assert "Missing: it broke off" in shown
    assert f"Missing: {PAGES}: it has none" in shown
    table.write_csv([column], tmp_path / "peers.csv")
    with (tmp_path / "peers.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["work"], row["figure"]): row for row in csv.DictReader(file)}
    assert rows[LARGE_UPLOAD, "CPU of the application, s"]["value"] == "0.5"
    assert rows[READS, "CPU of the application, s"]["why_not"] == "it broke off"
    assert rows[PAGES, "CPU of the application, s"]["why_not"] == f"{PAGES}: it has none"
    assert all(bool(row["value"]) != bool(row["why_not"]) for row in rows.values())

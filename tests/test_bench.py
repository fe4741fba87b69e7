"""The bench keeps working: its table says what is measured, and each section measures something, small as it may be."""

import csv
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from bench import cpu, disorder, imports, listings, sections, table, transfers, trees
from bench.__main__ import PAGE, PEERS_PAGE, main
from bench.operations import all_operations
from bench.peers import comparing
from bench.peers import table as peers
from bench.stage import stage
from bench.table import MISS, OK, Row
from chalicelib.apis.projectassets import copied_files


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("s", "below", 1.1, 1.2), OK),
        (Row("s", "at", 1.2, 1.2), OK),
        (Row("s", "above", 1.21, 1.2), MISS),
        (Row("s", "less than what it must be", 0.9, 1, exact=True), MISS),
        (Row("s", "what it must be", 1, 1, exact=True), OK),
        (Row("s", "nothing was found", None, 1), MISS),
        (Row("s", "only told", 9), ""),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_a_verdict_follows_from_figure_and_mark(row: Row, verdict: str) -> None:
    assert row.verdict == verdict


def test_rows_are_shown_alike_everywhere(tmp_path: Path) -> None:
    rows = [Row("a", "one", 1.25, 1.2, told="x | y"), Row("b", "two", 20_000, None)]
    assert "1.25" in table.line(rows[0])
    assert MISS in table.line(rows[0])
    table.write_csv(rows, tmp_path / "new" / "bench.csv")
    with (tmp_path / "new" / "bench.csv").open(encoding="utf-8") as file:
        assert [line["verdict"] for line in csv.DictReader(file)] == [MISS, ""]
    assert "| one | 1.25 | <= 1.20 | MISS | x \\| y |" in table.markdown(rows)
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- t: begin -->\nold\n<!-- t: end -->\nafter\n", encoding="utf-8")
    table.put_between(page, "t", "new\n")
    assert page.read_text(encoding="utf-8") == "before\n<!-- t: begin -->\nnew\n<!-- t: end -->\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        table.put_between(page, "other", "new\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.004, "0.00"), (1.25, "1.25"), (9, "9.00"), (11.42, "11.4"), (12, "12"), (405.3, "405"), (20_000, "20,000")],
)
def test_a_figure_has_the_digits_that_it_needs(value: float, shown: str) -> None:
    assert table.number(value) == shown


def test_a_section_that_breaks_off_is_a_miss(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sections.SECTIONS, "cpu", "bench.there_is_no_such_module")
    assert main(["cpu", "--csv", str(tmp_path / "bench.csv")]) == 1
    assert MISS in (tmp_path / "bench.csv").read_text(encoding="utf-8")


STOPPED = """
import signal, sys, time
from pathlib import Path
from bench import sections
from bench.table import Row

def rows():
    try:
        yield Row("stopped", "begun", 1)
        time.sleep(600)
    finally:
        Path(__file__).with_name("cleaned").touch()

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, sections.stop)
    sections.SECTIONS["stopped"] = "stopped"
    for row in sections.rows_of("stopped"):
        print(row.name, flush=True)
"""


def test_a_bench_that_is_stopped_has_its_section_stop_what_it_started(tmp_path: Path) -> None:
    (tmp_path / "stopped.py").write_text(STOPPED, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": f"{Path.cwd()}{os.pathsep}{tmp_path}"}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "stopped.py")], env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        running.terminate()
        assert running.wait(60) == 1
    assert (tmp_path / "cleaned").exists()


def test_a_section_is_written_into_its_own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "bench.md"
    places = "".join(f"<!-- {name}: begin -->\nold {name}\n<!-- {name}: end -->\n" for name in ("cpu", "bytes"))
    page.write_text(places, encoding="utf-8")
    monkeypatch.setattr("bench.__main__.PAGE", page)
    monkeypatch.setitem(sections.SECTIONS, "cpu", __name__)
    monkeypatch.setitem(sections.SECTIONS, "bytes", "bench.there_is_no_such_module")
    assert main(["cpu", "bytes", "--write", "--csv", str(tmp_path / "bench.csv")]) == 1
    written = table.between(page, "cpu")
    assert "3 rows, 1 with a mark, 0 missed" in written
    assert "| kept | 1.00 | = 1.00 | ok |  |" in written
    assert table.between(page, "bytes") == "old bytes\n", "a section that broke off is not whole"


def test_the_peers_are_written_side_by_side_into_a_page_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "peers.md"
    page.write_text("<!-- peers: begin -->\n<!-- peers: end -->\n", encoding="utf-8")
    monkeypatch.setattr("bench.__main__.PEERS_PAGE", page)
    monkeypatch.setitem(sections.SECTIONS, "peers", __name__)
    assert main(["peers", "--write", "--csv", str(tmp_path / "bench.csv")]) == 0
    assert "| CPU of everything, s | 3.25 |" in table.between(page, "peers")


def rows() -> Iterator[Row]:
    """This module as a section."""
    yield Row("peers", "1 GiB uploaded: CPU of everything, s: a peer", 3.25)
    yield from (Row("cpu", "kept", 1, 1, exact=True), Row("cpu", "told", 2))


def test_every_section_has_its_place() -> None:
    for name in sections.SECTIONS.keys() - {"calls"}:
        assert table.between(PEERS_PAGE if name == "peers" else PAGE, name)


def test_what_is_unknown_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "nonsense" in capsys.readouterr().err


def test_every_section_has_rows() -> None:
    for module in (cpu, imports, listings, trees, disorder, transfers):
        assert callable(module.rows)
        assert sections.SECTIONS[module.SECTION] == module.__name__
    assert callable(comparing.rows)
    assert sections.SECTIONS[peers.SECTION] == comparing.__name__


def test_a_handler_and_bare_calls_are_compared_on_the_same_answers() -> None:
    # In a process of its own, since a stage takes the place of the fake cloud that the tests have.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere:
        calls, found = elsewhere.submit(compared_elsewhere).result()
    assert calls == ["dynamodb GetItem", "s3 GetObject"]
    assert found.ratio > 0
    assert min(found.handler, found.bare) > 0


def compared_elsewhere() -> tuple[list[str], cpu.Figure]:
    """The calls of an operation, and what it took beside them."""
    with stage() as on:
        operation = next(one for one in all_operations() if one.name == "inline media")
        act = operation.arrange(on)
        recording = on.record(act)
        found = cpu.compared(act, cpu.bare(recording), recording, rounds=1)
    return [f"{service} {name}" for service, name, _ in recording.calls], found


def test_a_fresh_process_tells_what_it_spent() -> None:
    spent = "import time; print(time.process_time() + 1)"
    row = imports.ratio("name", 1.25, [spent], [spent], {}, 1)
    assert row.figure is not None
    assert row.told.endswith("ms")


def test_time_over_the_ideal_counts_calls_one_by_one_and_copies_side_by_side() -> None:
    calls = {"CopyObject": 10 * copied_files.COPIES_AT_ONCE, "GetItem": 90}
    found = {"calls": calls, "seconds": 2.2, "cpu": 0.5, "taken off": 0.1}
    row = trees.time_row("copy with bytes", 160, found)
    assert row.figure == pytest.approx(1.1)
    assert row.verdict == OK


def test_bytes_of_files_are_told_from_what_is_said() -> None:
    passed = transfers.Passed()
    answer = {"headers": {"Content-Type": "application/json; charset=utf-8"}, "body": "e30="}
    passed.count({"body": "aGVsbG8=", "multiValueHeaders": {"Content-Type": ["application/octet-stream"]}}, answer)
    assert (passed.calls, passed.json, passed.other) == (1, 3, 6)

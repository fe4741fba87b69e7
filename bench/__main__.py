"""`make bench`: measures what the README and DESIGN promise, and prints one table: count or ratio, mark, verdict.

Each section runs in a process of its own. The rows go to build/bench.csv as well; `--write` puts the table of each
section that ran, whole, into its place in docs/. The exit code is 1 when a row misses its mark.
"""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.peers import table as peers
from bench.sections import BROKEN_OFF, SECTIONS, rows_of, stop
from bench.table import MISS, OK, Row, heading, line, markdown, put_between, write_csv

CSV = Path("build/bench.csv")
PAGE, PEERS_PAGE = Path("docs/bench.md"), Path("docs/peers.md")


def main(arguments: list[str] | None = None) -> int:
    """Run the sections named, or all. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--write", action="store_true", help="put the tables of these sections into docs/")
    parser.add_argument("--csv", type=Path, default=CSV, help=f"where the rows go ({CSV})")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.sections) - SECTIONS.keys():
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    if chosen.write and os.environ.get("SIDES"):
        parser.error("with SIDES= the table of peers is not whole, and not written")
    started = time.monotonic()
    rows: list[Row] = []
    print(heading())
    for name in chosen.sections or SECTIONS:
        rows += _run(name, write=chosen.write)
    print(_summary(rows, started))
    write_csv(rows, chosen.csv)
    return 1 if any(row.verdict == MISS for row in rows) else 0


def _run(name: str, *, write: bool) -> list[Row]:
    """Run a section and print its rows as they are found. If they are all there, they may be written into its page."""
    if write and name == "calls":
        from bench import counts

        counts.write()
    started = time.monotonic()
    rows = []
    for row in rows_of(name):
        print(line(row), flush=True)
        rows.append(row)
    if write and name != "calls" and rows[-1].name != BROKEN_OFF:
        page, shown = (PEERS_PAGE, peers.markdown(rows)) if name == peers.SECTION else (PAGE, markdown(rows))
        put_between(page, name, f"{_summary(rows, started)}.\n\n{shown}")
    return rows


def _summary(rows: Sequence[Row], started: float) -> str:
    marked, missed = (sum(row.verdict in verdicts for row in rows) for verdicts in ((OK, MISS), (MISS,)))
    minutes = (time.monotonic() - started) / 60
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {len(rows)} rows, {marked} with a mark, {missed} missed; {minutes:.1f} minutes "
        f"on {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[1]:.1f}"
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    sys.exit(main())

"""`make bench`: measures what the README and DESIGN promise, and prints one table: count or ratio, mark, verdict.

Each section runs in a process of its own. The rows go to build/bench.csv as well; `--write` puts them into
docs/bench.md, and the calls of all operations into docs/costs.md. The exit code is 1 when a row misses its mark.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from bench.sections import SECTIONS, rows_of
from bench.table import MISS, Row, heading, line, markdown, put_between, write_csv

CSV = Path("build/bench.csv")
PAGE = Path("docs/bench.md")


def main(arguments: list[str] | None = None) -> int:
    """Run the sections named, or all. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/")
    parser.add_argument("--csv", type=Path, default=CSV, help=f"where the rows go ({CSV})")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.sections) - SECTIONS.keys():
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    if chosen.write and chosen.sections:
        parser.error("only the whole table is written into docs/")
    if chosen.write:
        from bench import counts

        counts.write()
    started = time.monotonic()
    rows: list[Row] = []
    print(heading())
    for name in chosen.sections or SECTIONS:
        for row in rows_of(name):
            print(line(row), flush=True)
            rows.append(row)
    minutes = (time.monotonic() - started) / 60
    missed = sum(row.verdict == MISS for row in rows)
    summary = f"{len(rows)} rows, {sum(bool(row.verdict) for row in rows)} with a mark, {missed} missed"
    print(f"{summary}; {minutes:.1f} minutes on {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}")
    write_csv(rows, chosen.csv)
    if chosen.write:
        told = f"{summary}. It took {minutes:.0f} minutes on {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}.\n\n"
        put_between(PAGE, "table", told + markdown([row for row in rows if row.section != "calls"]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench-peers`: the product beside its peers, as a table and as CSV: `python -m bench.peers [SIDE...]`.

Installing comes first, and only once. Then every side in turn is started on 127.0.0.1, driven through the same work and
stopped; a side that cannot be had, or is not done in its time, has its reason in the table instead of figures.
"""

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bench.peers import directus, invenio, product, table, tus
from bench.peers.client import Late, Refused
from bench.peers.installing import BUILD, NotInstalled, from_npm, from_pypi
from bench.peers.measuring import work
from bench.peers.processes import NotRunning
from bench.peers.sides import About, Content

SECONDS = float(os.environ.get("PATIENCE") or 1_200)
"""What all sides together may take; each has an equal share of what those before it left."""
CSV = BUILD / "peers.csv"

_RUNS = BUILD / "run"


@dataclass(frozen=True, slots=True)
class Entry:
    """A side: what it is, how it is installed, how it is run in a folder until a deadline."""

    about: About
    install: Callable[[], object]
    run: Callable[[Path, float], AbstractContextManager[Any]]


# In the order in which they are run: what is quick leaves its time to the others.
SIDES = {
    "tus": Entry(tus.ABOUT, partial(from_npm, "tus"), tus.running),
    "product": Entry(product.ABOUT, lambda: None, product.running),
    "invenio": Entry(invenio.ABOUT, partial(from_pypi, "invenio"), invenio.running),
    "directus": Entry(directus.ABOUT, partial(from_npm, "directus"), directus.running),
}


def main() -> int:
    """Compare the sides named, or all. Returns the exit code: 1 if the product itself has no figures."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of everything that stops servers
    chosen = sys.argv[1:] or ["product", *(name for name in SIDES if name != "product")]
    if unknown := set(chosen) - set(SIDES):
        print(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SIDES)}", file=sys.stderr)
        return 2
    content = Content()
    columns = {name: table.Column(SIDES[name].about) for name in chosen}
    for name, column in columns.items():
        _keep(name, column, SIDES[name].install)
    end = time.monotonic() + SECONDS
    order = [name for name in SIDES if name in columns and not columns[name].why_not]
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        deadline = time.monotonic() + (end - time.monotonic()) / left
        _keep(name, columns[name], partial(_drive, name, columns[name], content, deadline))
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"load average {os.getloadavg()[2]:.1f} in the last quarter of an hour\n"
    )
    for line in table.lines(list(columns.values())):
        print(line)
    table.write_csv(list(columns.values()), CSV)
    print(f"\nas CSV: {CSV.relative_to(Path.cwd()) if CSV.is_relative_to(Path.cwd()) else CSV}")
    return int(bool("product" in columns and columns["product"].why_not))


def _drive(name: str, column: table.Column, content: Content, deadline: float) -> None:
    folder = _RUNS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with SIDES[name].run(folder, deadline) as side:
            for piece, spent in work(side, content):
                column.spent[piece] = spent
                print(f"{name}: {piece}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(name: str, column: table.Column, deed: Callable[[], object]) -> None:
    """Do it, and if it cannot be done keep the reason for the table."""
    try:
        deed()
    except Late:
        column.why_not = f"it took more than its share of {SECONDS:.0f} seconds"
    except (
        NotInstalled,
        NotRunning,
        Refused,
        OSError,
        HTTPException,
        AssertionError,
        subprocess.SubprocessError,
    ) as error:
        column.why_not = f"{type(error).__name__}: {error}"
    if column.why_not:
        print(f"{name}: {column.why_not}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

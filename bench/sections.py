"""The sections of the bench, and how each is run: in a process of its own, so that none has the others' memory.

A section is a module with `rows()`, which yields what it finds.
"""

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection

from bench.table import Row

SECTIONS = {
    "calls": "bench.counts",
    "cpu": "bench.cpu",
    "imports": "bench.imports",
    "listings": "bench.listings",
    "trees": "bench.trees",
    "disorder": "bench.disorder",
    "bytes": "bench.transfers",
    "peers": "bench.peers.comparing",
}
"""The sections by name, in the order of the table."""
BROKEN_OFF = "the section itself"
"""The name of the last row of a section that failed."""


def rows_of(name: str) -> Iterator[Row]:
    """The rows of a section, from a process of its own; one that says so if it fails."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_tell, args=(SECTIONS[name], theirs))
    child.start()
    theirs.close()
    ended = False
    while not ended:
        try:
            row = ours.recv()
        except EOFError:
            child.join()
            yield Row(name, BROKEN_OFF, None, 1, told=f"it broke off: exit code {child.exitcode}")
            break
        ended = row is None
        if not ended:
            yield row
    child.join()


def stop(*_: object) -> None:
    """Have the section that runs stop what it started, and end."""
    for child in multiprocessing.active_children():
        child.terminate()
    sys.exit(1)


def _tell(module: str, told: Connection) -> None:
    """Run a section here, and send its rows. What else is printed meanwhile, metrics and log lines, goes nowhere."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of everything that stops servers
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout = nowhere
        for row in importlib.import_module(module).rows():
            told.send(row)
    told.send(None)

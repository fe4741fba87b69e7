"""The section `peers`: the product beside its peers, side by side after one another.

What is not yet installed is installed, once. Then the side is started on 127.0.0.1, driven through the same work as all
others, and stopped; a side that cannot be had, or is not done in its time, has a row with the reason.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bench.peers import directus, invenio, product, tus
from bench.peers.client import Late, Refused
from bench.peers.installing import BUILD, NotInstalled, from_npm, from_pypi
from bench.peers.measuring import work
from bench.peers.processes import NotRunning
from bench.peers.sides import About, Content
from bench.peers.table import about_row, missing_row, work_rows
from bench.table import Row

SECONDS = float(os.environ.get("PATIENCE") or 1_200)
"""What all sides together may take, installing aside; each has an equal share of what those before it left."""

_RUNS = BUILD / "run"
_REASONS = NotInstalled, NotRunning, Refused, OSError, HTTPException, AssertionError, subprocess.SubprocessError


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


def rows() -> Iterator[Row]:
    """What every side is, what it took, and what is missing of it. SIDES= names some of them: `product tus`."""
    asked = os.environ.get("SIDES", "").split() or list(SIDES)
    if unknown := set(asked) - SIDES.keys():
        raise SystemExit(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SIDES)}")
    content, seconds = Content(), SECONDS
    chosen = [name for name in SIDES if name in asked]
    for left, name in zip(range(len(chosen), 0, -1), chosen, strict=True):
        side, started = SIDES[name], None
        yield about_row(side.about)
        try:
            side.install()
            started = time.monotonic()
            yield from _driven(side, _RUNS / name, content, started + seconds / left)
        except Late:
            yield missing_row(side.about, f"it took more than its share of {SECONDS:.0f} seconds")
        except _REASONS as error:
            yield missing_row(side.about, f"{type(error).__name__}: {error}")
        if started is not None:
            seconds -= time.monotonic() - started


def _driven(side: Entry, folder: Path, content: Content, deadline: float) -> Iterator[Row]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with side.run(folder, deadline) as running:
            for piece, spent in work(running, content):
                yield from work_rows(side.about, piece, spent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

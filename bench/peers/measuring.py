"""Drives one side through all the work, and measures what its processes took for each piece of it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bench.peers.client import Refused
from bench.peers.sides import LARGE, Content, Side, small

Thing = TypeVar("Thing")

FILES = 1_000
LISTINGS = 20
LISTED = 1_000

_WARM_UP = 50
_REST_SECONDS = 5.0
PAUSE = 1.0
"""Seconds after the last answer that still count, so that what is left for later does too."""

AT_REST, LARGE_UPLOAD = "at rest, a minute", "1 GiB uploaded"
UPLOADS, READS, PAGES = "1,000 uploads of 10 KB", "1,000 reads of metadata", "20 listings of 1,000"


@dataclass(frozen=True, slots=True)
class Spent:
    """What one piece of work took.

    Args:
        count: requests that it consists of.
        wall: seconds until the last was answered.
        application: CPU seconds of what answers the API.
        behind: CPU seconds of what the application does afterwards, until it is all done; None where it does nothing.
        engine: CPU seconds of the engine until then; None where it is no process of its own.
        application_peak: bytes of memory at most.
        engine_peak: the same of the engine.
        sent: bytes of files that went to the application.
        said: bytes of JSON that did.
    """

    count: int
    wall: float
    application: float
    behind: float | None
    engine: float | None
    application_peak: int
    engine_peak: int | None
    sent: int
    said: int

    @property
    def cpu(self) -> float:
        """CPU seconds of all processes."""
        return self.application + (self.behind or 0.0) + (self.engine or 0.0)


def work(side: Side, content: Content) -> Iterator[tuple[str, Spent | None]]:
    """Do all the work, one piece after the other; gives the name of each and what it took, None for what a side lacks.

    Raises:
        Late: the side's time is over.
        Refused: a request failed, or what is stored is not what was sent.
    """
    _warm_up(side)
    yield AT_REST, _spent(side, 0, lambda: time.sleep(_REST_SECONDS))
    yield LARGE_UPLOAD, _spent(side, 1, lambda: side.upload_large(content))
    if not content.lies_in(side.stored):
        raise Refused("the file is not stored as it was sent")
    named = {f"small{number}": small(number) for number in range(FILES)}
    yield UPLOADS, _spent(side, FILES, lambda: _each(named, lambda name: side.upload_small(name, named[name])))
    yield READS, _spent(side, FILES, lambda: _each(named, side.read))
    if side.listing(LISTED) < 0:
        yield PAGES, None
        return
    yield PAGES, _spent(side, LISTINGS, lambda: _each(range(LISTINGS), lambda _: _listed(side)))


def through(spent: Spent) -> float:
    """Bytes of files through the application over bytes stored, of the large upload."""
    return spent.sent / LARGE


def _warm_up(side: Side) -> None:
    for number in range(_WARM_UP):
        side.upload_small(f"warm{number}", small(-number - 1))
        side.read(f"warm{number}")
    side.listing(_WARM_UP)
    side.settle()


def _spent(side: Side, count: int, deed: Callable[[], None]) -> Spent:
    servers = side.servers
    for tree in (servers.application, servers.engine):
        if tree:
            tree.forget_peaks()
    before, sent, said = _cpu(side), side.client.sent, side.client.said
    started = time.monotonic()
    deed()
    wall, sent, said = time.monotonic() - started, side.client.sent - sent, side.client.said - said
    time.sleep(PAUSE)
    answered = _cpu(side)
    side.settle()  # asks for verdicts: not the deed's, so the application was looked at before
    settled = _cpu(side)
    return Spent(
        count=count,
        wall=wall,
        application=answered[0] - before[0],
        behind=settled[1] - before[1] if servers.behind else None,
        engine=settled[2] - before[2] if servers.engine else None,
        application_peak=servers.application.peak(),
        engine_peak=servers.engine.peak() if servers.engine else None,
        sent=sent,
        said=said,
    )


def _cpu(side: Side) -> tuple[float, float, float]:
    """CPU seconds so far: of the application without what it does behind, of that, of the engine."""
    behind = side.servers.behind.cpu() if side.servers.behind else 0.0
    engine = side.servers.engine.cpu() if side.servers.engine else 0.0
    return side.servers.application.cpu() - behind, behind, engine


def _each(things: Iterable[Thing], deed: Callable[[Thing], object]) -> None:
    for thing in things:
        deed(thing)


def _listed(side: Side) -> None:
    if (got := side.listing(LISTED)) != LISTED:
        raise Refused(f"a listing of {LISTED} had {got} entries")

"""Runs in processes of their own: each begins as this one is, and what it leaves in memory is gone with it.

`at_calls` forks once more at the calls of what a run does, so that a hundred runs that differ from one call on need not
come to that call a hundred times:

    act ---call 1--------call 2--------call 3---- ... --> its end
             |             |
             |             +-- disturbed --> its end
             +-- disturbed --> its end

A fork has only the thread that forked. Where others are at work, the disturbed run does the act from its beginning.
"""

import dataclasses
import gc
import os
import pickle
import signal
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, NoReturn, Protocol, TypeVar

from tests.support import kinds, permissions, sites
from tests.support.calls import Call, on_call
from tests.support.snapshots import Snapshot

Moment = Literal["before", "after"]

_LONGEST_RUN = 240  # seconds, on a machine that is busy with other things
_AT_ONCE = 1 if "PYTEST_XDIST_WORKER" in os.environ else 2
"""How many a process has beside itself; where several processes test, more only keep one another waiting."""


@dataclass(slots=True)
class End:
    """What a run tells of how it ended.

    Attributes:
        state: how the world is in the end.
        problems: what is wrong with it.
        may_be_undone: the act may have come to nothing.
        left: tells apart how the act left the world, ahead of all repair.
        calls: what the act called.
        sites: where the act came through (`tests.support.sites`).
        at_work: what was at work when it was disturbed (`tests.support.kinds`).
        error: why there is no end.
    """

    state: Snapshot | None = None
    problems: list[str] = field(default_factory=list)
    may_be_undone: bool = False
    left: int | None = None
    calls: list[str] = field(default_factory=list)
    sites: set[str] = field(default_factory=set)
    at_work: set[str] = field(default_factory=set)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run may be disturbed: before a call of the act, or after it, if it succeeded.

    Attributes:
        number: of the call, from 0.
        place: where in the product it is made (`sites.place`).
        times: how often the act was at that place before.
        call: its service and operation.
        reads: it changes nothing.
        at_work: what it is made for (`tests.support.kinds`).
    """

    number: int
    moment: Moment
    place: str
    times: int
    call: str
    reads: bool
    at_work: frozenset[str]

    def __str__(self) -> str:
        return f"{self.moment} call {self.number + 1} ({self.call})"


class Disturbance(Protocol):
    """What a run suffers."""

    def strike(self, call: Call) -> None:
        """Happen at the point; may raise."""

    def later(self, call: Call) -> None:
        """Happen ahead of each call after that; may raise."""


_D = TypeVar("_D", bound=Disturbance)
Ending = Callable[[tuple[Point, _D] | None, BaseException | None, Sequence[End]], End]


def forked(runs: Sequence[Callable[[], End]]) -> list[End]:
    """Do each run in a process forked from this one, a few at a time; returns their ends in order."""
    forks = _Forks()
    for run in runs:
        if forks.fork():
            forks.tell(run)
    return forks.collected()


def at_calls(
    act: Callable[[], object], ways: Callable[[Point], Sequence[_D]], ending: Ending[_D]
) -> tuple[End, list[tuple[Point, _D, End]]]:
    """Do an act undisturbed, and once for each way of disturbing it at each point; see the module.

    Args:
        ways: what is to be suffered at a point, each by a run of its own; the same whenever it is asked.
        ending: makes the end of a run, in its process. It gets where and what the run suffered, None if
            nothing; what the act raised; and the ends of runs that are known by then.

    Returns:
        The end of the undisturbed run, and those of the disturbed ones.
    """

    def undisturbed() -> End:
        run = _Run(ways)
        whole = run.end(act, ending)
        return _All(whole=whole, at=run.at, ends=run.forks.collected(), anew=run.anew)

    [found] = forked([undisturbed])
    if not isinstance(found, _All):
        return found, []
    ends = forked([lambda at=at: _Run(ways, at).end(act, ending) for at in found.anew])  # type: ignore[misc]
    told = zip([*found.at, *found.anew], [*found.ends, *ends], strict=True)
    return found.whole, [(point, ways(point)[which], end) for (point, which), end in told]


@dataclass(slots=True)
class _All(End):
    """What an undisturbed run and its forks tell.

    Attributes:
        at: where each fork was disturbed, and by which of the ways there.
        anew: where others have to be, in runs that begin with the act.
    """

    whole: End = field(default_factory=End)
    at: list[tuple[Point, int]] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    anew: list[tuple[Point, int]] = field(default_factory=list)


class _Forks:
    """Processes forked from this one, a few at a time, each of which tells its end."""

    def __init__(self) -> None:
        self._ends: list[End] = []
        self._under_way: deque[tuple[int, int]] = deque()
        self._writing: int | None = None

    @property
    def is_fork(self) -> bool:
        """Whether this is one of them."""
        return self._writing is not None

    def fork(self) -> bool:
        """Begin one. Returns whether this is it; it has to `tell`."""
        if len(self._under_way) == _AT_ONCE:
            self._collect()
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            self._writing = writing
            signal.alarm(_LONGEST_RUN)
            gc.disable()
            # Waiting for another's lease is waiting for nothing here: nobody else is running.
            time.sleep = lambda seconds: None
            return True
        os.close(writing)
        self._under_way.append((process, reading))
        return False

    def known(self) -> Sequence[End]:
        """The ends of those that have ended."""
        return self._ends

    def collected(self) -> list[End]:
        """The ends of all, in the order in which they were begun."""
        while self._under_way:
            self._collect()
        return self._ends

    def tell(self, run: Callable[[], End]) -> NoReturn:
        """Tell the end of this process, which is over then."""
        assert self._writing is not None
        try:
            try:
                end = run()
            except BaseException:  # noqa: BLE001
                end = End(error=traceback.format_exc())
            with os.fdopen(self._writing, "wb") as pipe:
                pickle.dump((end, permissions.told()), pipe)
        finally:
            os._exit(0)

    def _collect(self) -> None:
        process, reading = self._under_way.popleft()
        with os.fdopen(reading, "rb") as pipe:
            content = pipe.read()
        os.waitpid(process, 0)
        if signal.alarm(0):
            signal.alarm(_LONGEST_RUN)  # it is how many there are that takes long
        if content:
            end, did = pickle.loads(content)  # noqa: S301
            permissions.hear(did)
        else:
            end = End(error="the run was killed: it took too long")
        self._ends.append(end)


class _Run(Generic[_D]):
    """A run of the act, and those that are forked from it.

    Args:
        ways: as in `at_calls`.
        only: where to be disturbed, and by which of the ways there, in a run that nothing is forked from.
    """

    def __init__(self, ways: Callable[[Point], Sequence[_D]], only: tuple[Point, int] | None = None) -> None:
        self._ways, self._only = ways, only
        self.forks = _Forks()
        self.at: list[tuple[Point, int]] = []
        """Where runs were forked from this one."""
        self.anew: list[tuple[Point, int]] = []
        """Where they could not be."""
        self._suffers: tuple[Point, _D] | None = None
        self._calls: list[str] = []
        self._been: Counter[str] = Counter()
        self._under_way: dict[int, Point] = {}

    def end(self, act: Callable[[], object], ending: Ending[_D]) -> End:
        """Act, and make the end of it; in a fork this does not return."""
        raised = None
        with on_call(before=self._before, after=self._after):
            try:
                act()
            except BaseException as error:  # noqa: BLE001
                raised = error
        if self.forks.is_fork:
            self.forks.tell(lambda: ending(self._suffers, raised, self.forks.known()))
        end = ending(self._suffers, raised, ())
        end.calls = self._calls
        return end

    def _before(self, call: Call) -> None:
        if self._suffers is not None:
            self._suffers[1].later(call)
            return
        place = f"{sites.place()} {call}"
        reads = call.operation.startswith(sites.READS)
        at_work = frozenset(kinds.at_work())
        point = Point(len(self._calls), "before", place, self._been[place], str(call), reads, at_work)
        self._calls.append(str(call))
        self._been[place] += 1
        self._under_way[id(call)] = point
        self._reach(point, call)

    def _after(self, call: Call) -> None:
        point = self._under_way.pop(id(call), None)
        if self._suffers is None and point is not None:
            self._reach(dataclasses.replace(point, moment="after"), call)

    def _reach(self, point: Point, call: Call) -> None:
        if self._only is not None:
            there, which = self._only
            if (point.number, point.moment) == (there.number, there.moment):
                self._suffer(there, self._ways(there)[which], call)
            return
        for which, way in enumerate(self._ways(point)):
            if threading.active_count() > 1:
                self.anew.append((point, which))
            elif self.forks.fork():
                self._suffer(point, way, call)
                return
            else:
                self.at.append((point, which))

    def _suffer(self, point: Point, way: _D, call: Call) -> None:
        self._suffers = point, way
        way.strike(call)

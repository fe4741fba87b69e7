"""The crash-point harness: does an operation survive the death of its process at any AWS call?

A `Scenario` arranges a world and acts in it once. `survive` runs the act undisturbed and keeps the end state; then, for
every AWS call of the act, it dies before that call takes effect and again after it with the answer lost, lets the cloud
do what it does in the hours after (redelivery, sweep, `World.repair`), and compares. Each run is a forked process: it
starts from the very world that was arranged, and what it leaves in memory is gone with it.

    arrange --+-- fork: act --------------------------> repair --> the end state
              +-- fork: (nothing) --------------------> repair --> the state in which nothing happened
              +-- fork: act, dies before call 1 ------> repair --> one of those?
              +-- fork: act, dies after call 1 -------> repair --> ...

A message is delivered again, so its end state must be that of the undisturbed run. A request is not: it may have
happened entirely or not at all. A `repeatable` request is also sent again by its client at once, and then it must have
happened.

All that a death leaves behind is the cloud, so what it left is repaired once for each state of the cloud: after each
write. Ahead of a later write, or at a call that only reads, the cloud is as the write before left it; these points are
run far enough to see that nothing swallows the crash there. Ahead of the first write it is as if nothing had happened,
and behind the last one of a request as in the undisturbed run: both of these are repaired anyway.

An API that wants this writes scenarios and, if it has promises of its own across rows, a `check` (see `survive`).
"""

import gc
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib import aws
from tests.support import permissions, sites
from tests.support.calls import Call, Crash, counting, on_call
from tests.support.cloud import forget
from tests.support.sites import READS
from tests.support.snapshots import Snapshot, difference, disagreements, ids, snapshot
from tests.support.world import World

Moment = Literal["before", "after"]

_LONGEST_RUN = 240  # seconds, on a machine that is busy with other things
_NOT_REACHED = "was not reached"
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """An operation that must survive.

    Args:
        name: what it is, for messages.
        arrange: makes the world in which the act takes place; what it returns is handed to `act`.
        act: the operation; its AWS calls are the crash points.
        kind: `message`: the cloud itself tries again. `request`: a client asked and got no answer.
        repeatable: the client may send the request again and mean the same.
        again: what the client sends then, if it is not the act itself.
    """

    name: str
    arrange: Callable[[World], Any]
    act: Callable[[World, Any], object]
    kind: Literal["message", "request"] = "request"
    repeatable: bool = False
    again: Callable[[World, Any], object] | None = None


Check = Callable[[World], list[str]]


@dataclass(slots=True)
class Report:
    """What came of a scenario."""

    scenario: str
    calls: list[str] = field(default_factory=list)
    crash_points: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Point:
    number: int
    moment: Moment
    call: str
    repeated: bool
    repaired: bool

    def __str__(self) -> str:
        then = ", request sent again" if self.repeated else ""
        return f"died {self.moment} call {self.number + 1} ({self.call}){then}"


@dataclass(slots=True)
class End:
    """What a forked run tells: how the world is in the end, and was ahead of each call; what is wrong with it; and the
    calls it made, from where.
    """

    state: Snapshot | None = None
    problems: list[str] = field(default_factory=list)
    calls: list[tuple[str, bool]] = field(default_factory=list)
    sites: set[str] = field(default_factory=set)
    states: list[Snapshot] = field(default_factory=list)
    error: str | None = None


def survive(world: World, scenario: Scenario, check: Check | None = None) -> Report:
    """Crash a scenario everywhere and compare; see the module.

    Args:
        world: an empty one.
        check: says what is wrong in the end, beyond `snapshots.disagreements`: an API's own promises across rows.

    Raises:
        AssertionError: the undisturbed run itself is not in order.
    """
    warm_up(world)
    arranged = scenario.arrange(world)
    known = ids(world)
    gc.unfreeze()
    gc.collect()
    gc.freeze()

    def ended(end: End) -> End:
        world.repair()
        end.problems += disagreements(world) + (check(world) if check else [])
        end.state = snapshot(world, known)
        return end

    def undisturbed() -> End:
        end = End()
        sites.seen.clear()
        forget()
        with counting() as calls:
            scenario.act(world, arranged)
        end.calls = [(str(call), call.operation.startswith(READS)) for call in calls]
        end.sites = set(sites.seen)
        return ended(end)

    def nothing() -> End:
        return ended(End())

    def crashed(points: Sequence[_Point]) -> End:
        """Die at one point, or at several after which the cloud is as it was."""
        end = End()
        for point in points:
            forget()
            problem = _die(point, lambda: scenario.act(world, arranged))
            # A process of its own may make fewer calls: who waits for another makes as many as there is time for.
            if problem and (problem != _NOT_REACHED or len(points) > 1):
                end.problems.append(f"{point}: {problem}")
        if not points[-1].repaired:
            return end
        if points[-1].repeated:
            (scenario.again or scenario.act)(world, arranged)
        return ended(end)

    whole, none = forked([undisturbed, nothing])
    for end in (whole, none):
        assert end.error is None, f"{scenario.name}: {end.error}"
        assert not end.problems, f"{scenario.name}, undisturbed: {end.problems}"
    sites.covered.update(whole.sites)
    points = list(_points(whole.calls, scenario))
    report = Report(scenario.name, [call for call, _ in whole.calls], len(points))
    if scenario.kind == "message":
        report.failures += [f"{scenario.name}: not begun: {found}" for found in _another_end(none, [whole])]
    runs = _runs(points, whole.calls, scenario)
    ends = forked([lambda points=points: crashed(points) for points in runs])  # type: ignore[misc]
    for together, end in zip(runs, ends, strict=True):
        happened = scenario.kind == "message" or together[-1].repeated
        wrong = end.problems if end.error is None else [end.error]
        if end.error is None and together[-1].repaired:
            wrong = [*wrong, *_another_end(end, [whole] if happened else [whole, none])]
        report.failures += [f"{scenario.name}: {together[-1]}: {found}" for found in wrong]
    return report


def warm_up(world: World) -> None:
    """Make what every run would otherwise make anew: clients, imports, and the pump's knowledge of its queues."""
    aws.s3()
    world.deliver()
    world.sweep()


def _points(calls: Sequence[tuple[str, bool]], scenario: Scenario) -> list[_Point]:
    points = []
    last_write = max((number for number, (_, reads) in enumerate(calls) if not reads), default=None)
    for number, (call, reads) in enumerate(calls):
        moments: tuple[Moment, ...] = ("before",) if reads else ("before", "after")
        for moment in moments:
            as_undisturbed = scenario.kind == "request" and number == last_write
            repaired = moment == "after" and not as_undisturbed
            points.append(_Point(number, moment, call, repeated=False, repaired=repaired))
            if scenario.repeatable and moment == "after":
                points.append(_Point(number, moment, call, repeated=True, repaired=True))
    return points


def _runs(points: list[_Point], calls: Sequence[tuple[str, bool]], scenario: Scenario) -> list[list[_Point]]:
    """The points of each process: those of a request up to its first write change nothing, and share one."""
    first_write = next((number for number, (_, reads) in enumerate(calls) if not reads), len(calls))
    shared = [point for point in points if point.number <= first_write and point.moment == "before"]
    if scenario.kind == "message" or not shared:
        return [[point] for point in points]
    return [shared, *([point] for point in points if point not in shared)]


def _another_end(end: End, allowed: Sequence[End]) -> list[str]:
    if end.state in [one.state for one in allowed]:
        return []
    assert end.state is not None
    assert allowed[0].state is not None
    return [f"another end state than undisturbed:\n{difference(allowed[0].state, end.state)}"]


def _die(point: _Point, act: Callable[[], object]) -> str | None:
    """Run the act until it dies at a crash point. Returns what was wrong with its death."""
    count, dead, survived = -1, False, []

    def before(call: Call) -> None:
        nonlocal count, dead
        if dead:
            survived.append(str(call))
            raise Crash
        count += 1
        if count == point.number and point.moment == "before":
            dead = True
            raise Crash

    def after(call: Call) -> None:
        nonlocal dead
        if count == point.number and point.moment == "after" and not dead:
            dead = True
            raise Crash

    with on_call(before=before, after=after):
        try:
            act()
        except Crash:
            return f"went on after its death with {survived}" if survived else None
    if dead:
        return "swallowed its death"
    # A call that fails by design (there is no such object) has no answer to lose.
    return _NOT_REACHED if point.moment == "before" else None


def forked(runs: Sequence[Callable[[], End]]) -> list[End]:
    """Do each run in a process forked from this one, a few at a time; returns their ends in order."""
    ends: dict[int, End] = {}
    under_way: list[tuple[int, int, int]] = []
    for number, run in enumerate(runs):
        if len(under_way) == _AT_ONCE:
            _collect(under_way.pop(0), ends)
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reading)
            _as_child(run, writing)
        os.close(writing)
        under_way.append((number, process, reading))
    while under_way:
        _collect(under_way.pop(0), ends)
    return [ends[number] for number in range(len(runs))]


def _as_child(run: Callable[[], End], writing: int) -> None:
    try:
        signal.alarm(_LONGEST_RUN)
        gc.disable()
        # Waiting for another's lease is waiting for nothing here: nobody else is running.
        time.sleep = lambda seconds: None
        try:
            end = run()
        except BaseException:  # noqa: BLE001
            end = End(error=traceback.format_exc())
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump((end, permissions.told()), pipe)
    finally:
        os._exit(0)


def _collect(child: tuple[int, int, int], ends: dict[int, End]) -> None:
    number, process, reading = child
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(process, 0)
    if not content:
        ends[number] = End(error="the run was killed: it took too long")
        return
    ends[number], did = pickle.loads(content)  # noqa: S301
    permissions.hear(did)

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
write. Ahead of a write, or at a call that only reads, the cloud is as the write before left it; there, once in a file
of tests for each place (a stack of the product's functions), a run goes far enough to see that nothing swallows the
crash.

A call may also fail and the process live (`tests.support.troubles`; of requests: `tests.support.failures`). A message
that was handled in part then comes again, and the end state must be that of the undisturbed run as well. Where several
deaths and failures leave the cloud in one state, that is repaired once.

An API that wants this writes scenarios and, if it has promises of its own across rows, a `check` (see `survive`).
"""

import gc
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar

from chalicelib import aws
from chalicelib.errors import Busy
from chalicelib.web.failures import expected
from tests.support import kinds, sites, troubles
from tests.support.calls import Call, Crash
from tests.support.cloud import forget
from tests.support.forks import End, Point, at_calls, forked
from tests.support.snapshots import difference, disagreements, fingerprint, ids, snapshot
from tests.support.troubles import Trouble
from tests.support.world import World


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
_A = TypeVar("_A")


@dataclass(slots=True)
class Report:
    """What came of a scenario."""

    scenario: str
    calls: list[str] = field(default_factory=list)
    crash_points: int = 0
    troubles: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Death:
    """The process dies, and makes no call from then on."""

    repeated: bool = False
    survived: list[str] = field(default_factory=list)
    thread: int = 0

    def __str__(self) -> str:
        return f"died{', and the request was sent again,' if self.repeated else ''}"

    def strike(self, call: Call) -> None:
        self.thread = threading.get_ident()
        raise Crash

    def later(self, call: Call) -> None:
        # Other threads die as well, and know of it only here; and so does what a pool gives to the thread next.
        is_pooled = threading.current_thread().name.startswith("ThreadPoolExecutor")
        if threading.get_ident() == self.thread and not is_pooled:
            self.survived.append(str(call))
        raise Crash


def survive(world: World, scenario: Scenario, check: Check | None = None) -> Report:
    """Crash a scenario everywhere and compare; see the module.

    Args:
        world: an empty one.
        check: says what is wrong in the end, beyond `snapshots.disagreements`: an API's own promises across rows.

    Raises:
        AssertionError: the undisturbed run itself is not in order.
    """
    arranged, known = begin(world, scenario.arrange)
    file = scenario.act.__module__
    met, died, failed = frozenset(_met[file]), frozenset(_died[file]), frozenset(kinds.failed)

    def act() -> None:
        sites.seen.clear()
        scenario.act(world, arranged)

    def ways(point: Point) -> list[_Death | Trouble]:
        deaths: list[_Death | Trouble] = []
        if point.moment == "before":
            deaths = [] if point.times or (point.place in died and not troubles.EVERY) else [_Death()]
        elif not point.reads:
            deaths = [_Death(), _Death(repeated=True)] if scenario.repeatable else [_Death()]
        return deaths + (troubles.of_message(point, met, failed) if scenario.kind == "message" else [])

    def ended(
        suffered: tuple[Point, _Death | Trouble] | None, raised: BaseException | None, others: Sequence[End]
    ) -> End:
        end = End(sites=set(sites.seen))
        if suffered is None:
            if raised is not None:
                raise raised
            return repaired(end)
        point, what = suffered
        if isinstance(what, Trouble):
            if raised is not None and not (isinstance(raised, Exception) and isinstance(expected(raised), Busy)):
                raise raised
            end.at_work = what.at_work
            return repaired_once(end, others)
        if not isinstance(raised, Crash):
            end.problems.append("swallowed its death")
        elif what.survived:
            end.problems.append(f"went on after its death with {what.survived}")
        if point.moment == "before":
            return end
        if what.repeated:
            (scenario.again or scenario.act)(world, arranged)
        # Of a request one end may come to nothing and another not, so that none of them stands for others.
        return repaired_once(end, others) if scenario.kind == "message" else repaired(end)

    def repaired_once(end: End, others: Sequence[End]) -> End:
        end.left = fingerprint(world, known)
        return end if end.left in [other.left for other in others] else repaired(end)

    repaired = partial(put_right, world, known, check)
    whole, disturbed = at_calls(act, ways, ended)
    none = end_of_nothing(scenario, whole, repaired)
    sites.covered.update(whole.sites)
    report = Report(scenario.name, whole.calls)
    if scenario.kind == "message":
        report.failures += [f"{scenario.name}: not begun: {found}" for found in another_end(none, [whole])]
    for point, what, end in disturbed:
        if isinstance(what, Trouble):
            report.troubles += 1
            kinds.failed.update(end.at_work)
            _met[file].add(point.place)
        else:
            report.crash_points += 1
            _died[file].add(point.place)
        happened = scenario.kind == "message" or (isinstance(what, _Death) and what.repeated)
        wrong = [end.error] if end.error else [*end.problems, *another_end(end, [whole] if happened else [whole, none])]
        report.failures += [f"{scenario.name}: {what} {point}: {found}" for found in wrong]
    return report


_met: defaultdict[str, set[str]] = defaultdict(set)
_died: defaultdict[str, set[str]] = defaultdict(set)
"""By the file of tests, the places at which a message was in trouble, and those at which something died: where a test
there comes to such a place again, that need not be seen once more."""


def begin(world: World, arrange: Callable[[World], _A]) -> tuple[_A, set[str]]:
    """Make the world in which runs begin. Returns what `arrange` did, and the ids that rows have by now.

    Besides, what every run would otherwise make anew is made: clients, imports, and the pump's knowledge of its queues.
    """
    aws.s3()
    world.deliver()
    world.sweep()
    arranged = arrange(world)
    forget()
    # What is kept from the collector is not touched by it in a fork, and so need not be copied there.
    gc.collect()
    gc.freeze()
    return arranged, ids(world)


def put_right(world: World, known: set[str], check: Check | None, end: End) -> End:
    """The end of a run in its process, once the cloud has done what it does in the hours after.

    Args:
        known: the ids that rows had before the run.
        check: as for `survive`.
    """
    world.repair()
    end.problems += disagreements(world) + (check(world) if check else [])
    end.state = snapshot(world, known)
    return end


def end_of_nothing(scenario: Scenario, whole: End, repaired: Callable[[End], End]) -> End:
    """The end of a run in which nothing is done.

    Raises:
        AssertionError: it is not in order, or that of the undisturbed run, `whole`, is not.
    """
    [none] = forked([lambda: repaired(End())])
    for end in (whole, none):
        assert end.error is None, f"{scenario.name}: {end.error}"
        assert not end.problems, f"{scenario.name}, undisturbed: {end.problems}"
    return none


def another_end(end: End, allowed: Sequence[End]) -> list[str]:
    """What is wrong with an end that has to be one of those; where a run was not led to its end, nothing."""
    if end.state is None or end.state in [one.state for one in allowed]:
        return []
    assert allowed[0].state is not None
    return [f"another end state than undisturbed:\n{difference(allowed[0].state, end.state)}"]

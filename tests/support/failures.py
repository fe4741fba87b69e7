"""Does a request bear it when AWS fails? Messages are dealt with by `tests.support.crashes`.

`endure` has the AWS calls of a request fail in turn: the first one, and each at whose place (a stack of the product's
functions) none failed in a test of the file before; with `EVERY_FAILURE` in the environment, all. The request must then
be done all the same, or be answered with its API's own 503. A 503 must leave the cloud as it was ahead of that call
(what becomes of that is what crash points go through) or, where the request has put something in order itself, in a
state that repairs as if it had been done entirely, or not at all.

    states of the undisturbed run:  s0 --call 1--> s1 --call 2--> s2 ...
    call 2 fails, 503:              s0 --call 1--> s1 --x         s1? good. Another? repair, and compare
    call 2 fails, done:             s0 --call 1--> ..             repair, and compare
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from tests.support.calls import Call
from tests.support.client import Reply
from tests.support.crashes import Check, Scenario, another_end, begin, end_of_nothing, put_right
from tests.support.forks import End, Point, at_calls
from tests.support.snapshots import Snapshot, snapshot
from tests.support.troubles import EVERY, FAILURES, Trouble, Way
from tests.support.world import World

_STORES, _PROJECTASSETS = {"title", "description"}, {"status", "code", "detail", "title"}


def wrong_with(path: str, reply: Reply) -> str | None:
    """What is wrong with the answer to a request during which AWS failed; None if it is its API's own 503."""
    if reply.status != 503:
        return f"{path} is answered {reply.status} {reply.text}"
    if not reply.headers.get("Retry-After", "").isdigit():
        return f"{path} is not told when to try again"
    return None if _is_own(path.split("?")[0].strip("/").split("/"), reply.json()) else f"{path} is told {reply.text}"


def _is_own(segments: Sequence[str], body: Any) -> bool:
    """Whether an error is in the shape of the API whose path this is (docs/apis)."""
    projects = ("projectassets", "videoassets", "audioassets", "imageassets", "productions", "devices", "asset")
    match segments:
        case ["assetmanager" | "contentbrowser", *_]:
            return isinstance(body, str)
        case ["api", name, *_] if name in projects:
            return isinstance(body, dict) and all(error.keys() == _PROJECTASSETS for error in body["errors"])
        case ["api" | "s3" | "stores", *_]:
            return isinstance(body, dict) and body.keys() == _STORES
    return isinstance(body, dict) and body.keys() == {"_response_info"}


class _Observed(Trouble):
    """One that has seen how things were."""

    def __init__(self, way: Way, world: World, known: set[str]) -> None:
        super().__init__(way)
        self._world, self._known = world, known
        self.found: Snapshot | None = None

    def strike(self, call: Call) -> None:
        self.found = snapshot(self._world, self._known)
        super().strike(call)


def endure(world: World, scenario: Scenario, seed: int, check: Check | None = None) -> tuple[int, list[str]]:
    """Have each call of a request fail, and each write lose its answer; see the module.

    Args:
        seed: which way calls fail: every way in turn, beginning with this one.

    Returns:
        How often something failed, and what was wrong.
    """
    arranged, known = begin(world, scenario.arrange)

    file = scenario.act.__module__
    met = frozenset(_met[file])

    def ways(point: Point) -> list[_Observed]:
        if point.place in met and point.number > 0 and not EVERY:
            return []
        if point.moment == "after":
            return [] if point.reads else [_Observed("loses its answer", world, known)]
        chosen = FAILURES if EVERY else [FAILURES[(point.number + seed) % len(FAILURES)]]
        return [_Observed(way, world, known) for way in chosen]

    def ended(suffered: tuple[Point, _Observed] | None, raised: BaseException | None, _: Sequence[End]) -> End:
        # The act may expect another answer than a 503.
        if raised is not None and (suffered is None or not isinstance(raised, _UNEXPECTED)):
            raise raised
        end = End()
        if suffered is None:
            return repaired(end)
        assert world.client.last is not None
        path, reply = world.client.last
        if reply.status >= 300:
            wrong = wrong_with(path, reply)
            if wrong is None and snapshot(world, known) == suffered[1].found:
                return end
            end.problems += [wrong] if wrong else []
            end.may_be_undone = True
        return repaired(end)

    repaired = partial(put_right, world, known, check)
    whole, failed = at_calls(lambda: scenario.act(world, arranged), ways, ended)
    none = end_of_nothing(scenario, whole, repaired)
    wrong = []
    for point, trouble, end in failed:
        _met[file].add(point.place)
        problems = [*end.problems, *another_end(end, [whole, none] if end.may_be_undone else [whole])]
        wrong += [f"{scenario.name}, {trouble} {point}: {found}" for found in ([end.error] if end.error else problems)]
    return len(failed), wrong


_met: defaultdict[str, set[str]] = defaultdict(set)
"""By the file of tests, the places at which AWS failed: requests that come to them later are spared."""

_UNEXPECTED = (AssertionError, LookupError, TypeError)
